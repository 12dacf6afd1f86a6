//! Statuses: what every function that can fail returns, and the detail of the last failure.

use crate::enumeration::{word_of, words};
use ::batv_config::ConfigError;
use std::cell::Cell;
use std::ffi::{CStr, c_char};
use std::fmt::{self, Display, Write};
use std::mem::MaybeUninit;
use std::sync::Arc;

/// What a function returns. The numbers are fixed; those of retired statuses are not used again.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum batv_status {
    /// Success.
    Ok = 0,
    /// A pointer that must not be NULL is NULL.
    NullPointer = 1,
    /// An integer is out of range or was left unset, a string is too long, a client is not an
    /// IP address, or two buffers overlap.
    BadValue = 2,
    /// A text is not an address, or contains a control character.
    BadAddress = 3,
    /// A secret is empty.
    BadSecret = 4,
    /// The key ring has no key with that number.
    UnknownKey = 5,
    /// No key in the key ring signs.
    NoSigningKey = 6,
    /// The buffer is too small; the length that it needs has been written.
    BufferTooSmall = 7,
    /// An error in the library itself.
    Internal = 8,
    /// A configuration has faults, or names a secret file that cannot be used. The
    /// detail has a line for each fault, "FILE:LINE: SETTING: MESSAGE".
    BadConfig = 9,
    /// A configuration file cannot be read, is not a file, or is open to every user of the system.
    BadFile = 10,
    /// There is no memory for as many recipients as the caller passed.
    NoMemory = 11,
}

words!(batv_status {
    Ok => c"success",
    NullPointer => c"pointer is NULL",
    BadValue => c"value is out of range",
    BadAddress => c"not an address",
    BadSecret => c"secret is empty",
    UnknownKey => c"no key of that number",
    NoSigningKey => c"no key signs",
    BufferTooSmall => c"buffer is too small",
    Internal => c"internal error",
    BadConfig => c"configuration is bad",
    BadFile => c"file cannot be used",
    NoMemory => c"out of memory",
});

/// Why a function failed: the status, and the detail for [`batv_last_error`].
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: batv_status,
    pub(crate) detail: String,
}

impl Failure {
    pub(crate) fn new(status: batv_status, detail: impl Display) -> Self {
        Self { status, detail: detail.to_string() }
    }
}

impl From<batv_core::AddressError> for Failure {
    fn from(error: batv_core::AddressError) -> Self {
        Self::new(batv_status::BadAddress, error)
    }
}

impl From<batv_core::SecretError> for Failure {
    fn from(error: batv_core::SecretError) -> Self {
        Self::new(batv_status::BadSecret, error)
    }
}

impl From<batv_core::UnknownKeyError> for Failure {
    fn from(error: batv_core::UnknownKeyError) -> Self {
        Self::new(batv_status::UnknownKey, error)
    }
}

impl From<Arc<ConfigError>> for Failure {
    fn from(error: Arc<ConfigError>) -> Self {
        let status = if error.is_of_file() { batv_status::BadFile } else { batv_status::BadConfig };
        Self::new(status, error)
    }
}

/// The octets of a detail, with its NUL. Longer ones are cut.
const DETAIL_SIZE: usize = 4096;

thread_local! {
    /// Without a destructor, which a thread that outlives `dlclose` would run into.
    static DETAIL: Cell<[u8; DETAIL_SIZE]> = const { Cell::new([0; DETAIL_SIZE]) };
}

/// Keeps the detail of a failure for [`batv_last_error`].
pub(crate) fn record(detail: impl Display) {
    DETAIL.with(|place| {
        let place: &Cell<[u8]> = place;
        let mut cut = Cut { octets: place.as_slice_of_cells(), len: 0 };
        // Cut never fails.
        let _ = write!(cut, "{detail}");
        if let Some(end) = cut.octets.get(cut.len) {
            end.set(0);
        }
    });
}

/// Takes as much text as fits before a NUL.
struct Cut<'a> {
    octets: &'a [Cell<u8>],
    len: usize,
}

impl Write for Cut<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let free = self.octets.len() - 1 - self.len;
        let fits = (0..=free.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        let places = self.octets.iter().skip(self.len);
        places.zip(text.bytes().take(fits)).for_each(|(place, octet)| place.set(octet));
        self.len += fits;
        Ok(())
    }
}

/// The text of a status, such as "buffer is too small".
///
/// Returns a static string, also for a number that is not a status; never NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_status_text(status: MaybeUninit<batv_status>) -> *const c_char {
    // SAFETY: C passes a number.
    unsafe { word_of(status, c"unknown status") }
}

/// The detail of the last failure in the calling thread, such as
/// "control '\r' at octet 4": what was wrong with the input, and where. It never holds a secret.
/// That of a configuration has several lines, without a newline after the last; 4095 octets at
/// most.
///
/// Returns a string of the library, empty when nothing has failed yet; never NULL. It is valid
/// until the next failure in the same thread, and until the thread ends. Success leaves it as it
/// is: ask only after a failure. Each thread has its own.
#[unsafe(no_mangle)]
pub extern "C" fn batv_last_error() -> *const c_char {
    DETAIL.with(|detail| detail.as_ptr().cast_const().cast())
}
