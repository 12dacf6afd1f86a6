//! The key rings of a configuration: which keys are for one domain or address together.

use super::Key;
use super::section::Faults;
use crate::key_ring::{KeyRing, Settings};
use crate::policy::{Pattern, Patterns};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// Key rings that grow key by key; patterns with the same keys share one.
pub(super) struct Rings<'a> {
    faults: &'a Faults,
    settings: Settings,
    /// The rings of all states; the last one of a pattern counts.
    states: Vec<Arc<KeyRing>>,
    /// The state that follows one, or none, when the key of that index is added.
    next: HashMap<(Option<usize>, usize), usize>,
    of_pattern: HashMap<Pattern, usize>,
}

impl<'a> Rings<'a> {
    pub(super) fn new(settings: Settings, faults: &'a Faults) -> Self {
        Self { faults, settings, states: Vec::new(), next: HashMap::new(), of_pattern: HashMap::new() }
    }

    /// Adds the key of an index in the file, with what it is for.
    pub(super) fn add(&mut self, index: usize, key: &Key, patterns: Vec<Pattern>) {
        for pattern in patterns {
            let before = self.of_pattern.get(&pattern).copied();
            let state = match self.next.get(&(before, index)) {
                Some(state) => *state,
                None => self.follow(before, index, key, &pattern),
            };
            self.of_pattern.insert(pattern, state);
        }
    }

    fn follow(&mut self, before: Option<usize>, index: usize, key: &Key, pattern: &Pattern) -> usize {
        let mut ring = match before.and_then(|before| self.states.get(before)) {
            Some(ring) => KeyRing::clone(ring),
            None => KeyRing::new(self.settings),
        };
        let fault = |name: &str, message: String| {
            self.faults.add_to_line(key.line, format!("key[{}].{name}", index + 1), message);
        };
        if ring.insert(key.number, Arc::clone(&key.secret)).is_some() {
            fault("number", format!("another key for \"{pattern}\" has number {} already", key.number));
        }
        if key.signs {
            if ring.signing().is_some() {
                let message = "one of them must have use = \"verify\"";
                fault("use", format!("another key signs for \"{pattern}\" already; {message}"));
            }
            // The secret has just been inserted.
            let _ = ring.sign_with(key.number);
        }
        let state = self.states.len();
        self.states.push(Arc::new(ring));
        self.next.insert((before, index), state);
        // A pattern that is listed twice has the key once.
        self.next.insert((Some(state), index), state);
        state
    }

    /// The ring of each pattern, and the patterns whose ring does not sign, in alphabetical order.
    pub(super) fn finish(self) -> (Patterns<Arc<KeyRing>>, Vec<String>) {
        let (mut rings, mut unsigned) = (Patterns::default(), Vec::new());
        for (pattern, state) in self.of_pattern {
            let Some(ring) = self.states.get(state) else {
                continue;
            };
            if ring.signing().is_none() {
                unsigned.push(pattern.to_string());
            }
            rings.insert(pattern, Arc::clone(ring));
        }
        unsigned.sort();
        (rings, unsigned)
    }
}
