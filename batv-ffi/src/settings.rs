//! The settings of a key ring.

use crate::enumeration::{Enumeration, known, words};
use crate::memory::{bad_value, small, truth};
use crate::status::Failure;
use batv_core::{Delimiter, HashCase, Lifetime, Settings, Syntax};
use std::ffi::{CStr, c_int};
use std::mem::MaybeUninit;

/// The settings of a key ring, for batv_keyring_set.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum batv_setting {
    /// How many days tags are good for after the day they are made, 1 to 99; 7 unless set. For
    /// signing alone: a tag says itself when it expires.
    Lifetime = 0,
    /// The syntax of the tags that are made, a batv_syntax. Both are read.
    Syntax = 1,
    /// The octet before the tag of a sub-address, made or read; '+' unless set.
    Delimiter = 2,
    /// Which writing of an address is hashed when signing, a batv_hash_case. Both are verified.
    HashCase = 3,
    /// 1 to sign also where the local-part grows beyond the 64 octets of RFC 5321 section
    /// 4.5.3.1.1, which many servers accept; 0 unless set.
    LongLocalParts = 4,
}

/// How a tag is written into the local-part.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum batv_syntax {
    /// prvs=KDDDSSSSSS=user@example.com, which every peer reads.
    Prefix = 0,
    /// user+prvs=KDDDSSSSSS@example.com, which servers that know sub-addresses deliver as they are.
    SubAddress = 1,
}

/// Which writing of an address is hashed when signing.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum batv_hash_case {
    /// The address in lower case and without needless quotes: the tag survives servers that fold
    /// local-parts.
    Fold = 0,
    /// The address as it stands, for peers that compare case.
    Exact = 1,
}

words!(batv_setting {
    Lifetime => c"lifetime",
    Syntax => c"syntax",
    Delimiter => c"delimiter",
    HashCase => c"hash-case",
    LongLocalParts => c"long-local-parts",
});

/// Changes a setting.
///
/// # Safety
/// `setting` is initialised, as C's arguments are.
pub(crate) unsafe fn change(
    settings: &mut Settings,
    setting: MaybeUninit<batv_setting>,
    value: c_int,
) -> Result<(), Failure> {
    const PREFIX: c_int = batv_syntax::Prefix as c_int;
    const SUB_ADDRESS: c_int = batv_syntax::SubAddress as c_int;
    const FOLD: c_int = batv_hash_case::Fold as c_int;
    const EXACT: c_int = batv_hash_case::Exact as c_int;

    // SAFETY: initialised, as the caller promises.
    let setting = unsafe { known(setting) }
        .map_err(|number| bad_value(format_args!("there is no setting {number}")))?;
    let name = setting.word().to_string_lossy();
    let unknown = || bad_value(format_args!("{name} {value} is not one of its constants"));
    match setting {
        batv_setting::Lifetime => {
            settings.lifetime = Lifetime::from_days(small(value, &name)?).map_err(bad_value)?;
        }
        batv_setting::Syntax => {
            settings.syntax = match value {
                PREFIX => Syntax::Prefix,
                SUB_ADDRESS => Syntax::SubAddress,
                _ => return Err(unknown()),
            };
        }
        batv_setting::Delimiter => {
            settings.delimiter = Delimiter::new(small(value, &name)?).map_err(bad_value)?;
        }
        batv_setting::HashCase => {
            settings.hash_case = match value {
                FOLD => HashCase::Fold,
                EXACT => HashCase::Exact,
                _ => return Err(unknown()),
            };
        }
        batv_setting::LongLocalParts => settings.long_local_parts = truth(value, &name)?,
    }
    Ok(())
}
