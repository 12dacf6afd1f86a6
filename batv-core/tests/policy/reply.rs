//! The SMTP reply of a refusal, and a site's own.

use crate::common::NOON;
use crate::inbound::VERDICTS;
use crate::{FORGED, site, with};
use batv_core::{Action, InboundReason, Policy, Recipient, ReplyText, ReplyTextError};

/// The reply to a bounce that is refused.
fn refused(policy: &Policy, recipient: &str) -> String {
    match policy.inbound(&Recipient::new(b"<>", recipient.as_bytes(), NOON)).action {
        Action::Refuse(reply) => reply.to_string(),
        action => panic!("{action:?}"),
    }
}

#[test]
fn the_reply_is_one_that_a_human_understands() {
    let refused = |recipient| refused(&site(), recipient);
    let missing = "550 5.7.1 Not a bounce of mail sent from here (BATV: the address has no tag)";
    assert_eq!(refused("alice@example.test"), missing);

    let mut texts: Vec<_> = VERDICTS[..5].iter().map(|(recipient, _)| refused(recipient)).collect();
    for text in &texts {
        assert!(text.starts_with("550 5.7.1 ") && text.is_ascii() && text.len() < 200, "{text}");
        // What a peer may not learn from a reply.
        assert!(!text.contains("alice") && !text.contains("864c09"), "{text}");
    }
    // Each reason has a text of its own.
    let others = [InboundReason::Unreadable, InboundReason::SecondRecipient, InboundReason::TaggedMail];
    texts.extend(others.map(|reason| ReplyText::default().reply(reason).to_string()));
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), 8);
}

#[test]
fn a_site_can_have_its_own_reply() {
    let policy = with(|policy| {
        policy.reply = ReplyText::new("Not ours ({reason}), see https://example.test/{reason}").unwrap();
    });
    let missing = "550 5.7.1 Not ours (missing), see https://example.test/missing";
    assert_eq!(refused(&policy, "alice@example.test"), missing);
    assert_eq!(refused(&policy, FORGED), missing.replace("missing", "bad-signature"));
}

#[test]
fn a_reply_is_one_line_of_printable_ascii() {
    for (text, error, message) in [
        ("", ReplyTextError::Empty, "reply is empty"),
        ("100%", ReplyTextError::Octet { octet: b'%', position: 3 }, "reply cannot have '%' at octet 3"),
        ("a\r\nb", ReplyTextError::Octet { octet: b'\r', position: 1 }, r"reply cannot have '\r' at octet 1"),
        ("\tx", ReplyTextError::Octet { octet: b'\t', position: 0 }, r"reply cannot have '\t' at octet 0"),
        ("x\x7f", ReplyTextError::Octet { octet: 0x7f, position: 1 }, r"reply cannot have '\x7f' at octet 1"),
        ("é", ReplyTextError::Octet { octet: 0xc3, position: 0 }, r"reply cannot have '\xc3' at octet 0"),
        (
            &"x".repeat(401),
            ReplyTextError::TooLong { octets: 401 },
            "reply may have 401 octets, but 400 are allowed",
        ),
        // 16 octets for the longest reason, second-recipient.
        (
            &["x".repeat(385), "{reason}".into()].concat(),
            ReplyTextError::TooLong { octets: 401 },
            "reply may have 401 octets, but 400 are allowed",
        ),
    ] {
        assert_eq!(ReplyText::new(text), Err(error), "{text:?}");
        assert_eq!(error.to_string(), message);
    }
    assert!(ReplyText::new(&"x".repeat(400)).is_ok());
    assert!(ReplyText::new(&["x".repeat(384), "{reason}".into()].concat()).is_ok());
}
