//! A change of the keys of a configuration file.

use super::document::{Document, Place, list, new_key};
use super::file::{LockedFile, write};
use crate::answer::Failure;
use crate::calendar;
use crate::keygen::new_secret;
use base64ct::{Base64, Base64Unpadded, Encoding};
use batv_core::{Config, Key, KeyNumber, Pattern};
use batv_store::Store;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use toml_edit::Datetime;
use zeroize::Zeroizing;

/// The keys of a configuration file, and what is about to become of them.
pub(crate) struct Keys {
    path: PathBuf,
    pub(crate) config: Config,
    pub(crate) document: Document,
    time: u64,
    /// Secret files that the new text names.
    secret_files: Vec<(String, Zeroizing<String>, Metadata)>,
    /// What happens, a line for each key.
    pub(crate) said: Vec<String>,
}

impl Keys {
    /// Reads a file.
    pub(crate) fn read(path: &Path, time: u64) -> Result<Self, Failure> {
        Store::open(path).map_err(Failure::Configuration)?;
        let text = std::fs::read_to_string(path).map(Zeroizing::new);
        let text = text.map_err(|error| Failure::Other(format!("{}: {error}", path.display())))?;
        Self::parse(path, &text, time)
    }

    fn parse(path: &Path, text: &str, time: u64) -> Result<Self, Failure> {
        let in_file = |failure| Failure::Other(format!("{}: {failure}", path.display()));
        let config = Config::parse(text, |name| read_secret_file(path, name))
            .map_err(|_| in_file(Failure::Other("changes while it is read".into())))?;
        let document = Document::parse(text).map_err(in_file)?;
        Ok(Self { path: path.to_owned(), config, document, time, secret_files: Vec::new(), said: Vec::new() })
    }

    /// Changes a file, or leaves it as it is when it would become bad. `may_stop` tells whether a
    /// domain may be left without a key that signs.
    pub(crate) fn change(
        path: &Path,
        time: u64,
        may_stop: bool,
        change: impl FnOnce(&mut Self) -> Result<(), Failure>,
    ) -> Result<Vec<String>, Failure> {
        Store::open(path).map_err(Failure::Configuration)?;
        let file = LockedFile::open(path)?;
        let mut keys = Self::parse(path, file.text(), time)?;
        change(&mut keys)?;
        let text = Zeroizing::new(keys.document.text());
        if text.trim_end() == file.text().trim_end() {
            return Ok(keys.said);
        }
        keys.check(&text, file.metadata(), may_stop)?;
        // First the secrets: a reader of the new text finds them.
        for (name, secret, like) in &keys.secret_files {
            write(&beside(path, name), secret.as_bytes(), like, false)?;
        }
        file.replace(&text)?;
        Ok(keys.said)
    }

    /// Reads the new text as every program will.
    fn check(&self, text: &str, metadata: &Metadata, may_stop: bool) -> Result<(), Failure> {
        let read = |name: &str| match self.secret_files.iter().find(|(new, ..)| new == name) {
            Some((_, secret, _)) => Ok(secret.as_bytes().to_vec()),
            None => read_secret_file(&self.path, name),
        };
        let config = Config::parse(text, read).map_err(|errors| {
            Failure::Other(format!("the file stays as it is, for it would become bad\n{errors}"))
        })?;
        if config.has_inline_secret && metadata.mode() & 0o007 != 0 {
            let path = self.path.display();
            return Err(Failure::Other(format!(
                "{path}: will hold a secret and is open to every user; first: chmod o= -- '{path}'"
            )));
        }
        let before = self.config.unsigned();
        let stopped = config.unsigned().iter().find(|pattern| before.binary_search(pattern).is_err());
        match stopped.filter(|_| !may_stop) {
            Some(pattern) => Err(Failure::Other(format!("no key would sign for {pattern} any more"))),
            None => Ok(()),
        }
    }

    /// The keys, each with its place in the file and what it is for.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (usize, &Key, Vec<Pattern>)> {
        self.config.keys.iter().enumerate().map(|(index, key)| (index, key, self.document.patterns(index)))
    }

    /// The one key with a number, among those for the patterns if there are any.
    pub(crate) fn find(&self, number: KeyNumber, patterns: &[Pattern]) -> Result<usize, Failure> {
        let matches = |(_, key, of_key): &(usize, &Key, Vec<Pattern>)| {
            key.number == number && patterns.iter().all(|pattern| of_key.contains(pattern))
        };
        let found: Vec<_> = self.entries().filter(matches).collect();
        match &*found {
            [(index, ..)] => Ok(*index),
            [] => Err(Failure::Other(format!("no key {number}{}", for_patterns(patterns)))),
            several => {
                let lines: Vec<_> = several.iter().map(|(_, key, _)| key.line.to_string()).collect();
                let lines = lines.join(", ");
                Err(Failure::Other(format!("several keys have number {number} (lines {lines}): use --for")))
            }
        }
    }

    /// Adds a key for domains that may have none yet.
    pub(crate) fn add(&mut self, patterns: &[Pattern]) -> Result<(), Failure> {
        let number = self.free_number(patterns, None)?;
        // A key for a more specific pattern takes over from the keys of the wider one, of which
        // tags are on their way: they go on, with copies for this pattern.
        for index in 0..self.config.keys.len() {
            let of_key = self.document.patterns(index);
            let covered = patterns.iter().filter(|pattern| {
                let covering = self.config.policy.keys.covering(pattern);
                covering.is_some_and(|(covering, _)| covering != **pattern && of_key.contains(&covering))
            });
            let covered: Vec<_> = covered.collect();
            if !covered.is_empty()
                && let Some(copy) = self.document.copy(index, list(covered.iter().copied()))
                && let Some(key) = self.config.keys.get(index)
            {
                self.document.push(copy);
                self.said.push(format!("key {}{}: copied", key.number, for_patterns(covered)));
            }
        }
        let (signed, unsigned): (Vec<_>, Vec<_>) = patterns.iter().partition(|pattern| {
            self.config.policy.keys.covering(pattern).is_some_and(|(_, ring)| ring.signing().is_some())
        });
        if !signed.is_empty() && !unsigned.is_empty() {
            let (signed, unsigned) = (for_patterns(signed), for_patterns(unsigned));
            let message = format!("a key signs{signed}, and none{unsigned}: make a key for each");
            return Err(Failure::Other(message));
        }
        let signs = signed.is_empty();
        let template = self.config.keys.len().checked_sub(1);
        let (name, secret) = self.make_secret(number, template)?;
        let key = new_key(number, (name, &secret), self.today()?, signs, list(patterns));
        self.document.push(key);
        let what = if signs { "made, signs" } else { "made, verifies until it is promoted" };
        self.said.push(format!("key {number}{}: {what}", for_patterns(patterns)));
        Ok(())
    }

    /// Lets new keys sign, or those with a number, in the place of those that do. Without
    /// patterns all change.
    pub(crate) fn rotate(&mut self, patterns: &[Pattern], to: Option<KeyNumber>) -> Result<(), Failure> {
        let signing: Vec<_> = self
            .entries()
            .filter(|(_, key, of_key)| {
                key.signs && (patterns.is_empty() || patterns.iter().any(|one| of_key.contains(one)))
            })
            .map(|(index, key, of_key)| (index, key.number, of_key))
            .collect();
        if signing.is_empty() {
            return Err(Failure::Other(format!("no key signs{}", for_patterns(patterns))));
        }
        let mut new_keys = Vec::new();
        for (index, number, of_key) in signing {
            if let Some(to) = to {
                self.promote(to, &of_key)?;
            } else {
                let new = self.free_number(&of_key, Some(number))?;
                let (name, secret) = self.make_secret(new, Some(index))?;
                let domains = self.document.domains(index).unwrap_or_else(|| list(&of_key));
                new_keys.push((index, new_key(new, (name, &secret), self.today()?, true, domains)));
                self.said.push(format!("key {new}{}: made, signs", for_patterns(&of_key)));
            }
            self.retire(index)?;
        }
        self.document.insert(new_keys);
        Ok(())
    }

    fn promote(&mut self, number: KeyNumber, patterns: &[Pattern]) -> Result<(), Failure> {
        let matches = |(_, key, of_key): &(usize, &Key, Vec<Pattern>)| {
            key.number == number && !key.signs && patterns.iter().any(|pattern| of_key.contains(pattern))
        };
        let found: Vec<_> =
            self.entries().filter(matches).map(|(index, _, of_key)| (index, of_key)).collect();
        if found.is_empty() {
            let patterns = for_patterns(patterns);
            return Err(Failure::Other(format!("no key {number}{patterns} that verifies only")));
        }
        for (index, of_key) in found {
            self.document.sign(index);
            let line = format!("key {number}{}: signs", for_patterns(&of_key));
            if !self.said.contains(&line) {
                self.said.push(line);
            }
        }
        Ok(())
    }

    /// Lets a key only verify, until the last tag it made has expired.
    pub(crate) fn retire(&mut self, index: usize) -> Result<(), Failure> {
        let Some(key) = self.config.keys.get(index) else { return Ok(()) };
        let retired = key.verify_until.filter(|_| !key.signs);
        let end = retired.unwrap_or_else(|| self.config.verify_until(self.time));
        let until = date_before(end)?;
        self.said.push(format!(
            "key {}{}: verifies until {until}",
            key.number,
            for_patterns(&self.document.patterns(index))
        ));
        if retired.is_none() {
            self.document.verify(index, until);
        }
        Ok(())
    }

    /// Removes the keys of which nothing can come back any more.
    pub(crate) fn prune(&mut self) {
        let spent: Vec<_> = self.entries().filter(|(_, key, _)| key.is_spent(self.time)).collect();
        let spent: Vec<_> =
            spent.into_iter().map(|(index, key, of_key)| (index, key.number, of_key)).collect();
        for (index, number, of_key) in &spent {
            let stays = match self.document.secret(*index) {
                Some(Place::File(name)) => {
                    format!("; its secret stays in {}", beside(&self.path, name).display())
                }
                _ => String::new(),
            };
            self.said.push(format!("key {number}{}: removed{stays}", for_patterns(of_key)));
        }
        self.document.remove(&spent.iter().map(|(index, ..)| *index).collect::<Vec<_>>());
        if spent.is_empty() {
            self.said.push("no key is spent".into());
        }
    }

    /// The octets of a secret.
    pub(crate) fn secret(&self, index: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let octets = match self.document.secret(index) {
            Some(Place::Text(text)) => Ok(text.as_bytes().to_vec()),
            Some(Place::Base64(text)) => Base64::decode_vec(text)
                .or_else(|_| Base64Unpadded::decode_vec(text))
                .map_err(|_| "not base64".to_owned()),
            Some(Place::File(name)) => read_secret_file(&self.path, name),
            None => Err("no secret".to_owned()),
        };
        octets.map(Zeroizing::new).map_err(Failure::Other)
    }

    fn free_number(&self, patterns: &[Pattern], after: Option<KeyNumber>) -> Result<KeyNumber, Failure> {
        self.config.free_number(patterns, after).ok_or_else(|| {
            let patterns = for_patterns(patterns);
            Failure::Other(format!("all ten numbers are in use{patterns}: retire keys, and prune later"))
        })
    }

    /// A new secret, and the name and value that say in the file where it is: in a file of its
    /// own if that of the template is.
    fn make_secret(
        &mut self,
        number: KeyNumber,
        template: Option<usize>,
    ) -> Result<(&'static str, Zeroizing<String>), Failure> {
        let secret = new_secret()?;
        let Some(Place::File(old)) = template.and_then(|index| self.document.secret(index)) else {
            return Ok(("secret", secret));
        };
        let like =
            beside(&self.path, old).metadata().map_err(|error| Failure::Other(format!("{old}: {error}")))?;
        let is_taken = |name: &str| {
            self.secret_files.iter().any(|(new, ..)| new == name)
                || beside(&self.path, name).symlink_metadata().is_ok()
        };
        let made = date_before(self.time + 1)?;
        let mut endings = std::iter::once(String::new()).chain((2..).map(|count| format!("-{count}")));
        let name = endings.find_map(|ending| {
            let name = Path::new(old).with_file_name(format!("batv-{made}-{number}{ending}.key"));
            name.to_str().filter(|name| !is_taken(name)).map(ToOwned::to_owned)
        });
        let name = name.unwrap_or_default();
        self.secret_files.push((name.clone(), secret, like));
        Ok(("secret-file", name.into()))
    }

    fn today(&self) -> Result<Datetime, Failure> {
        date_before(self.time + 1)
    }
}

/// The date of the second before a time.
pub(crate) fn date_before(end: u64) -> Result<Datetime, Failure> {
    let date = calendar::date(end.saturating_sub(1), 0).and_then(|date| date.parse().ok());
    date.ok_or_else(|| Failure::Other("a date after the year 9999".into()))
}

/// What a key is for, in words, with a space before.
pub(crate) fn for_patterns<'p>(patterns: impl IntoIterator<Item = &'p Pattern>) -> String {
    let mut patterns = patterns.into_iter();
    let first: Vec<_> = patterns.by_ref().take(3).map(ToString::to_string).collect();
    match (first.len(), patterns.count()) {
        (0, _) => String::new(),
        (_, 0) => format!(" for {}", first.join(", ")),
        (_, more) => format!(" for {} and {more} more", first.join(", ")),
    }
}

/// A secret file, whose name is relative to the folder of the configuration file.
fn beside(path: &Path, name: &str) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).join(name)
}

fn read_secret_file(path: &Path, name: &str) -> Result<Vec<u8>, String> {
    let path = beside(path, name);
    std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
}
