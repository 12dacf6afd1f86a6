//! Options that commands have in common.

use crate::answer::Failure;
use crate::config::Configuration;
use crate::warn;
use batv_core::{Delimiter, KeyNumber, KeyRing, Secret, Settings};
use clap::Args;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// The most octets of a secret file.
const SECRET_LIMIT: usize = 65_536;
/// 9999-01-01T00:00:00Z: what is later is not seconds, and its dates have no four digits.
const LATEST: u64 = 253_370_764_800;

/// The keys that sign and verify: those of a configuration file, or one.
#[derive(Args)]
pub(crate) struct KeyOptions {
    /// The file whose octets are the secret
    ///
    /// All of them are, a newline at the end too: "echo x > FILE" makes a secret of two octets,
    /// "printf x > FILE" one of one. "batv keygen > FILE" writes no newline. A secret of fewer
    /// than 16 octets is used, with a warning; at most 65536 are read.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The key's number, 0 to 9, which the tag carries
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
            (None, None) => Err(Failure::Other("--config FILE or --secret-file FILE is missing".into())),
        }
    }

    fn key_ring(&self, secret_file: &Path, settings: Settings) -> Result<KeyRing, Failure> {
        let secret = read_secret(secret_file)
            .map_err(|reason| Failure::Other(format!("secret file {secret_file:?}: {reason}")))?;
        if secret.is_weak() {
            warn(format_args!("secret file {secret_file:?}: fewer than 16 octets can be guessed"));
        }
        let mut keys = KeyRing::new(settings);
        keys.insert(self.key_number, secret);
        keys.sign_with(self.key_number).map_err(|error| Failure::Other(error.to_string()))?;
        Ok(keys)
    }
}

fn read_secret(path: &Path) -> Result<Secret, String> {
    // Large enough from the start: a buffer that grows leaves copies behind.
    let mut octets = Zeroizing::new(Vec::with_capacity(SECRET_LIMIT + 1));
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(SECRET_LIMIT as u64 + 1).read_to_end(&mut octets).map_err(|error| error.to_string())?;
    if octets.len() > SECRET_LIMIT {
        return Err(format!("more than {SECRET_LIMIT} octets"));
    }
    Secret::new(&octets).map_err(|error| error.to_string())
}

/// The time at which addresses are judged.
#[derive(Args)]
pub(crate) struct TimeOption {
    /// The time, in seconds since 1970-01-01 UTC; the clock's unless given
    ///
    /// When signing, give the time at which the message was received: it must keep one address
    /// over all attempts at delivery.
    #[arg(long, value_name = "UNIX-SECONDS", value_parser = clap::value_parser!(u64).range(..LATEST))]
    at: Option<u64>,
}

impl TimeOption {
    /// The time given, or the clock's: read each time, since streams may last for days.
    pub(crate) fn time(&self) -> Result<u64, Failure> {
        match self.at {
            Some(time) => Ok(time),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map(|since| since.as_secs())
                .map_err(|_| Failure::Other("the clock stands before 1970: use --at".into())),
        }
    }
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
