//! Stripping: the original address out of anybody's tags.

use crate::guard::status_of;
use crate::memory::{Buffer, Output, octets};
use crate::status::Failure;
use batv_core::{ReversePath, strip};
use std::ffi::{CStr, c_char, c_int};

/// The form of a tag, named for the standard or the product that it was seen from.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// There is no tag.
    None = 0,
    /// prvs=KDDDSSSSSS=user@: draft-levine-smtp-batv-01, Exim, Halon, MDaemon and others.
    Draft = 1,
    /// prvs=DDDSSSSSS=user@, without a key number: Cisco IronPort.
    Ironport = 2,
    /// prvs=user=KDDDSSSSSS@.
    Swapped = 3,
    /// prvs=user/KDDDSSSSSS@: Exim before 4.68.
    Slash = 4,
    /// user+prvs=KDDDSSSSSS@: batv-tools.
    SubAddress = 5,
    /// btv1==DDDSSSSSSSS==user@: Barracuda.
    Barracuda = 6,
    /// msprvs1=DDDDDSSSSSSSS=user@: SparkPost, Momentum.
    Sparkpost = 7,
}

impl From<batv_core::Dialect> for Dialect {
    fn from(dialect: batv_core::Dialect) -> Self {
        match dialect {
            batv_core::Dialect::Draft => Self::Draft,
            batv_core::Dialect::Ironport => Self::Ironport,
            batv_core::Dialect::Swapped => Self::Swapped,
            batv_core::Dialect::Slash => Self::Slash,
            batv_core::Dialect::SubAddress => Self::SubAddress,
            batv_core::Dialect::Barracuda => Self::Barracuda,
            batv_core::Dialect::Sparkpost => Self::Sparkpost,
        }
    }
}

/// A part of the input.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Where it begins, in octets from the start of the input.
    pub offset: usize,
    /// Its octets.
    pub length: usize,
}

/// An original address: the parts of the input that make it up, one after another.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// How many there are: 1 unless the tag stood inside angle brackets or quotes, or behind the
    /// local-part; 0 for an empty input.
    pub count: usize,
    /// The parts, none of them empty. Those from count on are 0.
    pub part: [Part; 3],
}

impl Parts {
    /// Where the core's parts, taken from the input, lie in it; neighbours become one.
    fn of(input: &[u8], parts: [&[u8]; 3]) -> Self {
        let mut found = Self::default();
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            let offset = part.as_ptr().addr() - input.as_ptr().addr();
            let last = found.count.checked_sub(1).and_then(|last| found.part.get_mut(last));
            match last {
                Some(last) if last.offset + last.length == offset => last.length += part.len(),
                _ => {
                    if let Some(place) = found.part.get_mut(found.count) {
                        *place = Part { offset, length: part.len() };
                        found.count += 1;
                    }
                }
            }
        }
        found
    }
}

/// Takes one tag off an address, whoever made it, and tells where in the input the original lies.
/// Nothing is copied, and nothing is proved: only batv_keyring_verify does that.
///
/// address, address_length: the address, with or without angle brackets, or the null
/// reverse-path; BATV_NUL_TERMINATED for a string.
/// dialect: where a batv_dialect goes; may be NULL.
/// original: where the parts of the original address go: the whole input where there is no tag.
///
/// Nested tags come off one layer a call. Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE or
/// _BAD_ADDRESS. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_strip(
    address: *const c_char,
    address_length: usize,
    dialect: *mut c_int,
    original: *mut Parts,
) -> c_int {
    status_of(|| {
        // SAFETY: as the function's documentation asks for.
        let text = unsafe { octets(address, address_length, "address") }?;
        // SAFETY: as above.
        let original = unsafe { Output::required(original, "original") }?;
        // SAFETY: as above.
        let place = unsafe { Output::optional(dialect) };
        let (dialect, parts) = stripped(text)?;
        original.write(Parts::of(text, parts));
        place.write(dialect as c_int);
        Ok(())
    })
}

/// As batv_strip, but writes the original address into a buffer.
///
/// address, address_length, dialect: as for batv_strip.
/// buffer, size, length: where the original address goes, as with every buffer (see the top). It
/// is no longer than the address.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS or _BUFFER_TOO_SMALL.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_strip_copy(
    address: *const c_char,
    address_length: usize,
    dialect: *mut c_int,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
) -> c_int {
    status_of(|| {
        // SAFETY: as the function's documentation asks for.
        let text = unsafe { octets(address, address_length, "address") }?;
        // SAFETY: as above.
        let buffer = unsafe { Buffer::new(buffer, size, length, text) }?;
        // SAFETY: as above.
        let place = unsafe { Output::optional(dialect) };
        let (dialect, parts) = stripped(text)?;
        buffer.write(parts)?;
        place.write(dialect as c_int);
        Ok(())
    })
}

fn stripped(text: &[u8]) -> Result<(Dialect, [&[u8]; 3]), Failure> {
    let stripped = match ReversePath::parse(text)? {
        ReversePath::Null => None,
        ReversePath::Address(address) => strip(&address),
    };
    Ok(match stripped {
        Some(stripped) => (stripped.dialect.into(), stripped.original.parts()),
        None => (Dialect::None, [text, b"", b""]),
    })
}

/// The name of a dialect for logs: "none", "draft", "ironport", "swapped", "slash",
/// "sub-address", "barracuda" or "sparkpost". These do not change.
///
/// dialect: a batv_dialect.
///
/// Returns a static string, "unknown" for a number that is no dialect; never NULL. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn batv_dialect_text(dialect: c_int) -> *const c_char {
    const NAMES: [&CStr; 8] =
        [c"none", c"draft", c"ironport", c"swapped", c"slash", c"sub-address", c"barracuda", c"sparkpost"];
    let name = usize::try_from(dialect).ok().and_then(|dialect| NAMES.get(dialect));
    name.unwrap_or(&c"unknown").as_ptr()
}
