//! Tables of a configuration file, read setting by setting; every fault is kept with its line.

use crate::date::Date;
use crate::fault::{ConfigError, Fault};
use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::{Range, RangeInclusive};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Collects the faults of a text.
pub(super) struct Faults {
    line_ends: Vec<usize>,
    /// The lines on which the syntax is at fault.
    broken: HashSet<usize>,
    /// In the order of their lines.
    found: RefCell<Vec<Fault>>,
}

/// The most faults that are kept: nobody reads more, and a file that is something else has millions.
const MOST: usize = 1000;

impl Faults {
    pub(super) fn new(text: &str, syntax: &[toml::de::Error]) -> Self {
        let line_ends = text.match_indices('\n').map(|(at, _)| at).collect();
        let mut faults = Self { line_ends, broken: HashSet::new(), found: RefCell::default() };
        for error in syntax {
            let at = error.span().map_or(0, |span| span.start);
            faults.add(at, String::new(), error.message().to_owned());
            faults.broken.insert(faults.line(at));
        }
        faults
    }

    /// The line of an octet of the text, counted from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.line_ends.partition_point(|end| *end < at) + 1
    }

    pub(super) fn add(&self, at: usize, setting: String, message: String) {
        self.add_to_line(self.line(at), setting, message);
    }

    /// Adds the fault of a line, unless the syntax of that line has one: what was made of it is
    /// not what was meant.
    pub(super) fn add_to_line(&self, line: usize, setting: String, message: String) {
        let mut found = self.found.borrow_mut();
        if found.len() < MOST && !self.broken.contains(&line) {
            let place = found.partition_point(|fault| fault.line <= Some(line));
            found.insert(place, Fault { line: Some(line), setting, message });
        }
    }

    pub(super) fn into_error(self) -> Option<ConfigError> {
        let faults = self.found.into_inner();
        if faults.is_empty() { None } else { Some(ConfigError::of_text(faults)) }
    }
}

/// A table. Names that nobody asked for are faults when it is [finished](Self::finish).
pub(super) struct Section<'a, 't> {
    faults: &'a Faults,
    /// What stands before a name of this table in messages: `policy.`.
    prefix: String,
    table: Option<&'a DeTable<'t>>,
    asked: Vec<&'static str>,
}

impl<'a, 't> Section<'a, 't> {
    /// `table` is None for one that the file does not have.
    pub(super) fn new(faults: &'a Faults, prefix: String, table: Option<&'a DeTable<'t>>) -> Self {
        Self { faults, prefix, table, asked: Vec::new() }
    }

    /// The value of a name, unread.
    pub(super) fn value(&mut self, name: &'static str) -> Option<&'a Spanned<DeValue<'t>>> {
        self.asked.push(name);
        self.table?.get(name)
    }

    /// Leaves a name to others.
    #[cfg(not(feature = "milter"))]
    pub(super) fn pass_over(&mut self, name: &'static str) {
        self.asked.push(name);
    }

    /// The value of a name, if it is there and good.
    pub(super) fn get<T, E: ToString>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'a DeValue<'t>) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.value(name)?;
        read(value.get_ref()).map_err(|error| self.fault(name, value.span(), &error)).ok()
    }

    /// Sets a setting to the value of a name, if it is there and good.
    pub(super) fn set<T, E: ToString>(
        &mut self,
        name: &'static str,
        setting: &mut T,
        read: impl FnOnce(&'a DeValue<'t>) -> Result<T, E>,
    ) {
        if let Some(value) = self.get(name, read) {
            *setting = value;
        }
    }

    /// The line of an octet of the text, counted from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.faults.line(at)
    }

    /// Like [`get`](Self::get) for every element of a list, which is `expected`.
    pub(super) fn list<T, E: ToString>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl Fn(&'a DeValue<'t>) -> Result<T, E>,
    ) -> Vec<(T, Range<usize>)> {
        let Some(value) = self.value(name) else {
            return Vec::new();
        };
        let Some(list) = value.get_ref().as_array() else {
            self.fault(name, value.span(), &expected);
            return Vec::new();
        };
        let element = |value: &'a Spanned<DeValue<'t>>| match read(value.get_ref()) {
            Ok(element) => Some((element, value.span())),
            Err(error) => {
                self.fault(name, value.span(), &error);
                None
            }
        };
        list.iter().filter_map(element).collect()
    }

    pub(super) fn fault(&self, name: &str, span: Range<usize>, error: &dyn ToString) {
        self.faults.add(span.start, [&*self.prefix, name].concat(), error.to_string());
    }

    /// Faults a name that is not there. Behind a fault of the syntax it may be.
    pub(super) fn missing(&self, name: &str, at: usize, message: &str) {
        if self.faults.broken.is_empty() {
            self.fault(name, at..at, &message);
        }
    }

    /// Faults every name that nobody asked for, and says which one may have been meant.
    pub(super) fn finish(self) {
        for (name, _) in self.table.into_iter().flatten() {
            let text = name.get_ref().as_ref();
            if self.asked.contains(&text) {
                continue;
            }
            if !self.prefix.is_empty() && TOP.contains(&text) {
                self.fault(text, name.span(), &"belongs at the top of the file, before the first table");
                continue;
            }
            if let Some((_, new)) = RENAMED.iter().find(|(old, _)| *old == [&*self.prefix, text].concat()) {
                self.fault(text, name.span(), &format!("is now called `{new}`"));
                continue;
            }
            let near = |known: &&&str| strsim::normalized_levenshtein(known, text);
            let nearest = self.asked.iter().max_by(|a, b| near(a).total_cmp(&near(b)));
            let nearest = nearest.filter(|known| near(known) >= 0.5);
            // Where quotes are missing, a piece of a secret may stand in the place of a name.
            let plain = text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet));
            let shown = plain && (nearest.is_some() || text.len() <= LONGEST_UNKNOWN);
            match nearest.filter(|_| shown) {
                Some(known) => {
                    self.fault(text, name.span(), &format!("unknown setting; did you mean `{known}`?"));
                }
                None if shown => self.fault(text, name.span(), &"unknown setting"),
                None => {
                    let table = self.prefix.trim_end_matches('.').to_owned();
                    self.faults.add(name.span().start, table, "unknown setting".to_owned());
                }
            }
        }
    }
}

/// Names of the top of the file: after a line `[policy]` or `[[key]]` they belong to that table.
const TOP: [&str; 5] = ["lifetime", "syntax", "delimiter", "hash-case", "long-local-parts"];

/// Settings that have another name now.
const RENAMED: [(&str, &str); 1] = [("policy.clients", "untagged-clients")];

/// The most octets of a name to show that is like none that is known. A secret of 16 octets has
/// more, however it is written.
const LONGEST_UNKNOWN: usize = 15;

/// The most characters of a text at fault to show: SMTP has no longer address.
const LONGEST_QUOTED: usize = 320;

/// A text that is at fault, in quotes; of a long one the beginning. Where quotes are missing, what is
/// more than a line may hold a secret.
pub(super) fn quoted(text: &str) -> String {
    if text.contains(char::is_control) {
        return "the text".to_owned();
    }
    match text.char_indices().nth(LONGEST_QUOTED) {
        Some((end, _)) => format!("\"{}...\"", text.split_at(end).0),
        None => format!("\"{text}\""),
    }
}

pub(super) fn text<'a>(value: &'a DeValue<'_>) -> Result<&'a str, &'static str> {
    value.as_str().ok_or("must be a string")
}

pub(super) fn switch(value: &DeValue<'_>) -> Result<bool, &'static str> {
    value.as_bool().ok_or("must be true or false")
}

pub(super) fn number(value: &DeValue<'_>, range: RangeInclusive<u8>) -> Result<u8, String> {
    let number = value.as_integer();
    let number = number.and_then(|number| u8::from_str_radix(number.as_str(), number.radix()).ok());
    let expected = || format!("must be a whole number, {} to {}", range.start(), range.end());
    number.filter(|number| range.contains(number)).ok_or_else(expected)
}

pub(super) fn date(value: &DeValue<'_>) -> Result<Date, &'static str> {
    const EXPECTED: &str = "must be a date such as 2026-12-31";
    let datetime = value.as_datetime().ok_or(EXPECTED)?;
    let date = datetime.date.filter(|_| datetime.time.is_none()).ok_or(EXPECTED)?;
    if date.year < 1970 {
        return Err("must not be before 1970");
    }
    Date::from_calendar(date.year, date.month, date.day).ok_or(EXPECTED)
}
