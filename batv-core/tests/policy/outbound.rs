//! Mail that leaves: signed or not, and why.

use crate::common::{NOON, number, ring};
use crate::{ALICE, BOB, bounce, key_for, outbound, patterns, shown, site, with};
use batv_core::{Inbound, KeyRing, OutboundReason, Pattern, Policy, Secret, Settings, SignError, Syntax};

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
    policy.keys.add(Pattern::parse("example.test").unwrap(), keys.into());
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
    let keeping = Policy { sign_local: false, ..signing.clone() };
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
        policy.clients = vec!["192.0.2.1/32".parse().unwrap()];
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
    let bounce = Inbound::new(b"<>", b"alice@example.test", NOON);
    let client = |client: &str| Inbound { client: Some(client.parse().unwrap()), ..bounce };
    assert_eq!(shown(&policy.inbound(&client("192.0.2.1"))), "accept client");
    assert_eq!(shown(&policy.inbound(&client("192.0.2.2"))), "550 missing");
    assert_eq!(outbound(&policy, "<>", &["any@lists.test"]), "null-sender");
}

#[test]
fn the_sub_address_syntax_signs_behind_the_local_part() {
    let settings = settings(|settings| {
        settings.syntax = Syntax::SubAddress;
    });
    let policy = with(|policy| {
        policy.keys.add(Pattern::parse("example.test").unwrap(), ring(settings, 0, b"secret").into());
    });
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
        policy.keys.add(Pattern::parse(pattern).unwrap(), keys.into());
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
