//! Key rings made by hand: secrets by number, of which one signs.

use crate::guard::{guarded, status_of};
use crate::memory::{Buffer, Output, bad_value, exclusive, octets, pick, reference, small, unix_time};
use crate::status::{Failure, Status};
use batv_core::{
    Address, Delimiter, HashCase, KeyNumber, KeyRing, Lifetime, ReversePath, Secret, Settings, SignError,
    Syntax, Verdict,
};
use std::ffi::{CStr, c_char, c_int};
use std::ptr;

/// A key ring: secrets by key number, 0 to 9, of which one signs and all verify.
///
/// Any number of threads may sign and verify with one key ring at once. While a thread changes or
/// frees it, no other may use it.
pub struct Keyring(KeyRing);

/// The settings of a key ring, for batv_keyring_set.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
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
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyntaxChoice {
    /// prvs=KDDDSSSSSS=user@example.com, which every peer reads.
    Prefix = 0,
    /// user+prvs=KDDDSSSSSS@example.com, which servers with sub-addresses deliver untaught.
    SubAddress = 1,
}

/// Which writing of an address is hashed when signing.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashCaseChoice {
    /// The address in lower case and without needless quotes: the tag survives servers that fold
    /// local-parts.
    Fold = 0,
    /// The address as it stands, for peers that compare case.
    Exact = 1,
}

/// What batv_keyring_sign made of an address.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is signed.
    Signed = 0,
    /// The null reverse-path, empty or "<>": it is never signed.
    NullSender = 1,
    /// It carries a tag already and stays as it is.
    Tagged = 2,
    /// Its local-part would be longer than 64 octets. See BATV_SETTING_LONG_LOCAL_PARTS.
    TooLong = 3,
}

/// What batv_keyring_verify says of an address: the first of these that applies, in this order.
///
/// Only BATV_VERDICT_PASS proves anything, and it is not 0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictNumber {
    /// There is no tag.
    Missing = 0,
    /// "prvs=" and a second "=", but what stands between is no tag value.
    Malformed = 1,
    /// The key ring has no secret of the tag's key number.
    UnknownKey = 2,
    /// The hash is not the one that the secret makes.
    BadSignature = 3,
    /// Authentic, but its day has passed.
    Expired = 4,
    /// Authentic and in time.
    Pass = 5,
}

impl From<&Verdict<'_>> for VerdictNumber {
    fn from(verdict: &Verdict<'_>) -> Self {
        match verdict {
            Verdict::Missing => Self::Missing,
            Verdict::Malformed => Self::Malformed,
            Verdict::UnknownKey => Self::UnknownKey,
            Verdict::BadSignature => Self::BadSignature,
            Verdict::Expired(_) => Self::Expired,
            Verdict::Pass(_) => Self::Pass,
        }
    }
}

/// Makes a key ring without keys.
///
/// Returns the key ring, which batv_keyring_free frees; NULL only for an internal error.
/// Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn batv_keyring_new() -> *mut Keyring {
    let made = guarded(|| Ok(Box::into_raw(Box::new(Keyring(KeyRing::default())))));
    made.unwrap_or(ptr::null_mut())
}

/// Frees a key ring and wipes its secrets from memory. NULL is nothing to free.
///
/// No thread may use the key ring any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_free(keyring: *mut Keyring) {
    status_of(|| {
        if !keyring.is_null() {
            // SAFETY: it came from batv_keyring_new, and the caller does not use it any more.
            drop(unsafe { Box::from_raw(keyring) });
        }
        Ok(())
    });
}

/// Adds a secret, for verifying; it takes the place of one that had the number.
///
/// key_number: 0 to 9.
/// secret, secret_length: the octets of the secret, any, one or more; BATV_NUL_TERMINATED for a
/// string. It is not kept. Under 16 octets it can be guessed.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE or _BAD_SECRET. No other thread may use the
/// key ring meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_add(
    keyring: *mut Keyring,
    key_number: c_int,
    secret: *const c_char,
    secret_length: usize,
) -> c_int {
    status_of(|| {
        // SAFETY: as the function's documentation asks for.
        let keyring = unsafe { exclusive(keyring, "keyring") }?;
        // SAFETY: as above.
        let secret = unsafe { octets(secret, secret_length, "secret") }?;
        keyring.0.insert(number(key_number)?, Secret::new(secret)?);
        Ok(())
    })
}

/// Chooses the key that signs.
///
/// key_number: 0 to 9, of a secret that has been added.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE or _UNKNOWN_KEY. No other thread may use the
/// key ring meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_sign_with(keyring: *mut Keyring, key_number: c_int) -> c_int {
    status_of(|| {
        // SAFETY: as the function's documentation asks for.
        let keyring = unsafe { exclusive(keyring, "keyring") }?;
        Ok(keyring.0.sign_with(number(key_number)?)?)
    })
}

/// Changes a setting.
///
/// setting: a batv_setting, which says what values there are.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER or _BAD_VALUE. No other thread may use the key ring
/// meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_set(keyring: *mut Keyring, setting: c_int, value: c_int) -> c_int {
    status_of(|| {
        // SAFETY: as the function's documentation asks for.
        let keyring = unsafe { exclusive(keyring, "keyring") }?;
        let settings = changed(keyring.0.settings(), setting, value)?;
        keyring.0 = with_settings(&keyring.0, settings)?;
        Ok(())
    })
}

fn changed(mut settings: Settings, setting: c_int, value: c_int) -> Result<Settings, Failure> {
    const LIFETIME: c_int = Setting::Lifetime as c_int;
    const SYNTAX: c_int = Setting::Syntax as c_int;
    const DELIMITER: c_int = Setting::Delimiter as c_int;
    const HASH_CASE: c_int = Setting::HashCase as c_int;
    const LONG_LOCAL_PARTS: c_int = Setting::LongLocalParts as c_int;
    match setting {
        LIFETIME => settings.lifetime = Lifetime::from_days(small(value, "lifetime")?).map_err(bad_value)?,
        SYNTAX => {
            let prefix = (SyntaxChoice::Prefix as c_int, Syntax::Prefix);
            let sub_address = (SyntaxChoice::SubAddress as c_int, Syntax::SubAddress);
            settings.syntax = pick(value, [prefix, sub_address], "syntax")?;
        }
        DELIMITER => settings.delimiter = Delimiter::new(small(value, "delimiter")?).map_err(bad_value)?,
        HASH_CASE => {
            let fold = (HashCaseChoice::Fold as c_int, HashCase::Fold);
            let exact = (HashCaseChoice::Exact as c_int, HashCase::Exact);
            settings.hash_case = pick(value, [fold, exact], "hash case")?;
        }
        LONG_LOCAL_PARTS => {
            settings.long_local_parts = pick(value, [(0, false), (1, true)], "long local-parts")?;
        }
        _ => return Err(bad_value(format_args!("there is no setting {setting}"))),
    }
    Ok(settings)
}

/// The same keys under other settings.
fn with_settings(keys: &KeyRing, settings: Settings) -> Result<KeyRing, Failure> {
    let mut changed = KeyRing::new(settings);
    for number in KeyNumber::all() {
        if let Some(secret) = keys.secret(number) {
            changed.insert(number, secret.clone());
        }
    }
    if let Some(number) = keys.signing() {
        changed.sign_with(number)?;
    }
    Ok(changed)
}

/// Signs the sender of a message that leaves.
///
/// address, address_length: the envelope sender, with or without angle brackets;
/// BATV_NUL_TERMINATED for a string.
/// time: when the message was received, in UNIX seconds, 0 or more. It must stay the same over
/// all delivery attempts, or greylisting never lets the message through.
/// buffer, size, length: where the result goes, as with every buffer (see the top). It has at
/// most BATV_TAG_LENGTH octets more than the address.
/// outcome: where a batv_outcome goes; may be NULL. What cannot or need not be signed is no
/// failure: it is written as it is, to be sent as it is, and the outcome says why.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS, _NO_SIGNING_KEY or
/// _BUFFER_TOO_SMALL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_sign(
    keyring: *const Keyring,
    address: *const c_char,
    address_length: usize,
    time: i64,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
    outcome: *mut c_int,
) -> c_int {
    status_of(|| {
        // SAFETY: as the function's documentation asks for.
        let keyring = unsafe { reference(keyring, "keyring") }?;
        // SAFETY: as above.
        let text = unsafe { octets(address, address_length, "address") }?;
        let time = unix_time(time)?;
        // SAFETY: as above.
        let buffer = unsafe { Buffer::new(buffer, size, length, text) }?;
        // SAFETY: as above.
        let outcome = unsafe { Output::optional(outcome) };
        let unchanged = [text, b"", b""];
        let made = match ReversePath::parse(text)? {
            ReversePath::Null => {
                buffer.write(unchanged)?;
                Outcome::NullSender
            }
            ReversePath::Address(address) => match keyring.0.sign(&address, time) {
                Ok(signed) => {
                    buffer.write(signed.parts())?;
                    Outcome::Signed
                }
                Err(SignError::Tagged) => {
                    buffer.write(unchanged)?;
                    Outcome::Tagged
                }
                Err(SignError::TooLong { .. }) => {
                    buffer.write(unchanged)?;
                    Outcome::TooLong
                }
                Err(error) => return Err(Failure::new(Status::NoSigningKey, error)),
            },
        };
        outcome.write(made as c_int);
        Ok(())
    })
}

/// Judges the address that a bounce comes to.
///
/// address, address_length: the envelope recipient, with or without angle brackets;
/// BATV_NUL_TERMINATED for a string.
/// time: now, in UNIX seconds, 0 or more.
/// verdict: where a batv_verdict goes.
/// buffer, size, length: where the original address goes for BATV_VERDICT_PASS and
/// BATV_VERDICT_EXPIRED, as with every buffer (see the top); the empty string for the others. It
/// is shorter than the address.
/// key_number: where the number of the key that signed goes, 0 to 9; may be NULL.
/// days_left: where the days go until the tag expires, 0 to 100, 0 also when it has; may be NULL.
/// Both are -1 for a verdict other than BATV_VERDICT_PASS and BATV_VERDICT_EXPIRED.
///
/// Returns BATV_STATUS_OK, whatever the verdict, or _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS
/// (also for the null reverse-path), _BUFFER_TOO_SMALL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_verify(
    keyring: *const Keyring,
    address: *const c_char,
    address_length: usize,
    time: i64,
    verdict: *mut c_int,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
    key_number: *mut c_int,
    days_left: *mut c_int,
) -> c_int {
    status_of(|| {
        // SAFETY: as the function's documentation asks for.
        let keyring = unsafe { reference(keyring, "keyring") }?;
        // SAFETY: as above.
        let text = unsafe { octets(address, address_length, "address") }?;
        let time = unix_time(time)?;
        // SAFETY: as above.
        let place = unsafe { Output::required(verdict, "verdict") }?;
        // SAFETY: as above.
        let buffer = unsafe { Buffer::new(buffer, size, length, text) }?;
        // SAFETY: as above.
        let (key_number, days_left) = unsafe { (Output::optional(key_number), Output::optional(days_left)) };
        let verdict = keyring.0.verify(&Address::parse(text)?, time);
        write_verdict(&verdict, &place, &buffer, &key_number, &days_left)
    })
}

/// Writes a verdict, with the original address and the key number and days left of an authentic tag.
pub(crate) fn write_verdict(
    verdict: &Verdict<'_>,
    place: &Output<c_int>,
    buffer: &Buffer,
    key_number: &Output<c_int>,
    days_left: &Output<c_int>,
) -> Result<(), Failure> {
    let (parts, number, days) = match verdict.authentic() {
        Some(tag) => (tag.original.parts(), tag.key_number.get().into(), tag.days_left.into()),
        None => ([&b""[..]; 3], -1, -1),
    };
    buffer.write(parts)?;
    place.write(VerdictNumber::from(verdict) as c_int);
    key_number.write(number);
    days_left.write(days);
    Ok(())
}

/// The word of a verdict for logs: "missing", "malformed", "unknown-key", "bad-signature",
/// "expired" or "pass". These do not change.
///
/// verdict: a batv_verdict.
///
/// Returns a static string, "unknown" for a number that is no verdict; never NULL. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn batv_verdict_text(verdict: c_int) -> *const c_char {
    const WORDS: [&CStr; 6] =
        [c"missing", c"malformed", c"unknown-key", c"bad-signature", c"expired", c"pass"];
    let word = usize::try_from(verdict).ok().and_then(|verdict| WORDS.get(verdict));
    word.unwrap_or(&c"unknown").as_ptr()
}

fn number(key_number: c_int) -> Result<KeyNumber, Failure> {
    KeyNumber::new(small(key_number, "key number")?).map_err(bad_value)
}
