//! Patterns of addresses and domains, of which the most specific wins.

use crate::address::Mailbox;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use hashbrown::{HashMap, HashSet};

/// What an entry of a list stands for. Letters compare without case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// The part of `local-part@.domain` that is compared, in lower case.
    key: Box<[u8]>,
}

impl Pattern {
    /// Reads `user@example.com`, `user@*`, `example.com` (or `*@example.com`),
    /// `*.example.com` (every domain below it, not itself) or `*` (every domain).
    ///
    /// # Errors
    /// [`PatternError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let (local, domain) = match text.rfind('@') {
            Some(at) => {
                let (local, domain) = text.split_at(at);
                (if local == "*" { "" } else { local }, domain.strip_prefix('@').unwrap_or(domain))
            }
            None => ("", text),
        };
        let every_local_part = local.is_empty();
        if text.starts_with('@') || domain.is_empty() {
            return Err(PatternError);
        }
        let suffix = domain.strip_prefix("*.");
        let named = match (domain, suffix) {
            ("*", _) => "",
            (_, Some("")) => return Err(PatternError),
            (_, Some(_)) if !every_local_part => return Err(PatternError),
            (_, Some(suffix)) => suffix,
            _ => domain,
        };
        let mut key = Vec::with_capacity(local.len() + named.len() + 1);
        if !every_local_part {
            // It would be taken for a wildcard; a local-part that has one can be quoted.
            if !local.starts_with('"') && local.contains('*') {
                return Err(PatternError);
            }
            let probe = [local, "@example"].concat();
            let address = crate::Address::parse(probe.as_bytes()).map_err(|_| PatternError)?;
            key.extend(address.mailbox().content());
        }
        if !named.is_empty() {
            let probe = ["x@", named].concat();
            crate::Address::parse(probe.as_bytes()).map_err(|_| PatternError)?;
        }
        key.push(if suffix.is_some() { b'.' } else { b'@' });
        key.extend(named.strip_suffix('.').unwrap_or(named).bytes());
        key.make_ascii_lowercase();
        Ok(Self { key: key.into() })
    }

    /// Whether the pattern is `user@*`, one local-part at every domain.
    #[must_use]
    pub fn is_local_part(&self) -> bool {
        matches!(&*self.key, [_, .., b'@'])
    }

    /// `@example.com`, of `user@example.com`.
    fn domain_of_address(&self) -> Option<&[u8]> {
        let at = self.key.iter().rposition(|octet| *octet == b'@').filter(|at| *at > 0)?;
        self.key.get(at..).filter(|at_domain| at_domain.len() > 1)
    }
}

impl fmt::Display for Pattern {
    /// The pattern as it is written, in lower case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = String::from_utf8_lossy(&self.key);
        match &*key {
            "@" => f.write_str("*"),
            key if key.starts_with('.') => write!(f, "*{key}"),
            key if key.ends_with('@') => write!(f, "{key}*"),
            key => f.write_str(key.strip_prefix('@').unwrap_or(key)),
        }
    }
}

/// A text that is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternError;

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address, user@*, a domain, *.domain or *")
    }
}

impl core::error::Error for PatternError {}

/// Values by pattern; finding one takes the same time however many there are.
#[derive(Clone, Debug)]
pub struct Patterns<V> {
    values: HashMap<Box<[u8]>, V>,
    /// The domains of the addresses, each with its at sign.
    domains: HashSet<Box<[u8]>>,
}

impl<V> Default for Patterns<V> {
    fn default() -> Self {
        Self { values: HashMap::new(), domains: HashSet::new() }
    }
}

impl<V> Patterns<V> {
    /// Adds a value; the one that the pattern had is returned.
    pub fn insert(&mut self, pattern: Pattern, value: V) -> Option<V> {
        if let Some(at_domain) = pattern.domain_of_address() {
            self.domains.get_or_insert_with(at_domain, |at_domain| at_domain.into());
        }
        self.values.insert(pattern.key, value)
    }

    /// The number of patterns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value of the most specific pattern: the address, its domain, the nearest domain above
    /// that, `user@*`, every domain.
    pub(crate) fn find(&self, mailbox: &Mailbox<'_>) -> Option<&V> {
        if self.values.is_empty() {
            return None;
        }
        let mut text = Vec::with_capacity(mailbox.local.len() + mailbox.at_domain.len());
        text.extend(mailbox.content());
        let at = text.len();
        text.extend_from_slice(mailbox.at_domain);
        self.find_text(text, at).map(|(_, value)| value)
    }

    /// Whether every domain has a value.
    #[cfg(feature = "config")]
    pub(crate) fn has_every_domain(&self) -> bool {
        self.values.contains_key(&b"@"[..])
    }

    /// Whether the domain, or an address of it, has a value.
    pub(crate) fn has_domain(&self, domain: &[u8]) -> bool {
        let at_domain = [b"@", domain].concat().to_ascii_lowercase();
        self.domains.contains(&*at_domain) || self.find_text(at_domain, 0).is_some()
    }

    /// The pattern that is for all that a pattern is for, itself or the most specific wider one,
    /// with its value.
    #[must_use]
    pub fn covering(&self, pattern: &Pattern) -> Option<(Pattern, &V)> {
        let at = pattern.key.iter().rposition(|octet| *octet == b'@').unwrap_or(0);
        let (key, value) = self.find_text(pattern.key.to_vec(), at)?;
        Some((Pattern { key: key.into() }, value))
    }

    /// The pattern and the value of an address, or of a pattern, with its at sign there.
    fn find_text(&self, mut text: Vec<u8>, at: usize) -> Option<(&[u8], &V)> {
        if text.last() == Some(&b'.') {
            text.pop();
        }
        text.make_ascii_lowercase();
        let (_, at_domain) = text.split_at(at);
        let dots = at_domain.iter().enumerate().filter(|(_, octet)| **octet == b'.');
        let above = dots.map(|(dot, _)| at_domain.split_at(dot).1);
        core::iter::once(&*text)
            .chain([at_domain])
            .chain(above)
            .chain([text.split_at(at + 1).0, b"@"])
            .find_map(|key| self.values.get_key_value(key))
            .map(|(key, value)| (&**key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Address;
    use alloc::string::ToString;

    fn find(list: &[&'static str], address: &str) -> Option<&'static str> {
        let mut patterns = Patterns::default();
        for text in list {
            patterns.insert(Pattern::parse(text).unwrap(), *text);
        }
        let address = Address::parse(address.as_bytes()).unwrap();
        patterns.find(&address.mailbox()).copied()
    }

    #[test]
    fn the_most_specific_pattern_wins() {
        let all = ["*", "*.example.com", "*.sub.example.com", "example.com", "boss@example.com"];
        for (address, expected) in [
            ("boss@example.com", "boss@example.com"),
            ("BOSS@EXAMPLE.COM", "boss@example.com"),
            ("\"boss\"@example.com.", "boss@example.com"),
            ("bos@example.com", "example.com"),
            ("boss@a.example.com", "*.example.com"),
            ("boss@a.b.example.com", "*.example.com"),
            ("boss@a.sub.example.com", "*.sub.example.com"),
            ("boss@sub.example.com", "*.example.com"),
            ("boss@badexample.com", "*"),
            ("boss@[127.0.0.1]", "*"),
        ] {
            assert_eq!(find(&all, address), Some(expected), "{address}");
        }
        assert_eq!(find(&["*.example.com"], "a@example.com"), None);
        assert_eq!(find(&["postmaster@*", "x@y"], "Postmaster@a.test"), Some("postmaster@*"));
        assert_eq!(find(&["[127.0.0.1]"], "a@[127.0.0.1]"), Some("[127.0.0.1]"));
        // A quoted local-part may look like an address: it is none of its domain.
        assert_eq!(find(&["a@b.test"], "\"a@b.test\"@c.test"), None);
    }

    #[test]
    fn a_pattern_is_covered_by_the_nearest_wider_one() {
        let mut patterns = Patterns::default();
        for text in ["*", "*.example.com", "*.sub.example.com", "example.com", "boss@example.com"] {
            patterns.insert(Pattern::parse(text).unwrap(), ());
        }
        for (pattern, expected) in [
            ("boss@example.com", "boss@example.com"),
            ("user@example.com", "example.com"),
            ("example.com", "example.com"),
            ("*.example.com", "*.example.com"),
            // Below the domain, not the domain itself.
            ("sub.example.com", "*.example.com"),
            ("*.sub.example.com", "*.sub.example.com"),
            ("*.a.sub.example.com", "*.sub.example.com"),
            ("*.com", "*"),
            ("*", "*"),
            ("user@example.org", "*"),
        ] {
            let covering = patterns.covering(&Pattern::parse(pattern).unwrap());
            assert_eq!(covering.unwrap().0.to_string(), expected, "{pattern}");
        }
        let mut one = Patterns::default();
        one.insert(Pattern::parse("example.com").unwrap(), ());
        assert!(one.covering(&Pattern::parse("*.example.com").unwrap()).is_none());
        assert!(one.covering(&Pattern::parse("*").unwrap()).is_none());
    }

    #[test]
    fn a_pattern_is_shown_as_it_is_written() {
        for text in ["*", "*.example.com", "example.com", "boss@example.com", "boss@*"] {
            assert_eq!(Pattern::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_names_nothing_is_no_pattern() {
        for text in [
            "",
            "@",
            "@example.com",
            "a@",
            "*@",
            "a b",
            "*.",
            "a@*.example.com",
            "info-*@example.com",
            "*x",
            "x*.test",
            "a@b@c d",
            ".",
        ] {
            assert_eq!(Pattern::parse(text), Err(PatternError), "{text}");
        }
        assert_eq!(find(&["\"a*\"@b.test"], "a*@b.test"), Some("\"a*\"@b.test"));
        assert!(Pattern::parse("a@*").unwrap().is_local_part());
        assert!(!Pattern::parse("*").unwrap().is_local_part());
    }
}
