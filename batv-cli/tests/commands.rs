//! Each command, its options, its answers and exit status.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{ALICE, NOON, batv, batv_with, exims_secret, keyed, keyed_at, run};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

#[test]
fn sign_takes_every_option() {
    let secret = exims_secret();
    let sign = |options: &[&str], address: &str| {
        let ran = run(keyed("sign", &secret).args(options).arg(address), b"");
        assert_eq!((ran.err.as_str(), ran.status), ("", 0));
        ran.text().trim_end().to_owned()
    };
    assert_eq!(sign(&[], "alice@example.test"), ALICE);
    assert_eq!(&sign(&["--lifetime", "30", "--key-number", "4"], "alice@example.test")[..9], "prvs=4809");
    // Exim hashes the address as it stands; a folded tag is that of the lower-case address.
    assert_eq!(sign(&[], "Alice@Example.TEST"), ALICE.replace("alice@example.test", "Alice@Example.TEST"));
    assert_ne!(sign(&["--hash-case", "exact"], "Alice@example.test")[..15], ALICE[..15]);
    assert_eq!(
        sign(&["--syntax", "sub-address"], "alice@example.test"),
        "alice+prvs=078613a076@example.test"
    );
    let dashed = "alice-prvs=078613a076@example.test";
    assert_eq!(sign(&["--syntax", "sub-address", "--delimiter", "-"], "alice@example.test"), dashed);
    assert_eq!(sign(&["--delimiter", "-"], dashed), dashed);
    let ran = run(keyed("verify", &secret).args(["--delimiter", "-", dashed]), b"");
    assert_eq!(ran.text(), "pass\talice@example.test\n");
}

#[test]
fn arguments_are_answered_like_lines() {
    let ran = run(keyed("sign", &exims_secret()).args(["alice@example.test", "a\nb", "", "<>"]), b"x@y\n");
    assert_eq!(ran.text(), format!("{ALICE}\na\nb\n\n<>\n"));
    assert_eq!(ran.err, "batv: \"a\\nb\": not signed: control '\\n' at octet 1\n");
    assert_eq!(ran.status, 1);
}

#[test]
fn the_six_verdicts_and_their_exit_status() {
    let secret = exims_secret();
    for (time, input, answer, status) in [
        (NOON, ALICE, "pass\talice@example.test", 0),
        ("1795996799", ALICE, "pass\talice@example.test", 0),
        ("1795996800", ALICE, "expired\talice@example.test", 1),
        (NOON, "prvs=078613a076=bob@example.test", "bad-signature\tprvs=078613a076=bob@example.test", 1),
        (NOON, "prvs=178613a076=a@b", "unknown-key\tprvs=178613a076=a@b", 1),
        (NOON, "prvs=078613a07=a@b", "malformed\tprvs=078613a07=a@b", 1),
        (NOON, "alice@example.test", "missing\talice@example.test", 1),
        (NOON, "<>", "missing\t<>", 1),
    ] {
        let ran = run(keyed_at("verify", &secret, time).arg(input), b"");
        assert_eq!((ran.text(), ran.err.as_str(), ran.status), (format!("{answer}\n").as_str(), "", status));
    }
}

#[test]
fn without_a_time_it_is_the_clocks() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let secret = exims_secret();
    let sign = |at: Option<u64>| {
        let mut sign = batv();
        sign.args(["sign", "alice@example.test", "--secret-file"]).arg(secret.path());
        run(sign.args(at.map(|time| format!("--at={time}"))), b"").out
    };
    let before = now();
    let signed = sign(None);
    assert!([sign(Some(before)), sign(Some(now()))].contains(&signed));
}

#[test]
fn strip_knows_the_dialects() {
    for (input, answer) in [
        (ALICE, "alice@example.test\tdraft"),
        ("prvs=779abc123=user@example.com", "user@example.com\tironport"),
        ("prvs=user=0786864c09@example.com", "user@example.com\tswapped"),
        ("prvs=user/0786864c09@example.com", "user@example.com\tslash"),
        ("user+prvs=0786864c09@example.com", "user@example.com\tsub-address"),
        ("btv1==08501234bcd==user@example.com", "user@example.com\tbarracuda"),
        ("msprvs1=17823hTzYBKqn=user@example.com", "user@example.com\tsparkpost"),
        ("prvs=abc@example.com", "prvs=abc@example.com\tnone"),
        ("prvs=0123456789=a=b@example.com", "a=b@example.com\tdraft"),
        ("no address", "no address\tnone"),
    ] {
        let ran = batv_with(&["strip", "--dialect", input]);
        assert_eq!((ran.text(), ran.err.as_str(), ran.status), (format!("{answer}\n").as_str(), "", 0));
        let (address, _) = answer.split_once('\t').unwrap();
        assert_eq!(batv_with(&["strip", input]).text(), format!("{address}\n"));
    }
}

#[test]
fn inspect_says_it_in_words() {
    let cases = [
        (ALICE, NOON, "draft", "key number:  0\nexpires:     2026-11-29, in 7 days\n"),
        (ALICE, "1795996799", "draft", "key number:  0\nexpires:     2026-11-29, today\n"),
        (ALICE, "1795996800", "draft", "key number:  0\nexpired:     2026-11-29, yesterday\n"),
        ("prvs=3879aaaaaa=u@e", NOON, "draft", "key number:  3\nexpires:     2027-03-02, in 100 days\n"),
        ("prvs=3880aaaaaa=u@e", NOON, "draft", "key number:  3\nexpired:     2024-06-06, 899 days ago\n"),
        // Around day 21000, when the numbers begin anew.
        ("prvs=3000aaaaaa=u@e", "1814313600", "draft", "key number:  3\nexpires:     2027-07-01, tomorrow\n"),
        (
            "prvs=3999aaaaaa=u@e",
            "1814400000",
            "draft",
            "key number:  3\nexpired:     2027-06-30, yesterday\n",
        ),
        ("prvs=u=3786aaaaaa@e", NOON, "swapped", "key number:  3\nexpires:     2026-11-29, in 7 days\n"),
        ("prvs=779aaaaaa=u@e", NOON, "ironport", "sent:        2026-11-22, today\n"),
        ("prvs=780aaaaaa=u@e", NOON, "ironport", "sent:        2026-11-23, tomorrow\n"),
        ("prvs=781aaaaaa=u@e", NOON, "ironport", "sent:        2024-02-28, 998 days ago\n"),
        ("btv1==08501234bcd==u@e", NOON, "barracuda", "day:         85 of 1000\n"),
        ("prvs=u=779aaaaaa@e", NOON, "swapped", "day:         779 of 1000\n"),
        ("<msprvs1=17823hTzYBKqn=u@e>", NOON, "sparkpost", "day:         2018-10-19\n"),
        // Before 1970 there is a day too.
        ("prvs=0000aaaaaa=u@e", "86400", "draft", "key number:  0\nexpired:     1970-01-01, yesterday\n"),
    ];
    for (input, time, dialect, words) in cases {
        let ran = batv_with(&["inspect", input, "--at", time]);
        let original = batv_with(&["strip", input]);
        let expected = format!("dialect:     {dialect}\n{words}original:    {}", original.text());
        assert_eq!((ran.text(), ran.err.as_str(), ran.status), (expected.as_str(), "", 0));
    }
}

#[test]
fn inspect_tells_why_there_is_no_tag() {
    for (input, reason) in [
        ("alice@example.test", "no tag"),
        ("prvs=078613a0766=alice@example.test", "no tag: what follows prvs= is not a tag value"),
        ("<>", "no tag: null sender"),
        ("alice", "no '@' after a local-part"),
    ] {
        let ran = batv_with(&["inspect", input]);
        assert_eq!((ran.text(), ran.status), ("", 1));
        assert_eq!(ran.err, format!("batv: \"{input}\": {reason}\n"));
        let json: serde_json::Value =
            serde_json::from_slice(&batv_with(&["inspect", "--json", input]).out).unwrap();
        assert_eq!(
            [&json["input"], &json["error"], &json["dialect"]],
            [&input.into(), &reason.into(), &serde_json::Value::Null]
        );
    }
}

#[test]
fn json_is_one_object_a_line() {
    let secret = exims_secret();
    let input = format!("alice@example.test\n{ALICE}\r\nJ\u{f6}rg \"x\"");
    let ran = run(keyed("sign", &secret).arg("--json"), input.as_bytes());
    assert_eq!(
        ran.text(),
        [
            r#"{"mail_from":"alice@example.test","action":"sign","signed":"prvs=078613a076=alice@example.test","reason":"signed","error":null}"#,
            r#"{"mail_from":"prvs=078613a076=alice@example.test","action":"leave","signed":null,"reason":"tagged","error":null}"#,
            r#"{"mail_from":"Jörg \"x\"","action":"leave","signed":null,"reason":"unreadable","error":"local-part cannot have ' ' at octet 5"}"#,
            "",
        ]
        .join("\n")
    );
    let ran = run(keyed("verify", &secret).arg("--json"), format!("{ALICE}\n\nJ\u{f6}rg").as_bytes());
    assert_eq!(
        ran.text(),
        [
            r#"{"rcpt_to":"prvs=078613a076=alice@example.test","verdict":"pass","original":"alice@example.test","key_number":0,"expires":"2026-11-29","days_left":7,"error":null}"#,
            r#"{"rcpt_to":"","verdict":"missing","original":null,"key_number":null,"expires":null,"days_left":null,"error":null}"#,
            r#"{"rcpt_to":"Jörg","verdict":"malformed","original":null,"key_number":null,"expires":null,"days_left":null,"error":"no '@' after a local-part"}"#,
            "",
        ]
        .join("\n")
    );
    let ran = run(keyed_at("verify", &secret, "1795996800").args(["--json", ALICE]), b"");
    assert!(ran.text().contains(
        r#""verdict":"expired","original":"alice@example.test","key_number":0,"expires":"2026-11-29","days_left":null"#
    ));
    let ran = run(batv().args(["strip", "--json"]), b"prvs=0786aaaaaa=J\xf6rg@b\n\xff");
    assert_eq!(
        ran.text(),
        "{\"input\":\"prvs=0786aaaaaa=J\u{fffd}rg@b\",\"original\":\"J\u{fffd}rg@b\",\"dialect\":\"draft\"}\n\
         {\"input\":\"\u{fffd}\",\"original\":null,\"dialect\":null}\n"
    );
    let ran = batv_with(&["inspect", "--json", "--at", NOON, "prvs=779aaaaaa=u@e"]);
    assert_eq!(
        ran.text(),
        concat!(
            r#"{"input":"prvs=779aaaaaa=u@e","dialect":"ironport","original":"u@e","key_number":null,"#,
            r#""expires":null,"days_left":null,"sent":"2026-11-22","day":779,"error":null}"#,
            "\n"
        )
    );
}

#[test]
fn wrong_usage_is_named_and_has_exit_status_2() {
    let secret = exims_secret();
    for (options, message) in [
        (&["--key-number", "10"][..], "'10' for '--key-number <N>': key number 10 is not one of 0 to 9"),
        (&["--key-number", "x"], "'x' for '--key-number <N>': a key number is a digit, 0 to 9"),
        (&["--delimiter", "a"], "'a' for '--delimiter <C>': 'a' cannot be a sub-address delimiter"),
        (&["--delimiter", "ü"], "'ü' for '--delimiter <C>': a delimiter is one ASCII character"),
        (&["--lifetime", "0"], "'0' for '--lifetime <DAYS>': lifetime of 0 days is not one of 1 to 99"),
        (&["--lifetime", "100"], "'100' for '--lifetime <DAYS>': lifetime of 100 days is not one of 1 to 99"),
        (&["--lifetime", "week"], "'week' for '--lifetime <DAYS>': a lifetime is a number of days, 1 to 99"),
        (&["--hash-case", "lower"], "'lower' for '--hash-case <CASE>'"),
        (&["--syntax", "suffix"], "'suffix' for '--syntax <SYNTAX>'"),
        (&["--secret", "x"], "'--secret'"),
    ] {
        let ran = run(keyed("sign", &secret).args(options).arg("alice@example.test"), b"");
        assert_eq!((ran.text(), ran.status), ("", 2), "{options:?}");
        assert!(ran.err.contains(message), "{}", ran.err);
    }
    for arguments in [&[][..], &["sing"], &["inspect"], &["keygen", "x"]] {
        let ran = batv_with(arguments);
        assert_eq!((ran.text(), ran.status), ("", 2), "{arguments:?}");
    }
}

#[test]
fn help_fits_a_screen_and_has_examples() {
    let help = batv_with(&["--help"]);
    // The prompt comes below it.
    assert!(help.text().lines().count() < 24, "{}", help.text());
    assert!(help.text().lines().all(|line| line.len() <= 80), "{}", help.text());
    for command in [
        "sign",
        "verify",
        "check",
        "keys",
        "keys list",
        "keys new",
        "keys rotate",
        "keys retire",
        "keys prune",
        "keys show",
        "keys export",
        "keys fingerprint",
        "config",
        "config check",
        "report",
        "strip",
        "inspect",
        "keygen",
        "generate",
        "generate man",
        "generate bash",
        "generate zsh",
        "generate fish",
    ] {
        let arguments: Vec<_> = command.split(' ').chain(["--help"]).collect();
        let help = batv_with(&arguments);
        assert!(help.text().contains("\nExamples:\n"), "{command}");
        assert!(help.text().contains(&format!("batv {command}")), "{command}");
    }
    for command in ["keygen", "inspect", "report", "config check"] {
        let arguments: Vec<_> = command.split(' ').chain(["--help"]).collect();
        assert!(!batv_with(&arguments).text().contains("--config"), "{command}");
    }
}

#[test]
fn colours_are_for_terminals_alone() {
    let secret = exims_secret();
    let verify = |wrapped: bool, no_colour: bool| {
        let words = ["verify", "--at", NOON, ALICE, "x@y", "--secret-file", secret.path().to_str().unwrap()];
        let mut command = batv();
        if wrapped {
            // It gives its command a terminal, whose lines end in CRLF.
            command = Command::new("script");
            let line = [&[env!("CARGO_BIN_EXE_batv")], &words[..]].concat().join(" ");
            command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        } else {
            command.args(words);
        }
        command.env("TERM", "xterm").env_remove("NO_COLOR").env("CLICOLOR_FORCE", "1");
        if no_colour {
            command.env("NO_COLOR", "1").env_remove("CLICOLOR_FORCE");
        }
        run(&mut command, b"").text().replace('\r', "")
    };
    let plain = "pass\talice@example.test\nmissing\tx@y\n";
    assert_eq!(verify(false, false), plain);
    assert_eq!(verify(true, true), plain);
    let coloured = "\u{1b}[32mpass\u{1b}[0m\talice@example.test\n\u{1b}[31mmissing\u{1b}[0m\tx@y\n";
    assert_eq!(verify(true, false), coloured);
}

#[test]
fn manual_pages_and_completions_know_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man/man1");
    assert_eq!(run(batv().args(["generate", "man"]).arg(&pages), b"").status, 0);
    let mut names: Vec<_> =
        pages.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let commands = [
        "check",
        "config-check",
        "config",
        "inspect",
        "keygen",
        "keys-export",
        "keys-fingerprint",
        "keys-list",
    ];
    let more = [
        "keys-new",
        "keys-prune",
        "keys-retire",
        "keys-rotate",
        "keys-show",
        "keys",
        "report",
        "sign",
        "strip",
        "verify",
    ];
    let mut expected: Vec<_> =
        commands.iter().chain(&more).map(|command| format!("batv-{command}.1")).collect();
    expected.push("batv.1".into());
    assert_eq!(names, expected);
    let page = std::fs::read_to_string(pages.join("batv-sign.1")).unwrap();
    for part in [".TH BATV-SIGN 1 ", ".SH EXAMPLES\n", ".SH EXIT STATUS\n", "\\-\\-secret\\-file"] {
        assert!(page.contains(part), "{part}");
    }
    // This one is written by hand.
    let page = std::fs::read_to_string(pages.join("batv.1")).unwrap();
    assert!(page.contains(concat!("\"batv ", env!("CARGO_PKG_VERSION"), "\"")));
    for command in ["sign", "verify", "check", "keys", "config", "report", "strip", "inspect", "keygen"] {
        assert!(page.contains(&format!("\n.BR {command} \", \" batv\\-{command}")), "{command}");
    }

    for shell in ["bash", "zsh", "fish"] {
        let script = batv_with(&["generate", shell]);
        assert_eq!(script.status, 0);
        for word in ["sign", "verify", "strip", "inspect", "keygen", "secret-file", "dialect"] {
            assert!(script.text().contains(word), "{shell} {word}");
        }
    }
    let ran = batv_with(&["generate", "man", "/dev/null/man"]);
    assert_eq!(
        (ran.err.as_str(), ran.status),
        ("batv: \"/dev/null/man\": Not a directory (os error 20)\n", 2)
    );
}
