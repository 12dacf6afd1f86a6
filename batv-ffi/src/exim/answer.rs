//! What Exim gets: a status and a string.

use super::arguments::Arguments;
use crate::guard::guarded;
use crate::output::Output;
use crate::status::{Failure, batv_last_error, batv_status};
use std::cell::RefCell;
use std::ffi::{c_int, c_uchar};
use std::ops::RangeInclusive;

pub(super) const OK: c_int = 0;
/// Exim answers 451 or defers the delivery, and writes the text to its logs. `FAIL_FORCED`, 4, is
/// never returned: it makes an ACL skip the condition as if it were true.
pub(super) const ERROR: c_int = 3;

/// What a function answers.
pub(super) enum Answer {
    /// An argument as it is.
    Argument(*mut c_uchar),
    /// A text that takes the place of the argument of this length, and is no longer.
    Inside { start: *mut c_uchar, length: usize, text: Vec<u8> },
    /// A text of our own.
    Text(Vec<u8>),
}

/// Calls a function and gives Exim what it answered. At failure the text is the detail, which
/// stays where it is.
///
/// # Safety
/// `result` is NULL or valid for writing; `argc` and `argv` as [`Arguments::new`] wants them, the
/// strings not aliased and valid for writing.
pub(super) unsafe fn answer(
    result: *mut *mut c_uchar,
    argc: c_int,
    argv: *mut *mut c_uchar,
    expected: RangeInclusive<usize>,
    function: fn(&Arguments<'_>) -> Result<Answer, Failure>,
) -> c_int {
    let answered = guarded(|| {
        // SAFETY: NULL or valid for writing, as the caller promises.
        let result = unsafe { Output::required(result, "the result") }?;
        // SAFETY: argv is as Arguments wants it, as the caller promises.
        let answer = function(&unsafe { Arguments::new(argc, argv, expected) }?)?;
        result.write(match answer {
            Answer::Argument(start) => start,
            // SAFETY: the argument is a string of that length, valid for writing, and nobody looks at
            // the arguments any more.
            Answer::Inside { start, length, text } => unsafe { replace(start, length, &text) }?,
            Answer::Text(text) => kept(text),
        });
        Ok(())
    });
    if answered.is_ok() {
        return OK;
    }
    // SAFETY: NULL or valid for writing, as the caller promises.
    unsafe { Output::optional(result) }.write(batv_last_error().cast_mut().cast());
    ERROR
}

/// Writes a text over a string, and says where it begins.
///
/// # Safety
/// The string has that length and is valid for writing, and the text is not a part of it.
unsafe fn replace(start: *mut c_uchar, length: usize, text: &[u8]) -> Result<*mut c_uchar, Failure> {
    if text.len() > length {
        return Err(Failure::new(batv_status::Internal, "a result is longer than its argument"));
    }
    // SAFETY: the text and its NUL fit into the string and its NUL.
    unsafe {
        start.copy_from_nonoverlapping(text.as_ptr(), text.len());
        start.add(text.len()).write(0);
    }
    Ok(start)
}

/// Keeps a text, with its NUL, until the next one of the thread.
fn kept(mut text: Vec<u8>) -> *mut c_uchar {
    thread_local! {
        static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    text.push(0);
    TEXT.with_borrow_mut(|kept| {
        *kept = text;
        kept.as_mut_ptr()
    })
}
