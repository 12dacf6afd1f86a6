//! The server's own reading of an address, beside the text of the command.

use crate::common::NOON;
use crate::{ALICE, key_for, shown, site, with};
use batv_core::{Message, Policy, Recipient};

/// A bounce to a text that the server reads so.
fn bounce(policy: &Policy, rcpt_to: &str, resolved: &str) -> String {
    let mut recipient = Recipient::new(b"<>", rcpt_to.as_bytes(), NOON);
    recipient.rcpt_resolved = Some(resolved.as_bytes());
    shown(&policy.inbound(&recipient))
}

/// What real Postfix 3.7 delivers to alice@example.com, in the words of this site.
const SPELLINGS: [&str; 23] = [
    "< alice@example.test >",
    "<alice@example.test (hi)>",
    "<Alice <alice@example.test>>",
    "<<alice@example.test>>",
    "<alice @example.test>",
    r"<al\ice@example.test>",
    "<alice@\"example.test\">",
    "<alice@example.test@example.test>",
    "<alice@example.test,>",
    "<x:alice@example.test;>",
    "<alice%[127.0.0.1].>",
    "<alice@[127.0.0.1]>",
    "<alice@[IPv6:::ffff:127.0.0.1]>",
    "<alice@[127.0.0.1].>",
    "<\"alice@example.test@example.test@example.test@example.test\"@example.test>",
    r#"<"\a\l\i\c\e"@example.test>"#,
    "<alice@EXAMPLE.TEST>",
    "<@relay:alice@example.test>",
    "<alice%example.test>",
    "<alice>",
    "<alice@example.test.>",
    "<example.test!alice>",
    "<\"alice@example.test\">",
];

#[test]
fn no_spelling_of_a_forged_recipient_walks_past() {
    let policy = with(|policy| policy.default_domain = Some("example.test".into()));
    for spelling in SPELLINGS {
        assert_eq!(bounce(&policy, spelling, "alice@example.test"), "550 missing", "{spelling}");
        let decision = crate::bounce(&policy, spelling);
        assert!(["550 missing", "550 unreadable"].contains(&decision.as_str()), "{spelling}: {decision}");
    }
    let idn = with(|policy| key_for(policy, &["bücher.example"]));
    assert_eq!(crate::bounce(&idn, "alice@BÜCHER.example"), "550 missing");
    assert_eq!(bounce(&idn, "alice@BÜCHER.example", "alice@bücher.example"), "550 missing");
    // It is alice's, but too long to have been signed, as VERP senders are.
    let verp = format!("alice+{}@example.test", "1".repeat(43));
    assert_eq!(bounce(&policy, &verp, &verp), "accept too-long");
}

#[test]
fn every_spelling_of_a_good_tag_passes() {
    let policy = with(|policy| policy.default_domain = Some("example.test".into()));
    for spelling in SPELLINGS.map(|spelling| spelling.replace("alice", "prvs=0786864c09=alice")) {
        let decision = bounce(&policy, &spelling, ALICE);
        let unquoted = decision.to_lowercase().replace(['"', '\\'], "");
        assert_eq!(unquoted, "<alice@example.test> pass", "{spelling}");
    }
}

#[test]
fn the_text_is_judged_where_both_name_one_mailbox() {
    for (text, resolved, expected) in [
        // Postfix lower-cases; the text keeps the case for a peer that hashes addresses as they stand.
        ("<prvs=0786864c09=Alice@Example.Test>", ALICE, "<Alice@Example.Test> pass"),
        (r#"<"prvs=0786864c09=\alice"@example.test.>"#, ALICE, r#"<"\alice"@example.test> pass"#),
        ("<PRVS=0786864C09=ALICE@EXAMPLE.TEST>", ALICE, "<ALICE@EXAMPLE.TEST> pass"),
        // Where they differ the server's reading counts.
        ("<alice@other.test>", "alice@example.test", "550 missing"),
        ("<alice@other.test>", ALICE, "<alice@example.test> pass"),
        ("<alice@example.test>", "alice@other.test", "accept not-ours"),
        ("<prvs=0786864c09=alice@example.test>", "alice@example.test", "550 missing"),
        ("alice%other.test@example.test", "alice%other.test@example.test", "550 missing"),
        // An empty one is none.
        ("<alice@example.test>", "", "550 missing"),
        // It can be unreadable itself.
        ("<\"sales\x01\"@example.test>", "\"sales\x01\"@example.test", "550 unreadable"),
        ("<alice@example.test>", "\"sales\x01\"@example.test", "550 unreadable"),
        ("<alice@example.test>", "\"sales\x01\"@other.test", "accept not-ours"),
    ] {
        assert_eq!(bounce(&site(), text, resolved), expected, "{text} {resolved}");
    }
}

#[test]
fn a_sender_is_signed_as_the_server_reads_it() {
    let policy = with(|policy| policy.default_domain = Some("example.test".into()));
    for (text, resolved, expected) in [
        ("<Alice@Example.Test>", Some("alice@example.test"), "<prvs=0786864c09=Alice@Example.Test>"),
        ("<alice>", Some("alice@example.test"), "<prvs=0786864c09=alice@example.test>"),
        ("<alice@example.test (hi)>", Some("alice@example.test"), "<prvs=0786864c09=alice@example.test>"),
        ("<bob@other.test>", Some("alice@example.test"), "<prvs=0786864c09=alice@example.test>"),
        // From sendmail(1) the reading may have no domain.
        ("<alice>", Some("alice"), "<prvs=0786864c09=alice@example.test>"),
        ("<alice@example.test>", Some("alice@other.test"), "not-ours"),
        ("<alice@example.test>", Some(""), "null-sender"),
        ("< >", Some(""), "null-sender"),
        ("<alice@example.test>", None, "<prvs=0786864c09=alice@example.test>"),
    ] {
        let mut message = Message::new(text.as_bytes(), NOON);
        message.mail_from_resolved = resolved.map(str::as_bytes);
        let decision = policy.outbound(&message);
        let shown = decision.signed.map(|signed| String::from_utf8(signed).unwrap());
        assert_eq!(shown.unwrap_or(decision.reason.to_string()), expected, "{text} {resolved:?}");
    }
}

#[test]
fn null_senders_in_disguise() {
    let from = |text: &str, resolved: Option<&str>| {
        let mut recipient = Recipient::new(text.as_bytes(), b"<alice@example.test>", NOON);
        recipient.mail_from_resolved = resolved.map(str::as_bytes);
        shown(&site().inbound(&recipient))
    };
    for text in [
        "<>",
        "",
        "< >",
        "<\t >",
        "<(c)>",
        "<(c (nested) \\) c) >",
        "<(not closed>",
        "<@a:>",
        "<@a,@b:>",
        "<@[IPv6:::1]:>",
        "<@a (:) , (:) @b:>",
        "<@(:>",
        "<@a: @b:carol@other.test>",
        "<\"\">",
        "<\"\"\"\">",
        "<@a: (c) \"\">",
        "<@example.test>",
        "<\"\"@example.test>",
        "<<>>",
    ] {
        assert_eq!(from(text, None), "550 missing", "{text}");
        let mut message = Message::new(text.as_bytes(), NOON);
        assert_eq!(site().outbound(&message).reason.as_str(), "null-sender", "{text}");
        message.mail_from_resolved = Some(b"");
        assert_eq!(site().outbound(&message).reason.as_str(), "null-sender", "{text}");
    }
    // The server's reading says so too, and says that it is not. Postfix reads an empty local-part so.
    assert_eq!(from("<@other.test>", Some("\"\"@other.test")), "550 missing");
    assert_eq!(from("<\"\"@other.test>", Some("\"\"@other.test")), "550 missing");
    assert_eq!(from("<what:ever;>", Some("")), "550 missing");
    assert_eq!(from("<x@other.test>", Some("mailer-daemon@other.test")), "550 missing");
    assert_eq!(from("<(c)>", Some("carol@other.test")), "accept not-a-bounce");
    for text in ["<(c)carol@other.test>", "<\"\"carol@other.test>", "<c>", "<\"x\">", "<carol@other.test>"] {
        assert_eq!(from(text, None), "accept not-a-bounce", "{text}");
    }
}

#[test]
fn an_address_literal_is_the_server_itself() {
    let policy = with(|policy| policy.default_domain = Some("example.test".into()));
    for (text, resolved, expected) in [
        ("alice@[127.0.0.1]", "alice@[127.0.0.1]", "550 missing"),
        (
            "<prvs=0786864c09=alice@[127.0.0.1]>",
            "prvs=0786864c09=alice@[127.0.0.1]",
            "<alice@example.test> pass",
        ),
        ("<prvs=0786864c08=alice@[192.0.2.1]>", "", "550 bad-signature"),
        ("\"x\x01\"@[192.0.2.1]", "", "550 unreadable"),
        ("alice@[127.0.0.1]..", "alice@[127.0.0.1]..", "550 unreadable"),
        ("alice@[127.0.0.1", "", "550 unreadable"),
        ("alice@[127.0.0.1]x", "", "550 unreadable"),
    ] {
        assert_eq!(bounce(&policy, text, resolved), expected, "{text}");
    }
    // A literal with keys of its own is a domain like others, and so is one of a sender.
    let own = with(|policy| {
        policy.default_domain = Some("example.test".into());
        key_for(policy, &["[192.0.2.1]"]);
    });
    assert_eq!(bounce(&own, "<prvs=0786864c09=alice@[192.0.2.1]>", ""), "550 bad-signature");
    assert_eq!(crate::outbound(&policy, "alice@[127.0.0.1]", &[]), "not-ours");
    assert_eq!(bounce(&site(), "alice@[127.0.0.1]", ""), "accept not-ours");
}
