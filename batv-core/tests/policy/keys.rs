//! The keys of a policy, and what it says of an address without deciding.

use crate::common::{NOON, default_ring, number};
use crate::{bounce, key_for, patterns, with};
use batv_core::{Address, Monitor, Pattern, Policy, Settings, Syntax};

#[test]
fn a_key_ring_is_found_through_a_tag() {
    let mut policy = with(|_| ());
    key_for(&mut policy, &["alice@own.test"]);
    for (address, is_ours) in [
        ("alice@example.test", true),
        ("bob@EXAMPLE.TEST.", true),
        ("alice@own.test", true),
        ("prvs=0123456789=alice@own.test", true),
        (r#""ALICE+prvs=0123456789"@own.test"#, true),
        ("bob@own.test", false),
        ("prvs=0123456789=bob@own.test", false),
        ("alice@other.test", false),
    ] {
        let found = policy.key_ring(&Address::parse(address.as_bytes()).unwrap());
        assert_eq!(found.and_then(batv_core::KeyRing::signing), is_ours.then(|| number(0)), "{address}");
    }
}

#[test]
fn what_is_not_a_pattern_says_what_is() {
    let error = Pattern::parse("alice@").unwrap_err().to_string();
    assert_eq!(error, "not an address, user@*, user*@domain, a domain, *.domain or *");
}

#[test]
fn the_settings_of_the_policy_are_those_of_its_keys() {
    let mut settings = Settings::default();
    settings.syntax = Syntax::SubAddress;
    let mut policy = Policy::new(settings);
    assert!(policy.add_keys(Pattern::parse("example.test").unwrap(), default_ring()).is_none());
    let alice = Address::parse(b"alice@example.test").unwrap();
    let keys = policy.key_ring(&alice).unwrap();
    assert_eq!((keys.settings(), policy.settings()), (settings, settings));
    assert_eq!(keys.sign(&alice, NOON).unwrap().to_vec(), b"alice+prvs=0786864c09@example.test");
    assert!(policy.add_keys(Pattern::parse("*@Example.Test").unwrap(), default_ring()).is_some());
    assert_eq!(policy.keys().len(), 1);
}

#[test]
fn a_policy_without_keys_keeps_the_rest() {
    let mut policy = with(|policy| {
        policy.default_domain = Some("example.test".into());
        policy.exempt = patterns(&["abuse@*"]);
        policy.monitor = Monitor::On;
    });
    let mut without = policy.without_keys();
    assert!(without.keys().is_empty());
    assert_eq!(bounce(&without, "alice"), "accept not-ours");
    key_for(&mut without, &["example.test"]);
    for recipient in ["alice", "abuse@example.test", "prvs=0786864c09=alice@example.test"] {
        assert_eq!(bounce(&without, recipient), bounce(&policy, recipient), "{recipient}");
    }
    assert_eq!(bounce(&without, "alice"), "accept (missing)");
    policy.percent_hack = false;
    assert!(!policy.without_keys().percent_hack);
}
