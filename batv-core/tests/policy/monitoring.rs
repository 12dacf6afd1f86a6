//! Monitor mode: nothing is refused, and the reason says what would have been.

use crate::common::NOON;
use crate::{ALICE, BOB, FORGED, bounce, bounce_with, inbound, key_for, patterns, shown, site, with};
use batv_core::{Monitor, Policy, Recipient};

#[test]
fn nothing_is_refused_and_the_reason_says_what_would_have_been() {
    let policy = with(|policy| {
        policy.monitor = Monitor::On;
        policy.refuse_tagged_mail = true;
        policy.one_recipient = true;
    });
    for (sender, recipient, expected) in [
        ("<>", "alice@example.test", "accept (missing)"),
        ("<>", "prvs=abc=alice@example.test", "accept (malformed)"),
        ("<>", "prvs=1786864c09=alice@example.test", "alice@example.test (unknown-key)"),
        ("<>", FORGED, "alice@example.test (bad-signature)"),
        ("<>", "prvs=0778d278ac=alice@example.test", "alice@example.test (expired)"),
        ("carol@other.test", ALICE, "alice@example.test (tagged-mail)"),
        // What is accepted anyhow is not monitored.
        ("<>", ALICE, "alice@example.test pass"),
        ("<>", "alice@other.test", "accept not-ours"),
        ("carol@other.test", "alice@example.test", "accept not-a-bounce"),
    ] {
        assert_eq!(inbound(&policy, sender, recipient), expected, "{sender} {recipient}");
    }
    let second = bounce_with(&policy, BOB, |recipient| recipient.recipients_before = 1);
    assert_eq!(second, "bob@example.test (second-recipient)");
}

#[test]
fn until_the_exact_second() {
    let at = |monitor, time| {
        let policy = with(|policy| policy.monitor = monitor);
        shown(&policy.inbound(&Recipient::new(b"<>", b"alice@example.test", time)))
    };
    assert_eq!(at(Monitor::Until(NOON), NOON - 1), "accept (missing)");
    assert_eq!(at(Monitor::Until(NOON), NOON), "550 missing");
    assert_eq!(at(Monitor::Until(0), 0), "550 missing");
    assert_eq!(at(Monitor::On, u64::MAX), "accept (missing)");
    assert_eq!(at(Monitor::Off, 0), "550 missing");
    assert!(matches!(Policy::default().monitor, Monitor::Off));
    assert_eq!(bounce(&site(), "alice@example.test"), "550 missing");
}

#[test]
fn the_domain_of_a_route_never_hides_the_address() {
    // Monitoring accepts under the address that was read, not under the one that was given.
    let policy = with(|policy| policy.monitor = Monitor::On);
    let recipient = "<@relay:prvs=0786864c08=alice%example.test@EXAMPLE.TEST.>";
    assert_eq!(bounce(&policy, recipient), "<alice@example.test> (bad-signature)");
}

#[test]
fn for_a_list_of_domains_and_addresses() {
    let policy = with(|policy| {
        key_for(policy, &["new.test"]);
        policy.default_domain = Some("new.test".into());
        policy.monitor = Monitor::For(patterns(&["new.test", "bob@example.test", "list-*@example.test"]));
    });
    for (recipient, expected) in [
        ("alice@example.test", "550 missing"),
        (FORGED, "550 bad-signature"),
        ("alice@new.test", "accept (missing)"),
        ("<prvs=0786864c08=alice@NEW.test.>", "<alice@NEW.test> (bad-signature)"),
        ("Bob@example.test", "accept (missing)"),
        // A tag is looked through.
        ("prvs=07868d8960=bob@example.test", "bob@example.test (bad-signature)"),
        ("list-bounces@example.test", "accept (missing)"),
        // What cannot be read belongs to its domain.
        ("al ice@new.test", "accept (unreadable)"),
        ("al ice@example.test", "550 unreadable"),
        ("al\\ice", "accept (unreadable)"),
    ] {
        assert_eq!(bounce(&policy, recipient), expected, "{recipient}");
    }
    assert!(!policy.monitor.is_on(NOON));
}
