//! The key rings of a configuration: which keys are for one domain or address together.

use super::key::{Key, Use};
use super::section::Faults;
use crate::date::Date;
use batv_core::{KeyRing, Pattern, Policy, Settings};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Key rings that grow key by key. Patterns that are for the same keys share one: a file may name a
/// hundred thousand domains, and has few sets of keys.
pub(super) struct KeyRings<'f> {
    faults: &'f Faults,
    settings: Settings,
    /// Every set of keys that a pattern has, or had before its last key was added.
    sets: Vec<KeySet>,
    /// Where the set stands that a set, or none, becomes when the key of that index is added.
    grown: HashMap<(Option<usize>, usize), usize>,
    /// Where the set of each pattern stands.
    of_pattern: HashMap<Pattern, usize>,
}

/// Keys for one pattern.
struct KeySet {
    /// Their indices in the file.
    keys: Vec<usize>,
    ring: Arc<KeyRing>,
}

impl<'f> KeyRings<'f> {
    pub(super) fn new(settings: Settings, faults: &'f Faults) -> Self {
        Self { faults, settings, sets: Vec::new(), grown: HashMap::new(), of_pattern: HashMap::new() }
    }

    /// Adds the key of an index in the file to what it is for.
    pub(super) fn add(&mut self, index: usize, key: &Key) {
        for pattern in &key.patterns {
            let before = self.of_pattern.get(pattern).copied();
            let set = match self.grown.get(&(before, index)) {
                Some(set) => *set,
                None => self.grow(before, index, key, pattern),
            };
            self.of_pattern.insert(pattern.clone(), set);
        }
    }

    /// Makes the set of keys that follows another one.
    fn grow(&mut self, before: Option<usize>, index: usize, key: &Key, pattern: &Pattern) -> usize {
        let before_set = before.and_then(|before| self.sets.get(before));
        let (mut keys, mut ring) = match before_set {
            Some(set) => (set.keys.clone(), KeyRing::clone(&set.ring)),
            None => (Vec::new(), KeyRing::new(self.settings)),
        };
        let fault = |name: &str, message: String| {
            self.faults.add_to_line(key.line, format!("key[{}].{name}", index + 1), message);
        };
        if ring.add(key.number, Arc::clone(&key.secret)).is_some() {
            fault("number", format!("another key for \"{pattern}\" has number {} already", key.number));
        }
        if key.r#use == Use::Sign {
            if ring.signing().is_some() {
                let message = "one of them must have use = \"verify\"";
                fault("use", format!("another key signs for \"{pattern}\" already; {message}"));
            }
            // Its secret has just been added, so it is not unknown.
            let _ = ring.sign_with(key.number);
        }
        keys.push(index);
        let set = self.sets.len();
        self.sets.push(KeySet { keys, ring: Arc::new(ring) });
        self.grown.insert((before, index), set);
        // A pattern that is listed twice has the key once.
        self.grown.insert((Some(set), index), set);
        set
    }

    /// The patterns of which no key signs, in alphabetical order.
    pub(super) fn unsigned(&self) -> Vec<String> {
        let mut unsigned: Vec<_> = self
            .patterns()
            .filter(|(_, set)| set.ring.signing().is_none())
            .map(|(pattern, _)| pattern.to_string())
            .collect();
        unsigned.sort_unstable();
        unsigned
    }

    /// Gives the policy the key ring of each pattern.
    pub(super) fn add_to(self, policy: &mut Policy) {
        for (pattern, set) in self.of_pattern {
            if let Some(set) = self.sets.get(set) {
                policy.add_keys(pattern, Arc::clone(&set.ring));
            }
        }
    }

    /// The keys that patterns with keys of their own have put out of use for what they are for.
    pub(super) fn overshadowed(&self, keys: &[Key]) -> Vec<Overshadowed> {
        let mut found: BTreeMap<(usize, Option<Date>), Overshadowed> = BTreeMap::new();
        for (pattern, set) in self.patterns() {
            let Some(wider) = self.wider(pattern).filter(|wider| !Arc::ptr_eq(&wider.ring, &set.ring)) else {
                continue;
            };
            for (key, since) in lost(keys, wider, set) {
                let pattern = pattern.to_string();
                let entry = found.entry((key, since));
                let entry = entry.or_insert_with(|| Overshadowed { key, since, patterns: Vec::new() });
                entry.patterns.push(pattern);
            }
        }
        let sorted = |mut entry: Overshadowed| {
            entry.patterns.sort_unstable();
            entry
        };
        found.into_values().map(sorted).collect()
    }

    /// The keys of the most specific pattern that is wider than one.
    fn wider(&self, pattern: &Pattern) -> Option<&KeySet> {
        let text = pattern.to_string();
        let (local, domain) =
            text.rsplit_once('@').map_or((None, &*text), |(local, domain)| (Some(local), domain));
        let above = domain.strip_prefix("*.").unwrap_or(domain).match_indices('.');
        let domain = domain.strip_prefix("*.").unwrap_or(domain);
        let candidates = local.map(|_| domain.to_owned()).into_iter();
        let candidates =
            candidates.chain(above.filter_map(|(dot, _)| Some(format!("*{}", domain.get(dot..)?))));
        let mut candidates = candidates.chain((text != "*").then(|| "*".to_owned()));
        candidates
            .find_map(|candidate| self.sets.get(*self.of_pattern.get(&Pattern::parse(&candidate).ok()?)?))
    }

    fn patterns(&self) -> impl Iterator<Item = (&Pattern, &KeySet)> {
        self.of_pattern.iter().filter_map(|(pattern, set)| Some((pattern, self.sets.get(*set)?)))
    }
}

/// A key that is for a wider pattern, and that narrower ones with keys of their own do without.
#[derive(Clone, Debug)]
pub(crate) struct Overshadowed {
    /// Its index in the file.
    pub(crate) key: usize,
    /// Since when the narrower patterns have keys of their own, if the file says so.
    pub(crate) since: Option<Date>,
    /// The narrower patterns.
    pub(crate) patterns: Vec<String>,
}

/// The keys that signed for a pattern while it had none of its own, and that are not among those
/// which it has now; each with the day since when.
fn lost(keys: &[Key], wider: &KeySet, own: &KeySet) -> Vec<(usize, Option<Date>)> {
    let of = |set: &KeySet| -> Vec<(usize, &Key)> {
        set.keys.iter().filter_map(|index| Some((*index, keys.get(*index)?))).collect()
    };
    let (wider, own) = (of(wider), of(own));
    let has = |keys: &[(usize, &Key)], one: &Key| keys.iter().any(|(_, key)| key.is_same(one));
    let new: Vec<_> = own.iter().filter(|(_, key)| !has(&wider, key)).collect();
    let since = new.iter().map(|(_, key)| key.created).min().flatten();
    let shares = new.len() < own.len();
    let may_have_signed = |(index, key): &(usize, &Key)| match (since, key.created) {
        // A key that was made on the same day came later where older ones were copied.
        (Some(since), Some(created)) => created < since || created == since && !shares,
        (Some(_), None) => true,
        // Without dates the order of the file counts.
        (None, _) => new.iter().all(|(new, _)| index < new),
    };
    let lost = wider.iter().filter(|(_, key)| !has(&own, key)).filter(|key| may_have_signed(key));
    lost.map(|(index, _)| (*index, since)).collect()
}
