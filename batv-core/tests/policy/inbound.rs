//! Mail that comes: the steps of the decision in their order, and each setting.

use crate::common::{DAY, NOON};
use crate::{ALICE, BOB, FORGED, bounce, inbound, key_for, patterns, shown, site, with};
use batv_core::{
    Action, Delimiter, Inbound, KeyRing, Lifetime, Pattern, Policy, Reason, Reply, Settings, Verdict,
};
use std::net::IpAddr;

/// The recipients whose verdicts are the six.
const VERDICTS: [(&str, &str); 6] = [
    ("<alice@example.test>", "550 missing"),
    ("<prvs=abc=alice@example.test>", "550 malformed"),
    ("<prvs=1786864c09=alice@example.test>", "550 unknown-key"),
    ("<prvs=0786864c08=alice@example.test>", "550 bad-signature"),
    ("<prvs=0778d278ac=alice@example.test>", "550 expired"),
    ("<prvs=0786864c09=alice@example.test>", "<alice@example.test> pass"),
];

#[test]
fn a_bounce_passes_or_is_refused_by_its_verdict() {
    for (recipient, expected) in VERDICTS {
        assert_eq!(bounce(&site(), recipient), expected, "{recipient}");
    }
    // Good up to and including the expiry day.
    let at = |time| {
        let tagged = Inbound::new(b"<>", ALICE.as_bytes(), time);
        shown(&site().inbound(&tagged))
    };
    let midnight = NOON - NOON % DAY;
    assert_eq!(at(midnight + 8 * DAY - 1), "alice@example.test pass");
    assert_eq!(at(midnight + 8 * DAY), "550 expired");
}

#[test]
fn the_reply_is_one_that_a_human_understands() {
    let refused = |recipient: &str| {
        let decision = site().inbound(&Inbound::new(b"<>", recipient.as_bytes(), NOON));
        match decision.action {
            Action::Refuse(reply) => reply.to_string(),
            action => panic!("{action:?}"),
        }
    };
    let missing = "550 5.7.1 Not a bounce of mail sent from here (BATV: the address has no tag)";
    assert_eq!(refused("alice@example.test"), missing);
    let reply = Reply { code: 550, enhanced: "5.7.1", text: "text" };
    assert_eq!(reply.to_string(), "550 5.7.1 text");
    let mut texts: Vec<_> = VERDICTS[..5].iter().map(|(recipient, _)| refused(recipient)).collect();
    for text in &texts {
        assert!(text.starts_with("550 5.7.1 ") && text.is_ascii() && text.len() < 200, "{text}");
        // What a peer may not learn from a reply.
        assert!(!text.contains("alice") && !text.contains("864c09"), "{text}");
    }
    texts.dedup();
    assert_eq!(texts.len(), 5);
}

#[test]
fn the_reason_words_are_stable() {
    for (reason, word) in [
        (Reason::Unreadable, "unreadable"),
        (Reason::NotOurs, "not-ours"),
        (Reason::Client, "client"),
        (Reason::Exempt, "exempt"),
        (Reason::NotABounce, "not-a-bounce"),
        (Reason::Pass, "pass"),
        (Reason::TooLong, "too-long"),
        (Reason::Missing, "missing"),
        (Reason::Malformed, "malformed"),
        (Reason::UnknownKey, "unknown-key"),
        (Reason::BadSignature, "bad-signature"),
        (Reason::Expired, "expired"),
        (Reason::SecondRecipient, "second-recipient"),
        (Reason::TaggedMail, "tagged-mail"),
    ] {
        assert_eq!(reason.as_str(), word);
        assert_eq!(format!("{reason:>16}"), format!("{word:>16}"));
    }
}

#[test]
fn what_has_no_key_is_not_ours() {
    for recipient in [
        "alice@other.test",
        "<alice@sub.example.test>",
        "alice@xample.test",
        "alice@example.test.other.test",
        "prvs=0786864c09=alice@other.test",
    ] {
        assert_eq!(bounce(&site(), recipient), "accept not-ours", "{recipient}");
        assert_eq!(bounce(&Policy::default(), recipient), "accept not-ours", "{recipient}");
    }
    // Another domain's secret proves nothing, and an address without keys has no verdict but that.
    let policy = site();
    let tagged = batv_core::Address::parse(b"prvs=0786864c09=alice@other.test").unwrap();
    assert_eq!(policy.verify(&tagged, NOON), Verdict::UnknownKey);
    assert!(policy.verify(&batv_core::Address::parse(ALICE.as_bytes()).unwrap(), NOON).is_pass());
}

#[test]
fn ordinary_mail_is_accepted_and_loses_its_tag_whoever_made_it() {
    for (recipient, expected) in [
        ("<alice@example.test>", "accept not-a-bounce"),
        ("<prvs=0786864c09=alice@example.test>", "<alice@example.test> not-a-bounce"),
        // A vacation responder answers to the return path, however old it is.
        ("<prvs=0778d278ac=alice@example.test>", "<alice@example.test> not-a-bounce"),
        ("<prvs=0786864c08=alice@example.test>", "<alice@example.test> not-a-bounce"),
        ("<prvs=1786864c09=alice@example.test>", "<alice@example.test> not-a-bounce"),
        ("<prvs=abc=alice@example.test>", "accept not-a-bounce"),
    ] {
        assert_eq!(inbound(&site(), "carol@other.test", recipient), expected, "{recipient}");
    }
}

#[test]
fn ordinary_mail_to_a_tag_can_be_refused() {
    let policy = with(|policy| policy.refuse_tagged_mail = true);
    for recipient in [ALICE, FORGED, "<prvs=0778d278ac=alice@example.test>"] {
        assert_eq!(inbound(&policy, "carol@other.test", recipient), "550 tagged-mail", "{recipient}");
    }
    assert_eq!(inbound(&policy, "carol@other.test", "alice@example.test"), "accept not-a-bounce");
    assert_eq!(inbound(&policy, "carol@other.test", "prvs=abc=a@example.test"), "accept not-a-bounce");
    assert_eq!(bounce(&policy, ALICE), "alice@example.test pass");
}

#[test]
fn bounce_senders_are_what_the_setting_adds() {
    let policy = with(|policy| {
        policy.bounce_senders = patterns(&["postmaster@*", "bounces.test", "robot@other.test"]);
    });
    for (sender, expected) in [
        ("<Postmaster@other.test>", "550 missing"),
        ("<\"postmaster\"@other.test.>", "550 missing"),
        ("<postmaster>", "550 missing"),
        ("anybody@bounces.test", "550 missing"),
        ("anybody@sub.bounces.test", "accept not-a-bounce"),
        ("ROBOT@OTHER.TEST", "550 missing"),
        ("carol@other.test", "accept not-a-bounce"),
        // What is always one stays one.
        ("<>", "550 missing"),
        ("mailer-daemon@other.test", "550 missing"),
    ] {
        assert_eq!(inbound(&policy, sender, "alice@example.test"), expected, "{sender}");
    }
}

#[test]
fn clients_are_known_by_address_and_network() {
    let policy = with(|policy| {
        policy.clients = ["192.0.2.0/24", "198.51.100.7/32", "2001:db8::/32", "2001:db9::1/128"]
            .map(|net| net.parse().unwrap())
            .to_vec();
    });
    let from = |client: Option<&str>, recipient: &str| {
        let client: Option<IpAddr> = client.map(|client| client.parse().unwrap());
        let inbound = Inbound::new(b"<>", recipient.as_bytes(), NOON);
        shown(&policy.inbound(&Inbound { client, ..inbound }))
    };
    for client in [
        "192.0.2.0",
        "192.0.2.255",
        "::ffff:192.0.2.9",
        "198.51.100.7",
        "2001:db8:ffff::1",
        "2001:db9::1",
        "::ffff:c633:6407",
    ] {
        assert_eq!(from(Some(client), "alice@example.test"), "accept client", "{client}");
        assert_eq!(from(Some(client), ALICE), "alice@example.test client", "{client}");
        assert_eq!(from(Some(client), FORGED), "accept client", "{client}");
    }
    for client in ["192.0.3.0", "198.51.100.8", "::192.0.2.1", "2001:db9::2", "::ffff:192.0.3.1", "127.0.0.1"]
    {
        assert_eq!(from(Some(client), "alice@example.test"), "550 missing", "{client}");
    }
    assert_eq!(from(None, "alice@example.test"), "550 missing");
    assert_eq!(from(Some("192.0.2.1"), "alice@other.test"), "accept not-ours");
}

#[test]
fn an_internal_or_authenticated_client_is_never_refused() {
    // A server's own DSN, refused by itself, would stay deferred for ever.
    let policy = with(|policy| {
        policy.refuse_tagged_mail = true;
        policy.one_recipient = true;
    });
    for mail_from in [&b"<>"[..], b"carol@other.test"] {
        for (recipient, expected) in [
            ("alice@example.test", "accept client"),
            (ALICE, "alice@example.test client"),
            ("prvs=0778d278ac=alice@example.test", "alice@example.test client"),
            (FORGED, "accept client"),
        ] {
            let inbound = Inbound::new(mail_from, recipient.as_bytes(), NOON);
            let inbound = Inbound { trusted: true, recipients_before: 3, ..inbound };
            assert_eq!(shown(&policy.inbound(&inbound)), expected, "{recipient}");
        }
    }
}

#[test]
fn exempt_recipients_with_and_without_a_tag() {
    let policy = with(|policy| {
        key_for(policy, &["exempt.test", "sub.example.test"]);
        policy.exempt = patterns(&["abuse@example.test", "postmaster@*", "*@exempt.test"]);
    });
    for (recipient, expected) in [
        ("abuse@example.test", "accept exempt"),
        ("<@relay:\"Abuse\"@EXAMPLE.TEST.>", "accept exempt"),
        ("prvs=07867cce08=abuse@example.test", "abuse@example.test exempt"),
        ("abuse+prvs=07867cce08@example.test", "abuse@example.test exempt"),
        ("prvs=0786864c09=abuse@example.test", "accept exempt"),
        ("abuse@sub.example.test", "550 missing"),
        ("abuses@example.test", "550 missing"),
        ("Postmaster@example.test", "accept exempt"),
        ("postmaster@sub.example.test", "accept exempt"),
        ("postmaster+x@example.test", "550 missing"),
        ("anybody@exempt.test", "accept exempt"),
        ("prvs=1234567890=anybody@EXEMPT.test", "accept exempt"),
        ("alice@example.test", "550 missing"),
        ("abuse@other.test", "accept not-ours"),
    ] {
        assert_eq!(bounce(&policy, recipient), expected, "{recipient}");
    }
    let tagged = "prvs=07867cce08=abuse@example.test";
    assert_eq!(inbound(&policy, "carol@other.test", tagged), "abuse@example.test exempt");
}

#[test]
fn each_recipient_is_judged_by_itself() {
    let nth = |policy: &Policy, recipients_before, recipient: &str| {
        let inbound = Inbound::new(b"<>", recipient.as_bytes(), NOON);
        shown(&policy.inbound(&Inbound { recipients_before, ..inbound }))
    };
    let policy = site();
    for (before, recipient, expected) in [
        (0, ALICE, "alice@example.test pass"),
        (1, BOB, "bob@example.test pass"),
        (2, "alice@example.test", "550 missing"),
        (3, ALICE, "alice@example.test pass"),
    ] {
        assert_eq!(nth(&policy, before, recipient), expected);
    }
    let one = with(|policy| {
        policy.one_recipient = true;
        policy.exempt = patterns(&["abuse@example.test"]);
    });
    let long = format!("{}@example.test", "a".repeat(49));
    for (before, recipient, expected) in [
        (0, ALICE, "alice@example.test pass"),
        (1, BOB, "550 second-recipient"),
        (u32::MAX, BOB, "550 second-recipient"),
        (1, "alice@example.test", "550 missing"),
        (0, &long, "accept too-long"),
        (1, &long, "550 second-recipient"),
        (1, "abuse@example.test", "accept exempt"),
        (1, "alice@other.test", "accept not-ours"),
    ] {
        assert_eq!(nth(&one, before, recipient), expected, "{recipient}");
    }
    // Ordinary mail has as many as it likes.
    let ordinary = Inbound::new(b"carol@other.test", ALICE.as_bytes(), NOON);
    let ordinary = Inbound { recipients_before: 5, ..ordinary };
    assert_eq!(shown(&one.inbound(&ordinary)), "alice@example.test not-a-bounce");
}

#[test]
fn what_cannot_be_signed_is_not_refused_for_being_unsigned() {
    let address = |length| format!("{}@example.test", "a".repeat(length));
    assert_eq!(bounce(&site(), &address(48)), "550 missing");
    assert_eq!(bounce(&site(), &address(49)), "accept too-long");
    // It is no way in for tags, which are longer anyhow.
    let forged = format!("prvs=0786864c09={}", address(49));
    assert_eq!(bounce(&site(), &forged), "550 bad-signature");
    let mut unlimited = Policy::default();
    let settings = settings(|settings| {
        settings.long_local_parts = true;
        settings.lifetime = Lifetime::default();
    });
    unlimited.add_keys(Pattern::parse("example.test").unwrap(), KeyRing::new(settings).into());
    assert_eq!(bounce(&unlimited, &address(49)), "550 missing");
}

#[test]
fn another_delimiter_of_sub_addresses() {
    let delimiter = Delimiter::new(b'-').unwrap();
    let settings = settings(|settings| {
        settings.delimiter = delimiter;
    });
    let policy = with(|policy| {
        policy.delimiter = delimiter;
        let keys = crate::common::ring(settings, 0, b"secret");
        policy.keys.add(Pattern::parse("example.test").unwrap(), keys.into());
    });
    assert_eq!(bounce(&policy, "alice-prvs=0786864c09@example.test"), "alice@example.test pass");
    assert_eq!(bounce(&policy, "alice+prvs=0786864c09@example.test"), "550 missing");
}
