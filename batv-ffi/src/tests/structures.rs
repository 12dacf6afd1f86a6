//! Structures: what is decided on them, fields that were forgotten, and versions that grew.

use super::*;
use crate::config::*;
use crate::delivery::*;
use crate::enumeration::Enumeration;
use crate::inbound::*;
use crate::memory::fields;
use crate::outbound::*;
use crate::output::Output;
use crate::reasons::*;
use crate::status::batv_status::{BadAddress, BadValue, Ok as OK};
use std::ptr::null_mut;

/// The sender, the reason and the key number.
fn outbound(message: &batv_message) -> Result<(String, i32, i32), (batv_status, &'static str)> {
    let (mut buffer, mut decision) = ([0; 128], outbound_decision());
    let mut status = OK;
    // SAFETY: everything is valid.
    with_config(|config| unsafe {
        let place = &raw mut decision;
        status = batv_config_outbound(config, message, place, buffer.as_mut_ptr(), 128, null_mut());
    });
    if status != OK {
        return Err(failed(status));
    }
    // SAFETY: the decision has been made.
    let reason = unsafe { decision.reason.assume_init() };
    Ok((text(buffer.as_ptr()).to_owned(), reason.number(), decision.key_number))
}

/// The address and the decision.
fn inbound(
    recipient: &batv_recipient,
) -> Result<(String, batv_inbound_decision), (batv_status, &'static str)> {
    let (mut buffer, mut decision) = ([0; 128], inbound_decision());
    let mut status = OK;
    // SAFETY: everything is valid.
    with_config(|config| unsafe {
        let place = &raw mut decision;
        status = batv_config_inbound(config, recipient, place, buffer.as_mut_ptr(), 128, null_mut());
    });
    if status == OK { Ok((text(buffer.as_ptr()).to_owned(), decision)) } else { Err(failed(status)) }
}

#[test]
fn a_message_is_signed() {
    let tagged = TAGGED.to_str().unwrap().to_owned();
    assert_eq!(outbound(&message()), Ok((tagged, 1, 0)));
    let of_stranger = batv_message { client: c"192.0.2.1".as_ptr(), ..message() };
    assert_eq!(outbound(&of_stranger), Ok(("alice@example.test".to_owned(), 6, -1)));
    let trusted = batv_message { trusted: 1, ..of_stranger };
    assert_eq!(outbound(&trusted).unwrap().1, 1);
    // What the server reads is signed where it is not the text.
    let resolved = batv_message {
        mail_from: c"bob@example.org".as_ptr(),
        mail_from_resolved: ALICE.as_ptr(),
        ..message()
    };
    assert_eq!(outbound(&resolved).unwrap().0, TAGGED.to_str().unwrap());
}

#[test]
fn a_recipient_is_judged() {
    let (address, decision) = inbound(&recipient()).unwrap();
    assert_eq!(address, "alice@example.test");
    // SAFETY: the decision has been made.
    unsafe {
        assert_eq!(decision.action.assume_init(), batv_action::Original);
        assert_eq!(decision.reason.assume_init(), batv_inbound_reason::Pass);
    }
    assert_eq!((decision.monitored, decision.key_number, decision.days_left), (0, 0, 7));
    assert_eq!(text_of(&decision.reply_code), "");

    let bare = batv_recipient { rcpt_to: ALICE.as_ptr(), ..recipient() };
    let (address, decision) = inbound(&bare).unwrap();
    assert_eq!(address, "");
    // SAFETY: the decision has been made.
    unsafe {
        assert_eq!(decision.action.assume_init(), batv_action::Refuse);
        assert_eq!(decision.reason.assume_init(), batv_inbound_reason::Missing);
    }
    assert_eq!((decision.key_number, decision.days_left), (-1, -1));
    assert_eq!(text_of(&decision.reply_code), "550");
    assert_eq!(text_of(&decision.reply_enhanced), "5.7.1");
    assert_eq!(
        text_of(&decision.reply_text),
        "Not a bounce of mail sent from here (BATV: the address has no tag)"
    );

    // It is not refused where its header says that it is something else.
    for (content_type, reason) in [
        (c"multipart/report;\r\n report-type=delivery-status", batv_inbound_reason::Missing),
        (c"multipart/report; report-type=disposition-notification", batv_inbound_reason::NotAReport),
        (c"", batv_inbound_reason::NotAReport),
    ] {
        let (_, decision) = inbound(&batv_recipient { content_type: content_type.as_ptr(), ..bare }).unwrap();
        // SAFETY: the decision has been made.
        assert_eq!(unsafe { decision.reason.assume_init() }, reason);
    }

    // The server's reading says whose mailbox it is.
    let resolved = batv_recipient { rcpt_resolved: c"bob@example.org".as_ptr(), ..bare };
    let (_, decision) = inbound(&resolved).unwrap();
    // SAFETY: the decision has been made.
    assert_eq!(unsafe { decision.reason.assume_init() }, batv_inbound_reason::NotOurs);
    let null_sender =
        batv_recipient { mail_from: c"bob@example.org".as_ptr(), mail_from_resolved: c"".as_ptr(), ..bare };
    let (_, decision) = inbound(&null_sender).unwrap();
    // SAFETY: the decision has been made.
    assert_eq!(unsafe { decision.reason.assume_init() }, batv_inbound_reason::Missing);
}

fn text_of(string: &[c_char]) -> String {
    // SAFETY: the string has a NUL.
    unsafe { CStr::from_ptr(string.as_ptr()) }.to_str().unwrap().to_owned()
}

#[test]
fn a_forgotten_field_decides_nothing() {
    let no_length = "has length 0; the null sender is \"<>\"";
    for (recipient, detail) in [
        (batv_recipient { mail_from_length: 0, ..recipient() }, format!("mail_from {no_length}")),
        (batv_recipient { rcpt_to_length: 0, ..recipient() }, format!("rcpt_to {no_length}")),
        (
            batv_recipient { rcpt_resolved: ALICE.as_ptr(), rcpt_resolved_length: 0, ..recipient() },
            format!("rcpt_resolved {no_length}"),
        ),
        (batv_recipient { time: 0, ..recipient() }, "time 0 is not 1 or more".to_owned()),
        (
            batv_recipient { client: c"192.0.2.1".as_ptr(), client_length: 0, ..recipient() },
            "client '' is not an IP address".to_owned(),
        ),
        (batv_recipient { trusted: 2, ..recipient() }, "trusted 2 is not 0 or 1".to_owned()),
        (
            batv_recipient { content_type: c"x".as_ptr(), content_type_length: 0, ..recipient() },
            "content_type has length 0; without the field it is the string \"\"".to_owned(),
        ),
        (
            batv_recipient { struct_size: 0, ..recipient() },
            "struct_size 0 is not that of recipient".to_owned(),
        ),
    ] {
        assert_eq!(inbound(&recipient).unwrap_err(), (BadValue, &*detail));
    }
    let address = batv_address { text: ALICE.as_ptr(), length: 0 };
    for (message, detail) in [
        (batv_message { mail_from_length: 0, ..message() }, format!("mail_from {no_length}")),
        (
            batv_message { recipients: &raw const address, recipient_count: 1, ..message() },
            format!("recipients[0] {no_length}"),
        ),
        (batv_message { time: 0, ..message() }, "time 0 is not 1 or more".to_owned()),
        (batv_message { struct_size: 7, ..message() }, "struct_size 7 is not that of message".to_owned()),
    ] {
        assert_eq!(outbound(&message).unwrap_err(), (BadValue, &*detail));
    }
    let endless =
        batv_message { recipients: &raw const address, recipient_count: usize::MAX / 2, ..message() };
    assert_eq!(outbound(&endless).unwrap_err().0, BadValue);
}

#[test]
fn a_control_in_an_address_is_refused_by_every_function() {
    const BAD: &CStr = c"a@b\r\nRCPT TO:<x>";
    const NUL: &[u8] = b"a\0b@c";
    let is_refused = |status, name: &str| {
        assert_eq!(failed(status), (BadAddress, &*format!("{name} has control '\\r' at octet 3")));
    };
    let (start, all, no) = (BAD.as_ptr(), NUL_TERMINATED, null_mut());
    let mut parts = crate::strip::batv_parts::default();
    let mut verdict = MaybeUninit::uninit();
    let verdict = verdict.as_mut_ptr();
    with_keyring(|keyring| {
        // SAFETY: everything is valid.
        unsafe {
            let sign = |start, length| {
                crate::keyring::batv_keyring_sign(keyring, start, length, TIME, no, 0, null_mut(), null_mut())
            };
            is_refused(sign(start, all), "address");
            let nul = "address has control '\\x00' at octet 1";
            assert_eq!(failed(sign(NUL.as_ptr().cast(), 5)), (BadAddress, nul));
            let (size, number, days) = (null_mut(), null_mut(), null_mut());
            is_refused(
                crate::keyring::batv_keyring_verify(
                    keyring, start, all, TIME, verdict, no, 0, size, number, days,
                ),
                "address",
            );
            is_refused(crate::strip::batv_strip(start, all, null_mut(), &raw mut parts), "address");
            is_refused(crate::strip::batv_strip_copy(start, all, null_mut(), no, 0, null_mut()), "address");
        }
    });
    with_config(|config| {
        // SAFETY: everything is valid.
        unsafe {
            is_refused(batv_config_sign(config, start, all, TIME, no, 0, null_mut(), null_mut()), "address");
            let (size, number, days) = (null_mut(), null_mut(), null_mut());
            is_refused(
                batv_config_verify(config, start, all, TIME, verdict, no, 0, size, number, days),
                "address",
            );
            is_refused(batv_config_original(config, start, all, no, 0, null_mut(), null_mut()), "address");
        }
    });
    let control = |name: &str| format!("{name} has control '\\r' at octet 3");
    let address = batv_address { text: start, length: all };
    for (message, name) in [
        (batv_message { mail_from: start, ..message() }, "mail_from"),
        (batv_message { mail_from_resolved: start, ..message() }, "mail_from_resolved"),
        (batv_message { recipients: &raw const address, recipient_count: 1, ..message() }, "recipients[0]"),
    ] {
        assert_eq!(outbound(&message).unwrap_err(), (BadAddress, &*control(name)));
    }
    for (recipient, name) in [
        (batv_recipient { mail_from: start, ..recipient() }, "mail_from"),
        (batv_recipient { mail_from_resolved: start, ..recipient() }, "mail_from_resolved"),
        (batv_recipient { rcpt_to: start, ..recipient() }, "rcpt_to"),
        (batv_recipient { rcpt_resolved: start, ..recipient() }, "rcpt_resolved"),
    ] {
        assert_eq!(inbound(&recipient).unwrap_err(), (BadAddress, &*control(name)));
    }
}

#[test]
fn the_log_line_is_that_of_the_decision() {
    let client = c"192.0.2.1".as_ptr();
    let recipient = batv_recipient { client, rcpt_to: c"<alice@example.test>".as_ptr(), ..recipient() };
    let (_, decision) = inbound(&recipient).unwrap();
    let line = |decision: &batv_inbound_decision, queue: *const c_char, length| {
        let mut buffer = [0; 256];
        // SAFETY: everything is valid.
        let status = unsafe {
            batv_inbound_log_line(
                &raw const recipient,
                decision,
                queue,
                length,
                buffer.as_mut_ptr(),
                256,
                null_mut(),
            )
        };
        if status == OK { Ok(text_of(&buffer)) } else { Err(failed(status)) }
    };
    assert_eq!(
        line(&decision, null(), 0).unwrap(),
        "batv: dir=in action=refuse reason=missing from=<> to=<alice@example.test> client=192.0.2.1"
    );
    let expired = batv_inbound_decision {
        action: number(2),
        reason: number(12),
        monitored: 1,
        key_number: 3,
        days_left: 0,
        ..decision
    };
    assert_eq!(
        line(&expired, c"4Xy Z".as_ptr(), 5).unwrap(),
        "batv: dir=in action=original reason=expired from=<> to=<alice@example.test> client=192.0.2.1 \
         key=3 left=0 monitored=yes queue=4Xy\\x20Z"
    );
    for (decision, detail) in [
        (inbound_decision(), "action 0 is not a batv_action"),
        (batv_inbound_decision { reason: number(16), ..expired }, "reason 16 is not a batv_inbound_reason"),
        (batv_inbound_decision { monitored: 2, ..expired }, "monitored 2 is not 0 or 1"),
        (batv_inbound_decision { key_number: 10, ..expired }, "key number 10 is not one of 0 to 9"),
        (batv_inbound_decision { days_left: -2, ..expired }, "days_left -2 is out of range"),
    ] {
        assert_eq!(line(&decision, null(), 0).unwrap_err(), (BadValue, detail));
    }

    let message = message();
    let line = |decision: &batv_outbound_decision| {
        let (mut buffer, queue) = ([0; 256], c"4XyZ".as_ptr());
        // SAFETY: everything is valid.
        let status = unsafe {
            batv_outbound_log_line(
                &raw const message,
                decision,
                queue,
                NUL_TERMINATED,
                buffer.as_mut_ptr(),
                256,
                null_mut(),
            )
        };
        if status == OK { Ok(text_of(&buffer)) } else { Err(failed(status)) }
    };
    let signed = batv_outbound_decision { reason: number(1), key_number: 0, ..outbound_decision() };
    assert_eq!(
        line(&signed).unwrap(),
        "batv: dir=out action=sign reason=signed from=<alice@example.test> key=0 queue=4XyZ"
    );
    let left = batv_outbound_decision { reason: number(7), ..outbound_decision() };
    assert_eq!(
        line(&left).unwrap(),
        "batv: dir=out action=leave reason=local from=<alice@example.test> queue=4XyZ"
    );
    let nothing = (BadValue, "reason 0 is not a batv_outbound_reason");
    assert_eq!(line(&outbound_decision()).unwrap_err(), nothing);
}

#[test]
fn a_snapshot_does_not_change() {
    // SAFETY: everything is valid.
    with_config(|config| unsafe {
        let mut snapshot = null_mut();
        assert_eq!(batv_config_snapshot(config, &raw mut snapshot), OK);
        let refused = (BadValue, "config is a snapshot, which does not change");
        assert_eq!(failed(batv_config_refresh(snapshot, null_mut())), refused);
        assert_eq!(failed(batv_config_reload(snapshot)), refused);
        assert_eq!(failed(batv_config_warn(snapshot, TIME)), refused);
        assert_eq!(failed(batv_config_set_log(snapshot, None, null_mut())), refused);
        let mut buffer = [0; 64];
        let (mut tagged, start) = (7, buffer.as_mut_ptr());
        let address = TAGGED.as_ptr();
        let original = |address, place| {
            batv_config_original(snapshot, address, NUL_TERMINATED, start, 64, null_mut(), place)
        };
        assert_eq!(original(address, &raw mut tagged), OK);
        assert_eq!((text(start), tagged), ("alice@example.test", 1));
        assert_eq!(original(c"prvs=0786864c09=alice@example.org".as_ptr(), &raw mut tagged), OK);
        assert_eq!((text(start), tagged), ("prvs=0786864c09=alice@example.org", 0));
        assert_eq!(original(c"not an address".as_ptr(), &raw mut tagged), OK);
        assert_eq!((text(start), tagged), ("not an address", 0));
        batv_config_free(snapshot);
    });
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

/// What a later version adds behind the last field must not lie in padding, which older programs do
/// not set.
#[test]
fn the_structures_have_no_padding_at_their_end() {
    assert_eq!(size_of::<batv_message>(), 11 * 8);
    assert_eq!(size_of::<batv_recipient>(), 15 * 8);
    assert_eq!(size_of::<batv_outbound_decision>(), 2 * 8);
    assert_eq!(size_of::<batv_inbound_decision>(), 8 + 5 * 4 + 4 + 16 + 512);
}
