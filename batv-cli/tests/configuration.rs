//! Signing, verifying and deciding by a configuration file.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{ALICE, NOON, Site, batv_with, run};
use std::fs::Permissions;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Key 0 is Exim's, for example.test.
const EXAMPLE: &str = r#"
[[key]]
number = 0
secret-file = "exim.key"
for = ["example.test"]

[policy]
default-domain = "example.test"
exempt = ["postmaster@example.test"]
untagged-clients = ["192.0.2.1"]
"#;

#[test]
fn sign_takes_keys_and_policy_of_the_file() {
    let site = Site::new(EXAMPLE);
    let input = b"alice@example.test\n<@relay.test:alice@example.test>\nalice\nalice@example.org\n\
                  postmaster@example.test\n<>\nprvs=078613a076=alice@example.test\n";
    let ran = run(site.command("sign --config batv.toml --at").arg(NOON), input);
    let expected =
        format!("{ALICE}\n<{ALICE}>\n{ALICE}\nalice@example.org\npostmaster@example.test\n<>\n{ALICE}\n");
    assert_eq!((ran.text(), ran.err.as_str(), ran.status), (expected.as_str(), "", 0));
    let before = run(&mut site.command(&format!("--config batv.toml sign --at {NOON} alice")), b"");
    assert_eq!(before.text(), format!("{ALICE}\n"));
}

#[test]
fn what_cannot_be_signed_comes_out_unchanged_with_a_warning() {
    let site = Site::new(EXAMPLE);
    let long = format!("{}@example.test", "x".repeat(49));
    let too_long = format!("{}@example.test", "x".repeat(65_536));
    let input = format!("{long}\na b@example.test\n{too_long}\nalice@example.test\n");
    let ran = run(site.command("sign --config batv.toml --at").arg(NOON), input.as_bytes());
    assert_eq!(ran.text(), format!("{long}\na b@example.test\n{too_long}\n{ALICE}\n"));
    assert_eq!(
        ran.err,
        "batv: line 1: not signed: signed local-part would have more than 64 octets\n\
         batv: line 2: not signed: local-part cannot have ' ' at octet 1\n\
         batv: line 3: not signed: line is longer than 65536 octets\n"
    );
    assert_eq!(ran.status, 1);

    let site = Site::new(&EXAMPLE.replace("for =", "use = \"verify\"\nfor ="));
    let ran = site.run("sign alice@example.test alice@example.org");
    assert_eq!(ran.text(), "alice@example.test\nalice@example.org\n");
    assert_eq!(
        (ran.err.as_str(), ran.status),
        ("batv: \"alice@example.test\": not signed: no key signs\n", 1)
    );
}

#[test]
fn signed_by_a_file_as_json() {
    let site = Site::new(EXAMPLE);
    assert_eq!(
        site.out("sign --json <alice> alice@example.org"),
        format!(
            "{{\"mail_from\":\"<alice>\",\"action\":\"sign\",\"signed\":\"<{ALICE}>\",\"reason\":\"signed\",\"error\":null}}\n\
             {{\"mail_from\":\"alice@example.org\",\"action\":\"leave\",\"signed\":null,\"reason\":\"not-ours\",\"error\":null}}\n"
        )
    );
}

#[test]
fn verify_and_strip_take_the_file() {
    let site = Site::new(EXAMPLE);
    for (input, answer, status) in [
        (ALICE, "pass\talice@example.test", 0),
        ("prvs=078613a076=bob@example.test", "bad-signature\tprvs=078613a076=bob@example.test", 1),
        ("prvs=178613a076=alice@example.test", "unknown-key\tprvs=178613a076=alice@example.test", 1),
        // Not ours: none of our secrets is for it.
        ("prvs=078613a076=alice@example.org", "unknown-key\tprvs=078613a076=alice@example.org", 1),
        ("alice@example.org", "missing\talice@example.org", 1),
    ] {
        let ran = site.run(&format!("verify {input}"));
        assert_eq!((ran.text(), ran.err.as_str(), ran.status), (format!("{answer}\n").as_str(), "", status));
    }
    let ran = run(&mut site.command("strip --config batv.toml btv1==08501234bcd==user@example.org"), b"");
    assert_eq!((ran.text(), ran.status), ("user@example.org\n", 0));
}

#[test]
fn options_of_one_key_contradict_the_file() {
    let site = Site::new(EXAMPLE);
    for options in [
        "--secret-file x",
        "--key-number 1",
        "--lifetime 7",
        "--hash-case fold",
        "--syntax prefix",
        "--delimiter -",
    ] {
        let ran = site.run(&format!("sign a@example.test {options}"));
        assert_eq!((ran.text(), ran.status), ("", 2), "{options}");
        assert!(ran.err.contains("cannot be used with"), "{}", ran.err);
    }
    for command in ["inspect a@example.test", "keygen", "config check batv.toml"] {
        let ran = run(&mut site.command(&format!("--config batv.toml {command}")), b"");
        assert_eq!((ran.text(), ran.status), ("", 2), "{command}");
        assert!(ran.err.contains("'--config <FILE>' cannot be used with '"), "{}", ran.err);
    }
}

#[test]
fn the_default_file_is_used_where_none_is_named() {
    const DEFAULT: &str = "/etc/batv/batv.toml";
    let site = Site::new(EXAMPLE);
    for command in ["sign a@example.test", "verify a@example.test", "check --from a --to b", "keys list"] {
        let unnamed = run(&mut site.command(&format!("{command} --at {NOON}")), b"");
        let named = run(&mut site.command(&format!("{command} --at {NOON} --config {DEFAULT}")), b"");
        assert_eq!((unnamed.text(), unnamed.status), (named.text(), named.status), "{command}");
        let or = if unnamed.err.contains(" or ") { " or --secret-file FILE" } else { "" };
        let missing = format!("batv: there is no {DEFAULT}: use --config FILE{or}\n");
        let expected = if std::path::Path::new(DEFAULT).exists() { named.err } else { missing };
        assert_eq!(unnamed.err, expected, "{command}");
    }
    let unnamed = run(&mut site.command(&format!("config check --at {NOON}")), b"");
    assert_eq!(unnamed, run(&mut site.command(&format!("config check --at {NOON} {DEFAULT}")), b""));
}

#[test]
fn a_co_process_follows_the_file() {
    let text = EXAMPLE.replace("number = 0", "number = 4");
    let site = Site::new(EXAMPLE);
    // The file is looked at by the clock, whatever time the addresses are signed at.
    let mut command = site.command("sign --config batv.toml --at");
    let mut child = command.arg(NOON).stdin(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut sign = || {
        stdin.write_all(b"alice@example.test\n").unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        line[..6].to_owned()
    };
    assert_eq!(sign(), "prvs=0");
    // Replaced in one step, so that no half of it is read.
    let replace = |text: &str| {
        std::fs::write(site.path("new"), text).unwrap();
        std::fs::rename(site.path("new"), site.path("batv.toml")).unwrap();
    };
    let deadline = Instant::now() + Duration::from_secs(60);
    replace(&text);
    while sign() != "prvs=4" {
        assert!(Instant::now() < deadline, "the file is not followed");
    }
    // A bad file is told once, and changes nothing.
    replace(&format!("lifetme = 7\n{text}"));
    let told = std::thread::spawn(move || {
        let mut lines = [String::new(), String::new()];
        for line in &mut lines {
            stderr.read_line(line).unwrap();
        }
        lines
    });
    while !told.is_finished() {
        assert!(Instant::now() < deadline, "the bad file is not told");
        assert_eq!(sign(), "prvs=4");
    }
    assert_eq!(
        told.join().unwrap(),
        [
            "batv: the new configuration is bad, so the old one stays in use\n",
            "batv.toml:1: lifetme: unknown setting; did you mean `lifetime`?\n"
        ]
    );
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn config_check_tells_all_faults_at_once_and_no_secret() {
    let site = Site::new(
        "lifetme = 7\n[[key]]\nnumber = 10\nsecret = \"a very secret word\"\nfor = [\"a.test\"]\n\
         [[key]]\nnumber = 1\nsecret-file = \"none.key\"\nfor = [\"a.test\"]\n",
    );
    for words in ["config check batv.toml", "sign --config batv.toml", "keys list --config batv.toml"] {
        let ran = run(&mut site.command(words), b"");
        assert_eq!((ran.text(), ran.status), ("", 2), "{words}");
        assert_eq!(
            ran.err,
            "batv.toml:1: lifetme: unknown setting; did you mean `lifetime`?\n\
             batv.toml:3: key[1].number: must be a whole number, 0 to 9\n\
             batv.toml:8: key[2].secret-file: none.key: No such file or directory (os error 2)\n"
        );
    }
    let ran = batv_with(&["config", "check", "/nonexistent"]);
    assert_eq!((ran.err.as_str(), ran.status), ("/nonexistent: No such file or directory (os error 2)\n", 2));
    let open = Site::new("[[key]]\nnumber = 1\nsecret = \"a very secret word\"\nfor = [\"example.test\"]\n");
    std::fs::set_permissions(open.path("batv.toml"), Permissions::from_mode(0o644)).unwrap();
    let ran = run(&mut open.command("config check batv.toml"), b"");
    assert_eq!(
        (ran.err.as_str(), ran.status),
        ("batv.toml: holds secrets and is open to every user; fix it with: chmod o= -- 'batv.toml'\n", 2)
    );
}

#[test]
fn config_check_warns() {
    let text = "[[key]]\nnumber = 0\nsecret = \"short\"\ncreated = 2024-06-04\nuse = \"verify\"\n\
                for = [\"example.test\"]\n[policy]\ndefault-domain = \"example.test\"\nenforce-from = 2026-11-23\n";
    let site = Site::new(text);
    let ran = run(&mut site.command(&format!("config check batv.toml --at {NOON}")), b"");
    assert_eq!(
        ran.text(),
        "batv.toml: warning: no key signs for example.test, so its mail leaves without a tag and its bounces \
         are refused: let a key sign for it\n\
         batv.toml: warning: line 1: the secret of key 0 has fewer than 16 octets and may be guessed: rotate it\n\
         batv.toml: warning: line 1: the secret of key 0 is 901 days old; after 900 days tags that have expired \
         turn valid again: rotate it\n\
         batv.toml: warning: policy.monitor: monitor mode is on, nothing is refused\n"
    );
    assert_eq!((ran.err.as_str(), ran.status), ("", 1));
    let site = Site::new(EXAMPLE);
    let ran = run(&mut site.command("config check batv.toml"), b"");
    assert_eq!((ran.text(), ran.err.as_str(), ran.status), ("batv.toml: good\n", "", 0));
}

#[test]
fn check_says_both_decisions() {
    let site = Site::new(EXAMPLE);
    let ran = site.run(&format!("check --from <> --to alice@example.test --to {ALICE} --to bob@example.org"));
    assert_eq!(
        ran.text(),
        "Coming in
  MAIL FROM:<>
  RCPT TO:<alice@example.test>
    refuse: 550 5.7.1 Not a bounce of mail sent from here (BATV: the address has no tag)
    reason: missing (a bounce without a tag)
  RCPT TO:<prvs=078613a076=alice@example.test>
    accept for <alice@example.test>
    reason: pass (a bounce with an authentic tag, in time)
  RCPT TO:<bob@example.org>
    accept
    reason: not-ours (there is no key for the recipient)
"
    );
    assert_eq!((ran.err.as_str(), ran.status), ("", 1));
    assert_eq!(
        site.out("check --from alice --to bob@example.org"),
        "Coming in
  MAIL FROM:<alice>
  RCPT TO:<bob@example.org>
    accept
    reason: not-ours (there is no key for the recipient)
Going out
  MAIL FROM:<alice>
    sign as <prvs=078613a076=alice@example.test>
    reason: signed (a key signs for the sender)
"
    );
}

/// The line with the reason of a bounce to alice, and the exit status.
fn reason(text: &str, words: &str) -> (String, i32) {
    let ran = Site::new(text).run(&format!("check --from <> {words}"));
    (ran.text().lines().nth(4).unwrap().trim().to_owned(), ran.status)
}

#[test]
fn check_takes_what_the_server_knows() {
    let bare = "--to alice@example.test";
    let refused = "reason: missing (a bounce without a tag)";
    assert_eq!(reason(EXAMPLE, bare), (refused.to_owned(), 1));
    assert_eq!(reason(EXAMPLE, &format!("{bare} --client 192.0.2.2")), (refused.to_owned(), 1));
    let client = "reason: client (the client is trusted, or listed in policy.untagged-clients or policy.internal-networks)";
    assert_eq!(reason(EXAMPLE, &format!("{bare} --client 192.0.2.1")), (client.to_owned(), 0));
    assert_eq!(reason(EXAMPLE, &format!("{bare} --client ::ffff:192.0.2.1")), (client.to_owned(), 0));
    assert_eq!(reason(EXAMPLE, &format!("{bare} --trusted")), (client.to_owned(), 0));
    let monitored = "reason: missing (a bounce without a tag; refused, but for monitor mode)";
    let monitor = format!("{EXAMPLE}monitor = true\n");
    assert_eq!(reason(&monitor, bare), (monitored.to_owned(), 0));
    let one = format!("{EXAMPLE}one-recipient = true\n");
    let ran = Site::new(&one).run(&format!("check --from <> --to {ALICE} --to {ALICE}"));
    assert!(
        ran.text().contains("550 5.7.1 A bounce has exactly one recipient\n    reason: second-recipient (")
    );
}

#[test]
fn check_prints_what_a_server_logs() {
    let site = Site::new(EXAMPLE);
    let ran =
        site.run(&format!("check --log --from <> --client 192.0.2.9 --to {ALICE} --to alice@example.test"));
    assert_eq!(
        ran.text(),
        format!(
            "batv: dir=in action=original reason=pass from=<> to=<{ALICE}> client=192.0.2.9 key=0 left=7\n\
             batv: dir=in action=refuse reason=missing from=<> to=<alice@example.test> client=192.0.2.9\n"
        )
    );
    assert_eq!((ran.err.as_str(), ran.status), ("", 1));
    assert_eq!(
        site.out("check --log --from alice@example.test --to bob@example.org"),
        "batv: dir=in action=accept reason=not-ours from=<alice@example.test> to=<bob@example.org>\n\
         batv: dir=out action=sign reason=signed from=<alice@example.test> key=0\n"
    );
    assert_eq!(site.run("check --log --json --from a --to b").status, 2);
}

#[test]
fn check_takes_the_client_for_both_decisions() {
    let site = Site::new(&format!("{EXAMPLE}internal-networks = [\"198.51.100.0/24\"]\n"));
    for (client, reason) in [
        ("", "signed (a key signs for the sender)"),
        (" --client 198.51.100.7", "signed (a key signs for the sender)"),
        (" --client 192.0.2.1 --trusted", "signed (a key signs for the sender)"),
        (
            " --client 192.0.2.1",
            "not-internal (the client is neither trusted nor listed in policy.internal-networks)",
        ),
    ] {
        let out = site.out(&format!("check --from alice@example.test --to bob@example.org{client}"));
        assert_eq!(out.lines().last(), Some(format!("    reason: {reason}").as_str()), "{client}");
    }
}

#[test]
fn check_answers_in_json() {
    let site = Site::new(&format!("{EXAMPLE}monitor = true\n"));
    let ran = site.run(&format!("check --json --from <> --to <{ALICE}> --to alice@example.test"));
    assert_eq!(
        ran.text(),
        "{\"inbound\":[{\"rcpt_to\":\"<prvs=078613a076=alice@example.test>\",\"action\":\"original\",\
         \"original\":\"<alice@example.test>\",\"reason\":\"pass\",\"key_number\":0,\"days_left\":7,\
         \"monitored\":false,\"reply\":null},\
         {\"rcpt_to\":\"alice@example.test\",\"action\":\"accept\",\"original\":null,\"reason\":\"missing\",\
         \"key_number\":null,\"days_left\":null,\"monitored\":true,\"reply\":null}],\
         \"outbound\":{\"mail_from\":\"<>\",\"action\":\"leave\",\"signed\":null,\"reason\":\"null-sender\",\
         \"key_number\":null}}\n"
    );
    let ran = Site::new(EXAMPLE).run("check --json --from alice --to alice@example.org");
    assert_eq!(
        ran.text(),
        format!(
            "{{\"inbound\":[{{\"rcpt_to\":\"alice@example.org\",\"action\":\"accept\",\"original\":null,\
             \"reason\":\"not-ours\",\"key_number\":null,\"days_left\":null,\"monitored\":false,\"reply\":null}}],\
             \"outbound\":{{\"mail_from\":\"alice\",\"action\":\"sign\",\"signed\":\"{ALICE}\",\
             \"reason\":\"signed\",\"key_number\":0}}}}\n"
        )
    );
    let ran = Site::new(EXAMPLE).run("check --json --from <> --to alice@example.test");
    assert!(ran.text().contains("\"reply\":\"550 5.7.1 Not a bounce of mail sent from here (BATV: "));
}

#[test]
fn config_check_reads_the_section_of_the_daemon() {
    let site = Site::new(&format!("{EXAMPLE}[milter]\nsocket = \"inet:127.0.0.1:8891\"\nquit = true\n"));
    let ran = run(&mut site.command("config check batv.toml"), b"");
    assert_eq!(ran.err, "batv.toml:13: milter.quit: unknown setting; did you mean `quiet`?\n");
    assert_eq!(ran.status, 2);
}
