//! The boundary, for Miri: `MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test -p batv-ffi --lib`.
//!
//! Every function with NULL for every argument, with numbers that no enumeration has, and with
//! buffers of every size. A configuration needs a file and is NULL here: tests/c has the rest.

use crate::config::*;
use crate::decision::*;
use crate::keyring::*;
use crate::memory::{NUL_TERMINATED, Output, fields};
use crate::status::*;
use crate::strip::*;
use crate::version::*;
use batv_core::{OutboundReason, Reason};
use std::ffi::{CStr, c_char, c_int};
use std::ptr::{null, null_mut};

const NULL_POINTER: c_int = 1;
const BAD_VALUE: c_int = 2;
const TOO_SMALL: c_int = 7;

/// The time and the tag are Exim's.
const TIME: i64 = 1_795_348_800;
const ALICE: &CStr = c"alice@example.test";
const TAGGED: &CStr = c"prvs=0786864c09=alice@example.test";

fn text(start: *const c_char) -> &'static str {
    // SAFETY: the functions return strings of the library.
    unsafe { CStr::from_ptr(start) }.to_str().unwrap()
}

/// A key ring with Exim's secret, for the time of a test.
fn with_keyring(test: impl FnOnce(*mut Keyring)) {
    let keyring = batv_keyring_new();
    assert!(!keyring.is_null());
    // SAFETY: the key ring is new, the secret has six octets.
    unsafe {
        assert_eq!(batv_keyring_add(keyring, 0, c"secret".as_ptr(), 6), 0);
        assert_eq!(batv_keyring_sign_with(keyring, 0), 0);
    }
    test(keyring);
    // SAFETY: nobody uses it any more.
    unsafe { batv_keyring_free(keyring) };
}

#[test]
fn null_for_a_key_ring_or_a_secret_is_refused() {
    // SAFETY: NULL is what is tried.
    unsafe {
        batv_keyring_free(null_mut());
        assert_eq!(batv_keyring_add(null_mut(), 0, c"x".as_ptr(), 1), NULL_POINTER);
        assert_eq!(text(batv_last_error()), "keyring is NULL");
        assert_eq!(batv_keyring_sign_with(null_mut(), 0), NULL_POINTER);
        assert_eq!(batv_keyring_set(null_mut(), 0, 7), NULL_POINTER);
    }
    with_keyring(|keyring| {
        // SAFETY: as above.
        let status = unsafe { batv_keyring_add(keyring, 0, null(), 0) };
        assert_eq!((status, text(batv_last_error())), (NULL_POINTER, "secret is NULL"));
    });
}

#[test]
fn null_for_any_argument_of_sign_is_refused_or_allowed() {
    with_keyring(|keyring| {
        let sign = |keyring, address, buffer, size| {
            // SAFETY: NULL is what is tried; what is not NULL is valid.
            unsafe {
                batv_keyring_sign(
                    keyring,
                    address,
                    NUL_TERMINATED,
                    TIME,
                    buffer,
                    size,
                    null_mut(),
                    null_mut(),
                )
            }
        };
        let mut buffer = [0x55; 64];
        assert_eq!(sign(null(), ALICE.as_ptr(), buffer.as_mut_ptr(), 64), NULL_POINTER);
        assert_eq!(sign(keyring, null(), buffer.as_mut_ptr(), 64), NULL_POINTER);
        assert_eq!(sign(keyring, ALICE.as_ptr(), null_mut(), 64), NULL_POINTER);
        assert_eq!(buffer, [0x55; 64]);
        assert_eq!(sign(keyring, ALICE.as_ptr(), null_mut(), 0), 0);
        assert_eq!(sign(keyring, ALICE.as_ptr(), buffer.as_mut_ptr(), 64), 0);
        assert_eq!(text(buffer.as_ptr()), TAGGED.to_str().unwrap());
    });
}

#[test]
fn null_for_any_argument_of_verify_is_refused_or_allowed() {
    with_keyring(|keyring| {
        let mut verdict = 77;
        let mut verify = |keyring, address, with_verdict, size| {
            let verdict = if with_verdict { &raw mut verdict } else { null_mut() };
            // SAFETY: as above.
            unsafe {
                batv_keyring_verify(
                    keyring,
                    address,
                    NUL_TERMINATED,
                    TIME,
                    verdict,
                    null_mut(),
                    size,
                    null_mut(),
                    null_mut(),
                    null_mut(),
                )
            }
        };
        assert_eq!(verify(null(), TAGGED.as_ptr(), true, 0), NULL_POINTER);
        assert_eq!(verify(keyring, null(), true, 0), NULL_POINTER);
        assert_eq!(verify(keyring, TAGGED.as_ptr(), false, 0), NULL_POINTER);
        assert_eq!(verify(keyring, TAGGED.as_ptr(), true, 1), NULL_POINTER);
        assert_eq!(verify(keyring, TAGGED.as_ptr(), true, 0), 0);
        assert_eq!(verdict, 5);
    });
}

#[test]
fn null_for_any_argument_of_strip_is_refused_or_allowed() {
    let mut parts = Parts::default();
    let all = NUL_TERMINATED;
    // SAFETY: NULL is what is tried; what is not NULL is valid.
    unsafe {
        assert_eq!(batv_strip(null(), all, null_mut(), &raw mut parts), NULL_POINTER);
        assert_eq!(batv_strip(TAGGED.as_ptr(), all, null_mut(), null_mut()), NULL_POINTER);
        assert_eq!(batv_strip(TAGGED.as_ptr(), all, null_mut(), &raw mut parts), 0);
        assert_eq!((parts.count, parts.part[0]), (1, Part { offset: 16, length: 18 }));
        let copy = |address, size| batv_strip_copy(address, all, null_mut(), null_mut(), size, null_mut());
        assert_eq!(copy(null(), 0), NULL_POINTER);
        assert_eq!(copy(TAGGED.as_ptr(), 1), NULL_POINTER);
        assert_eq!(copy(TAGGED.as_ptr(), 0), 0);
    }
}

#[test]
fn null_for_a_configuration_is_refused() {
    let (all, mut verdict) = (NUL_TERMINATED, 77);
    let mut config = null_mut();
    // SAFETY: NULL is what is tried.
    unsafe {
        batv_config_free(null_mut());
        assert_eq!(batv_config_open(null(), all, &raw mut config), NULL_POINTER);
        assert_eq!(text(batv_last_error()), "path is NULL");
        assert_eq!(batv_config_open(c"x".as_ptr(), all, null_mut()), NULL_POINTER);
        assert_eq!(batv_config_open(c"x".as_ptr(), 2, &raw mut config), BAD_VALUE);
        assert_eq!(text(batv_last_error()), "path has a NUL at octet 1");
        assert!(config.is_null());
        assert_eq!(batv_config_set_log(null_mut(), None, null_mut()), NULL_POINTER);
        assert_eq!(batv_config_refresh(null(), null_mut()), NULL_POINTER);
        assert_eq!(batv_config_reload(null()), NULL_POINTER);
        let (address, time, no) = (ALICE.as_ptr(), TIME, null_mut());
        assert_eq!(batv_config_sign(null(), address, all, time, no, 0, null_mut(), null_mut()), NULL_POINTER);
        let verdict = &raw mut verdict;
        assert_eq!(
            batv_config_verify(
                null(),
                address,
                all,
                time,
                verdict,
                no,
                0,
                null_mut(),
                null_mut(),
                null_mut()
            ),
            NULL_POINTER
        );
        assert_eq!(batv_config_outbound(null(), null(), no, 0, null_mut(), null_mut()), NULL_POINTER);
        assert_eq!(batv_config_inbound(null(), null(), null_mut(), no, 0, null_mut()), NULL_POINTER);
        assert_eq!(text(batv_last_error()), "config is NULL");
    }
    assert_eq!(verdict, 77);
}

/// A structure as this version knows it, and as a later one does.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    struct_size: usize,
    value: u32,
    more: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Later {
    known: Known,
    added: u64,
}

#[test]
fn a_structure_may_have_grown_at_its_end() {
    let known = |struct_size| Known { struct_size, value: 5, more: 6 };
    let mut later = Later { known: known(size_of::<Later>()), added: 0 };
    let whole = &raw mut later;
    let pointer = whole.cast::<Known>();
    // SAFETY: the size is never larger than what is there.
    unsafe {
        assert_eq!(fields(pointer, "it").unwrap(), known(size_of::<Later>()));
        (*whole).added = 1 << 63;
        assert_eq!(
            fields(pointer, "it").unwrap_err().detail,
            "it has fields that this version does not know"
        );
        Output::structure(pointer, "it").unwrap().write(known(0));
        assert_eq!(later, Later { known: known(0), added: 0 });
        assert_eq!(fields(null::<Known>(), "it").unwrap_err().detail, "it is NULL");
        assert!(Output::structure(null_mut::<Known>(), "it").is_err());
        // Sizes that no version has are not believed.
        for size in [0, size_of::<Known>() - 1, 4096, usize::MAX] {
            let mut known = known(size);
            let detail = format!("struct_size {size} is not that of it");
            assert_eq!(fields(&raw const known, "it").unwrap_err().detail, detail);
            assert!(Output::structure(&raw mut known, "it").is_err());
        }
    }
}

#[test]
fn a_buffer_one_octet_too_small_stays_as_it_was() {
    with_keyring(|keyring| {
        let needed = TAGGED.count_bytes();
        for size in 0..=needed + 1 {
            let mut buffer = [0x55; 64];
            let (mut length, mut outcome) = (0, 77);
            // SAFETY: everything is valid.
            let status = unsafe {
                batv_keyring_sign(
                    keyring,
                    ALICE.as_ptr(),
                    ALICE.count_bytes(),
                    TIME,
                    buffer.as_mut_ptr(),
                    size,
                    &raw mut length,
                    &raw mut outcome,
                )
            };
            assert_eq!(length, needed);
            if size <= needed {
                assert_eq!((status, outcome, buffer), (TOO_SMALL, 77, [0x55; 64]), "{size}");
            } else {
                assert_eq!((status, outcome, buffer[needed], buffer[needed + 1]), (0, 0, 0, 0x55));
            }
        }
    });
}

#[test]
fn a_buffer_that_overlaps_the_input_is_refused() {
    let mut memory = [0; 80];
    let start: *mut c_char = memory.as_mut_ptr();
    // SAFETY: both lie in memory.
    let strip_at = |place: usize, size| unsafe {
        TAGGED.as_ptr().copy_to(start.add(20), 34);
        batv_strip_copy(start.add(20), 34, null_mut(), start.add(place), size, null_mut())
    };
    assert_eq!(strip_at(20, 60), BAD_VALUE);
    assert_eq!(strip_at(53, 20), BAD_VALUE);
    assert_eq!(strip_at(0, 21), BAD_VALUE);
    assert_eq!(text(batv_last_error()), "buffer overlaps the input");
    assert_eq!(strip_at(0, 20), 0);
    assert_eq!(strip_at(54, 20), 0);
}

#[test]
fn integers_outside_of_their_range_are_refused() {
    with_keyring(|keyring| {
        // SAFETY: the pointers are valid.
        unsafe {
            for number in [-1, 10, 256, 266, c_int::MAX, c_int::MIN] {
                assert_eq!(batv_keyring_add(keyring, number, c"x".as_ptr(), 1), BAD_VALUE, "{number}");
                assert_eq!(batv_keyring_sign_with(keyring, number), BAD_VALUE, "{number}");
            }
            let wrong: [(c_int, &[c_int]); 5] = [
                (0, &[-1, 0, 100, 263]),
                (1, &[-1, 2, 256]),
                (2, &[-1, 0, 61, 97, 299, 64]),
                (3, &[-1, 2, 257]),
                (4, &[-1, 2]),
            ];
            for (setting, values) in wrong {
                for value in values {
                    assert_eq!(batv_keyring_set(keyring, setting, *value), BAD_VALUE, "{setting} {value}");
                }
            }
            assert_eq!(batv_keyring_set(keyring, 5, 0), BAD_VALUE);
            assert_eq!(batv_keyring_set(keyring, -1, 0), BAD_VALUE);
            let sign = |length, time| {
                batv_keyring_sign(
                    keyring,
                    ALICE.as_ptr(),
                    length,
                    time,
                    null_mut(),
                    0,
                    null_mut(),
                    null_mut(),
                )
            };
            assert_eq!(sign(18, -1), BAD_VALUE);
            assert_eq!(sign(18, i64::MIN), BAD_VALUE);
            assert_eq!(sign(usize::MAX - 1, TIME), BAD_VALUE);
            assert_eq!(sign(18, i64::MAX), 0);
        }
    });
    assert_eq!(text(batv_status_text(10)), "file cannot be used");
    for number in [-1, 20, c_int::MAX, c_int::MIN] {
        assert_eq!(text(batv_status_text(number)), "unknown status");
        assert_eq!(text(batv_reason_text(number)), "unknown");
        assert_eq!(text(batv_action_text(number)), "unknown");
        assert_eq!(text(batv_verdict_text(number)), "unknown");
        assert_eq!(text(batv_dialect_text(number)), "unknown");
    }
}

#[test]
fn the_words_are_the_core_s() {
    let verdicts = [
        (VerdictNumber::Missing, batv_core::Verdict::Missing),
        (VerdictNumber::Malformed, batv_core::Verdict::Malformed),
        (VerdictNumber::UnknownKey, batv_core::Verdict::UnknownKey),
        (VerdictNumber::BadSignature, batv_core::Verdict::BadSignature),
    ];
    for (number, verdict) in verdicts {
        assert_eq!(text(batv_verdict_text(number as c_int)), verdict.as_str());
    }
    assert_eq!(text(batv_verdict_text(VerdictNumber::Expired as c_int)), "expired");
    assert_eq!(text(batv_verdict_text(VerdictNumber::Pass as c_int)), "pass");
    for dialect in [
        batv_core::Dialect::Draft,
        batv_core::Dialect::Ironport,
        batv_core::Dialect::Swapped,
        batv_core::Dialect::Slash,
        batv_core::Dialect::SubAddress,
        batv_core::Dialect::Barracuda,
        batv_core::Dialect::Sparkpost,
    ] {
        assert_eq!(text(batv_dialect_text(Dialect::from(dialect) as c_int)), dialect.as_str());
    }
    for (reason, word) in [
        (ReasonNumber::Signed, OutboundReason::Signed.as_str()),
        (ReasonNumber::NullSender, OutboundReason::NullSender.as_str()),
        (ReasonNumber::Unreadable, OutboundReason::Unreadable.as_str()),
        (ReasonNumber::Unreadable, Reason::Unreadable.as_str()),
        (ReasonNumber::NotOurs, OutboundReason::NotOurs.as_str()),
        (ReasonNumber::NotOurs, Reason::NotOurs.as_str()),
        (ReasonNumber::Exempt, OutboundReason::Exempt.as_str()),
        (ReasonNumber::Exempt, Reason::Exempt.as_str()),
        (ReasonNumber::Local, OutboundReason::Local.as_str()),
        (ReasonNumber::UntaggedDestination, OutboundReason::UntaggedDestination.as_str()),
        (ReasonNumber::Tagged, OutboundReason::Tagged.as_str()),
        (ReasonNumber::TooLong, OutboundReason::TooLong.as_str()),
        (ReasonNumber::TooLong, Reason::TooLong.as_str()),
        (ReasonNumber::NoSigningKey, OutboundReason::NoSigningKey.as_str()),
        (ReasonNumber::Client, Reason::Client.as_str()),
        (ReasonNumber::NotABounce, Reason::NotABounce.as_str()),
        (ReasonNumber::Pass, Reason::Pass.as_str()),
        (ReasonNumber::Missing, Reason::Missing.as_str()),
        (ReasonNumber::Malformed, Reason::Malformed.as_str()),
        (ReasonNumber::UnknownKey, Reason::UnknownKey.as_str()),
        (ReasonNumber::BadSignature, Reason::BadSignature.as_str()),
        (ReasonNumber::Expired, Reason::Expired.as_str()),
        (ReasonNumber::SecondRecipient, Reason::SecondRecipient.as_str()),
        (ReasonNumber::TaggedMail, Reason::TaggedMail.as_str()),
    ] {
        assert_eq!(text(batv_reason_text(reason as c_int)), word);
    }
    assert_eq!(text(batv_version()), env!("CARGO_PKG_VERSION"));
    assert_eq!(batv_version_number(), 100);
}

#[test]
fn a_long_detail_is_cut_between_characters() {
    record("€".repeat(2000));
    assert_eq!(text(batv_last_error()), "€".repeat(1365));
    record("short");
    assert_eq!(text(batv_last_error()), "short");
}
