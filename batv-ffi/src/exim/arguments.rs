//! The arguments of a call.

use super::answer::Answer;
use crate::memory::{bad_value, null};
use crate::status::{Failure, batv_status};
use crate::text::{NUL_TERMINATED, octets};
use std::ffi::{c_int, c_uchar};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// An argument: a string of Exim, which may be changed within its length.
#[derive(Clone, Copy)]
pub(super) struct Argument<'a> {
    start: *mut c_uchar,
    pub(super) text: &'a [u8],
}

impl Argument<'_> {
    /// Answers a text of no more octets, inside the argument.
    pub(super) fn holding(self, text: Vec<u8>) -> Answer {
        Answer::Inside { start: self.start, length: self.text.len(), text }
    }

    pub(super) fn unchanged(self) -> Answer {
        Answer::Argument(self.start)
    }
}

/// The arguments of a call, of which the last may have been left out.
pub(super) struct Arguments<'a>(Vec<Argument<'a>>);

impl<'a> Arguments<'a> {
    /// # Safety
    /// `argv` is NULL or holds `argc` pointers, each NULL or to a string that stays as it is for
    /// the time of the call; where `argc` is not expected, nothing at all is asked of `argv`.
    pub(super) unsafe fn new(
        argc: c_int,
        argv: *mut *mut c_uchar,
        expected: RangeInclusive<usize>,
    ) -> Result<Self, Failure> {
        let count = usize::try_from(argc).ok().filter(|count| expected.contains(count)).ok_or_else(|| {
            bad_value(format_args!("{argc} arguments instead of {} to {}", expected.start(), expected.end()))
        })?;
        if argv.is_null() {
            return Err(null("argv"));
        }
        let argument = |index| {
            // SAFETY: `argv` is not NULL and the index is below `argc`.
            let start = unsafe { argv.add(index).read() };
            // SAFETY: NULL or a string, as the caller promises.
            let text = unsafe { octets(start.cast_const().cast(), NUL_TERMINATED, "an argument") }?;
            Ok(Argument { start, text })
        };
        (0..count).map(argument).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn get(&self, index: usize) -> Result<Argument<'a>, Failure> {
        let argument = self.0.get(index).copied();
        argument.ok_or_else(|| Failure::new(batv_status::Internal, "an argument is missing"))
    }

    /// The value of an argument; None where it is left out or empty.
    pub(super) fn optional<T: FromStr>(&self, index: usize, what: &str) -> Result<Option<T>, Failure> {
        let text = self.0.get(index).map(|argument| argument.text).unwrap_or_default();
        if text.is_empty() {
            return Ok(None);
        }
        let value = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        value.map(Some).ok_or_else(|| bad_value(format_args!("'{}' is not {what}", text.escape_ascii())))
    }

    /// The time in an argument, or the clock's. 0 is what `$received_time` says before a message has
    /// been received.
    pub(super) fn time(&self, index: usize) -> Result<u64, Failure> {
        let given = self.optional(index, "a time in UNIX seconds")?.filter(|time| *time != 0);
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        Ok(given.unwrap_or_else(clock))
    }
}
