//! NULL for every pointer of every function.

use super::*;
use crate::config::*;
use crate::delivery::*;
use crate::inbound::*;
use crate::keyring::*;
use crate::outbound::*;
use crate::strip::*;
use std::ffi::c_int;
use std::ptr::{null, null_mut};

const ALL: usize = NUL_TERMINATED;

/// The call has to fail, and to name the pointer that is NULL.
fn is_refused(status: batv_status, name: &str) {
    assert_eq!(failed(status), (batv_status::NullPointer, &*format!("{name} is NULL")));
}

fn is_allowed(status: batv_status) {
    assert_eq!(status, batv_status::Ok);
}

#[test]
fn changing_a_key_ring() {
    // SAFETY: NULL is what is tried; what is not NULL is valid.
    with_keyring(|keyring| unsafe {
        batv_keyring_free(null_mut());
        is_refused(batv_keyring_add(null_mut(), 0, c"x".as_ptr(), 1), "keyring");
        is_refused(batv_keyring_add(keyring, 0, null(), 0), "secret");
        is_refused(batv_keyring_sign_with(null_mut(), 0), "keyring");
        is_refused(batv_keyring_set(null_mut(), number(0), 7), "keyring");
    });
}

#[test]
fn signing() {
    with_keyring(|keyring| {
        let sign = |keyring, address, size| {
            // SAFETY: NULL is what is tried; what is not NULL is valid.
            unsafe {
                batv_keyring_sign(keyring, address, ALL, TIME, null_mut(), size, null_mut(), null_mut())
            }
        };
        is_refused(sign(null(), ALICE.as_ptr(), 0), "keyring");
        is_refused(sign(keyring, null(), 0), "address");
        is_refused(sign(keyring, ALICE.as_ptr(), 64), "buffer");
        is_allowed(sign(keyring, ALICE.as_ptr(), 0));
    });
    with_config(|config| {
        let sign = |config, address, size| {
            // SAFETY: NULL is what is tried; what is not NULL is valid.
            unsafe { batv_config_sign(config, address, ALL, TIME, null_mut(), size, null_mut(), null_mut()) }
        };
        is_refused(sign(null(), ALICE.as_ptr(), 0), "config");
        is_refused(sign(config, null(), 0), "address");
        is_refused(sign(config, ALICE.as_ptr(), 64), "buffer");
        is_allowed(sign(config, ALICE.as_ptr(), 0));
    });
}

#[test]
fn verifying() {
    let mut place = MaybeUninit::uninit();
    let verdict = place.as_mut_ptr();
    let no = || null_mut::<c_int>();
    with_keyring(|keyring| {
        let verify = |keyring, address, verdict, size| {
            // SAFETY: NULL is what is tried; what is not NULL is valid.
            unsafe {
                batv_keyring_verify(
                    keyring,
                    address,
                    ALL,
                    TIME,
                    verdict,
                    null_mut(),
                    size,
                    null_mut(),
                    no(),
                    no(),
                )
            }
        };
        is_refused(verify(null(), TAGGED.as_ptr(), verdict, 0), "keyring");
        is_refused(verify(keyring, null(), verdict, 0), "address");
        is_refused(verify(keyring, TAGGED.as_ptr(), null_mut(), 0), "verdict");
        is_refused(verify(keyring, TAGGED.as_ptr(), verdict, 64), "buffer");
        is_allowed(verify(keyring, TAGGED.as_ptr(), verdict, 0));
    });
    with_config(|config| {
        let verify = |config, address, verdict, size| {
            // SAFETY: NULL is what is tried; what is not NULL is valid.
            unsafe {
                batv_config_verify(
                    config,
                    address,
                    ALL,
                    TIME,
                    verdict,
                    null_mut(),
                    size,
                    null_mut(),
                    no(),
                    no(),
                )
            }
        };
        is_refused(verify(null(), TAGGED.as_ptr(), verdict, 0), "config");
        is_refused(verify(config, null(), verdict, 0), "address");
        is_refused(verify(config, TAGGED.as_ptr(), null_mut(), 0), "verdict");
        is_refused(verify(config, TAGGED.as_ptr(), verdict, 64), "buffer");
        is_allowed(verify(config, TAGGED.as_ptr(), verdict, 0));
    });
}

#[test]
fn stripping() {
    let mut parts = batv_parts::default();
    let tagged = TAGGED.as_ptr();
    // SAFETY: NULL is what is tried; what is not NULL is valid.
    unsafe {
        is_refused(batv_strip(null(), ALL, null_mut(), &raw mut parts), "address");
        is_refused(batv_strip(tagged, ALL, null_mut(), null_mut()), "original");
        is_allowed(batv_strip(tagged, ALL, null_mut(), &raw mut parts));
        assert_eq!((parts.count, parts.part[0]), (1, batv_part { offset: 16, length: 18 }));
        let copy = |address, size| batv_strip_copy(address, ALL, null_mut(), null_mut(), size, null_mut());
        is_refused(copy(null(), 0), "address");
        is_refused(copy(tagged, 1), "buffer");
        is_allowed(copy(tagged, 0));
    }
}

#[test]
fn a_configuration() {
    let mut place = null_mut();
    // SAFETY: NULL is what is tried; what is not NULL is valid.
    with_config(|config| unsafe {
        batv_config_free(null_mut());
        is_refused(batv_config_open(null(), ALL, &raw mut place), "path");
        is_refused(batv_config_open(c"x".as_ptr(), ALL, null_mut()), "config");
        is_refused(batv_config_snapshot(null(), &raw mut place), "config");
        is_refused(batv_config_snapshot(config, null_mut()), "snapshot");
        is_refused(batv_config_set_log(null_mut(), None, null_mut()), "config");
        is_refused(batv_config_refresh(null(), null_mut()), "config");
        is_refused(batv_config_reload(null()), "config");
        is_refused(batv_config_warn(null(), TIME), "config");
        assert!(place.is_null());
        let original = |config, address, size| {
            batv_config_original(config, address, ALL, null_mut(), size, null_mut(), null_mut())
        };
        is_refused(original(null(), TAGGED.as_ptr(), 0), "config");
        is_refused(original(config, null(), 0), "address");
        is_refused(original(config, TAGGED.as_ptr(), 1), "buffer");
        is_allowed(original(config, TAGGED.as_ptr(), 0));
    });
}

#[test]
fn a_message() {
    with_config(|config| {
        let decide = |config, message: Option<batv_message>, size| {
            let message = message.as_ref().map_or(null(), |message| &raw const *message);
            // SAFETY: NULL is what is tried; what is not NULL is valid.
            unsafe { batv_config_outbound(config, message, null_mut(), null_mut(), size, null_mut()) }
        };
        is_refused(decide(null(), Some(message()), 0), "config");
        is_refused(decide(config, None, 0), "message");
        is_refused(decide(config, Some(message()), 64), "buffer");
        is_refused(decide(config, Some(batv_message { mail_from: null(), ..message() }), 0), "mail_from");
        is_refused(decide(config, Some(batv_message { recipient_count: 1, ..message() }), 0), "recipients");
        let recipients = [c"bob@example.org".as_ptr(), null()].map(|text| batv_address { text, length: ALL });
        let to_null = batv_message { recipients: recipients.as_ptr(), recipient_count: 2, ..message() };
        is_refused(decide(config, Some(to_null), 0), "recipients[1]");
        is_allowed(decide(config, Some(message()), 0));
    });
}

#[test]
fn a_recipient() {
    with_config(|config| {
        let mut decision = inbound_decision();
        let place = &raw mut decision;
        let decide = |config, recipient: Option<batv_recipient>, place, size| {
            let recipient = recipient.as_ref().map_or(null(), |recipient| &raw const *recipient);
            // SAFETY: NULL is what is tried; what is not NULL is valid.
            unsafe { batv_config_inbound(config, recipient, place, null_mut(), size, null_mut()) }
        };
        let without_sender = batv_recipient { mail_from: null(), ..recipient() };
        let without_recipient = batv_recipient { rcpt_to: null(), ..recipient() };
        is_refused(decide(null(), Some(recipient()), place, 0), "config");
        is_refused(decide(config, None, place, 0), "recipient");
        is_refused(decide(config, Some(recipient()), null_mut(), 0), "decision");
        is_refused(decide(config, Some(recipient()), place, 64), "buffer");
        is_refused(decide(config, Some(without_sender), place, 0), "mail_from");
        is_refused(decide(config, Some(without_recipient), place, 0), "rcpt_to");
        is_allowed(decide(config, Some(recipient()), place, 0));
    });
}

#[test]
fn log_lines() {
    let (message, recipient) = (message(), recipient());
    let (outbound, inbound) = (
        batv_outbound_decision { reason: number(1), ..outbound_decision() },
        batv_inbound_decision { action: number(1), reason: number(1), ..inbound_decision() },
    );
    let (no, size) = (null_mut(), null_mut());
    // SAFETY: NULL is what is tried; what is not NULL is valid.
    unsafe {
        is_refused(batv_outbound_log_line(null(), &raw const outbound, null(), 0, no, 0, size), "message");
        is_refused(batv_outbound_log_line(&raw const message, null(), null(), 0, no, 0, size), "decision");
        let line = |octets| {
            batv_outbound_log_line(&raw const message, &raw const outbound, null(), 0, no, octets, size)
        };
        is_refused(line(64), "buffer");
        is_allowed(line(0));
        is_refused(batv_inbound_log_line(null(), &raw const inbound, null(), 0, no, 0, size), "recipient");
        is_refused(batv_inbound_log_line(&raw const recipient, null(), null(), 0, no, 0, size), "decision");
        let line = |octets| {
            batv_inbound_log_line(&raw const recipient, &raw const inbound, null(), 0, no, octets, size)
        };
        is_refused(line(64), "buffer");
        is_allowed(line(0));
    }
}
