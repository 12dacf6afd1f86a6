//! Enumerations of C: integers of 32 bits with constants.
//!
//! What C passes may be any number, so a parameter is `MaybeUninit` of the enumeration until it has
//! been looked up; cbindgen writes both as the enumeration.

use crate::status::{Failure, batv_status};
use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;

/// An enumeration with `repr(i32)`.
pub(crate) trait Enumeration: Copy + 'static {
    /// Every value.
    const ALL: &'static [Self];

    /// The number that C knows it by.
    fn number(self) -> i32;

    /// Its text or word, which does not change.
    fn word(self) -> &'static CStr;
}

/// The value that C passed, or the number that stands for none.
///
/// # Safety
/// `given` is initialised, as every argument of C and every field of its structures is.
pub(crate) unsafe fn known<T: Enumeration>(given: MaybeUninit<T>) -> Result<T, i32> {
    const { assert!(size_of::<T>() == size_of::<i32>() && align_of::<T>() == align_of::<i32>()) };
    // SAFETY: `given` has the size and the alignment of an i32, which may be any initialised octets.
    let number = unsafe { given.as_ptr().cast::<i32>().read() };
    T::ALL.iter().copied().find(|value| value.number() == number).ok_or(number)
}

/// The word of what C passed, or the one for a number that stands for nothing.
///
/// # Safety
/// As for [`known`].
pub(crate) unsafe fn word_of<T: Enumeration>(given: MaybeUninit<T>, unknown: &'static CStr) -> *const c_char {
    // SAFETY: `given` is initialised, as the caller promises.
    unsafe { known(given) }.map_or(unknown, T::word).as_ptr()
}

/// What the core has and C does not: a fault of the library, which a test finds.
pub(crate) fn without_number(what: &str, word: &str) -> Failure {
    Failure::new(batv_status::Internal, format_args!("{what} {word} has no number"))
}

/// Implements [`Enumeration`] by the values and their words.
macro_rules! words {
    ($c:ident { $($value:ident => $word:expr),+ $(,)? }) => {
        impl $crate::enumeration::Enumeration for $c {
            const ALL: &'static [Self] = &[$(Self::$value),+];

            fn number(self) -> i32 {
                self as i32
            }

            fn word(self) -> &'static CStr {
                match self {
                    $(Self::$value => $word),+
                }
            }
        }
    };
}

pub(crate) use words;
