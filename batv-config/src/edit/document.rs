//! The keys in the text of a configuration file, of which all the rest stays as it is.

use crate::config::Use;
use crate::date::Date;
use batv_core::{KeyNumber, Pattern};
use toml_edit::{ArrayOfTables, Datetime, DocumentMut, Item, RawString, Table, value};

/// The text of a good configuration file.
pub(super) struct Document(DocumentMut);

/// Where the octets of a secret are.
pub(super) enum Place<'d> {
    Text(&'d str),
    Base64(&'d str),
    File(&'d str),
}

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let document: DocumentMut = text.parse().map_err(|_| "not TOML")?;
        if document.get("key").is_some_and(|keys| !keys.is_array_of_tables()) {
            return Err("`key` is a list: write each key as [[key]] to change it here");
        }
        if document.to_string().trim_end() != text.trim_end() {
            return Err("lines that end in CRLF, a byte order mark or scattered names with dots would not \
                        stay as they are: change it by hand");
        }
        Ok(Self(document))
    }

    pub(super) fn text(&self) -> String {
        self.0.to_string()
    }

    fn tables(&self) -> Option<&ArrayOfTables> {
        self.0.get("key")?.as_array_of_tables()
    }

    fn table(&self, index: usize) -> Option<&Table> {
        self.tables()?.get(index)
    }

    fn table_mut(&mut self, index: usize) -> Option<&mut Table> {
        self.0.get_mut("key")?.as_array_of_tables_mut()?.get_mut(index)
    }

    /// The secret of a key.
    pub(super) fn secret(&self, index: usize) -> Option<Place<'_>> {
        let table = self.table(index)?;
        let text = |name| table.get(name).and_then(Item::as_str);
        (text("secret").map(Place::Text))
            .or_else(|| text("secret-base64").map(Place::Base64))
            .or_else(|| text("secret-file").map(Place::File))
    }

    /// The domains of a key as they stand there, for another one.
    pub(super) fn domains(&self, index: usize) -> Option<Item> {
        let mut domains = self.table(index)?.get("for")?.clone();
        domains.as_value_mut()?.decor_mut().clear();
        Some(domains)
    }

    /// A copy of a key for other domains.
    pub(super) fn copy(&self, index: usize, domains: Item) -> Option<Table> {
        let mut copy = self.table(index)?.clone();
        copy.decor_mut().clear();
        copy.set_position(None);
        set(&mut copy, "for", domains);
        Some(copy)
    }

    /// Puts a key after all others.
    pub(super) fn push(&mut self, mut key: Table) {
        if !self.0.as_table().is_empty() {
            key.decor_mut().set_prefix("\n");
        }
        let keys = self.0.entry("key").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        if let Some(keys) = keys.as_array_of_tables_mut() {
            keys.push(key);
        }
    }

    /// Puts each key after another one, in the order of those.
    pub(super) fn insert(&mut self, new: impl IntoIterator<Item = (usize, Table)>) {
        let Some(keys) = self.0.get_mut("key").and_then(Item::as_array_of_tables_mut) else { return };
        let mut new = new.into_iter().peekable();
        for (index, key) in std::mem::take(keys).into_iter().enumerate() {
            keys.push(key);
            if let Some((_, mut key)) = new.next_if(|(after, _)| *after == index) {
                key.decor_mut().set_prefix("\n");
                keys.push(key);
            }
        }
    }

    /// Lets a key sign.
    pub(super) fn sign(&mut self, index: usize) {
        if let Some(table) = self.table_mut(index) {
            set(table, "use", value("sign"));
            // What is said above the line stays.
            let above = table.key("verify-until").map(|key| text_of(key.leaf_decor().prefix()));
            table.remove("verify-until");
            if let (Some(above), Some(mut key)) = (above, table.key_mut("use")) {
                let all = above + &text_of(key.leaf_decor().prefix());
                key.leaf_decor_mut().set_prefix(all);
            }
        }
    }

    /// Lets a key only verify, up to a date and including it.
    pub(super) fn verify(&mut self, index: usize, until: Date) {
        if let Some(table) = self.table_mut(index) {
            set(table, "use", value("verify"));
            set(table, "verify-until", date(until));
        }
    }

    /// Removes keys, in ascending order, each with the comment right above it. Other comments move
    /// to what comes next.
    pub(super) fn remove(&mut self, indices: &[usize]) {
        let Some(keys) = self.0.get_mut("key").and_then(Item::as_array_of_tables_mut) else { return };
        let mut removed = Vec::new();
        for (index, key) in std::mem::take(keys).into_iter().enumerate() {
            if indices.binary_search(&index).is_ok() {
                removed.push((key.position(), text_of(key.decor().prefix())));
            } else {
                keys.push(key);
            }
        }
        if keys.is_empty() {
            self.0.remove("key");
        }
        let mut tables: Vec<_> = self.0.iter_mut().flat_map(|(_, item)| tables_of(item)).collect();
        tables.sort_by_key(|table| table.position());
        let mut removed = removed.into_iter().peekable();
        for table in tables {
            let before = std::iter::from_fn(|| removed.next_if(|(position, _)| *position < table.position()));
            let texts: Vec<_> = before.map(|(_, above)| above).collect();
            if !texts.is_empty() {
                let prefix = join(texts.into_iter().chain([text_of(table.decor().prefix())]));
                table.decor_mut().set_prefix(prefix);
            }
        }
        let rest = removed.map(|(_, above)| above);
        let trailing = join(rest.chain([text_of(Some(self.0.trailing()))]));
        self.0.set_trailing(trailing);
    }
}

/// The tables of an item, if it has any.
fn tables_of(item: &mut Item) -> Vec<&mut Table> {
    match item {
        Item::Table(table) => vec![table],
        Item::ArrayOfTables(tables) => tables.iter_mut().collect(),
        Item::None | Item::Value(_) => Vec::new(),
    }
}

/// What stands above keys that are removed, and above what comes after them, without the comments
/// that are only about one of the keys.
fn join(texts: impl Iterator<Item = String>) -> String {
    let joined = texts.reduce(|above, next| match above.rfind("\n\n").and_then(|end| above.get(..=end)) {
        Some(paragraphs) => [paragraphs, &next].concat(),
        // The blank line that comes next is not needed where the key stood at the top.
        None if !above.starts_with('\n') => next.strip_prefix('\n').unwrap_or(&next).to_owned(),
        None => next,
    });
    joined.unwrap_or_default()
}

/// A key that is new.
pub(super) fn new_key(
    number: KeyNumber,
    (secret_name, secret): (&str, &str),
    created: Date,
    r#use: Use,
    domains: Item,
) -> Table {
    let mut key = Table::new();
    key.insert("number", value(i64::from(number.get())));
    key.insert(secret_name, value(secret));
    key.insert("created", date(created));
    if r#use == Use::Verify {
        key.insert("use", value("verify"));
    }
    key.insert("for", domains);
    key
}

/// A list of domains.
pub(super) fn list<'p>(patterns: impl IntoIterator<Item = &'p Pattern>) -> Item {
    value(patterns.into_iter().map(ToString::to_string).collect::<toml_edit::Array>())
}

/// A date, without quotes as TOML has it.
fn date(date: Date) -> Item {
    let text = date.to_string();
    text.parse::<Datetime>().map_or_else(|_| value(&text), value)
}

/// Sets a value; the comments around it stay.
fn set(table: &mut Table, name: &str, mut item: Item) {
    if let (Some(old), Some(new)) = (table.get(name).and_then(Item::as_value), item.as_value_mut()) {
        *new.decor_mut() = old.decor().clone();
    }
    match table.get_mut(name) {
        Some(old) => *old = item,
        None => {
            table.insert(name, item);
        }
    }
}

fn text_of(text: Option<&RawString>) -> String {
    text.and_then(RawString::as_str).unwrap_or_default().to_owned()
}
