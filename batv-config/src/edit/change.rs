//! What became of a key.

use crate::config::Use;
use crate::date::Date;
use batv_core::{KeyNumber, Pattern};
use std::fmt;
use std::path::PathBuf;

/// What became of a key. `Display` says it in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The number of the key.
    pub number: KeyNumber,
    /// What it is for.
    pub patterns: Vec<Pattern>,
    /// What became of it.
    pub what: What,
}

/// What can become of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// It is new.
    Made(Use),
    /// It is a copy, for narrower patterns than before.
    Copied,
    /// It signs now.
    Signs,
    /// It only verifies now, up to that day and including it.
    Verifies(Date),
    /// It is gone; its secret stays in that file, if it had one.
    Removed(Option<PathBuf>),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {}{}: ", self.number, for_patterns(&self.patterns))?;
        match &self.what {
            What::Made(Use::Sign) => f.write_str("new, signs"),
            What::Made(Use::Verify) => f.write_str("new, only verifies until it is promoted"),
            What::Copied => f.write_str("copied"),
            What::Signs => f.write_str("signs"),
            What::Verifies(until) => write!(f, "verifies until {until}"),
            What::Removed(None) => f.write_str("removed"),
            What::Removed(Some(file)) => write!(f, "removed; its secret stays in {}", file.display()),
        }
    }
}

/// What a key is for, in words, with a space before; nothing for no patterns.
pub fn for_patterns<'p>(patterns: impl IntoIterator<Item = &'p Pattern>) -> String {
    let mut patterns = patterns.into_iter();
    let first: Vec<_> = patterns.by_ref().take(3).map(ToString::to_string).collect();
    match (first.len(), patterns.count()) {
        (0, _) => String::new(),
        (_, 0) => format!(" for {}", first.join(", ")),
        (_, more) => format!(" for {} and {more} more", first.join(", ")),
    }
}
