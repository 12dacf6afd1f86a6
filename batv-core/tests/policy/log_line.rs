//! The log line of each decision.

use crate::common::NOON;
use crate::{ALICE, FORGED, patterns, with};
use batv_core::{Message, Monitor, Recipient, log_line_with_queue};

#[test]
fn of_a_recipient() {
    let policy = with(|policy| policy.exempt = patterns(&["abuse@example.test"]));
    for (mail_from, rcpt_to, expected) in [
        (
            "<>",
            "<alice@example.test>",
            "batv: dir=in action=refuse reason=missing from=<> to=<alice@example.test> client=192.0.2.1",
        ),
        (
            "",
            ALICE,
            "batv: dir=in action=original reason=pass from=<> to=<prvs=0786864c09=alice@example.test> \
             client=192.0.2.1 key=0 left=7",
        ),
        (
            "<>",
            "prvs=9778000000=alice@example.test",
            "batv: dir=in action=refuse reason=unknown-key from=<> \
             to=<prvs=9778000000=alice@example.test> client=192.0.2.1 key=9",
        ),
        (
            "carol@other.test",
            "abuse@example.test",
            "batv: dir=in action=accept reason=exempt from=<carol@other.test> to=<abuse@example.test> \
             client=192.0.2.1",
        ),
    ] {
        let mut recipient = Recipient::new(mail_from.as_bytes(), rcpt_to.as_bytes(), NOON);
        recipient.client = "192.0.2.1".parse().ok();
        assert_eq!(policy.inbound(&recipient).log_line(&recipient, None), expected);
    }
}

#[test]
fn monitored_and_with_a_queue_id() {
    let policy = with(|policy| policy.monitor = Monitor::On);
    let recipient = Recipient::new(b"<>", FORGED.as_bytes(), NOON);
    let decision = policy.inbound(&recipient);
    let line = "batv: dir=in action=original reason=bad-signature from=<> \
                to=<prvs=0786864c08=alice@example.test> key=0 left=7 monitored=yes";
    assert_eq!(decision.log_line(&recipient, None), line);
    assert_eq!(decision.log_line(&recipient, Some(b"4XyZ")), format!("{line} queue=4XyZ"));
    assert_eq!(decision.log_line(&recipient, Some(b"")), line);
}

#[test]
fn of_a_message() {
    let policy = with(|_| ());
    let mut message = Message::new(b"<alice@example.test>", NOON);
    let line = "batv: dir=out action=sign reason=signed from=<alice@example.test> key=0 queue=4XyZ";
    assert_eq!(policy.outbound(&message).log_line(&message, Some(b"4XyZ")), line);
    message.mail_from = b"bob@other.test";
    message.client = "2001:db8::1".parse().ok();
    let line = "batv: dir=out action=leave reason=not-ours from=<bob@other.test> client=2001:db8::1";
    assert_eq!(policy.outbound(&message).log_line(&message, None), line);
}

#[test]
fn nothing_that_a_stranger_sends_begins_a_line_or_a_field() {
    let policy = with(|_| ());
    let from = b"x> reason=pass\r\nbatv: dir=in\x00\x7f<\\\"\xc3\xbc";
    let recipient = Recipient::new(from, br#""al ice"@example.test"#, NOON);
    assert_eq!(
        policy.inbound(&recipient).log_line(&recipient, Some(b"a b\n")),
        r"batv: dir=in action=accept reason=not-a-bounce from=<x\x3e\x20reason=pass\x0d\x0abatv:\x20dir=in\x00\x7f\x3c\x5c\x22\xc3\xbc> to=<\x22al\x20ice\x22@example.test> queue=a\x20b\x0a"
    );
}

#[test]
fn a_queue_id_that_comes_later() {
    let policy = with(|_| ());
    let message = Message::new(b"<alice@example.test>", NOON);
    let decision = policy.outbound(&message);
    let line = decision.log_line(&message, None);
    for queue in ["", "4XyZ", "4 Z\n"] {
        let whole = decision.log_line(&message, Some(queue.as_bytes()));
        assert_eq!(log_line_with_queue(line.clone(), queue.as_bytes()), whole);
    }
    assert_eq!(
        log_line_with_queue(line, b"4 Z"),
        "batv: dir=out action=sign reason=signed from=<alice@example.test> key=0 queue=4\\x20Z"
    );
}
