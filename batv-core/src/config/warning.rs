//! What a good configuration file should be warned about.

use super::{Config, DAY};
use crate::secret::Secret;
use crate::tag::KeyNumber;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The days after which a secret should be retired: a tag that expired turns valid again when
/// the days, counted modulo 1000, come near its expiry day once more.
const DAYS: u64 = 900;

/// Something that works, but should be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// There is no key at all.
    NoKeys,
    /// No key signs for these domains and addresses.
    NoSigningKey {
        /// The first of them.
        first: String,
        /// How many there are.
        count: usize,
    },
    /// A secret has fewer than 16 octets.
    WeakSecret {
        /// The line of the key.
        line: usize,
        /// Its number.
        number: KeyNumber,
    },
    /// A secret is more than 900 days old.
    OldSecret {
        /// The line of the key.
        line: usize,
        /// Its number.
        number: KeyNumber,
        /// Its age in days.
        days: u64,
    },
    /// The policy refuses nothing.
    Monitoring,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKeys => f.write_str("no keys: nothing is signed or judged"),
            Self::NoSigningKey { first, count: 1 } => write!(f, "no key signs for {first}"),
            Self::NoSigningKey { first, count } => {
                write!(f, "no key signs for {first} and {} more", count - 1)
            }
            Self::WeakSecret { line, number } => write!(
                f,
                "line {line}: the secret of key {number} has fewer than {} octets and may be guessed",
                Secret::STRONG
            ),
            Self::OldSecret { line, number, days } => write!(
                f,
                "line {line}: the secret of key {number} is {days} days old; after {DAYS} days tags that \
                 have expired turn valid again: rotate it"
            ),
            Self::Monitoring => f.write_str("policy.monitor: monitor mode is on, nothing is refused"),
        }
    }
}

impl Config {
    /// What should be looked at, at a time in UNIX seconds.
    #[must_use]
    pub fn warnings(&self, time: u64) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if self.keys.is_empty() {
            warnings.push(Warning::NoKeys);
        }
        if let Some(first) = self.unsigned.first() {
            warnings.push(Warning::NoSigningKey { first: first.clone(), count: self.unsigned.len() });
        }
        for key in &self.keys {
            let (line, number) = (key.line, key.number);
            if key.secret.is_weak() {
                warnings.push(Warning::WeakSecret { line, number });
            }
            let days = key.created.map_or(0, |created| time.saturating_sub(created) / DAY);
            if days > DAYS {
                warnings.push(Warning::OldSecret { line, number, days });
            }
        }
        if self.policy.monitor.is_on(time) {
            warnings.push(Warning::Monitoring);
        }
        warnings
    }
}
