//! Key rings made by hand: secrets by number, of which one signs.

use crate::guard::{guarded, status_of};
use crate::memory::{bad_value, exclusive, reference, small, unix_time};
use crate::output::{Buffer, Output};
use crate::reasons::batv_outbound_reason;
use crate::settings::{batv_setting, change};
use crate::status::{Failure, batv_status};
use crate::text::{address, octets};
use crate::verdict::{VerdictOutput, batv_verdict};
use batv_core::{Address, KeyNumber, KeyRing, ReversePath, Secret, SignError};
use std::ffi::{c_char, c_int};
use std::mem::MaybeUninit;
use std::ptr;

/// A key ring: secrets by key number, 0 to 9, of which one signs and all verify.
///
/// Any number of threads may sign and verify with one key ring at once. While a thread changes or
/// frees it, no other may use it.
pub struct batv_keyring(KeyRing);

/// Makes an empty key ring.
///
/// Returns the key ring, which batv_keyring_free frees; NULL only for an internal error.
/// Thread-safe.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn batv_keyring_new() -> *mut batv_keyring {
    let made = guarded(|| Ok(Box::into_raw(Box::new(batv_keyring(KeyRing::default())))));
    made.unwrap_or(ptr::null_mut())
}

/// Frees a key ring and wipes its secrets from memory. NULL is allowed.
///
/// No thread may use the key ring afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_free(keyring: *mut batv_keyring) {
    status_of(|| {
        if !keyring.is_null() {
            // SAFETY: it came from batv_keyring_new, and the caller does not use it any more.
            drop(unsafe { Box::from_raw(keyring) });
        }
        Ok(())
    });
}

/// Adds a secret, for verifying; it replaces one that has the same number.
///
/// key_number: 0 to 9.
/// secret, secret_length: the octets of the secret, one or more of any value; BATV_NUL_TERMINATED for a
/// string. It is not kept. Under 16 octets it can be guessed.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE or _BAD_SECRET. No other thread may use the
/// key ring meanwhile.
/// cbindgen:postfix=BATV_NONNULL(1, 3)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_add(
    keyring: *mut batv_keyring,
    key_number: c_int,
    secret: *const c_char,
    secret_length: usize,
) -> batv_status {
    status_of(|| {
        // SAFETY: the key ring is NULL or the caller's alone, and the secret has its length or a NUL.
        let (keyring, secret) =
            unsafe { (exclusive(keyring, "keyring")?, octets(secret, secret_length, "secret")?) };
        keyring.0.add(number(key_number)?, Secret::new(secret)?);
        Ok(())
    })
}

/// Chooses the key that signs.
///
/// key_number: 0 to 9, of a secret that has been added.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE or _UNKNOWN_KEY. No other thread may use the
/// key ring meanwhile.
/// cbindgen:postfix=BATV_NONNULL(1)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_sign_with(
    keyring: *mut batv_keyring,
    key_number: c_int,
) -> batv_status {
    status_of(|| {
        // SAFETY: the key ring is NULL or the caller's alone.
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
/// cbindgen:postfix=BATV_NONNULL(1)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_set(
    keyring: *mut batv_keyring,
    setting: MaybeUninit<batv_setting>,
    value: c_int,
) -> batv_status {
    status_of(|| {
        // SAFETY: the key ring is NULL or the caller's alone.
        let keyring = unsafe { exclusive(keyring, "keyring") }?;
        let mut settings = keyring.0.settings();
        // SAFETY: C passes a number.
        unsafe { change(&mut settings, setting, value) }?;
        keyring.0.set_settings(settings);
        Ok(())
    })
}

/// Signs the sender of a message that leaves.
///
/// address, address_length: the envelope sender, with or without angle brackets;
/// BATV_NUL_TERMINATED for a string.
/// time: when the message was received, in UNIX seconds, 1 or more. It must stay the same over
/// all delivery attempts, or greylisting never lets the message through.
/// buffer, size, length: where the result goes, as with every buffer (see the top). It has at
/// most BATV_TAG_LENGTH octets more than the address.
/// reason: where BATV_OUTBOUND_REASON_SIGNED, _NULL_SENDER, _TAGGED or _TOO_LONG goes; may be NULL.
/// What cannot or need not be signed is not a failure: it is written as it is, to be sent as it is.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS, _NO_SIGNING_KEY or
/// _BUFFER_TOO_SMALL. Thread-safe.
/// cbindgen:postfix=BATV_NONNULL(1, 2)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_sign(
    keyring: *const batv_keyring,
    address: *const c_char,
    address_length: usize,
    time: i64,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
    reason: *mut batv_outbound_reason,
) -> batv_status {
    status_of(|| {
        // SAFETY: the key ring is NULL or nobody changes it, and the address has its length or a NUL.
        let (keyring, text) =
            unsafe { (reference(keyring, "keyring")?, self::address(address, address_length, "address")?) };
        // SAFETY: the buffer has its size, and the places are NULL or valid for writing.
        let (buffer, place) =
            unsafe { (Buffer::new(buffer, size, length, &[text])?, Output::optional(reason)) };
        let time = unix_time(time)?;
        let reason = match ReversePath::parse(text)? {
            ReversePath::Null => batv_outbound_reason::NullSender,
            ReversePath::Address(address) => match keyring.0.sign(&address, time) {
                Ok(signed) => {
                    buffer.write(signed.parts())?;
                    place.write(batv_outbound_reason::Signed);
                    return Ok(());
                }
                Err(SignError::Tagged) => batv_outbound_reason::Tagged,
                Err(SignError::TooLong { .. }) => batv_outbound_reason::TooLong,
                Err(error) => return Err(Failure::new(batv_status::NoSigningKey, error)),
            },
        };
        buffer.write_text(text)?;
        place.write(reason);
        Ok(())
    })
}

/// Judges the address that a bounce comes to.
///
/// address, address_length: the envelope recipient, with or without angle brackets;
/// BATV_NUL_TERMINATED for a string.
/// time: now, in UNIX seconds, 1 or more.
/// verdict: where a batv_verdict goes.
/// buffer, size, length: where the original address goes for BATV_VERDICT_PASS and
/// BATV_VERDICT_EXPIRED, as with every buffer (see the top); the empty string for the others. It
/// is shorter than the address.
/// key_number: where the number of the key that signed goes, 0 to 9; may be NULL.
/// days_left: where the days go until the tag expires, 0 to 100, also 0 if it has; may be NULL.
/// Both are -1 for a verdict other than BATV_VERDICT_PASS and BATV_VERDICT_EXPIRED.
///
/// Returns BATV_STATUS_OK, whatever the verdict, or _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS
/// (also for the null reverse-path), _BUFFER_TOO_SMALL. Thread-safe.
/// cbindgen:postfix=BATV_NONNULL(1, 2, 5)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_keyring_verify(
    keyring: *const batv_keyring,
    address: *const c_char,
    address_length: usize,
    time: i64,
    verdict: *mut batv_verdict,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
    key_number: *mut c_int,
    days_left: *mut c_int,
) -> batv_status {
    status_of(|| {
        // SAFETY: the key ring is NULL or nobody changes it, and the address has its length or a NUL.
        let (keyring, text) =
            unsafe { (reference(keyring, "keyring")?, self::address(address, address_length, "address")?) };
        // SAFETY: the buffer has its size, and the places are NULL or valid for writing.
        let output = unsafe {
            let buffer = Buffer::new(buffer, size, length, &[text])?;
            VerdictOutput::new(verdict, buffer, key_number, days_left)?
        };
        let time = unix_time(time)?;
        output.write(&keyring.0.verify(&Address::parse(text)?, time))
    })
}

fn number(key_number: c_int) -> Result<KeyNumber, Failure> {
    KeyNumber::new(small(key_number, "key number")?).map_err(bad_value)
}
