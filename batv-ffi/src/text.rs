//! Texts that the caller passes: octets with a length, or up to a NUL.

use crate::memory::{bad_value, null};
use crate::status::{Failure, batv_status};
use batv_core::{Address, AddressError};
use std::ffi::{CStr, c_char};
use std::fmt::Display;
use std::net::IpAddr;
use std::slice;

/// The length that stands for "up to the NUL".
pub(crate) const NUL_TERMINATED: usize = usize::MAX;

/// The most octets of a text. SMTP has no longer ones, so memory for what is made of a text never runs
/// out because of its length.
pub(crate) const LONGEST: usize = 65_536;

/// The octets of a text.
///
/// # Safety
/// `start` is NULL or valid for reading `length` octets, or up to a NUL, for the time of the call.
pub(crate) unsafe fn octets<'a>(
    start: *const c_char,
    length: usize,
    name: impl Display,
) -> Result<&'a [u8], Failure> {
    if start.is_null() {
        return Err(null(name));
    }
    let length = if length == NUL_TERMINATED {
        // SAFETY: not NULL, and the caller promises a NUL.
        unsafe { CStr::from_ptr(start) }.count_bytes()
    } else {
        length
    };
    if length > LONGEST {
        return Err(bad_value(format_args!("{name} has {length} octets, more than {LONGEST}")));
    }
    // SAFETY: not NULL, and the caller promises `length` octets.
    Ok(unsafe { slice::from_raw_parts(start.cast(), length) })
}

/// The octets of an address, or of what should be one. A length of 0 is one that was forgotten, and
/// no control can come from SMTP's commands: whoever passes one would pass it on.
///
/// # Safety
/// As for [`octets`].
pub(crate) unsafe fn address<'a>(
    start: *const c_char,
    length: usize,
    name: impl Display,
) -> Result<&'a [u8], Failure> {
    // SAFETY: `start` and `length` are as the caller promises.
    let text = unsafe { octets(start, length, &name) }?;
    if length == 0 {
        return Err(bad_value(format_args!("{name} has length 0; the null sender is \"<>\"")));
    }
    // The compiler looks at 16 octets at a time, where nothing stops at the first.
    let has_control = text.iter().fold(false, |found, octet| found | octet.is_ascii_control());
    if has_control { Err(control(text, &name)) } else { Ok(text) }
}

/// The failure for a text with a control.
#[cold]
fn control(text: &[u8], name: &dyn Display) -> Failure {
    let mut octets = text.iter().enumerate();
    let (at, control) = octets.find(|(_, octet)| octet.is_ascii_control()).unwrap_or((0, &0));
    Failure::new(
        batv_status::BadAddress,
        format_args!("{name} has control '{}' at octet {at}", control.escape_ascii()),
    )
}

/// The octets of an address that may be NULL, where it is not known.
///
/// # Safety
/// As for [`octets`].
pub(crate) unsafe fn optional_address<'a>(
    start: *const c_char,
    length: usize,
    name: &str,
) -> Result<Option<&'a [u8]>, Failure> {
    if start.is_null() {
        return Ok(None);
    }
    // SAFETY: `start` and `length` are as the caller promises.
    unsafe { address(start, length, name) }.map(Some)
}

/// The IP address of a client, NULL if it is not known.
///
/// # Safety
/// As for [`octets`].
pub(crate) unsafe fn client(start: *const c_char, length: usize) -> Result<Option<IpAddr>, Failure> {
    if start.is_null() {
        return Ok(None);
    }
    // SAFETY: `start` and `length` are as the caller promises.
    let text = unsafe { octets(start, length, "client") }?;
    let client = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    let fault = || bad_value(format_args!("client '{}' is not an IP address", text.escape_ascii()));
    client.map(Some).ok_or_else(fault)
}

/// The octets of a text that may be NULL, where there is none.
///
/// # Safety
/// As for [`octets`].
pub(crate) unsafe fn optional_octets<'a>(
    start: *const c_char,
    length: usize,
    name: &str,
) -> Result<Option<&'a [u8]>, Failure> {
    if start.is_null() {
        return Ok(None);
    }
    // SAFETY: `start` and `length` are as the caller promises.
    unsafe { octets(start, length, name) }.map(Some)
}

/// Reads an address, in one place where speed does not count: reading is inlined wherever it stands.
#[inline(never)]
pub(crate) fn parse(text: &[u8]) -> Result<Address<'_>, AddressError> {
    Address::parse(text)
}
