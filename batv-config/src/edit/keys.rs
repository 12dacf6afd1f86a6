//! The keys of a configuration file, and what is about to become of them.

use super::access::Access;
use super::change::{Change, What, for_patterns};
use super::document::{Document, Place, list, new_key};
use super::error::EditError;
use super::locked_file::{LockedFile, folder};
use crate::config::{Config, Key, SecretText, Use};
use crate::date::Date;
use crate::file::{CONFIG_FILE_LIMIT, FileRead, beside, chmod, open_to_others, read};
use crate::secret::{decode_base64, new_secret};
use crate::store::load::{interpret, read_secret, text_of, unreadable};
use batv_core::{KeyNumber, Pattern};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// Who changes a file.
pub struct Editor<'e> {
    /// The file.
    pub path: &'e Path,
    /// The day of the change.
    pub today: Date,
    /// Whether a domain may be left without a key that signs.
    pub may_stop: bool,
    /// How long to wait for another editor.
    pub patience: Duration,
    /// Called when there is another editor to wait for.
    pub waiting: &'e dyn Fn(),
}

impl Editor<'_> {
    /// Changes the keys, or leaves the file as it is when it would become bad.
    ///
    /// # Errors
    /// [`EditError`] says why the file stays as it is.
    pub fn change(
        &self,
        change: impl FnOnce(&mut Keys) -> Result<(), EditError>,
    ) -> Result<Vec<Change>, EditError> {
        let file = LockedFile::open(self.path, self.patience, self.waiting)?;
        let mut keys = Keys::parse(self.path, &file.file, self.today)?;
        file.tidy(keys.secret_folders().iter().map(PathBuf::as_path));
        change(&mut keys)?;
        let text = Zeroizing::new(keys.document.text());
        if text.trim_end().as_bytes() == file.file.octets.trim_ascii_end() {
            return Ok(keys.changes);
        }
        keys.check(&text, file.file.mode, self.may_stop)?;
        // First the secrets: a reader of the new text finds them.
        for NewSecret { name, secret, like } in &keys.new_secrets {
            file.write_secret(&beside(self.path, name), secret, like)?;
        }
        file.replace(&text)?;
        Ok(keys.changes)
    }
}

/// The keys of a configuration file.
pub struct Keys {
    path: PathBuf,
    config: Config,
    document: Document,
    today: Date,
    /// Secret files that the new text names.
    new_secrets: Vec<NewSecret>,
    /// What happens.
    changes: Vec<Change>,
}

/// The secret of a file that is made.
struct NewSecret {
    name: String,
    secret: Zeroizing<String>,
    /// Who may read and write it.
    like: Access,
}

impl Keys {
    /// Reads a file.
    ///
    /// # Errors
    /// [`EditError`] for a file that is bad, or that could not be changed in place.
    pub fn read(path: &Path) -> Result<Self, EditError> {
        let file = read(path, CONFIG_FILE_LIMIT, |_| ());
        let file = file.map_err(|error| EditError::Bad(unreadable(path, error)))?;
        Self::parse(path, &file, Date::at(0))
    }

    fn parse(path: &Path, file: &FileRead, today: Date) -> Result<Self, EditError> {
        let read_secret = |name: &str| read_secret(&beside(path, name));
        let config = interpret(path, file, read_secret).map_err(EditError::Bad)?;
        let document = Document::parse(text_of(path, &file.octets).map_err(EditError::Bad)?);
        let document =
            document.map_err(|fault| EditError::Refused(format!("{}: {fault}", path.display())))?;
        let (new_secrets, changes) = (Vec::new(), Vec::new());
        Ok(Self { path: path.to_owned(), config, document, today, new_secrets, changes })
    }

    /// Reads the new text as every program will.
    fn check(&self, text: &str, mode: u32, may_stop: bool) -> Result<(), EditError> {
        let read = |name: &str| match self.new_secrets.iter().find(|new| new.name == name) {
            Some(new) => Ok(Zeroizing::new(new.secret.as_bytes().to_vec())),
            None => self.read_secret(name),
        };
        let config = Config::read(text, read).map_err(EditError::BecomesBad)?;
        if config.has_inline_secret && open_to_others(&self.path, mode).is_some() {
            let (path, mend) = (self.path.display(), chmod(&self.path));
            let message =
                format!("{path}: would hold a secret, and is open to every user; first run: {mend}");
            return Err(EditError::Refused(message));
        }
        let before = self.config.unsigned();
        let stopped = config.unsigned().iter().find(|pattern| before.binary_search(pattern).is_err());
        match stopped.filter(|_| !may_stop) {
            Some(pattern) => Err(EditError::Refused(format!("no key would sign for {pattern} any more"))),
            None => Ok(()),
        }
    }

    /// The keys, in the order of the file.
    #[must_use]
    pub fn as_slice(&self) -> &[Key] {
        &self.config.keys
    }

    /// The octets of the secret of the one key with a number, among those for the patterns if there
    /// are any.
    ///
    /// # Errors
    /// [`EditError`] where there is not one such key.
    pub fn secret(&self, number: KeyNumber, patterns: &[Pattern]) -> Result<Zeroizing<Vec<u8>>, EditError> {
        self.secret_at(self.find(number, patterns)?)
    }

    /// The octets of the secret of a key, by its index.
    pub(super) fn secret_at(&self, index: usize) -> Result<Zeroizing<Vec<u8>>, EditError> {
        let octets = match self.document.secret(index) {
            Some(Place::Text(text)) => Ok(Zeroizing::new(text.as_bytes().to_vec())),
            Some(Place::Base64(text)) => decode_base64(text).ok_or_else(|| "not base64".to_owned()),
            Some(Place::File(name)) => self.read_secret(name),
            None => Err("no secret".to_owned()),
        };
        octets.map_err(EditError::Refused)
    }

    /// Adds a key with a new secret for domains that may have none yet. It signs if no key does there,
    /// else it verifies only, so that several servers can get it before it signs.
    ///
    /// # Errors
    /// [`EditError`] where a key signs for some of the domains and none for others, or all ten numbers
    /// are in use.
    pub fn add(&mut self, patterns: &[Pattern]) -> Result<(), EditError> {
        let mut seen = HashSet::new();
        let patterns: Vec<_> = patterns.iter().filter(|pattern| seen.insert(*pattern)).cloned().collect();
        let patterns = &*patterns;
        let number = self.free_number(patterns, None)?;
        self.copy_covering(patterns);
        let covering = |pattern| self.config.policy.keys().covering(pattern);
        let (signed, unsigned): (Vec<_>, Vec<_>) = patterns
            .iter()
            .partition(|pattern| covering(pattern).is_some_and(|(_, ring)| ring.signing().is_some()));
        if !signed.is_empty() && !unsigned.is_empty() {
            let (signed, unsigned) = (for_patterns(signed), for_patterns(unsigned));
            let message = format!("a key signs{signed}, but none{unsigned}: make one key for each");
            return Err(EditError::Refused(message));
        }
        let r#use = if signed.is_empty() { Use::Sign } else { Use::Verify };
        let template = self.config.keys.len().checked_sub(1);
        let (name, secret) = self.make_secret(number, template)?;
        self.document.push(new_key(number, (name, &secret), self.today, r#use, list(patterns)));
        self.report(number, patterns.to_vec(), What::Made(r#use));
        Ok(())
    }

    /// A key for a more specific pattern takes over from the keys of the wider one, of which tags
    /// are on their way: they go on, with copies for this pattern.
    fn copy_covering(&mut self, patterns: &[Pattern]) {
        let mut copies = Vec::new();
        for (index, key) in self.config.keys.iter().enumerate() {
            let is_covered = |pattern: &&Pattern| {
                let covering = self.config.policy.keys().covering(pattern);
                covering
                    .is_some_and(|(covering, _)| covering != **pattern && key.patterns.contains(&covering))
            };
            let covered: Vec<_> = patterns.iter().filter(is_covered).cloned().collect();
            let copy = self.document.copy(index, list(&covered)).filter(|_| !covered.is_empty());
            copies.extend(copy.map(|copy| (copy, key.number, covered)));
        }
        for (copy, number, covered) in copies {
            self.document.push(copy);
            self.report(number, covered, What::Copied);
        }
    }

    /// Lets new keys sign, or those with a number, in the place of those that do. Without
    /// patterns all change.
    ///
    /// # Errors
    /// [`EditError`] where no key signs, all ten numbers are in use, or there is no key to promote.
    pub fn rotate(&mut self, patterns: &[Pattern], to: Option<KeyNumber>) -> Result<(), EditError> {
        let is_meant = |key: &Key| {
            let is_named = patterns.iter().any(|pattern| key.patterns.contains(pattern));
            key.r#use == Use::Sign && (patterns.is_empty() || is_named)
        };
        let signing = self.select(is_meant);
        if signing.is_empty() {
            return Err(EditError::Refused(format!("no key signs{}", for_patterns(patterns))));
        }
        let hint = if signing.len() > 1 { ": choose with --for" } else { "" };
        let waiting = to.map(|to| (to, self.waiting(to)));
        let (mut new_keys, mut promoted) = (Vec::new(), HashSet::new());
        for (index, Key { number, patterns: of_key, .. }) in signing {
            if let Some((to, waiting)) = &waiting {
                let found = of_key.iter().filter_map(|pattern| waiting.get(pattern).copied());
                let found: BTreeSet<_> = found.collect();
                if found.is_empty() {
                    let patterns = for_patterns(&of_key);
                    let message = format!("there is no key {to}{patterns} that only verifies{hint}");
                    return Err(EditError::Refused(message));
                }
                for index in found {
                    // It may be for what several keys sign for.
                    if promoted.insert(index) {
                        self.promote(index);
                    }
                }
            } else {
                let new = self.free_number(&of_key, Some(number))?;
                let (name, secret) = self.make_secret(new, Some(index))?;
                let domains = self.document.domains(index).unwrap_or_else(|| list(&of_key));
                new_keys.push((index, new_key(new, (name, &secret), self.today, Use::Sign, domains)));
                self.report(new, of_key, What::Made(Use::Sign));
            }
            self.retire_at(index);
        }
        self.document.insert(new_keys);
        Ok(())
    }

    /// Where the keys with a number that only verify stand, by what they are for.
    fn waiting(&self, number: KeyNumber) -> HashMap<Pattern, usize> {
        let keys = self.select(|key| key.number == number && key.r#use == Use::Verify).into_iter();
        keys.flat_map(|(index, key)| key.patterns.into_iter().map(move |pattern| (pattern, index))).collect()
    }

    fn promote(&mut self, index: usize) {
        let Some(key) = self.config.keys.get(index) else { return };
        let (number, patterns) = (key.number, key.patterns.clone());
        self.document.sign(index);
        self.report(number, patterns, What::Signs);
    }

    /// Lets the one key with a number, among those for the patterns if there are any, only verify,
    /// until the last tag it made has expired.
    ///
    /// # Errors
    /// [`EditError`] where there is not one such key, or where it signs and `force` is not set.
    pub fn retire(&mut self, number: KeyNumber, patterns: &[Pattern], force: bool) -> Result<(), EditError> {
        let index = self.find(number, patterns)?;
        let signs = self.config.keys.get(index).is_some_and(|key| key.r#use == Use::Sign);
        if signs && !force {
            let message = format!("key {number} signs: rotate it, or use --force to sign no more");
            return Err(EditError::Refused(message));
        }
        self.retire_at(index);
        Ok(())
    }

    fn retire_at(&mut self, index: usize) {
        let Some(key) = self.config.keys.get(index) else { return };
        let (number, patterns) = (key.number, key.patterns.clone());
        let retired = key.verify_until.filter(|_| key.r#use == Use::Verify);
        let until = retired.unwrap_or_else(|| self.config.verify_until(self.today));
        if retired.is_none() {
            self.document.verify(index, until);
        }
        self.report(number, patterns, What::Verifies(until));
    }

    /// Removes the keys of which nothing can come back any more.
    pub fn prune(&mut self) {
        let spent = self.select(|key| key.is_spent(self.today.start()));
        let indices: Vec<_> = spent.iter().map(|(index, _)| *index).collect();
        for (index, key) in spent {
            let stays = match self.document.secret(index) {
                Some(Place::File(name)) => Some(beside(&self.path, name)),
                _ => None,
            };
            self.report(key.number, key.patterns, What::Removed(stays));
        }
        self.document.remove(&indices);
    }

    /// Some of the keys, each with its index.
    fn select(&self, is_meant: impl Fn(&Key) -> bool) -> Vec<(usize, Key)> {
        let keys = self.config.keys.iter().enumerate().filter(|(_, key)| is_meant(key));
        keys.map(|(index, key)| (index, key.clone())).collect()
    }

    /// The index of the one key with a number, among those for the patterns if there are any.
    fn find(&self, number: KeyNumber, patterns: &[Pattern]) -> Result<usize, EditError> {
        let found = self.select(|key| {
            key.number == number && patterns.iter().all(|pattern| key.patterns.contains(pattern))
        });
        match &*found {
            [(index, ..)] => Ok(*index),
            [] => Err(EditError::Refused(format!("there is no key {number}{}", for_patterns(patterns)))),
            several => {
                let lines: Vec<_> = several.iter().map(|(_, key)| key.line.to_string()).collect();
                let lines = lines.join(", ");
                let message = format!("several keys have number {number} (lines {lines}): choose with --for");
                Err(EditError::Refused(message))
            }
        }
    }

    fn free_number(&self, patterns: &[Pattern], after: Option<KeyNumber>) -> Result<KeyNumber, EditError> {
        self.config.free_number(patterns, after).ok_or_else(|| {
            let patterns = for_patterns(patterns);
            EditError::Refused(format!(
                "all ten numbers are in use{patterns}: retire some, and prune them later"
            ))
        })
    }

    /// A new secret, and the name and value that say in the file where it is: in a file of its
    /// own if that of the template is.
    fn make_secret(
        &mut self,
        number: KeyNumber,
        template: Option<usize>,
    ) -> Result<(&'static str, Zeroizing<String>), EditError> {
        let no_secret = |error| EditError::Refused(format!("the system gives no random octets: {error}"));
        let secret = new_secret().map_err(no_secret)?;
        let Some(Place::File(old)) = template.and_then(|index| self.document.secret(index)) else {
            return Ok(("secret", secret));
        };
        let old_path = beside(&self.path, old);
        let like = Access::of(&old_path).map_err(|error| EditError::io(&old_path, error))?;
        let is_taken = |name: &str| {
            self.new_secrets.iter().any(|new| new.name == name)
                || beside(&self.path, name).symlink_metadata().is_ok()
        };
        let mut endings = std::iter::once(String::new()).chain((2..).map(|count| format!("-{count}")));
        let name = endings.find_map(|ending| {
            let name = format!("batv-{}-{number}{ending}.key", self.today);
            let name = Path::new(old).with_file_name(name);
            name.to_str().filter(|name| !is_taken(name)).map(ToOwned::to_owned)
        });
        let name = name.unwrap_or_default();
        self.new_secrets.push(NewSecret { name: name.clone(), secret, like });
        Ok(("secret-file", name.into()))
    }

    fn read_secret(&self, name: &str) -> SecretText {
        read_secret(&beside(&self.path, name))
    }

    /// The folders of the secret files.
    fn secret_folders(&self) -> HashSet<PathBuf> {
        let places = (0..self.config.keys.len()).filter_map(|index| self.document.secret(index));
        let paths = places.filter_map(|place| match place {
            Place::File(name) => Some(beside(&self.path, name)),
            Place::Text(_) | Place::Base64(_) => None,
        });
        paths.map(|path| folder(&path).to_owned()).collect()
    }

    fn report(&mut self, number: KeyNumber, patterns: Vec<Pattern>, what: What) {
        self.changes.push(Change { number, patterns, what });
    }
}
