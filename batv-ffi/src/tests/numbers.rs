//! Numbers outside of what they stand for, and the words of those that are in it.

use super::*;
use crate::config::*;
use crate::enumeration::Enumeration;
use crate::inbound::*;
use crate::keyring::*;
use crate::reasons::*;
use crate::status::*;
use crate::strip::*;
use crate::verdict::*;
use crate::version::*;
use batv_core::{Dialect, InboundReason, OutboundReason, Verdict};
use std::ffi::c_int;
use std::ptr::null_mut;

#[test]
fn integers_outside_of_their_range_are_refused() {
    with_keyring(|keyring| {
        let is_refused = |status, detail: &str| {
            assert_eq!(failed(status), (batv_status::BadValue, detail));
        };
        // SAFETY: the pointers are valid.
        unsafe {
            for number in [-1, 256, 266, c_int::MAX, c_int::MIN] {
                let detail = format!("key number {number} is out of range");
                is_refused(batv_keyring_add(keyring, number, c"x".as_ptr(), 1), &detail);
                is_refused(batv_keyring_sign_with(keyring, number), &detail);
            }
            is_refused(batv_keyring_add(keyring, 10, c"x".as_ptr(), 1), "key number 10 is not one of 0 to 9");
            is_refused(
                batv_keyring_add(keyring, 0, c"x".as_ptr(), usize::MAX - 1),
                "secret has 18446744073709551614 octets, more than 65536",
            );
            let wrong: [(i32, &[c_int]); 5] = [
                (0, &[-1, 0, 100, 263]),
                (1, &[-1, 2, 256]),
                (2, &[-1, 0, 61, 97, 299, 64]),
                (3, &[-1, 2, 257]),
                (4, &[-1, 2]),
            ];
            for (setting, values) in wrong {
                for value in values {
                    let status = batv_keyring_set(keyring, number(setting), *value);
                    assert_eq!(status, batv_status::BadValue, "{setting} {value}");
                }
            }
            for setting in [-1, 5, i32::MAX, i32::MIN] {
                let detail = format!("there is no setting {setting}");
                is_refused(batv_keyring_set(keyring, number(setting), 0), &detail);
            }
            let sign = |time| {
                let (address, no) = (ALICE.as_ptr(), null_mut());
                batv_keyring_sign(keyring, address, 18, time, no, 0, null_mut(), null_mut())
            };
            is_refused(sign(0), "time 0 is not 1 or more");
            is_refused(sign(-1), "time -1 is not 1 or more");
            is_refused(sign(i64::MIN), "time -9223372036854775808 is not 1 or more");
            assert_eq!(sign(i64::MAX), batv_status::Ok);
            assert_eq!(sign(1), batv_status::Ok);
            let mut config = null_mut();
            is_refused(batv_config_open(c"x".as_ptr(), 2, &raw mut config), "path has a NUL at octet 1");
            is_refused(batv_config_open(c"".as_ptr(), 0, &raw mut config), "path is empty");
        }
    });
}

#[test]
fn a_number_that_stands_for_nothing_has_a_text() {
    for stranger in [-1, 99, i32::MAX, i32::MIN] {
        // SAFETY: the numbers are initialised.
        unsafe {
            assert_eq!(text(batv_status_text(number(stranger))), "unknown status");
            assert_eq!(text(batv_outbound_reason_text(number(stranger))), "unknown");
            assert_eq!(text(batv_inbound_reason_text(number(stranger))), "unknown");
            assert_eq!(text(batv_action_text(number(stranger))), "unknown");
            assert_eq!(text(batv_verdict_text(number(stranger))), "unknown");
            assert_eq!(text(batv_dialect_text(number(stranger))), "unknown");
        }
    }
    // SAFETY: the number is initialised.
    assert_eq!(text(unsafe { batv_status_text(number(10)) }), "file cannot be used");
    assert_eq!(text(batv_version()), env!("CARGO_PKG_VERSION"));
    assert_eq!(batv_version_number(), 100);
}

#[test]
fn the_words_are_the_core_s() {
    for reason in batv_outbound_reason::ALL {
        assert_eq!(reason.word().to_str().unwrap(), reason.core().as_str());
        assert_eq!(batv_outbound_reason::of(reason.core()).unwrap(), *reason);
    }
    for reason in batv_inbound_reason::ALL {
        assert_eq!(reason.word().to_str().unwrap(), reason.core().as_str());
        assert_eq!(batv_inbound_reason::of(reason.core()).unwrap(), *reason);
    }
    for verdict in [Verdict::Missing, Verdict::Malformed, Verdict::UnknownKey, Verdict::BadSignature] {
        assert_eq!(batv_verdict::from(&verdict).word().to_str().unwrap(), verdict.as_str());
    }
    for dialect in [
        Dialect::Draft,
        Dialect::Ironport,
        Dialect::Swapped,
        Dialect::Slash,
        Dialect::SubAddress,
        Dialect::Barracuda,
        Dialect::Sparkpost,
    ] {
        assert_eq!(batv_dialect::of(dialect).unwrap().word().to_str().unwrap(), dialect.as_str());
    }
    let (last_out, last_in) = (OutboundReason::NoSigningKey, InboundReason::NotAReport);
    assert_eq!(batv_outbound_reason::of(last_out).unwrap() as i32, 11);
    assert_eq!(batv_inbound_reason::of(last_in).unwrap() as i32, 15);
}

#[test]
fn a_long_detail_is_cut_between_characters() {
    record("€".repeat(2000));
    assert_eq!(text(batv_last_error()), "€".repeat(1365));
    record("short");
    assert_eq!(text(batv_last_error()), "short");
}
