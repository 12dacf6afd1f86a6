//! Configurations: what the file `batv.toml` says.

mod key;
mod key_rings;
#[cfg(feature = "milter")]
mod milter;
mod overshadowed;
mod policy;
mod section;
mod settings;

pub use key::{Key, KeyPatternError, Use, parse_key_pattern};
#[cfg(feature = "milter")]
pub use milter::{Milter, RefuseAt, Socket};

use crate::fault::ConfigError;
use batv_core::{Lifetime, Policy};
use key_rings::KeyRings;
use overshadowed::Overshadowed;
use section::{Faults, Section};
use toml::Spanned;
use toml::de::DeTable;
use zeroize::Zeroizing;

const A_LIST: &str = "must be a list in brackets: [\"...\", \"...\"]";
const A_KEY: &str = "must be a table in double brackets: [[key]]";

/// The most octets of a text that is read further after a fault of its syntax. A larger one that is not
/// TOML at all has more faults than memory holds.
const RECOVERED: usize = 256 << 10;

/// What a configuration file says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The policy, with the key rings of all the domains.
    pub policy: Policy,
    /// The keys, in the order of the file.
    pub keys: Vec<Key>,
    /// What the daemon batv-milter needs, where the file has a section for it.
    #[cfg(feature = "milter")]
    pub milter: Option<Milter>,
    /// Whether the file itself holds a secret, rather than the names of files that do.
    pub(crate) has_inline_secret: bool,
    /// How long tags are good.
    pub(crate) lifetime: Lifetime,
    /// Domains and addresses that have keys, but none that signs.
    pub(crate) unsigned: Vec<String>,
    /// Keys that a narrower pattern has put out of use.
    pub(crate) overshadowed: Vec<Overshadowed>,
}

/// The octets of a secret file, or why they cannot be had.
pub(crate) type SecretText = Result<Zeroizing<Vec<u8>>, String>;

impl Config {
    /// Reads a configuration. `read_secret_file` gets the names of the secret files as they
    /// stand in the text, and returns their octets, or why not.
    ///
    /// # Errors
    /// All the faults of the text at once, each with its line and setting, none with a secret.
    ///
    /// # Examples
    /// ```
    /// use batv_config::Config;
    ///
    /// let text = r#"
    ///     [[key]]
    ///     number = 1
    ///     secret-file = "batv-1.key"
    ///     for = ["example.com"]
    /// "#;
    /// let config = Config::parse(text, |_| Ok(b"a secret of 16 octets or more".to_vec()))?;
    /// assert_eq!(config.policy.keys().len(), 1);
    ///
    /// let error = Config::parse("lifetme = 7\n[policy]\nexempt = [\"@\"]", |_| unreachable!()).unwrap_err();
    /// assert_eq!(error.faults()[0].to_string(), "line 1: lifetme: unknown setting; did you mean `lifetime`?");
    /// assert_eq!(error.faults()[1].line, Some(3));
    /// # Ok::<(), batv_config::ConfigError>(())
    /// ```
    pub fn parse(
        text: &str,
        mut read_secret_file: impl FnMut(&str) -> Result<Vec<u8>, String>,
    ) -> Result<Self, ConfigError> {
        Self::read(text, |name| read_secret_file(name).map(Zeroizing::new))
    }

    pub(crate) fn read(
        text: &str,
        mut read_secret_file: impl FnMut(&str) -> SecretText,
    ) -> Result<Self, ConfigError> {
        let (table, syntax) = match DeTable::parse(text) {
            Ok(table) => (table, Vec::new()),
            Err(first) if text.len() > RECOVERED => (Spanned::new(0..0, DeTable::new()), vec![first]),
            Err(_) => DeTable::parse_recoverable(text),
        };
        let faults = Faults::new(text, &syntax);
        let config = read(&faults, table.get_ref(), &mut read_secret_file);
        match faults.into_error() {
            Some(error) => Err(error),
            None => Ok(config),
        }
    }
}

fn read(faults: &Faults, root: &DeTable<'_>, read_secret_file: &mut dyn FnMut(&str) -> SecretText) -> Config {
    let mut root = Section::new(faults, String::new(), Some(root));
    let settings = settings::read(&mut root);
    let (mut keys, mut rings) = (Vec::new(), KeyRings::new(settings, faults));
    let tables = root.list("key", A_KEY, |value| value.as_table().ok_or(A_KEY));
    for (index, (table, span)) in tables.into_iter().enumerate() {
        let section = Section::new(faults, format!("key[{}].", index + 1), Some(table));
        if let Some(key) = key::read(section, span.start, read_secret_file) {
            rings.add(index, &key);
            keys.push(key);
        }
    }
    let table = root.get("policy", |value| value.as_table().ok_or("must be a table: [policy]"));
    let section = Section::new(faults, "policy.".to_owned(), table);
    let (unsigned, overshadowed) = (rings.unsigned(), overshadowed::find(&rings, &keys));
    let mut policy = Policy::new(settings);
    rings.add_to(&mut policy);
    policy::read(section, &mut policy);
    #[cfg(feature = "milter")]
    let milter = milter::read(&mut root, faults);
    #[cfg(not(feature = "milter"))]
    root.pass_over("milter");
    root.finish();
    let has_inline_secret = keys.iter().any(|key| key.is_inline);
    Config {
        policy,
        keys,
        #[cfg(feature = "milter")]
        milter,
        has_inline_secret,
        lifetime: settings.lifetime,
        unsigned,
        overshadowed,
    }
}
