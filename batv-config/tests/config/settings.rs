//! Every setting and its default.

use crate::{NOON, faults, parse, sign};
use batv_config::Config;
use batv_core::{
    Address, Delimiter, HashCase, KeyRing, Lifetime, Monitor, Recipient, ReplyText, Settings, Syntax,
};

const KEY: &str = "[[key]]\nnumber = 0\nsecret = \"secret\"\nfor = [\"example.test\"]\n";

fn ring(config: &Config) -> &KeyRing {
    config.policy.key_ring(&Address::parse(b"alice@example.test").unwrap()).unwrap()
}

#[test]
fn an_empty_file_has_every_default() {
    for text in ["", "\n# nothing\n", "[policy]\n", "\u{feff}", "\r\n"] {
        let policy = parse(text).policy;
        assert!(policy.keys().is_empty());
        assert_eq!(policy.settings(), Settings::default());
        assert_eq!(policy.default_domain, None);
        assert!(policy.percent_hack && policy.bang_path && policy.sign_local);
        assert!(!policy.refuse_tagged_mail && !policy.one_recipient);
        assert!(policy.exempt.is_empty() && policy.untagged_destinations.is_empty());
        assert!(policy.bounce_senders.is_empty() && policy.untagged_clients.is_empty());
        assert!(matches!(policy.monitor, Monitor::Off));
        assert_eq!(policy.reply, ReplyText::default());
        assert!(policy.internal_networks.is_empty());
    }
    let config = parse(KEY);
    assert_eq!(ring(&config).settings(), Settings::default());
    assert_eq!(sign(&config, "alice@example.test", NOON), "prvs=0786864c09=alice@example.test");
}

#[test]
fn every_setting_of_the_key_rings() {
    let with = |change: &dyn Fn(&mut Settings)| {
        let mut settings = Settings::default();
        change(&mut settings);
        settings
    };
    for (text, settings) in [
        ("lifetime = 1", with(&|settings| settings.lifetime = Lifetime::from_days(1).unwrap())),
        ("lifetime = 99", with(&|settings| settings.lifetime = Lifetime::from_days(99).unwrap())),
        ("syntax = \"prefix\"", Settings::default()),
        ("syntax = \"sub-address\"", with(&|settings| settings.syntax = Syntax::SubAddress)),
        ("delimiter = \"-\"", with(&|settings| settings.delimiter = Delimiter::new(b'-').unwrap())),
        ("hash-case = \"fold\"", Settings::default()),
        ("hash-case = \"exact\"", with(&|settings| settings.hash_case = HashCase::Exact)),
        ("long-local-parts = false", Settings::default()),
        ("long-local-parts = true", with(&|settings| settings.long_local_parts = true)),
    ] {
        let config = parse(&format!("{text}\n{KEY}"));
        assert_eq!(ring(&config).settings(), settings, "{text}");
        assert_eq!(config.policy.settings(), settings, "{text}");
    }
}

#[test]
fn every_setting_of_the_policy() {
    let policy = parse(
        r#"
        [policy]
        default-domain = "example.test"
        percent-hack = false
        bang-path = false
        exempt = ["postmaster@*", "*@exempt.test", "abuse@example.test", "SRS0=*@example.test", "list-*@*"]
        sign-local = false
        untagged-destinations = ["lists.test", "*.groups.test"]
        untagged-clients = ["192.0.2.1", "198.51.100.7/24", "2001:db8::1", "2001:db8::/32", "::ffff:192.0.2.9"]
        bounce-senders = ["robot@other.test"]
        refuse-tagged-mail = true
        one-recipient = true
        monitor = true
        internal-networks = ["10.0.0.0/8"]
        reply = "See https://example.test/bounces#{reason}"
        "#,
    )
    .policy;
    assert_eq!(policy.default_domain.as_deref(), Some("example.test"));
    assert!(!policy.percent_hack && !policy.bang_path && !policy.sign_local);
    assert!(policy.refuse_tagged_mail && policy.one_recipient);
    assert_eq!(policy.exempt.len(), 5);
    assert_eq!(policy.untagged_destinations.len(), 2);
    assert_eq!(policy.bounce_senders.len(), 1);
    assert!(matches!(policy.monitor, Monitor::On));
    assert_eq!(policy.internal_networks, ["10.0.0.0/8".parse().unwrap()]);
    assert_eq!(policy.reply, ReplyText::new("See https://example.test/bounces#{reason}").unwrap());
    let clients: Vec<_> = policy.untagged_clients.iter().map(|net| net.trunc().to_string()).collect();
    // An IPv4-mapped client is looked up as IPv4, so the network is one too.
    let expected = ["192.0.2.1/32", "198.51.100.0/24", "2001:db8::1/128", "2001:db8::/32", "192.0.2.9/32"];
    assert_eq!(clients, expected);
    let clients =
        parse("[policy]\nuntagged-clients = [\"::ffff:192.0.2.0/120\", \"::/0\"]").policy.untagged_clients;
    assert_eq!(clients, ["192.0.2.0/24", "::/0"].map(|net| net.parse().unwrap()));
}

#[test]
fn monitoring_and_the_day_from_which_to_enforce() {
    let monitor = |text: &str| format!("{:?}", parse(&format!("[policy]\n{text}")).policy.monitor);
    assert_eq!(monitor("monitor = false"), "Off");
    assert_eq!(monitor("monitor = true"), "On");
    // 2026-11-22 is day 20779.
    let until = format!("Until({})", 20_779 * 86_400);
    assert_eq!(monitor("enforce-from = 2026-11-22"), until);
    assert_eq!(monitor("monitor = true\nenforce-from = 2026-11-22"), until);
    for text in ["monitor = false", "monitor = [\"example.test\"]"] {
        assert_eq!(
            faults(&format!("[policy]\nenforce-from = 2026-11-22\n{text}")),
            "line 3: policy.monitor: contradicts `enforce-from`, which monitors until its date"
        );
    }
}

#[test]
fn monitoring_some_domains_and_addresses() {
    let policy =
        parse(&format!("{KEY}[policy]\nmonitor = [\"*.example.test\", \"bob@example.test\"]\n")).policy;
    for (recipient, monitored) in [(&b"alice@example.test"[..], false), (b"bob@example.test", true)] {
        let decision = policy.inbound(&Recipient::new(b"", recipient, NOON));
        assert_eq!((decision.reason.as_str(), decision.monitored), ("missing", monitored));
    }
}

#[test]
fn mail_that_stays_local_needs_to_know_what_is_ours() {
    let key = "[[key]]\nnumber = 0\nsecret = \"secret\"\nfor = [\"*\"]\n";
    assert_eq!(
        faults(&format!("{key}[policy]\nsign-local = false\n")),
        "line 6: policy.sign-local: must be true if a key is for \"*\": every recipient is ours then, \
         and nothing would be signed"
    );
    assert!(parse(&format!("{key}[policy]\nsign-local = true\n")).policy.sign_local);
}
