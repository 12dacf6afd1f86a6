//! Mail that leaves: signed or not, and why.

use crate::common::settings;
use crate::common::{NOON, number, ring};
use crate::{ALICE, BOB, bounce, bounce_with, key_for, outbound, patterns, site, with};
use batv_core::{KeyRing, Message, OutboundReason, Pattern, Policy, Secret, Settings, SignError, Syntax};

#[test]
fn the_sender_decides_first() {
    let long = format!("{}@example.test", "a".repeat(49));
    for (sender, expected) in [
        ("alice@example.test", ALICE),
        ("<alice@example.test>", "<prvs=0786864c09=alice@example.test>"),
        ("bob@example.test", BOB),
        // The null sender stays null.
        ("", "null-sender"),
        ("<>", "null-sender"),
        // Tagged already, by whomever, in any case and syntax.
        (ALICE, "tagged"),
        ("PRVS=0786864C09=alice@example.test", "tagged"),
        ("prvs=9999ffffff=alice@example.test", "tagged"),
        ("alice+prvs=0786864c09@example.test", "tagged"),
        // No key.
        ("alice@other.test", "not-ours"),
        ("alice@sub.example.test", "not-ours"),
        (&long, "too-long"),
    ] {
        assert_eq!(outbound(&site(), sender, &["carol@other.test"]), expected, "{sender}");
    }
}

#[test]
fn the_reason_words_are_stable() {
    for (reason, word) in [
        (OutboundReason::Signed, "signed"),
        (OutboundReason::NullSender, "null-sender"),
        (OutboundReason::Unreadable, "unreadable"),
        (OutboundReason::NotOurs, "not-ours"),
        (OutboundReason::Exempt, "exempt"),
        (OutboundReason::NotInternal, "not-internal"),
        (OutboundReason::Local, "local"),
        (OutboundReason::UntaggedDestination, "untagged-destination"),
        (SignError::Tagged.into(), "tagged"),
        (SignError::TooLong { octets: 65 }.into(), "too-long"),
        (SignError::NoSigningKey.into(), "no-signing-key"),
    ] {
        assert_eq!(format!("{reason:>21}"), format!("{word:>21}"));
    }
}

#[test]
fn a_ring_that_only_verifies_signs_nothing() {
    let mut keys = KeyRing::new(Settings::default());
    keys.add(number(0), Secret::new(b"secret").unwrap());
    let mut policy = Policy::default();
    policy.add_keys(Pattern::parse("example.test").unwrap(), keys);
    assert_eq!(outbound(&policy, "alice@example.test", &[]), "no-signing-key");
    assert_eq!(bounce(&policy, ALICE), "alice@example.test pass");
}

#[test]
fn exempt_senders_stay_unsigned() {
    let policy = with(|policy| {
        key_for(policy, &["exempt.test"]);
        policy.exempt = patterns(&["abuse@example.test", "postmaster@*", "*@exempt.test"]);
    });
    for (sender, expected) in [
        ("<Abuse@EXAMPLE.test.>", "exempt"),
        ("postmaster@example.test", "exempt"),
        ("anybody@exempt.test", "exempt"),
        ("prvs=0786864c09=anybody@exempt.test", "exempt"),
        ("postmaster@other.test", "not-ours"),
        ("alice@example.test", ALICE),
    ] {
        assert_eq!(outbound(&policy, sender, &[]), expected, "{sender}");
    }
}

#[test]
fn mail_that_stays_local_keeps_its_sender_where_it_is_set() {
    let signing = with(|policy| key_for(policy, &["own.test"]));
    let mut keeping = signing.clone();
    keeping.sign_local = false;
    for (recipients, expected) in [
        (&["bob@example.test"][..], "local"),
        (&["bob@example.test", "<carol@OWN.TEST.>"], "local"),
        (&["<@relay:bob@example.test>"], "local"),
        (&["bob%example.test"], "local"),
        // A tagged recipient is ours too: the answer to a message of ours.
        (&[BOB], "local"),
        (&["bob@example.test", "carol@other.test"], ALICE),
        (&["carol@other.test", "bob@example.test"], ALICE),
        (&["carol@other.test"], ALICE),
        (&["bob%other.test@example.test"], ALICE),
        // Whose domain cannot be read may be anywhere.
        (&["bob@example.test", "bob"], ALICE),
        (&["bob@example.test", "no address"], ALICE),
        // Recipients that are not known yet.
        (&[], ALICE),
    ] {
        assert_eq!(outbound(&keeping, "alice@example.test", recipients), expected, "{recipients:?}");
        assert_eq!(outbound(&signing, "alice@example.test", recipients), ALICE, "{recipients:?}");
    }
    // Its own reasons come first.
    assert_eq!(outbound(&keeping, "<>", &["bob@example.test"]), "null-sender");
    assert_eq!(outbound(&keeping, "alice@other.test", &["bob@example.test"]), "not-ours");
}

#[test]
fn destinations_that_cannot_bear_tags() {
    let policy = with(|policy| {
        policy.untagged_destinations = patterns(&["lists.test", "*.groups.test", "list@other.test"]);
        policy.untagged_clients = vec!["192.0.2.1/32".parse().unwrap()];
    });
    for (recipients, expected) in [
        (&["any@lists.test"][..], "untagged-destination"),
        (&["<@relay:any@LISTS.TEST.>"], "untagged-destination"),
        (&["carol@third.test", "any@lists.test"], "untagged-destination"),
        (&["any@lists.test", "carol@third.test"], "untagged-destination"),
        (&["any@a.b.groups.test"], "untagged-destination"),
        (&["List@Other.test"], "untagged-destination"),
        (&["any%lists.test@example.test"], "untagged-destination"),
        (&["any@groups.test"], ALICE),
        (&["any@sub.lists.test"], ALICE),
        (&["carol@other.test"], ALICE),
        (&["no address"], ALICE),
        (&[], ALICE),
    ] {
        assert_eq!(outbound(&policy, "alice@example.test", recipients), expected, "{recipients:?}");
    }
    // What left untagged must be able to bounce.
    let from = |client: &str| {
        let client = client.parse().ok();
        bounce_with(&policy, "alice@example.test", |recipient| recipient.client = client)
    };
    assert_eq!(from("192.0.2.1"), "accept client");
    assert_eq!(from("192.0.2.2"), "550 missing");
    assert_eq!(outbound(&policy, "<>", &["any@lists.test"]), "null-sender");
}

#[test]
fn the_sub_address_syntax_signs_behind_the_local_part() {
    let mut policy = Policy::new(settings(|settings| settings.syntax = Syntax::SubAddress));
    key_for(&mut policy, &["example.test"]);
    let signed = "<alice+prvs=0786864c09@example.test>";
    assert_eq!(outbound(&policy, "<alice@example.test>", &[]), signed);
    assert_eq!(outbound(&policy, signed, &[]), "tagged");
    assert_eq!(bounce(&policy, signed), "<alice@example.test> pass");
}

#[test]
fn the_most_specific_key_signs_and_verifies() {
    let mut policy = Policy::default();
    for (pattern, key_number) in
        [("*", 0), ("*.example.test", 1), ("example.test", 2), ("alice@example.test", 3)]
    {
        let keys = ring(Settings::default(), key_number, b"secret");
        policy.add_keys(Pattern::parse(pattern).unwrap(), keys);
    }
    for (sender, signed) in [
        ("alice@example.test", "prvs=37864792a9=alice@example.test"),
        ("<\"ALICE\"@EXAMPLE.TEST.>", "<\"prvs=37864792a9=ALICE\"@EXAMPLE.TEST>"),
        ("bob@example.test", "prvs=278605d8bd=bob@example.test"),
        ("alice@sub.example.test", "prvs=17865c226e=alice@sub.example.test"),
        ("alice@badexample.test", "prvs=07864218b6=alice@badexample.test"),
    ] {
        assert_eq!(outbound(&policy, sender, &[]), signed);
        let original = format!("{} pass", sender.replace(".>", ">"));
        assert_eq!(bounce(&policy, signed), original);
    }
    // A key of the domain is none of the address that has its own.
    assert_eq!(bounce(&policy, "prvs=2786000000=alice@example.test"), "550 unknown-key");
}

#[test]
fn strangers_that_use_our_domain_get_no_tag() {
    let policy = with(|policy| {
        policy.internal_networks = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        policy.exempt = patterns(&["abuse@example.test"]);
        policy.sign_local = false;
    });
    let from = |policy: &Policy, client: Option<&str>, trusted| {
        let mut message = Message::new(b"alice@example.test", NOON);
        message.client = client.map(|client| client.parse().unwrap());
        message.trusted = trusted;
        policy.outbound(&message).reason.as_str()
    };
    for (client, trusted, expected) in [
        (None, false, "signed"),
        (None, true, "signed"),
        (Some("192.0.2.9"), false, "signed"),
        (Some("::ffff:192.0.2.9"), false, "signed"),
        (Some("2001:db8::1"), false, "signed"),
        (Some("198.51.100.1"), false, "not-internal"),
        (Some("198.51.100.1"), true, "signed"),
        (Some("127.0.0.1"), false, "not-internal"),
    ] {
        assert_eq!(from(&policy, client, trusted), expected, "{client:?} {trusted}");
    }
    // Without internal networks every client that is known is a stranger, unless it is trusted.
    assert_eq!(from(&site(), Some("192.0.2.9"), false), "not-internal");
    assert_eq!(from(&site(), Some("192.0.2.9"), true), "signed");
    // Internal clients are never judged.
    let internal = |client: &str| {
        let client = client.parse().ok();
        bounce_with(&policy, "alice@example.test", |recipient| recipient.client = client)
    };
    assert_eq!(internal("192.0.2.9"), "accept client");
    assert_eq!(internal("198.51.100.1"), "550 missing");
    // Which reason is said where several hold.
    let reason = |mail_from: &str, recipients: &[&[u8]]| {
        let mut message = Message::new(mail_from.as_bytes(), NOON);
        message.client = "198.51.100.1".parse().ok();
        message.recipients = recipients;
        policy.outbound(&message).reason.as_str()
    };
    assert_eq!(reason("alice@other.test", &[]), "not-ours");
    assert_eq!(reason("abuse@example.test", &[]), "exempt");
    assert_eq!(reason(ALICE, &[b"bob@example.test"]), "not-internal");
}

#[test]
fn the_decision_says_which_key_signed() {
    let mut policy = Policy::default();
    policy.add_keys(Pattern::parse("example.test").unwrap(), ring(Settings::default(), 3, b"secret"));
    let decision = policy.outbound(&Message::new(b"alice@example.test", NOON));
    assert_eq!((decision.action(), decision.key_number), ("sign", Some(number(3))));
    let decision = policy.outbound(&Message::new(b"alice@other.test", NOON));
    assert_eq!((decision.action(), decision.key_number), ("leave", None));
}

#[test]
fn the_settings_of_the_policy_are_those_of_all_its_keys() {
    let settings = settings(|settings| settings.syntax = Syntax::SubAddress);
    let mut policy = Policy::default();
    policy.add_keys(Pattern::parse("example.test").unwrap(), ring(settings, 0, b"secret"));
    assert_eq!(outbound(&policy, "alice@example.test", &[]), ALICE);
}
