//! What is wrong: all of it at once, each fault with its line, its setting and what was expected.

use crate::faults;
use batv_config::Config;
use proptest::prelude::*;

/// A key with nothing wrong but the line that is given, which is the fifth.
fn in_key(line: &str) -> String {
    faults(&format!("[[key]]\nnumber = 1\nsecret = \"secret\"\nfor = [\"a.test\"]\n{line}\n"))
}

#[test]
fn all_at_once_in_the_order_of_the_lines() {
    let text = r#"
lifetime = 700
sintax = "prefix"

[policy]
untagged-clients = ["192.0.2.1", "192.0.2.0/33"]
monitor = "yes"

[[key]]
number = 1
secret = "secret"
for = ["a.test"]

[[key]]
secret = ""
for = ["a b"]
use = "signing"
"#;
    let expected = r#"line 2: lifetime: must be a whole number, 1 to 99
line 3: sintax: unknown setting; did you mean `syntax`?
line 6: policy.untagged-clients: "192.0.2.0/33" is not an address or a network such as 192.0.2.0/24
line 7: policy.monitor: must be true, false or a list in brackets: ["...", "..."]
line 14: key[2].number: is missing
line 15: key[2].secret: is empty
line 16: key[2].for: "a b" is not an address, a domain, *.domain or *
line 17: key[2].use: must be "sign" or "verify""#;
    assert_eq!(faults(text), expected);
    let error = Config::parse(text, |_| unreachable!()).unwrap_err();
    let [first, ..] = error.faults() else { panic!() };
    assert_eq!((first.line, &*first.setting), (Some(2), "lifetime"));
    assert_eq!(first.message, "must be a whole number, 1 to 99");
    // Lines that end in CR LF are the same lines.
    assert_eq!(faults(&text.replace('\n', "\r\n")), expected);
}

#[test]
fn faults_of_settings() {
    for (text, expected) in [
        ("lifetime = 0", "lifetime: must be a whole number, 1 to 99"),
        ("lifetime = 100", "lifetime: must be a whole number, 1 to 99"),
        ("lifetime = -7", "lifetime: must be a whole number, 1 to 99"),
        ("lifetime = 7.0", "lifetime: must be a whole number, 1 to 99"),
        ("lifetime = \"7\"", "lifetime: must be a whole number, 1 to 99"),
        ("lifetime = 18446744073709551623", "lifetime: must be a whole number, 1 to 99"),
        ("syntax = \"Prefix\"", "syntax: must be \"prefix\" or \"sub-address\""),
        ("syntax = true", "syntax: must be a string"),
        ("delimiter = \"\"", "delimiter: must be one character such as \"+\""),
        ("delimiter = \"+-\"", "delimiter: must be one character such as \"+\""),
        ("delimiter = \"é\"", "delimiter: must be one character such as \"+\""),
        ("delimiter = \"=\"", "delimiter: '=' cannot be a sub-address delimiter"),
        ("hash-case = \"lower\"", "hash-case: must be \"fold\" or \"exact\""),
        ("long-local-parts = 1", "long-local-parts: must be true or false"),
        ("policy = 1", "policy: must be a table: [policy]"),
        ("[[policy]]", "policy: must be a table: [policy]"),
        ("key = 1", "key: must be a table in double brackets: [[key]]"),
        ("key = [1]", "key: must be a table in double brackets: [[key]]"),
        ("[key]", "key: must be a table in double brackets: [[key]]"),
    ] {
        assert_eq!(faults(text), format!("line 1: {expected}"), "{text}");
    }
}

#[test]
fn faults_of_the_policy() {
    let list = "must be a list in brackets: [\"...\", \"...\"]";
    let none = "is not an address, user@*, user*@domain, a domain, *.domain or *";
    for (text, expected) in [
        ("default-domain = \"*\"", "default-domain: must be a domain".into()),
        ("default-domain = \"\"", "default-domain: must be a domain".into()),
        ("default-domain = \"a@b.test\"", "default-domain: must be a domain".into()),
        ("default-domain = \"*.b.test\"", "default-domain: must be a domain".into()),
        ("default-domain = \"a..test\"", "default-domain: must be a domain".into()),
        ("percent-hack = 0", "percent-hack: must be true or false".into()),
        ("bang-path = 0", "bang-path: must be true or false".into()),
        ("sign-local = \"no\"", "sign-local: must be true or false".into()),
        ("refuse-tagged-mail = 0", "refuse-tagged-mail: must be true or false".into()),
        ("one-recipient = 1", "one-recipient: must be true or false".into()),
        (
            "monitor = 2026-11-22",
            format!("monitor: must be true, false or {}", list.trim_start_matches("must be ")),
        ),
        ("monitor = [\"a b\"]", format!("monitor: \"a b\" {none}")),
        ("reply = 1", "reply: must be a string".into()),
        ("reply = \"100%\"", "reply: reply cannot have '%' at octet 3".into()),
        ("clients = []", "clients: is now called `untagged-clients`".into()),
        ("internal-networks = [\"10.0.0.0/8\", 1]", "internal-networks: must be a string".into()),
        ("enforce-from = true", "enforce-from: must be a date such as 2026-12-31".into()),
        ("exempt = \"a.test\"", format!("exempt: {list}")),
        ("exempt = [\"@a.test\"]", format!("exempt: \"@a.test\" {none}")),
        ("exempt = [\"i*o-*@a.test\"]", format!("exempt: \"i*o-*@a.test\" {none}")),
        ("exempt = [1]", "exempt: must be a string".into()),
        ("untagged-destinations = {}", format!("untagged-destinations: {list}")),
        ("untagged-destinations = [\"\"]", format!("untagged-destinations: \"\" {none}")),
        ("bounce-senders = 1", format!("bounce-senders: {list}")),
        ("bounce-senders = [\"a b\"]", format!("bounce-senders: \"a b\" {none}")),
        ("untagged-clients = \"127.0.0.1\"", format!("untagged-clients: {list}")),
        (
            "untagged-clients = [\"localhost\"]",
            "untagged-clients: \"localhost\" is not an address or a network such as 192.0.2.0/24".into(),
        ),
    ] {
        assert_eq!(faults(&format!("[policy]\n{text}")), format!("line 2: policy.{expected}"));
    }
    // Every element of a list, on its own line.
    assert_eq!(
        faults("[policy]\nexempt = [\n\"a.test\",\n\"b b\",\n7,\n]"),
        format!("line 4: policy.exempt: \"b b\" {none}\nline 5: policy.exempt: must be a string")
    );
}

#[test]
fn a_long_text_is_not_repeated() {
    let reason = "is not an address or a network such as 192.0.2.0/24";
    for (given, shown) in
        [("ä".repeat(320), "ä".repeat(320)), ("ä".repeat(1_000_000), "ä".repeat(320) + "...")]
    {
        let text = format!("[policy]\nuntagged-clients = [\"{given}\"]");
        assert_eq!(faults(&text), format!("line 2: policy.untagged-clients: \"{shown}\" {reason}"));
    }
    let key = "[[key]]\nnumber = 1\nfor = [\"a.test\"]\n";
    let text = format!("{key}secret-file = \"{}\"", "x".repeat(4097));
    assert_eq!(faults(&text), "line 4: key[1].secret-file: is longer than 4096 octets");
}

#[test]
fn faults_of_keys() {
    for (line, expected) in [
        ("created = \"2026-01-01\"", "created: must be a date such as 2026-12-31"),
        ("created = 2026-01-01T00:00:00Z", "created: must be a date such as 2026-12-31"),
        ("created = 12:00:00", "created: must be a date such as 2026-12-31"),
        ("created = 1969-12-31", "created: must not be before 1970"),
        ("verify-until = 20261231", "verify-until: must be a date such as 2026-12-31"),
        ("use = true", "use: must be a string"),
        ("use = \"none\"", "use: must be \"sign\" or \"verify\""),
    ] {
        assert_eq!(in_key(line), format!("line 5: key[1].{expected}"), "{line}");
    }
    let header = "[[key]]\nsecret = \"secret\"\n";
    for (text, expected) in [
        ("number = 10\nfor = [\"a.test\"]", "line 3: key[1].number: must be a whole number, 0 to 9"),
        ("number = -1\nfor = [\"a.test\"]", "line 3: key[1].number: must be a whole number, 0 to 9"),
        ("number = \"1\"\nfor = [\"a.test\"]", "line 3: key[1].number: must be a whole number, 0 to 9"),
        ("for = [\"a.test\"]", "line 1: key[1].number: is missing"),
        ("number = 1", "line 1: key[1].for: is missing"),
        ("number = 1\nfor = []", "line 4: key[1].for: must name a domain or an address"),
        (
            "number = 1\nfor = [\"postmaster@*\"]",
            "line 4: key[1].for: \"postmaster@*\" is a pattern of local-parts, but keys are for domains and addresses",
        ),
        (
            "number = 1\nfor = \"a.test\"",
            "line 4: key[1].for: must be a list in brackets: [\"...\", \"...\"]",
        ),
    ] {
        assert_eq!(faults(&format!("{header}{text}")), expected, "{text}");
    }
}

#[test]
fn faults_of_secrets() {
    let once = "must be given once, as `secret`, `secret-base64` or `secret-file`";
    for (secret, expected) in [
        ("", format!("line 1: key[1].secret: {once}")),
        ("secret = \"a\"\nsecret-file = \"b\"", format!("line 5: key[1].secret: {once}")),
        ("secret = \"\"", "line 4: key[1].secret: is empty".into()),
        ("secret = 1", "line 4: key[1].secret: must be a string".into()),
        ("secret-base64 = \"\"", "line 4: key[1].secret-base64: is empty".into()),
        ("secret-base64 = \"YW5v*\"", "line 4: key[1].secret-base64: is not base64".into()),
        ("secret-file = \"a.key\"", "line 4: key[1].secret-file: a.key cannot be read".into()),
        ("secret-file = [\"a\"]", "line 4: key[1].secret-file: must be a string".into()),
    ] {
        let text = format!("[[key]]\nnumber = 1\nfor = [\"a.test\"]\n{secret}\n");
        assert_eq!(faults(&text), expected, "{secret}");
    }
    let text = "[[key]]\nnumber = 1\nfor = [\"a.test\"]\nsecret-file = \"empty\"";
    let error = Config::parse(text, |_| Ok(Vec::new())).unwrap_err();
    assert_eq!(error.to_string(), "line 4: key[1].secret-file: is empty");
}

#[test]
fn unknown_names_and_what_was_meant() {
    for (text, expected) in [
        ("lifetme = 7", "line 1: lifetme: unknown setting; did you mean `lifetime`?"),
        ("hash_case = \"fold\"", "line 1: hash_case: unknown setting; did you mean `hash-case`?"),
        ("[[keys]]", "line 1: keys: unknown setting; did you mean `key`?"),
        ("[polcy]", "line 1: polcy: unknown setting; did you mean `policy`?"),
        ("colour = 1", "line 1: colour: unknown setting"),
        (
            "[policy]\nsign_local = true",
            "line 2: policy.sign_local: unknown setting; did you mean `sign-local`?",
        ),
        ("[policy]\nenforce = 1", "line 2: policy.enforce: unknown setting; did you mean `enforce-from`?"),
        (
            "[policy]\nuntagged-destination-domains = []",
            "line 2: policy.untagged-destination-domains: unknown setting; did you mean `untagged-destinations`?",
        ),
        // TOML takes what stands behind a table for a part of it.
        (
            "[policy]\nlifetime = 7",
            "line 2: policy.lifetime: belongs at the top of the file, before the first table",
        ),
    ] {
        assert_eq!(faults(text), expected);
    }
    assert_eq!(in_key("seccret = \"x\""), "line 5: key[1].seccret: unknown setting; did you mean `secret`?");
    assert_eq!(
        in_key("verify-til = 1"),
        "line 5: key[1].verify-til: unknown setting; did you mean `verify-until`?"
    );
    assert_eq!(
        in_key("syntax = 1"),
        "line 5: key[1].syntax: belongs at the top of the file, before the first table"
    );
}

#[test]
fn a_fault_of_the_syntax_makes_no_others() {
    for (text, expected) in [
        // The key is not told to lack what stands behind the fault.
        ("[[key]]\nnumber 1\nsecret = \"x\"\n", "line 2: key with no value, expected `=`"),
        ("[[key]]\nsecret = '''x\nnumber = 1\n", "line 4: invalid multi-line literal string, expected `'`"),
        ("[policy]\nmonitor = yes\n", "line 2: string values must be quoted, expected literal string"),
        ("lifetime = 7\nlifetime = 700\n", "line 2: duplicate key"),
        ("[policy]\n[policy]\n", "line 2: duplicate key"),
        ("a = 1\r", "line 1: carriage return must be followed by newline, expected newline"),
    ] {
        assert!(faults(text).contains(expected), "{text}: {}", faults(text));
        assert_eq!(
            faults(text).lines().filter(|line| !line.contains("unknown setting")).count(),
            1,
            "{text}"
        );
    }
    let both = faults("[policy]\nmonitor = yes\nexempt = 1\n");
    assert_eq!(
        both.lines().last(),
        Some("line 3: policy.exempt: must be a list in brackets: [\"...\", \"...\"]")
    );
}

#[test]
fn a_text_that_is_something_else_has_faults_enough() {
    // Each line of it has several.
    let small = "=\n".repeat(5_000);
    let error = Config::parse(&small, |_| unreachable!()).unwrap_err();
    assert_eq!(error.faults().len(), 1000);
    let large = format!("monitor = 1\n{}", "=\n".repeat(200_000));
    let error = Config::parse(&large, |_| unreachable!()).unwrap_err();
    assert_eq!((error.faults().len(), error.faults()[0].line), (1, Some(2)));
    let unknown: Vec<_> = (0..5_000).map(|number| format!("n{number} = 1\n")).collect();
    let unknown = unknown.concat();
    assert_eq!(Config::parse(&unknown, |_| unreachable!()).unwrap_err().faults().len(), 1000);
}

/// Pieces of configuration files, good and bad.
const PIECES: [&str; 40] = [
    "\n",
    "[[key]]",
    "[policy]",
    "[key]",
    "number = ",
    "secret = ",
    "secret-base64 = ",
    "secret-file = ",
    "for = ",
    "use = ",
    "created = ",
    "verify-until = ",
    "lifetime = ",
    "delimiter = ",
    "monitor = ",
    "enforce-from = ",
    "untagged-clients = ",
    "exempt = ",
    "default-domain = ",
    "sign-local = ",
    "\"",
    "'''",
    "\"\"\"",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"a.test\"",
    "\"*\"",
    "\"x@*\"",
    "\"192.0.2.1\"",
    "1",
    "-0",
    "0x1_0",
    "2026-02-30",
    "9999-12-31",
    "true",
    "#",
    "\\u0000",
];

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Config::parse(&text, |name| Ok(name.as_bytes().to_vec()));
    }

    #[test]
    fn no_pieces_panic(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40)) {
        let text = pieces.concat();
        match Config::parse(&text, |name| Ok(name.as_bytes().to_vec())) {
            Ok(config) => {
                let _ = config.warnings(u64::MAX);
            }
            Err(error) => {
                let lines = text.matches('\n').count() + 1;
                let mut before = 1;
                for fault in error.faults() {
                    let line = fault.line.unwrap_or_default();
                    prop_assert!((before..=lines).contains(&line), "{text}\n{error}");
                    before = line;
                }
                prop_assert!(!error.faults().is_empty());
            }
        }
    }
}
