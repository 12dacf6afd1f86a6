//! The options of keys, which sign and verify have in common.

use crate::configuration::{Configuration, named};
use crate::failure::{Failure, warn};
use batv_config::{ends_in_line_break, read_secret_file};
use batv_core::{Delimiter, KeyNumber, KeyRing, Secret, Settings};
use clap::Args;
use std::path::{Path, PathBuf};

/// The keys that sign and verify: those of a configuration file, or one.
#[derive(Args)]
pub(crate) struct KeyOptions {
    /// A file that holds one secret, to use instead of a configuration file
    ///
    /// Every octet counts, including a final newline: "echo x > FILE" makes a secret of two octets,
    /// "printf x > FILE" makes a secret of one. "batv keygen > FILE" writes no newline. If a secret ends in
    /// a line break or has fewer than 16 octets, it is used with a warning. The limit is 65536 octets.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The number of the key, 0 to 9, which the tag carries
    #[arg(long, value_name = "N", default_value = "0", value_parser = parse_key_number)]
    key_number: KeyNumber,
    /// The character before the tag of a sub-address
    #[arg(long, value_name = "C", default_value = "+", value_parser = parse_delimiter)]
    pub(crate) delimiter: Delimiter,
}

/// What signs and verifies.
pub(crate) enum Keys {
    Configured(Configuration),
    One(KeyRing),
}

impl KeyOptions {
    /// The keys; the settings are those of a single one.
    pub(crate) fn keys(&self, config: Option<&Path>, settings: Settings) -> Result<Keys, Failure> {
        match (config, &self.secret_file) {
            (Some(config), _) => Configuration::open(config).map(Keys::Configured),
            (None, Some(secret_file)) => self.key_ring(secret_file, settings).map(Keys::One),
            (None, None) => {
                let config = named(None, " or --secret-file FILE")?;
                Configuration::open(config).map(Keys::Configured)
            }
        }
    }

    fn key_ring(&self, secret_file: &Path, settings: Settings) -> Result<KeyRing, Failure> {
        let mut keys = KeyRing::new(settings);
        keys.add(self.key_number, read_secret(secret_file)?);
        keys.sign_with(self.key_number).map_err(|error| Failure::Other(error.to_string()))?;
        Ok(keys)
    }
}

/// Reads a secret file, and warns on standard error if something about it is odd.
pub(crate) fn read_secret(path: &Path) -> Result<Secret, Failure> {
    let failure = |reason: String| Failure::Other(format!("secret file {path:?}: {reason}"));
    let octets = read_secret_file(path).map_err(|error| failure(error.to_string()))?;
    let secret = Secret::new(&octets).map_err(|error| failure(error.to_string()))?;
    if secret.is_weak() {
        warn(format_args!("secret file {path:?}: has fewer than 16 octets and can be guessed"));
    }
    if ends_in_line_break(&octets) {
        let message = "ends in a line break, which is part of the secret";
        warn(format_args!("secret file {path:?}: {message}"));
    }
    Ok(secret)
}

pub(crate) fn parse_key_number(text: &str) -> Result<KeyNumber, String> {
    let number = text.parse().map_err(|_| "a key number is a digit, 0 to 9".to_owned())?;
    KeyNumber::new(number).map_err(|error| error.to_string())
}

fn parse_delimiter(text: &str) -> Result<Delimiter, String> {
    let [octet] = *text.as_bytes() else {
        return Err("a delimiter is one ASCII character".into());
    };
    Delimiter::new(octet).map_err(|error| error.to_string())
}
