//! What a good configuration file should be warned about: what works, and may lose bounces.

use crate::config::{Config, Key, Use};
use crate::date::Date;
use batv_core::{KeyNumber, Monitor, Secret};
use ipnet::IpNet;
use std::fmt;

/// The days after which a secret should be retired: a tag that expired turns valid again when
/// the days, counted modulo 1000, come near its expiry day once more.
const DAYS: i64 = 900;

/// Something that works, but should be looked at. `Display` says what, and what to do about it.
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
    /// A state of one key.
    OfKey {
        /// The line on which the key begins.
        line: usize,
        /// Its number.
        number: KeyNumber,
        /// What it is.
        warning: KeyWarning,
    },
    /// A list of networks holds every host of IPv4 or IPv6.
    Everybody {
        /// The setting.
        setting: &'static str,
    },
    /// Mail to some destinations leaves untagged, and no host may bounce it.
    NoUntaggedClients,
    /// Names without a domain are not judged.
    NoDefaultDomain,
    /// Nothing is refused.
    Monitoring,
    /// Nothing is refused for some domains and addresses.
    MonitoringSome {
        /// How many patterns of them there are.
        count: usize,
    },
}

/// What should be looked at in one key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyWarning {
    /// Its secret has fewer than 16 octets.
    Weak,
    /// Its secret is more than 900 days old.
    Old {
        /// Its age in days.
        days: i64,
    },
    /// Its secret file ends in CR or LF.
    LineBreak,
    /// It signs, and the last day on which it has to verify has passed.
    Ended {
        /// That day.
        verify_until: Date,
    },
    /// It signs, and its secret is made in the future.
    Early {
        /// The day on which it is made.
        created: Date,
    },
    /// Narrower patterns have keys of their own, while tags that it made for them are under way.
    Overshadowed {
        /// The first of the narrower patterns.
        first: String,
        /// How many there are.
        count: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKeys => {
                f.write_str("there are no keys, so nothing is signed or judged; add one with `batv keys new`")
            }
            Self::NoSigningKey { first, count } => write!(
                f,
                "no key signs for {}, so its mail leaves without a tag and its bounces are refused: let a key \
                 sign for it",
                and_more(first, *count)
            ),
            Self::OfKey { line, number, warning } => warning.write(*line, *number, f),
            Self::Everybody { setting: setting @ "untagged-clients" } => write!(
                f,
                "policy.{setting}: contains every host, so no bounce is refused; list only hosts that bounce \
                 untagged mail"
            ),
            Self::Everybody { setting } => write!(
                f,
                "policy.{setting}: contains every host, so mail from strangers is signed and no bounce is \
                 refused; list only your own networks"
            ),
            Self::NoUntaggedClients => f.write_str(
                "policy.untagged-destinations: mail there leaves without a tag, so its bounces are refused; list the \
                 servers that send them in `untagged-clients`",
            ),
            Self::NoDefaultDomain => f.write_str(
                "policy.default-domain: is not set, so bounces to a name without a domain, such as \
                 `postmaster`, are not judged; set it to the domain that the mail server adds",
            ),
            Self::Monitoring => f.write_str("policy.monitor: monitor mode is on, nothing is refused"),
            Self::MonitoringSome { count } => write!(
                f,
                "policy.monitor: monitor mode is on for {count} domains or addresses; nothing is refused there"
            ),
        }
    }
}

impl KeyWarning {
    fn write(&self, line: usize, number: KeyNumber, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {line}: ")?;
        match self {
            Self::Weak => write!(
                f,
                "the secret of key {number} has fewer than {} octets and may be guessed: rotate it",
                Secret::STRONG
            ),
            Self::Old { days } => write!(
                f,
                "the secret of key {number} is {days} days old; after {DAYS} days tags that have expired turn \
                 valid again: rotate it"
            ),
            Self::LineBreak => write!(
                f,
                "the secret file of key {number} ends in a line break, which is part of the secret: check with \
                 `batv keys fingerprint` that every server has the same one"
            ),
            Self::Ended { verify_until } => write!(
                f,
                "key {number} signs, but its last day was {verify_until}: rotate it, or remove `verify-until`"
            ),
            Self::Early { created } => write!(
                f,
                "key {number} signs, but `created` is in the future, {created}: correct it, or set the clock"
            ),
            Self::Overshadowed { first, count } => write!(
                f,
                "key {number} does not verify for {}, which has other keys, so bounces to the tags that it \
                 made there are refused: copy it there with use = \"verify\"",
                and_more(first, *count)
            ),
        }
    }
}

fn and_more(first: &str, count: usize) -> String {
    if count == 1 { first.to_owned() } else { format!("{first} and {} more", count - 1) }
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
        let today = Date::at(time);
        for (index, key) in self.keys.iter().enumerate() {
            let of_key = key.warnings(today).into_iter().chain(self.overshadowing(index, key, time));
            let (line, number) = (key.line, key.number);
            warnings.extend(of_key.map(|warning| Warning::OfKey { line, number, warning }));
        }
        let lists = [
            ("untagged-clients", &self.policy.untagged_clients),
            ("internal-networks", &self.policy.internal_networks),
        ];
        for (setting, networks) in lists {
            // Every host of IPv4 or of IPv6, if not by one network then by several together.
            if IpNet::aggregate(networks).iter().any(|network| network.prefix_len() == 0) {
                warnings.push(Warning::Everybody { setting });
            }
        }
        if !self.policy.untagged_destinations.is_empty() && self.policy.untagged_clients.is_empty() {
            warnings.push(Warning::NoUntaggedClients);
        }
        if self.policy.default_domain.is_none() && !self.keys.is_empty() {
            warnings.push(Warning::NoDefaultDomain);
        }
        match &self.policy.monitor {
            Monitor::For(recipients) => {
                warnings.push(Warning::MonitoringSome { count: recipients.len() });
            }
            monitor if monitor.is_on(time) => warnings.push(Warning::Monitoring),
            _ => {}
        }
        warnings
    }

    /// The patterns for which a key is out of use while its tags are under way.
    fn overshadowing(&self, index: usize, key: &Key, time: u64) -> Option<KeyWarning> {
        let is_under_way = |since| Date::at(time) <= self.verify_until(since);
        // They are in the order of the keys.
        let first = self.overshadowed.partition_point(|entry| entry.key < index);
        let entries = self.overshadowed.iter().skip(first).take_while(|entry| entry.key == index);
        let entries =
            entries.filter(|_| !key.is_spent(time)).filter(|entry| entry.since.is_none_or(is_under_way));
        let patterns = entries.flat_map(|entry| &entry.patterns);
        let count = patterns.clone().count();
        let first = patterns.min()?.clone();
        Some(KeyWarning::Overshadowed { first, count })
    }
}

impl Key {
    fn warnings(&self, today: Date) -> Vec<KeyWarning> {
        let mut warnings = Vec::new();
        if self.secret.is_weak() {
            warnings.push(KeyWarning::Weak);
        }
        if let Some(days) = self.created.map(|created| today.days_since(created)).filter(|days| *days > DAYS)
        {
            warnings.push(KeyWarning::Old { days });
        }
        if self.ends_in_line_break {
            warnings.push(KeyWarning::LineBreak);
        }
        if self.r#use == Use::Sign {
            if let Some(verify_until) = self.verify_until.filter(|last| *last < today) {
                warnings.push(KeyWarning::Ended { verify_until });
            }
            if let Some(created) = self.created.filter(|created| *created > today) {
                warnings.push(KeyWarning::Early { created });
            }
        }
        warnings
    }
}
