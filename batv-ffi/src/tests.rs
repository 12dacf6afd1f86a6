//! The boundary, for Miri: `MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test -p batv-ffi --lib`.
//!
//! Every function with NULL for every argument, with numbers that no enumeration has, with fields that
//! were forgotten, and with buffers of every size. tests/c has what needs a C compiler or a file.

mod buffers;
mod memory;
mod nulls;
mod numbers;
mod structures;

use crate::config::{Source, batv_config, batv_config_free};
use crate::inbound::{batv_inbound_decision, batv_recipient};
use crate::keyring::{
    batv_keyring, batv_keyring_add, batv_keyring_free, batv_keyring_new, batv_keyring_sign_with,
};
use crate::outbound::{batv_message, batv_outbound_decision};
use crate::status::{batv_last_error, batv_status};
use crate::text::NUL_TERMINATED;
use ::batv_config::Config;
use std::ffi::{CStr, c_char};
use std::mem::{MaybeUninit, zeroed};
use std::ptr::null;

/// The time and the tag are Exim's.
const TIME: i64 = 1_795_348_800;
const ALICE: &CStr = c"alice@example.test";
const TAGGED: &CStr = c"prvs=0786864c09=alice@example.test";

const CONFIG: &str = r#"
[[key]]
number = 0
secret = "secret"
for = ["example.test"]
"#;

fn text(start: *const c_char) -> &'static str {
    // SAFETY: the functions return strings of the library.
    unsafe { CStr::from_ptr(start) }.to_str().unwrap()
}

/// The status, and the detail of a failure.
fn failed(status: batv_status) -> (batv_status, &'static str) {
    assert_ne!(status, batv_status::Ok);
    (status, text(batv_last_error()))
}

/// What C passes for an enumeration.
fn number<T>(number: i32) -> MaybeUninit<T> {
    let mut passed = MaybeUninit::<T>::uninit();
    // SAFETY: the enumerations have the size of an i32.
    unsafe { passed.as_mut_ptr().cast::<i32>().write(number) };
    passed
}

/// A key ring with Exim's secret, for the time of a test.
fn with_keyring(test: impl FnOnce(*mut batv_keyring)) {
    let keyring = batv_keyring_new();
    assert!(!keyring.is_null());
    // SAFETY: the key ring is new, the secret has six octets.
    unsafe {
        assert_eq!(batv_keyring_add(keyring, 0, c"secret".as_ptr(), 6), batv_status::Ok);
        assert_eq!(batv_keyring_sign_with(keyring, 0), batv_status::Ok);
    }
    test(keyring);
    // SAFETY: nobody uses it any more.
    unsafe { batv_keyring_free(keyring) };
}

/// A configuration with the same secret, for the time of a test.
fn with_config(test: impl FnOnce(*mut batv_config)) {
    let config = Config::parse(CONFIG, |name| Err(name.to_owned())).unwrap();
    let config = batv_config { source: Source::Snapshot(config.into()), log: None };
    let config = Box::into_raw(Box::new(config));
    test(config);
    // SAFETY: it is as batv_config_snapshot makes it, and nobody uses it any more.
    unsafe { batv_config_free(config) };
}

/// As the macros of the header make them.
fn message() -> batv_message {
    batv_message {
        struct_size: size_of::<batv_message>(),
        mail_from: ALICE.as_ptr(),
        mail_from_length: NUL_TERMINATED,
        mail_from_resolved: null(),
        mail_from_resolved_length: NUL_TERMINATED,
        time: TIME,
        client: null(),
        client_length: NUL_TERMINATED,
        trusted: 0,
        recipients: null(),
        recipient_count: 0,
    }
}

fn recipient() -> batv_recipient {
    batv_recipient {
        struct_size: size_of::<batv_recipient>(),
        mail_from: c"<>".as_ptr(),
        mail_from_length: NUL_TERMINATED,
        mail_from_resolved: null(),
        mail_from_resolved_length: NUL_TERMINATED,
        rcpt_to: TAGGED.as_ptr(),
        rcpt_to_length: NUL_TERMINATED,
        rcpt_resolved: null(),
        rcpt_resolved_length: NUL_TERMINATED,
        time: TIME,
        client: null(),
        client_length: NUL_TERMINATED,
        trusted: 0,
        recipients_before: 0,
        content_type: null(),
        content_type_length: NUL_TERMINATED,
    }
}

fn outbound_decision() -> batv_outbound_decision {
    batv_outbound_decision {
        struct_size: size_of::<batv_outbound_decision>(),
        reason: number(0),
        key_number: -1,
    }
}

fn inbound_decision() -> batv_inbound_decision {
    // SAFETY: every field may be 0.
    let zero: batv_inbound_decision = unsafe { zeroed() };
    batv_inbound_decision { struct_size: size_of::<batv_inbound_decision>(), ..zero }
}
