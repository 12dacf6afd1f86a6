//! Tables of a configuration file, read key by key; every fault is kept with its line.

use super::error::{ConfigError, ConfigErrors};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;
use core::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Collects the faults of a text.
pub(super) struct Faults {
    line_ends: Vec<usize>,
    errors: RefCell<Vec<ConfigError>>,
}

impl Faults {
    pub(super) fn new(text: &str) -> Self {
        let line_ends = text.match_indices('\n').map(|(at, _)| at).collect();
        Self { line_ends, errors: RefCell::default() }
    }

    /// The line of an octet of the text, counted from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.line_ends.partition_point(|end| *end < at) + 1
    }

    pub(super) fn add(&self, at: usize, key: String, message: String) {
        self.add_to_line(self.line(at), key, message);
    }

    pub(super) fn add_to_line(&self, line: usize, key: String, message: String) {
        self.errors.borrow_mut().push(ConfigError { line, key, message });
    }

    pub(super) fn into_errors(self) -> Option<ConfigErrors> {
        let mut errors = self.errors.into_inner();
        errors.sort_by_key(|error| error.line);
        if errors.is_empty() { None } else { Some(ConfigErrors(errors)) }
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

    /// The value of a name, if it is there and good.
    pub(super) fn get<T, E: ToString>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'a DeValue<'t>) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.value(name)?;
        read(value.get_ref()).map_err(|error| self.fault(name, value.span(), &error)).ok()
    }

    /// Like [`get`](Self::get) for every element of a list.
    pub(super) fn list<T, E: ToString>(
        &mut self,
        name: &'static str,
        read: impl Fn(&'a DeValue<'t>) -> Result<T, E>,
    ) -> Vec<(T, Range<usize>)> {
        let Some(value) = self.value(name) else {
            return Vec::new();
        };
        let Some(list) = value.get_ref().as_array() else {
            self.fault(name, value.span(), &"must be a list");
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

    /// Faults every name that nobody asked for, and says which one may have been meant.
    pub(super) fn finish(self) {
        for (name, _) in self.table.into_iter().flatten() {
            let text = name.get_ref().as_ref();
            if self.asked.contains(&text) {
                continue;
            }
            let near = |known: &&&str| strsim::normalized_damerau_levenshtein(known, text);
            let nearest = self.asked.iter().max_by(|a, b| near(a).total_cmp(&near(b)));
            let message = match nearest.filter(|known| near(known) >= 0.5) {
                Some(known) => format!("unknown key; did you mean `{known}`?"),
                None => "unknown key".to_owned(),
            };
            self.fault(text, name.span(), &message);
        }
    }
}

pub(super) fn text<'a>(value: &'a DeValue<'_>) -> Result<&'a str, &'static str> {
    value.as_str().ok_or("must be a string")
}

pub(super) fn switch(value: &DeValue<'_>) -> Result<bool, &'static str> {
    value.as_bool().ok_or("must be true or false")
}

pub(super) fn number(value: &DeValue<'_>) -> Result<u8, &'static str> {
    let number = value.as_integer().ok_or("must be a whole number")?;
    u8::from_str_radix(number.as_str(), number.radix()).map_err(|_| "is out of range")
}

/// A date, as the UNIX seconds of its midnight UTC.
pub(super) fn date(value: &DeValue<'_>) -> Result<u64, &'static str> {
    const EXPECTED: &str = "must be a date such as 2026-12-31";
    let datetime = value.as_datetime().ok_or(EXPECTED)?;
    let date = datetime.date.filter(|_| datetime.time.is_none()).ok_or(EXPECTED)?;
    let month = time::Month::try_from(date.month).map_err(|_| EXPECTED)?;
    let date = time::Date::from_calendar_date(date.year.into(), month, date.day).map_err(|_| EXPECTED)?;
    u64::try_from(date.midnight().assume_utc().unix_timestamp()).map_err(|_| "must not be before 1970")
}
