//! Stripping: the original address out of anybody's tags.

use crate::enumeration::{without_number, word_of, words};
use crate::guard::status_of;
use crate::output::{Buffer, Output};
use crate::status::{Failure, batv_status};
use crate::text::{address, parse};
use batv_core::{AddressError, Dialect, strip};
use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;

/// The form of a tag, named for the standard or the product that it was seen from.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum batv_dialect {
    /// There is no tag.
    None = 0,
    /// prvs=KDDDSSSSSS=user@: draft-levine-smtp-batv-01, Exim, Halon, MDaemon and others.
    Draft = 1,
    /// prvs=DDDSSSSSS=user@, without a key number: Cisco IronPort.
    Ironport = 2,
    /// prvs=user=KDDDSSSSSS@, also without the key number.
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

impl batv_dialect {
    pub(crate) fn of(dialect: Dialect) -> Result<Self, Failure> {
        Ok(match dialect {
            Dialect::Draft => Self::Draft,
            Dialect::Ironport => Self::Ironport,
            Dialect::Swapped => Self::Swapped,
            Dialect::Slash => Self::Slash,
            Dialect::SubAddress => Self::SubAddress,
            Dialect::Barracuda => Self::Barracuda,
            Dialect::Sparkpost => Self::Sparkpost,
            _ => return Err(without_number("dialect", dialect.as_str())),
        })
    }
}

words!(batv_dialect {
    None => c"none",
    Draft => c"draft",
    Ironport => c"ironport",
    Swapped => c"swapped",
    Slash => c"slash",
    SubAddress => c"sub-address",
    Barracuda => c"barracuda",
    Sparkpost => c"sparkpost",
});

/// A part of the input.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct batv_part {
    /// Where it begins, in octets from the start of the input.
    pub offset: usize,
    /// Its length in octets.
    pub length: usize,
}

/// An original address: the parts of the input that make it up, one after another.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct batv_parts {
    /// How many there are: 1 unless the tag stood inside angle brackets or quotes, or behind the
    /// local-part; 0 for an empty input.
    pub count: usize,
    /// The parts, none of them empty. Those from count on are 0.
    pub part: [batv_part; 3],
}

impl batv_parts {
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
                        *place = batv_part { offset, length: part.len() };
                        found.count += 1;
                    }
                }
            }
        }
        found
    }
}

/// Takes one tag off an address, whoever made it, and says where the original is in the input.
/// Nothing is copied, and nothing is proved: only batv_keyring_verify does that. Use it to read
/// mail; to deliver, use batv_config_original.
///
/// address, address_length: the address, with or without angle brackets, or the null
/// reverse-path; BATV_NUL_TERMINATED for a string.
/// dialect: where a batv_dialect goes; may be NULL.
/// original: where the parts of the original address go: the whole input if there is no tag.
///
/// Each call removes one of several nested tags.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE or _BAD_ADDRESS. Thread-safe.
/// cbindgen:postfix=BATV_NONNULL(1, 4)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_strip(
    address: *const c_char,
    address_length: usize,
    dialect: *mut batv_dialect,
    original: *mut batv_parts,
) -> batv_status {
    status_of(|| {
        // SAFETY: the address has its length or a NUL, and the places are NULL or valid for writing.
        let (text, original, place) = unsafe {
            (
                self::address(address, address_length, "address")?,
                Output::required(original, "original")?,
                Output::optional(dialect),
            )
        };
        let (dialect, parts) = stripped(text)?;
        original.write(batv_parts::of(text, parts));
        place.write(dialect);
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
/// cbindgen:postfix=BATV_NONNULL(1)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_strip_copy(
    address: *const c_char,
    address_length: usize,
    dialect: *mut batv_dialect,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
) -> batv_status {
    status_of(|| {
        // SAFETY: the address has its length or a NUL.
        let text = unsafe { self::address(address, address_length, "address") }?;
        // SAFETY: the buffer has its size, and the places are NULL or valid for writing.
        let (buffer, place) =
            unsafe { (Buffer::new(buffer, size, length, &[text])?, Output::optional(dialect)) };
        let (dialect, parts) = stripped(text)?;
        buffer.write(parts)?;
        place.write(dialect);
        Ok(())
    })
}

fn stripped(text: &[u8]) -> Result<(batv_dialect, [&[u8]; 3]), Failure> {
    let stripped = match parse(text) {
        Ok(address) => strip(&address),
        Err(AddressError::Null) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(match stripped {
        Some(stripped) => (batv_dialect::of(stripped.dialect)?, stripped.original.parts()),
        None => (batv_dialect::None, [text, b"", b""]),
    })
}

/// The name of a dialect for logs: "none", "draft", "ironport", "swapped", "slash",
/// "sub-address", "barracuda" or "sparkpost". These do not change.
///
/// Returns a static string, "unknown" for a number that is not a dialect; never NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_dialect_text(dialect: MaybeUninit<batv_dialect>) -> *const c_char {
    // SAFETY: C passes a number.
    unsafe { word_of(dialect, c"unknown") }
}
