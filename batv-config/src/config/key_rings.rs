//! The key rings of a configuration: which keys are for one domain or address together.

use super::key::{Key, Use};
use super::section::Faults;
use batv_core::{KeyRing, Pattern, Policy, Settings};
use std::collections::HashMap;
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

/// The keys of one pattern.
pub(super) struct KeySet {
    /// Their indices in the file.
    pub(super) keys: Vec<usize>,
    pub(super) ring: Arc<KeyRing>,
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

    /// The keys of a pattern itself.
    pub(super) fn of(&self, pattern: &Pattern) -> Option<&KeySet> {
        self.sets.get(*self.of_pattern.get(pattern)?)
    }

    /// Every pattern, with its keys.
    pub(super) fn patterns(&self) -> impl Iterator<Item = (&Pattern, &KeySet)> {
        self.of_pattern.iter().filter_map(|(pattern, set)| Some((pattern, self.sets.get(*set)?)))
    }
}
