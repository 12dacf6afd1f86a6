//! `batv report`: what it counts in each kind of log, and what it prints.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use batv_core::{KeyNumber, KeyRing, Message, Monitor, Pattern, Policy, Recipient, Secret, Settings};
use common::{ALICE, NOON, Ran, batv, run};
use std::fs;
use tempfile::tempdir;

/// Each decision once, as the core writes it.
const DECISIONS: &str = "\
batv: dir=in action=refuse reason=missing from=<> to=<alice@example.com> client=192.0.2.1
batv: dir=in action=accept reason=missing from=<> to=<Alice@Example.com> client=192.0.2.1 monitored=yes
batv: dir=in action=original reason=expired from=<> to=<prvs=0149c9be41=alice@example.com> client=2001:db8::1 key=0 monitored=yes
batv: dir=in action=original reason=pass from=<> to=<prvs=1786864c09=bob@example.com> client=192.0.2.2 key=1 left=7 queue=4XyZ
batv: dir=in action=accept reason=not-a-bounce from=<x@example.org> to=<bob@example.com>
batv: dir=in action=refuse reason=tagged-mail from=<x@example.org> to=<prvs=1786864c09=bob@example.com> key=1 left=7
batv: dir=out action=sign reason=signed from=<bob@example.com> key=1 queue=1abCDE-000000-XY
batv: dir=out action=leave reason=null-sender from=<>
batv: dir=out action=leave reason=local from=<\\x22b\\x20ob\\x22@example.com> client=192.0.2.3
";

/// What is reported of [`DECISIONS`] with a day.
const REPORT: &str = "\
Bounces from 2026-11-22 to 2026-11-22
  1 refused
  2 would be refused, but for monitor mode
  1 genuine
  1 left signed
  2 left unsigned

Bounces by day  refused  would be refused  genuine
  2026-11-22          1                 2        1

Why refused, or would be  refused  would be refused
  missing                       1                 1  no tag: forged, or sent unsigned
  expired                       0                 1  an authentic tag, too old
  tagged-mail                   1                 0  not a bounce, but to a tagged address

Recipients of these  bounces
  alice@example.com        3

Clients of these  bounces
  192.0.2.1             2
  2001:db8::1           1

Why accepted    accepted
  pass                 1  genuine: an authentic tag, in time
  not-a-bounce         1  ordinary mail

Keys in use  signed  genuine
  key 1           1        1  last signed 2026-11-22, last genuine 2026-11-22

Why signed or unsigned  messages
  signed                       1  a key signs for the sender
  null-sender                  1  a bounce, which is never signed
  local                        1  all recipients are ours

Senders left unsigned                  messages
  \\x22b\\x20ob\\x22@example.com (local)         1

Lines: 9 read, 9 decisions, 0 not understood, 0 too long
";

fn report(arguments: &[&str], log: impl AsRef<[u8]>) -> Ran {
    run(batv().args(["report", "--at", NOON]).args(arguments), log.as_ref())
}

/// A log with a prefix before each decision.
fn log(prefix: &str) -> String {
    DECISIONS.split_inclusive('\n').map(|line| prefix.to_owned() + line).collect()
}

#[test]
fn logs_of_every_kind_say_the_same() {
    for prefix in [
        "Nov 22 07:00:00 mx batv-milter[12]: ",
        "2026-11-22T07:00:00.123456+00:00 mx batv-milter[12]: ",
        "2026-11-22T07:00:00+0000 mx python3[12]: ",
        "2026-11-22 07:00:00 ",
        "2026-11-22 07:00:00 1abCDE-000000-XY ",
        "2026-11-22 07:00:00.123 +0100 [12] 1abCDE-00000000000-XYZ0 ",
        "Nov 22 07:00:00 mx exim[12]: 2026-11-22 07:00:00 1abCDE-000000-XY ",
    ] {
        let ran = report(&[], log(prefix));
        assert_eq!((ran.text(), ran.err.as_str(), ran.status), (REPORT, "", 0), "{prefix:?}");
    }
}

#[test]
fn lines_without_a_date_count_without_one() {
    let expected = REPORT
        .replace("Bounces from 2026-11-22 to 2026-11-22\n", "")
        .replace("  2026-11-22 ", "  no date    ")
        .replace("  last signed 2026-11-22, last genuine 2026-11-22", "");
    for prefix in ["", "<5>"] {
        assert_eq!(report(&[], log(prefix)).text(), expected, "{prefix:?}");
    }
    assert_eq!(report(&[], log("").replace('\n', "\r\n")).text(), expected);
}

/// What strangers write into a log, where they can.
#[test]
fn lines_that_only_look_like_decisions_do_not_count() {
    let decision = "batv: dir=in action=refuse reason=missing from=<> to=<a@example.com>";
    let lines: String = [
        "Nov 22 07:00:00 mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from a[192.0.2.1]: helo=<@>",
        "Nov 22 07:00:00 mx postfix/cleanup[7]: 4XyZ: warning: header Subject: @",
        "Nov 22 07:00:00 mx opendkim: 4XyZ: @",
        "2026-11-22 07:00:00 H=(@) [192.0.2.1] rejected EHLO",
        "2026-11-22 07:00:00 1abCDE-000000-XY <= x@example.org T=\"@\"",
        "2026-11-22 07:00:00 1abCDE-000000-XY SA: @",
        "2026-11-22T07:00:00.123456+00:00 mx postfix/smtpd[7]: warning: @",
        "    @",
        " @",
        "<5> @",
        "[12] @",
        "x@",
        "Subject: @",
        "\u{2028}@",
    ]
    .map(|line| format!("{}\n", line.replace('@', decision)))
    .concat();
    let ran = report(&[], &lines);
    assert_eq!(ran.text().lines().last(), Some("Lines: 14 read, 0 decisions, 0 not understood, 0 too long"));
    assert_eq!(ran.status, 1);
}

#[test]
fn lines_that_are_cut_or_longer_are_not_understood() {
    let line = DECISIONS.lines().next().unwrap();
    // Without its last octet, the client's address is none.
    let cut: Vec<_> = (6..line.len())
        .filter(|length| !line[..*length].ends_with('>'))
        .map(|length| &line[..length])
        .collect();
    let ran = report(&["--json"], cut.join("\n") + "\n" + line + " client=192.0.2.1\n" + line + " x\n");
    let json: serde_json::Value = serde_json::from_slice(&ran.out).unwrap();
    assert_eq!(json["decisions"].as_u64(), Some(0));
    assert_eq!(json["not_understood"].as_u64(), Some(cut.len() as u64 + 2));
}

#[test]
fn lines_that_are_too_long_are_skipped() {
    let long = format!("batv: dir=in action=refuse reason=missing from=<> to=<{}@x>", "a".repeat(70_000));
    let ran = report(&[], format!("{long}\n{DECISIONS}{long}"));
    let last = "Lines: 11 read, 9 decisions, 0 not understood, 2 too long";
    assert_eq!((ran.text().lines().last(), ran.status), (Some(last), 0));
}

#[test]
fn files_and_standard_input_are_read_one_after_another() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("mail.log.1"), log("Nov 21 07:00:00 mx a: ")).unwrap();
    fs::write(path("mail.log"), log("Nov 22 07:00:00 mx a: ")).unwrap();
    // A date after tomorrow is of last year.
    let ran = report(&[&path("mail.log"), "-", &path("mail.log.1")], log("Nov 24 07:00:00 mx a: "));
    let days: Vec<_> = ran.text().lines().filter(|line| line.starts_with("  202")).collect();
    assert_eq!(
        days,
        [
            "  2025-11-24          1                 2        1",
            "  2026-11-21          1                 2        1",
            "  2026-11-22          1                 2        1"
        ]
    );
    let ran = report(&[&path("nothing")], "");
    assert_eq!(ran.err, format!("batv: {}: No such file or directory (os error 2)\n", path("nothing")));
    assert_eq!((ran.text(), ran.status), ("", 2));
    let ran = report(&[folder.path().to_str().unwrap()], "");
    assert_eq!(ran.err, format!("batv: {}: Is a directory (os error 21)\n", folder.path().display()));
    assert_eq!(ran.status, 2);
}

#[test]
fn the_commonest_come_first_and_the_rest_is_one_line() {
    let line = |user: u32, client: u32| {
        format!("batv: dir=in action=refuse reason=missing from=<> to=<u{user}@x> client=192.0.2.{client}\n")
    };
    let log: String = (1..=4).flat_map(|user| (0..user).map(move |client| line(user, client))).collect();
    let ran = report(&["--top", "2"], log);
    let table = ran.text().split("\n\n").filter(|part| part.contains("all others")).collect::<Vec<_>>();
    assert_eq!(
        table,
        [
            "Recipients of these  bounces\n  u4@x                     4\n  u3@x                     3\n  all others               3",
            "Clients of these  bounces\n  192.0.2.0             4\n  192.0.2.1             3\n  all others            3",
        ]
    );
}

#[test]
fn a_sender_that_was_tagged_before_is_one_every_day() {
    let line =
        |tag: &str| format!("batv: dir=out action=leave reason=tagged from=<prvs={tag}=Bob@example.com>\n");
    let ran = report(&[], line("1786864c09") + &line("1787123456"));
    let senders = "Senders left unsigned       messages\n  bob@example.com (tagged)         2\n";
    assert!(ran.text().contains(senders), "{}", ran.text());
}

#[test]
fn json_has_the_same() {
    let ran = report(&["--json", "--top", "1"], log("Nov 22 07:00:00 mx a: ") + "batv: x\n");
    assert_eq!(
        ran.text(),
        concat!(
            r#"{"lines":10,"decisions":9,"not_understood":1,"too_long":0,"#,
            r#""days":[{"day":"2026-11-22","refused":1,"monitored":2,"genuine":1}],"#,
            r#""inbound":[{"reason":"pass","refused":0,"monitored":0,"accepted":1},"#,
            r#"{"reason":"missing","refused":1,"monitored":1,"accepted":0},"#,
            r#"{"reason":"expired","refused":0,"monitored":1,"accepted":0},"#,
            r#"{"reason":"tagged-mail","refused":1,"monitored":0,"accepted":0},"#,
            r#"{"reason":"not-a-bounce","refused":0,"monitored":0,"accepted":1}],"#,
            r#""recipients":{"commonest":[{"value":"alice@example.com","count":3}],"others":0,"too_low_by":0},"#,
            r#""clients":{"commonest":[{"value":"192.0.2.1","count":2}],"others":1,"too_low_by":0},"#,
            r#""keys":[{"key_number":1,"signed":1,"last_signed":"2026-11-22","genuine":1,"last_genuine":"2026-11-22"}],"#,
            r#""outbound":[{"reason":"signed","messages":1},{"reason":"null-sender","messages":1},"#,
            r#"{"reason":"local","messages":1}],"#,
            r#""senders":{"commonest":[{"value":"\"b ob\"@example.com","reason":"local","count":1}],"others":0,"too_low_by":0}}"#,
            "\n"
        )
    );
}

#[test]
fn the_page_has_the_same_without_script_and_escaped() {
    let folder = tempdir().unwrap();
    let page = folder.path().join("batv.html");
    let forged = "batv: dir=in action=refuse reason=missing from=<> to=<'&script@x>\n";
    let two_days = log("Nov 21 07:00:00 mx a: ") + &log("Nov 22 07:00:00 mx a: ") + forged;
    let ran = report(&["--html", page.to_str().unwrap()], two_days);
    assert_eq!((ran.text().lines().next(), ran.status), (Some("Bounces from 2026-11-21 to 2026-11-22"), 0));
    let page = fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">\n"));
    for part in [
        "content=\"default-src 'none'; style-src 'unsafe-inline'\"",
        "<li class=\"refused\"><b>3</b> <span>refused</span></li>",
        "<title>2026-11-22: 1 refused, 2 would be refused, 1 genuine</title>",
        "<tr><th scope=\"row\">alice@example.com</th><td class=\"count\">6</td>",
        "<tr><th scope=\"row\">&#39;&amp;script@x</th><td class=\"count\">1</td>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<script") && !page.contains("http:"));
    let tags = |tag: &str| page.matches(&format!("<{tag}")).count();
    let ends = |tag: &str| page.matches(&format!("</{tag}>")).count();
    for tag in
        ["html", "body", "section", "table", "tbody", "tr", "td", "figure", "svg", "text", "g>", "ul", "li>"]
    {
        let tag = tag.trim_end_matches('>');
        let opened = tags(&format!("{tag}>")) + tags(&format!("{tag} "));
        assert_eq!(opened, ends(tag), "{tag}");
    }
}

#[test]
fn a_page_that_cannot_be_written_is_exit_status_2() {
    let folder = tempdir().unwrap();
    let ran = report(&["--html", folder.path().to_str().unwrap()], DECISIONS);
    assert_eq!(ran.err, format!("batv: {}: Is a directory (os error 21)\n", folder.path().display()));
    assert_eq!((ran.text(), ran.status), ("", 2));
}

#[test]
fn nothing_to_report_is_exit_status_1() {
    let ran = report(&[], "Nov 22 07:00:00 mx kernel: hello\n");
    assert_eq!(
        ran.text(),
        "  0 refused\n  0 would be refused, but for monitor mode\n  0 genuine\n  \
         0 left signed\n  0 left unsigned\n\n\
         Lines: 1 read, 0 decisions, 0 not understood, 0 too long\n"
    );
    assert_eq!((ran.err.as_str(), ran.status), ("", 1));
}

/// A policy by which each reason can come about; [`ALICE`] is signed by its key 0.
fn policy() -> Policy {
    let pattern = |text: &str| Pattern::parse(text).unwrap();
    let key = KeyNumber::new(0).unwrap();
    let mut keys = KeyRing::new(Settings::default());
    keys.add(key, Secret::new(&(0x80..0xc0).collect::<Vec<u8>>()).unwrap());
    let mut policy = Policy::default();
    policy.add_keys(pattern("verifies.test"), keys.clone());
    keys.sign_with(key).unwrap();
    policy.add_keys(pattern("example.test"), keys);
    policy.exempt.insert(pattern("exempt@*"), ());
    policy.untagged_destinations.insert(pattern("list.test"), ());
    policy.internal_networks.push("192.0.2.0/24".parse().unwrap());
    (policy.sign_local, policy.refuse_tagged_mail, policy.one_recipient) = (false, true, true);
    policy
}

/// The counts of each reason, in alphabetical order.
fn counts(rows: &serde_json::Value, names: &[&str]) -> Vec<(String, Vec<u64>)> {
    let count = |row: &serde_json::Value| names.iter().map(|name| row[name].as_u64().unwrap()).collect();
    let row = |row: &serde_json::Value| (row["reason"].as_str().unwrap().to_owned(), count(row));
    let mut rows: Vec<_> = rows.as_array().unwrap().iter().map(row).collect();
    rows.sort();
    rows
}

#[test]
fn what_the_core_writes_is_read_back() {
    let noon = NOON.parse().unwrap();
    let long = format!("{}@example.test", "x".repeat(60));
    let inside = "192.0.2.1".parse().unwrap();
    let outside = "198.51.100.1".parse().unwrap();
    let mut lines = String::new();
    let mut inbound = Vec::new();
    for (mail_from, rcpt_to, client, time, refused, reason) in [
        ("<>", "<a\"<> \\\r\n@example.test>", outside, noon, true, "unreadable"),
        ("", "a@example.org", outside, noon, false, "not-ours"),
        ("<>", "a@example.test", inside, noon, false, "client"),
        ("<>", "exempt@example.test", outside, noon, false, "exempt"),
        ("x y@example.org", "a@example.test", outside, noon, false, "not-a-bounce"),
        ("<>", ALICE, outside, noon, false, "pass"),
        ("<>", &long, outside, noon, false, "too-long"),
        ("mailer-daemon@x", "a@example.test", outside, noon, true, "missing"),
        ("<>", "prvs=0786=a@example.test", outside, noon, true, "malformed"),
        ("<>", "prvs=1786864c09=a@example.test", outside, noon, true, "unknown-key"),
        ("<>", "<prvs=0786864c09=b\u{fc}cher@example.test>", outside, noon, true, "bad-signature"),
        ("<>", ALICE, outside, noon + 8 * 86_400, true, "expired"),
        ("<>", ALICE, outside, noon, true, "second-recipient"),
        ("x@example.org", ALICE, outside, noon, true, "tagged-mail"),
        ("<>", "a@example.test", outside, noon, false, "not-a-report"),
    ] {
        for monitor in [Monitor::Off, Monitor::On] {
            let mut policy = policy();
            policy.monitor = monitor;
            let mut recipient = Recipient::new(mail_from.as_bytes(), rcpt_to.as_bytes(), time);
            recipient.client = Some(client);
            recipient.recipients_before = u32::from(reason == "second-recipient");
            recipient.is_report = (reason == "not-a-report").then_some(false);
            let decision = policy.inbound(&recipient);
            assert_eq!(decision.reason.as_str(), reason, "{rcpt_to:?}");
            lines += &(decision.log_line(&recipient, Some(b"4 XyZ")) + "\n");
        }
        inbound.push((reason.to_owned(), if refused { vec![1, 1, 0] } else { vec![0, 0, 2] }));
    }
    let mut outbound = Vec::new();
    for (mail_from, rcpt_to, client, reason) in [
        ("a@example.test", "x@example.org", inside, "signed"),
        ("<>", "x@example.org", inside, "null-sender"),
        ("a b@example.test", "x@example.org", inside, "unreadable"),
        ("a@example.org", "x@example.org", inside, "not-ours"),
        ("exempt@example.test", "x@example.org", inside, "exempt"),
        ("a@example.test", "x@example.org", outside, "not-internal"),
        ("a@example.test", "b@example.test", inside, "local"),
        ("a@example.test", "x@list.test", inside, "untagged-destination"),
        (ALICE, "x@example.org", inside, "tagged"),
        (&long, "x@example.org", inside, "too-long"),
        ("a@verifies.test", "x@example.org", inside, "no-signing-key"),
    ] {
        let recipients = [rcpt_to.as_bytes()];
        let mut message = Message::new(mail_from.as_bytes(), noon);
        message.recipients = &recipients;
        message.client = Some(client);
        let decision = policy().outbound(&message);
        assert_eq!(decision.reason.as_str(), reason, "{mail_from:?}");
        lines += &(decision.log_line(&message, None) + "\n");
        outbound.push((reason.to_owned(), vec![1]));
    }
    inbound.sort();
    outbound.sort();

    let ran = report(&["--json"], &lines);
    let json: serde_json::Value = serde_json::from_slice(&ran.out).unwrap();
    assert_eq!((&json["decisions"], &json["not_understood"]), (&41.into(), &0.into()), "{lines}");
    assert_eq!(counts(&json["inbound"], &["refused", "monitored", "accepted"]), inbound);
    assert_eq!(counts(&json["outbound"], &["messages"]), outbound);
}
