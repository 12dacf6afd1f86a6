//! Patterns of addresses and domains, of which the most specific wins.

use super::folded::{Folded, fold_into};
use super::reading::in_quotes;
use crate::address::parse;
use crate::text::{self, LOCAL_PART};
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
    /// Whether the local-part is only the beginning of those that are meant.
    is_beginning: bool,
}

impl Pattern {
    /// Reads `user@example.com`, `user@*`, `example.com` (or `*@example.com`),
    /// `*.example.com` (every domain below it, not itself) or `*` (every domain). A local-part that
    /// ends in a star stands for all that begin so: `SRS0=*@example.com`, `list-bounces+*@*`.
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
        // A local-part that has a star of its own can be quoted; the beginning of one cannot.
        let beginning = local.strip_suffix('*').filter(|_| !local.contains('"'));
        let mut key = Vec::with_capacity(local.len() + named.len() + 1);
        if !every_local_part {
            let local = beginning.unwrap_or(local);
            if !local.starts_with('"') && local.contains('*') {
                return Err(PatternError);
            }
            let probe = [local, "@example"].concat();
            let address = parse(probe.as_bytes()).map_err(|_| PatternError)?;
            fold_into(&mut key, &address.mailbox().content().collect::<Vec<_>>());
        }
        if !named.is_empty() {
            let probe = ["x@", named].concat();
            parse(probe.as_bytes()).map_err(|_| PatternError)?;
        }
        key.push(if suffix.is_some() { b'.' } else { b'@' });
        fold_into(&mut key, named.strip_suffix('.').unwrap_or(named).as_bytes());
        Ok(Self { key: key.into(), is_beginning: beginning.is_some() })
    }

    /// Whether the pattern is for domains or for one address: not `user@*`, and not `list-*@domain`.
    /// Only such ones can have keys.
    #[must_use]
    pub fn can_have_keys(&self) -> bool {
        !self.is_beginning && !matches!(&*self.key, [_, .., b'@'])
    }

    /// Where the at sign stands.
    fn at(&self) -> Option<usize> {
        self.key.iter().rposition(|octet| *octet == b'@')
    }

    /// `@example.com`, of `user@example.com`.
    fn domain_of_address(&self) -> Option<&[u8]> {
        let at = self.at().filter(|at| *at > 0)?;
        self.key.get(at..).filter(|at_domain| at_domain.len() > 1)
    }
}

impl fmt::Display for Pattern {
    /// The pattern as it is written, in lower case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (local, domain) = match self.at() {
            Some(at) => self.key.split_at(at),
            None => (&b""[..], &*self.key),
        };
        let needs_quotes = local.iter().any(|octet| *octet == b'*' || !text::is(*octet, LOCAL_PART));
        let local = if needs_quotes { in_quotes(local) } else { local.to_vec() };
        let (local, domain) = (String::from_utf8_lossy(&local), String::from_utf8_lossy(domain));
        let star = if self.is_beginning { "*" } else { "" };
        match &*domain {
            "@" if local.is_empty() => f.write_str("*"),
            "@" => write!(f, "{local}{star}@*"),
            domain if domain.starts_with('.') => write!(f, "*{domain}"),
            domain if local.is_empty() => f.write_str(domain.strip_prefix('@').unwrap_or(domain)),
            domain => write!(f, "{local}{star}{domain}"),
        }
    }
}

/// A text that is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternError;

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address, user@*, user*@domain, a domain, *.domain or *")
    }
}

impl core::error::Error for PatternError {}

/// Values by pattern. Finding one takes the same time however many there are, but for those whose
/// local-part ends in a star, which are tried one after another.
#[derive(Clone, Debug)]
pub struct Patterns<V> {
    values: HashMap<Box<[u8]>, V>,
    beginnings: Vec<(Pattern, V)>,
    /// The domains of the addresses, each with its at sign.
    domains: HashSet<Box<[u8]>>,
    /// The octets of the longest key: what is longer need not be looked for.
    longest: usize,
}

impl<V> Default for Patterns<V> {
    fn default() -> Self {
        Self { values: HashMap::new(), beginnings: Vec::new(), domains: HashSet::new(), longest: 0 }
    }
}

impl<V> Patterns<V> {
    /// Adds a value; the one that the pattern had is returned.
    pub fn insert(&mut self, pattern: Pattern, value: V) -> Option<V> {
        if let Some(at_domain) = pattern.domain_of_address() {
            self.domains.get_or_insert_with(at_domain, |at_domain| at_domain.into());
        }
        if !pattern.is_beginning {
            self.longest = self.longest.max(pattern.key.len());
            return self.values.insert(pattern.key, value);
        }
        if let Some((_, old)) = self.beginnings.iter_mut().find(|(known, _)| *known == pattern) {
            return Some(core::mem::replace(old, value));
        }
        self.beginnings.push((pattern, value));
        None
    }

    /// The number of patterns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() + self.beginnings.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of every domain, `*`.
    #[must_use]
    pub fn of_every_domain(&self) -> Option<&V> {
        self.values.get(&b"@"[..])
    }

    /// The value of the most specific pattern: the address, the longest beginning of its local-part
    /// at its domain, its domain, the nearest domain above that, `user@*`, the longest beginning at
    /// every domain, every domain.
    pub(crate) fn find(&self, mailbox: &Folded) -> Option<&V> {
        if self.is_empty() {
            return None;
        }
        let at_domain = mailbox.at_domain();
        self.value(mailbox.as_bytes())
            .or_else(|| self.beginning(mailbox.local_part(), at_domain))
            .or_else(|| self.keys_of_domain(at_domain).find_map(|key| self.value(key)))
            .or_else(|| self.value(mailbox.local_part_at()))
            .or_else(|| self.beginning(mailbox.local_part(), b"@"))
            .or_else(|| self.of_every_domain())
    }

    /// Whether a domain, or an address of it, has a value.
    pub(crate) fn has_domain(&self, domain: &[u8]) -> bool {
        let mailboxes = Folded::of_domain(domain);
        self.domains.contains(mailboxes.at_domain()) || self.find(&mailboxes).is_some()
    }

    /// The pattern that is for all that a pattern is for, itself or the most specific wider one,
    /// with its value.
    #[must_use]
    pub fn covering(&self, pattern: &Pattern) -> Option<(Pattern, &V)> {
        let at = pattern.at().unwrap_or(0);
        let (_, at_domain) = pattern.key.split_at(at);
        core::iter::once(&*pattern.key).chain(self.keys_of_domain(at_domain)).chain([&b"@"[..]]).find_map(
            |key| {
                let value = self.value(key)?;
                Some((Pattern { key: key.into(), is_beginning: false }, value))
            },
        )
    }

    /// The keys under which a domain is looked for: itself, and each domain above it.
    fn keys_of_domain<'d>(&self, at_domain: &'d [u8]) -> impl Iterator<Item = &'d [u8]> {
        let start = at_domain.len().saturating_sub(self.longest);
        let above = at_domain.iter().enumerate().skip(start).filter(|(_, octet)| **octet == b'.');
        core::iter::once(at_domain).chain(above.map(|(dot, _)| at_domain.split_at(dot).1))
    }

    fn value(&self, key: &[u8]) -> Option<&V> {
        if key.len() > self.longest { None } else { self.values.get(key) }
    }

    fn beginning(&self, local: &[u8], at_domain: &[u8]) -> Option<&V> {
        let fitting = self.beginnings.iter().filter_map(|(pattern, value)| {
            let (beginning, domain) = pattern.key.split_at(pattern.at()?);
            (domain == at_domain && local.starts_with(beginning)).then_some((beginning.len(), value))
        });
        fitting.max_by_key(|(length, _)| *length).map(|(_, value)| value)
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
        patterns.find(&Folded::new(&address.mailbox())).copied()
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
        for text in ["*", "*.example.com", "example.com", "boss@example.com", "boss@*", "srs0=*@*"] {
            assert_eq!(Pattern::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Pattern::parse("SRS0=*@Example.COM.").unwrap().to_string(), "srs0=*@example.com");
        // Without their quotes these would be no patterns, or others.
        for text in [
            r#""john doe"@example.com"#,
            r#""a\"\\b"@*"#,
            r#""a*"@example.com"#,
            r#""*"@b.test"#,
            r#""a@b"@c"#,
        ] {
            assert_eq!(Pattern::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Pattern::parse(r#""Boss"@B.test"#).unwrap().to_string(), "boss@b.test");
    }

    #[test]
    fn a_local_part_that_ends_in_a_star_is_for_all_that_begin_so() {
        let all =
            ["srs0=*@example.com", "srs0=ab*@example.com", "example.com", "srs0=x@example.com", "list-*@*"];
        for (address, expected) in [
            ("SRS0=hash@example.com", Some("srs0=*@example.com")),
            ("srs0=@example.com", Some("srs0=*@example.com")),
            ("srs0=abc@EXAMPLE.COM.", Some("srs0=ab*@example.com")),
            ("srs0=x@example.com", Some("srs0=x@example.com")),
            ("srs0@example.com", Some("example.com")),
            ("\"srs0=a b\"@example.com", Some("srs0=*@example.com")),
            ("list-bounces@example.com", Some("example.com")),
            ("List-bounces+x=y@example.org", Some("list-*@*")),
            ("srs0=hash@sub.example.com", None),
            ("mylist-x@example.org", None),
        ] {
            assert_eq!(find(&all, address), expected, "{address}");
        }
    }

    #[test]
    fn letters_of_utf_8_compare_without_case() {
        assert_eq!(find(&["bücher.example"], "a@BÜCHER.example"), Some("bücher.example"));
        assert_eq!(find(&["BÜCHER.example"], "a@bücher.Example."), Some("BÜCHER.example"));
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
            "info*x@example.com",
            "*x@example.com",
            "**@example.com",
            "a b*@example.com",
            "*x",
            "x*.test",
            "a\"b c\"*@b.test",
            "a@b@c d",
            ".",
        ] {
            assert_eq!(Pattern::parse(text), Err(PatternError), "{text}");
        }
        assert_eq!(find(&["\"a*\"@b.test"], "a*@b.test"), Some("\"a*\"@b.test"));
        for text in ["a@*", "a*@*", "a*@b.test"] {
            assert!(!Pattern::parse(text).unwrap().can_have_keys(), "{text}");
        }
        for text in ["*", "*.b.test", "b.test", "a@b.test", "\"a*\"@b.test"] {
            assert!(Pattern::parse(text).unwrap().can_have_keys(), "{text}");
        }
    }
}
