//! The reference configuration, docs/batv.toml: it loads, and the defaults it names are those.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use batv_config::Config;
use batv_config::Store;
use batv_core::Address;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const REFERENCE: &str = include_str!("../../docs/batv.toml");
/// Lines that are no defaults, but show what may be written.
const SHOWN: [&str; 7] =
    ["secret", "secret-base64", "verify-until", "enforce-from", "reply", "group", "mark"];
/// Every name that a configuration may have.
const NAMES: [&str; 34] = [
    "bang-path",
    "bounce-senders",
    "connections",
    "created",
    "default-domain",
    "delimiter",
    "enforce-from",
    "exempt",
    "for",
    "group",
    "hash-case",
    "internal-networks",
    "lifetime",
    "long-local-parts",
    "mark",
    "metrics",
    "monitor",
    "number",
    "one-recipient",
    "percent-hack",
    "quiet",
    "refuse-at",
    "refuse-tagged-mail",
    "reply",
    "secret",
    "secret-base64",
    "secret-file",
    "sign-local",
    "socket",
    "syntax",
    "untagged-clients",
    "untagged-destinations",
    "use",
    "verify-until",
];

/// The name that a line gives a value to, commented out or not.
fn name(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix("# ").unwrap_or(line).split_once(" = ")?;
    name.bytes()
        .all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-')
        .then_some(name)
}

/// The reference with the lines of some names uncommented.
fn uncommented(wanted: impl Fn(&str) -> bool) -> String {
    let line = |line: &str| {
        let line = line.strip_prefix("# ").filter(|_| name(line).is_some_and(&wanted)).unwrap_or(line);
        line.to_owned() + "\n"
    };
    REFERENCE.lines().map(line).collect()
}

fn parse(text: &str) -> Config {
    Config::parse(text, |_| Ok(b"0123456789abcdef".to_vec())).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn it_loads_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("batv.toml"), REFERENCE).unwrap();
    let secret = folder.path().join("batv-1.key");
    fs::write(&secret, "0123456789abcdef").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o640)).unwrap();
    let store = Store::open(folder.path().join("batv.toml")).unwrap();
    assert_eq!(store.config().policy.keys().len(), 2);
    assert_eq!(store.config().warnings(1_767_225_600), []);
}

#[test]
fn every_key_is_in_it_once() {
    let mut names: Vec<_> = REFERENCE.lines().filter_map(name).collect();
    names.sort_unstable();
    assert_eq!(names, NAMES);
}

#[test]
fn what_is_commented_out_is_the_default() {
    let (given, commented) = (parse(REFERENCE), parse(&uncommented(|name| !SHOWN.contains(&name))));
    assert!(uncommented(|_| true).contains("\nlifetime = 7\n"));
    let [given_policy, commented_policy] = [&given, &commented].map(|config| {
        let ring = config.policy.key_ring(&Address::parse(b"user@example.com").unwrap()).unwrap();
        format!("{:?} {:?} {:?}", ring.settings(), ring.signing(), without_hashes(config))
    });
    assert_eq!(given_policy, commented_policy);
    assert_eq!(given.keys.first().unwrap().r#use, commented.keys.first().unwrap().r#use);
}

/// The policy without what differs from one hash table to another.
fn without_hashes(config: &Config) -> impl std::fmt::Debug + use<> {
    let policy = &config.policy;
    (
        (policy.default_domain.clone(), policy.percent_hack, policy.bang_path, policy.sign_local),
        (
            policy.untagged_clients.clone(),
            policy.internal_networks.clone(),
            policy.refuse_tagged_mail,
            policy.one_recipient,
            format!("{:?}", policy.monitor),
        ),
        (policy.keys().len(), policy.exempt.len(), policy.untagged_destinations.len()),
        (policy.bounce_senders.len(), policy.settings(), policy.reply.clone()),
    )
}

#[test]
fn what_is_shown_may_be_written() {
    for shown in SHOWN {
        let text = uncommented(|name| name == shown);
        assert_ne!(text, REFERENCE, "{shown}");
        // A key has its secret in one place.
        let text = if shown.starts_with("secret") {
            text.replace("\nsecret-file =", "\n# secret-file =")
        } else {
            text
        };
        parse(&text);
    }
}
