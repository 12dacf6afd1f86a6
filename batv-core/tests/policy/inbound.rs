//! Mail that comes: the steps of the decision in their order, and each setting.

use crate::common::{DAY, NOON, settings};
use crate::{
    ALICE, BOB, FORGED, bounce, bounce_with, inbound, key_for, outbound, patterns, shown, site, with,
};
use batv_core::{Address, Delimiter, InboundReason, KeyNumber, Policy, Recipient, Verdict};
use std::net::IpAddr;

/// The recipients whose verdicts are the six.
pub(super) const VERDICTS: [(&str, &str); 6] = [
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
        let tagged = Recipient::new(b"<>", ALICE.as_bytes(), time);
        shown(&site().inbound(&tagged))
    };
    let midnight = NOON - NOON % DAY;
    assert_eq!(at(midnight + 8 * DAY - 1), "alice@example.test pass");
    assert_eq!(at(midnight + 8 * DAY), "550 expired");
}

#[test]
fn the_reason_words_are_stable() {
    for (reason, word) in [
        (InboundReason::Unreadable, "unreadable"),
        (InboundReason::NotOurs, "not-ours"),
        (InboundReason::Client, "client"),
        (InboundReason::Exempt, "exempt"),
        (InboundReason::NotABounce, "not-a-bounce"),
        (InboundReason::Pass, "pass"),
        (InboundReason::TooLong, "too-long"),
        (InboundReason::Missing, "missing"),
        (InboundReason::Malformed, "malformed"),
        (InboundReason::UnknownKey, "unknown-key"),
        (InboundReason::BadSignature, "bad-signature"),
        (InboundReason::Expired, "expired"),
        (InboundReason::SecondRecipient, "second-recipient"),
        (InboundReason::TaggedMail, "tagged-mail"),
        (InboundReason::NotAReport, "not-a-report"),
    ] {
        assert_eq!(reason.as_str(), word);
        assert_eq!(format!("{reason:>16}"), format!("{word:>16}"));
    }
}

#[test]
fn a_bounce_that_is_not_a_delivery_report_is_let_in() {
    let policy = with(|policy| {
        policy.one_recipient = true;
        policy.refuse_tagged_mail = true;
    });
    for (mail_from, recipient, before, known, expected) in [
        ("<>", "alice@example.test", 0, Some(true), "550 missing"),
        ("<>", "alice@example.test", 0, None, "550 missing"),
        ("<>", "alice@example.test", 0, Some(false), "accept not-a-report"),
        ("mailer-daemon@other.test", "alice@example.test", 0, Some(false), "accept not-a-report"),
        // What it is delivered to follows from the shape of the tag, as ever.
        ("<>", FORGED, 0, Some(false), "alice@example.test not-a-report"),
        ("<>", ALICE, 0, Some(false), "alice@example.test pass"),
        ("<>", ALICE, 1, Some(true), "550 second-recipient"),
        ("<>", ALICE, 1, Some(false), "alice@example.test not-a-report"),
        ("<>", "a b@example.test", 0, Some(true), "550 unreadable"),
        ("<>", "a b@example.test", 0, Some(false), "accept not-a-report"),
        ("<>", "alice@other.test", 0, Some(false), "accept not-ours"),
        // Mail that is not a bounce is not a matter of reports.
        ("carol@other.test", "alice@example.test", 0, Some(false), "accept not-a-bounce"),
        ("carol@other.test", ALICE, 0, Some(false), "550 tagged-mail"),
    ] {
        let mut question = Recipient::new(mail_from.as_bytes(), recipient.as_bytes(), NOON);
        question.recipients_before = before;
        question.is_report = known;
        assert_eq!(shown(&policy.inbound(&question)), expected, "{mail_from} {recipient} {known:?}");
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
    let tagged = Address::parse(b"prvs=0786864c09=alice@other.test").unwrap();
    assert_eq!(policy.verify(&tagged, NOON), Verdict::UnknownKey);
    assert!(policy.verify(&Address::parse(ALICE.as_bytes()).unwrap(), NOON).is_pass());
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
        policy.untagged_clients = ["192.0.2.0/24", "198.51.100.7/32", "2001:db8::/32", "2001:db9::1/128"]
            .map(|net| net.parse().unwrap())
            .to_vec();
    });
    let from = |client: Option<&str>, recipient: &str| {
        let client: Option<IpAddr> = client.map(|client| client.parse().unwrap());
        bounce_with(&policy, recipient, |recipient| recipient.client = client)
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
        // What is accepted is delivered to the original, authentic or not.
        assert_eq!(from(Some(client), FORGED), "alice@example.test client", "{client}");
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
            (FORGED, "alice@example.test client"),
        ] {
            let decision = bounce_with(&policy, recipient, |recipient| {
                (recipient.mail_from, recipient.trusted, recipient.recipients_before) = (mail_from, true, 3);
            });
            assert_eq!(decision, expected, "{recipient}");
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
        ("prvs=0786864c09=abuse@example.test", "abuse@example.test exempt"),
        ("abuse@sub.example.test", "550 missing"),
        ("abuses@example.test", "550 missing"),
        ("Postmaster@example.test", "accept exempt"),
        ("postmaster@sub.example.test", "accept exempt"),
        ("postmaster+x@example.test", "550 missing"),
        ("anybody@exempt.test", "accept exempt"),
        ("prvs=1234567890=anybody@EXEMPT.test", "anybody@EXEMPT.test exempt"),
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
        bounce_with(policy, recipient, |recipient| recipient.recipients_before = recipients_before)
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
    let ordinary = bounce_with(&one, ALICE, |recipient| {
        (recipient.mail_from, recipient.recipients_before) = (b"carol@other.test", 5);
    });
    assert_eq!(ordinary, "alice@example.test not-a-bounce");
}

#[test]
fn what_cannot_be_signed_is_not_refused_for_being_unsigned() {
    let address = |length| format!("{}@example.test", "a".repeat(length));
    assert_eq!(bounce(&site(), &address(48)), "550 missing");
    assert_eq!(bounce(&site(), &address(49)), "accept too-long");
    // It is no way in for tags, which are longer anyhow.
    let forged = format!("prvs=0786864c09={}", address(49));
    assert_eq!(bounce(&site(), &forged), "550 bad-signature");
    let mut unlimited = Policy::new(settings(|settings| settings.long_local_parts = true));
    key_for(&mut unlimited, &["example.test"]);
    assert_eq!(bounce(&unlimited, &address(49)), "550 missing");
}

#[test]
fn the_length_is_that_of_the_local_part_without_needless_quotes_and_escapes() {
    for (local, length, expected) in [
        (r"\a", 40, "550 missing"),
        ("a", 48, "550 missing"),
        ("a", 49, "accept too-long"),
        // Quotes and escapes that it needs count.
        (" ", 46, "550 missing"),
        (" ", 47, "accept too-long"),
        (r#"\""#, 23, "550 missing"),
        (r#"\""#, 24, "accept too-long"),
    ] {
        let recipient = format!("\"{}\"@example.test", local.repeat(length));
        assert_eq!(bounce(&site(), &recipient), expected, "{recipient}");
    }
}

#[test]
fn only_what_has_no_tag_is_exempt_as_too_long() {
    for (recipient, expected) in [
        // Malformed: a router that takes every layer off would deliver it to alice.
        ("prvs=123456789=prvs=123456789=prvs=123456789=alice@example.test", "550 malformed"),
        ("prvs=prvs=prvs=alice=0786864c09=0786864c09=0786864c09@example.test", "550 malformed"),
        // Other dialects have no tag of ours, and delivery never takes them off.
        ("btv1==08501234bcd==btv1==08501234bcd==aliceandbob@example.test", "accept too-long"),
        // VERP senders are such: `long_local_parts` closes it.
        ("alice+1234567890123456789012345678901234567890123@example.test", "accept too-long"),
    ] {
        assert_eq!(bounce(&site(), recipient), expected, "{recipient}");
    }
}

#[test]
fn one_layer_comes_off_by_its_shape_whoever_made_it() {
    let policy = with(|policy| policy.exempt = patterns(&["*@example.test"]));
    for (recipient, expected) in [
        (ALICE, "alice@example.test exempt"),
        (FORGED, "alice@example.test exempt"),
        ("prvs=0786864c09=prvs=0786864c09=alice@example.test", "prvs=0786864c09=alice@example.test exempt"),
        ("alice+prvs=0786864c09@example.test", "alice@example.test exempt"),
        // Strangers' dialects stay: they may be what an address is called.
        ("prvs=123456789=alice@example.test", "accept exempt"),
        ("prvs=alice=0786864c09@example.test", "accept exempt"),
        ("btv1==08501234bcd==alice@example.test", "accept exempt"),
    ] {
        assert_eq!(bounce(&policy, recipient), expected, "{recipient}");
    }
    let original = |text: &str| {
        let address = Address::parse(text.as_bytes()).unwrap();
        site().original(&address).map(|original| original.to_string())
    };
    assert_eq!(original(FORGED).as_deref(), Some("alice@example.test"));
    assert_eq!(original("<alice+prvs=9999ffffff@EXAMPLE.test>").as_deref(), Some("<alice@EXAMPLE.test>"));
    assert_eq!(original("alice@example.test"), None);
    assert_eq!(original("prvs=0786864c09=alice@other.test"), None);
}

#[test]
fn a_tag_behind_an_srs_address_is_part_of_it() {
    // Taken off, the hash of SRS would not match any more, and the bounce would be lost.
    let srs = "SRS0=HHH=TT=other.test=carol+prvs=0786864c09@example.test";
    let exempt = with(|policy| policy.exempt = patterns(&["SRS0=*@*"]));
    assert_eq!(bounce(&exempt, srs), "accept exempt");
    assert_eq!(site().original(&Address::parse(srs.as_bytes()).unwrap()), None);
    // Where it is not exempt it has no tag until we sign it.
    assert_eq!(bounce(&site(), srs), "550 missing");
    let signed = format!("prvs=07864d8994={srs}");
    assert_eq!(outbound(&site(), srs, &[]), signed);
    assert_eq!(bounce(&site(), &signed), format!("{srs} pass"));
}

#[test]
fn the_decision_says_what_the_tag_says() {
    let said = |recipient: &str, time| {
        let decision = site().inbound(&Recipient::new(b"<>", recipient.as_bytes(), time));
        (decision.key_number.map(KeyNumber::get), decision.days_left)
    };
    assert_eq!(said(ALICE, NOON), (Some(0), Some(7)));
    assert_eq!(said(ALICE, NOON + 7 * DAY), (Some(0), Some(0)));
    assert_eq!(said(ALICE, NOON + 8 * DAY), (Some(0), None));
    assert_eq!(said("prvs=5786864c08=alice@example.test", NOON), (Some(5), Some(7)));
    assert_eq!(said("alice@example.test", NOON), (None, None));
    assert_eq!(said("prvs=abc=alice@example.test", NOON), (None, None));
    assert_eq!(said("prvs=0786864c09=alice@other.test", NOON), (None, None));
}

#[test]
fn another_delimiter_of_sub_addresses() {
    let delimiter = Delimiter::new(b'-').unwrap();
    let mut policy = Policy::new(settings(|settings| settings.delimiter = delimiter));
    key_for(&mut policy, &["example.test"]);
    assert_eq!(bounce(&policy, "alice-prvs=0786864c09@example.test"), "alice@example.test pass");
    assert_eq!(bounce(&policy, "alice+prvs=0786864c09@example.test"), "550 missing");
    // Where no key is for an address, the tag is one all the same.
    let foreign = Address::parse(b"alice-prvs=0786864c09@other.test").unwrap();
    assert_eq!(policy.verify(&foreign, NOON), Verdict::UnknownKey);
}
