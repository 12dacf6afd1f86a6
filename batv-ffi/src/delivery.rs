//! Verdicts and originals by a configuration, which decide nothing.

use crate::config::batv_config;
use crate::guard::status_of;
use crate::memory::{reference, unix_time};
use crate::output::{Buffer, Output};
use crate::status::batv_status;
use crate::text::{address, parse};
use crate::verdict::{VerdictOutput, batv_verdict};
use std::ffi::{c_char, c_int};

/// Judges the address that a bounce comes to, by the keys of its domain, and decides nothing: that
/// is batv_config_inbound.
///
/// All but config is as for batv_keyring_verify. A tag on an address that no key is for is
/// BATV_VERDICT_UNKNOWN_KEY.
///
/// Returns BATV_STATUS_OK, whatever the verdict, or _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS
/// (also for the null reverse-path), _BUFFER_TOO_SMALL. Thread-safe.
/// cbindgen:postfix=BATV_NONNULL(1, 2, 5)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_verify(
    config: *const batv_config,
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
        // SAFETY: the configuration is NULL or nobody frees it, and the address has its length or a NUL.
        let (config, text) =
            unsafe { (reference(config, "config")?, self::address(address, address_length, "address")?) };
        // SAFETY: the buffer has its size, and the places are NULL or valid for writing.
        let output = unsafe {
            let buffer = Buffer::new(buffer, size, length, &[text])?;
            VerdictOutput::new(verdict, buffer, key_number, days_left)?
        };
        let time = unix_time(time)?;
        let address = parse(text)?;
        config.with_policy(|policy| output.write(&policy.verify(&address, time)))
    })
}

/// Writes the address to deliver to: one layer of a tag that batv_config_outbound could have made
/// comes off an address that has keys. It goes by the shape of the tag and judges nothing: that was
/// done at RCPT, by batv_config_inbound, and at delivery the time and the keys may be others.
///
/// address, address_length: the recipient, with or without angle brackets; BATV_NUL_TERMINATED for
/// a string.
/// buffer, size, length: where the original address goes, or the recipient as it is where nothing
/// comes off, as with every buffer (see the top). It is no longer than the recipient.
/// tagged: where 1 goes if a tag was removed, else 0; may be NULL.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS for a control character in the address,
/// _BUFFER_TOO_SMALL. Thread-safe.
/// cbindgen:postfix=BATV_NONNULL(1, 2)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_original(
    config: *const batv_config,
    address: *const c_char,
    address_length: usize,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
    tagged: *mut c_int,
) -> batv_status {
    status_of(|| {
        // SAFETY: the configuration is NULL or nobody frees it, and the address has its length or a NUL.
        let (config, text) =
            unsafe { (reference(config, "config")?, self::address(address, address_length, "address")?) };
        // SAFETY: the buffer has its size, and the places are NULL or valid for writing.
        let (buffer, place) =
            unsafe { (Buffer::new(buffer, size, length, &[text])?, Output::optional(tagged)) };
        let address = parse(text).ok();
        let original = config.with_policy(|policy| policy.original(&address?));
        match original {
            Some(original) => buffer.write(original.parts())?,
            None => buffer.write_text(text)?,
        }
        place.write(original.is_some().into());
        Ok(())
    })
}
