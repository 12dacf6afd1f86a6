//! Refusals at DATA and after the header.

use crate::server::{ALICE, Dialogue, MISSING, OFFER, Sent, connected_with, goes_on, refused, stranger};

const LATER: &str = "451 4.7.1 One recipient at a time";

/// A stranger's connection to a daemon that refuses elsewhere than at RCPT.
fn refusing_at(word: &str, more: &str) -> Dialogue {
    connected_with(&format!("{more}[milter]\nrefuse-at = \"{word}\"\n"), "4\x04\x01192.0.2.7")
}

#[test]
fn a_callout_never_sees_the_refusal_at_data() {
    let mut dialogue = refusing_at("data", "");
    dialogue.packet('M', "<>\0");
    assert_eq!(dialogue.packet('R', "<alice@example.test>\0"), goes_on());
    dialogue.packet('A', "");
    assert_eq!(dialogue.lines(), [""; 0]);

    dialogue.packet('M', "<>\0");
    assert_eq!(dialogue.packet('R', "<alice@example.test>\0"), goes_on());
    // All recipients are refused with the first: none of these would come again.
    for recipient in [ALICE, "<bob@example.test>", "<carol@example.net>"] {
        assert_eq!(dialogue.packet('R', &format!("{recipient}\0")), refused(LATER));
    }
    // Postfix lets the client say DATA again.
    for _ in 0..2 {
        assert_eq!(dialogue.packet('T', ""), refused(MISSING));
        assert_eq!(dialogue.packet('R', &format!("{ALICE}\0")), refused(LATER));
    }
    assert_eq!(
        dialogue.lines(),
        ["5 batv: dir=in action=refuse reason=missing from=<> to=<alice@example.test> client=192.0.2.7"]
    );
    assert_eq!(dialogue.counted(), [r#"{dir="in",action="refuse",reason="missing",key=""} 1"#]);
    dialogue.packet('A', "");

    dialogue.packet('M', "<>\0");
    assert_eq!(dialogue.packet('R', &format!("{ALICE}\0")), goes_on());
    assert_eq!(dialogue.packet('R', "<alice@example.test>\0"), refused(MISSING));
    assert_eq!(dialogue.packet('T', ""), goes_on());
    assert_eq!(dialogue.packet('E', "").len(), 3);
}

#[test]
fn ordinary_mail_is_refused_at_rcpt_always() {
    for word in ["data", "headers"] {
        let mut dialogue = refusing_at(word, "refuse-tagged-mail = true\n");
        dialogue.packet('M', "<carol@example.net>\0");
        let text = "550 5.7.1 This address receives bounces only";
        assert_eq!(dialogue.packet('R', &format!("{ALICE}\0")), refused(text));
        assert_eq!(dialogue.packet('R', "<alice@example.test>\0"), goes_on());
        assert_eq!(dialogue.packet('E', ""), goes_on());
    }
}

#[test]
fn of_what_comes_without_a_tag_only_delivery_reports_are_refused() {
    let report = "Content-Type\0multipart/report;\n\treport-type=delivery-status\0";
    let receipt = "content-type\0multipart/report; report-type=disposition-notification\0";
    for (headers, expected) in [
        (&[report][..], refused(MISSING)),
        (&["Subject\0test\0", report, receipt], refused(MISSING)),
        (&[receipt, report], refused(MISSING)),
        (&[receipt], goes_on()),
        (&["Subject\0test\0"], goes_on()),
        (&["X-Content-Type\0multipart/report; report-type=delivery-status\0"], goes_on()),
        (&[], goes_on()),
    ] {
        let mut dialogue = refusing_at("headers", "");
        dialogue.packet('M', "<>\0");
        assert_eq!(dialogue.packet('R', "<alice@example.test>\0"), goes_on());
        assert_eq!(dialogue.packet('R', &format!("{ALICE}\0")), refused(LATER));
        for header in headers {
            assert_eq!(dialogue.packet('L', header), [], "the offer lets them go without an answer");
        }
        assert_eq!(dialogue.packet('N', ""), expected, "{headers:?}");
        let (word, level) = if expected == goes_on() {
            ("accept reason=not-a-report", 6)
        } else {
            ("refuse reason=missing", 5)
        };
        if expected == goes_on() {
            assert_eq!(dialogue.packet('E', ""), goes_on());
        }
        assert_eq!(
            dialogue.lines()[0],
            format!("{level} batv: dir=in action={word} from=<> to=<alice@example.test> client=192.0.2.7")
        );
    }
}

#[test]
fn what_is_not_a_report_is_delivered_to_the_original() {
    let mut dialogue = refusing_at("headers", "");
    dialogue.packet('M', "<>\0");
    assert_eq!(dialogue.packet('R', "<prvs=0786864c08=alice@example.test>\0"), goes_on());
    assert_eq!(dialogue.packet('N', ""), goes_on());
    assert_eq!(
        dialogue.packet('E', ""),
        [
            Sent::new('-', "<prvs=0786864c08=alice@example.test>\0"),
            Sent::new('+', "<alice@example.test>\0"),
            Sent::new('c', "")
        ]
    );
}

#[test]
fn monitor_mode_says_what_would_be_refused_after_the_header() {
    for (header, mark) in [
        ("Content-Type\0multipart/report; report-type=delivery-status\0", Some("X-BATV\0missing\0")),
        ("Content-Type\0text/plain\0", None),
    ] {
        let policy = "monitor = true\n[milter]\nmark = \"X-BATV\"\nrefuse-at = \"headers\"";
        let mut dialogue = connected_with(policy, "4\x04\x01192.0.2.7");
        dialogue.packet('M', "<>\0");
        for recipient in ["<alice@example.test>", "<bob@example.test>"] {
            assert_eq!(dialogue.packet('R', &format!("{recipient}\0")), goes_on());
        }
        dialogue.packet('L', header);
        assert_eq!(dialogue.packet('N', ""), goes_on());
        let sent = dialogue.packet('E', "");
        let marks: Vec<_> = sent.iter().filter(|sent| sent.command == 'h').map(|sent| &*sent.data).collect();
        assert_eq!(marks, Vec::from_iter(mark));
    }
}

#[test]
fn without_an_event_for_it_the_end_of_the_message_refuses() {
    for word in ["data", "headers"] {
        let mut dialogue = Dialogue::new(&format!("[milter]\nrefuse-at = \"{word}\"\n"));
        dialogue.send(b"\0\0\0\rO\0\0\0\x02\0\0\0\x4c\0\0\0\0");
        assert_eq!(dialogue.packet('C', "client.example.net\x004\x04\x01192.0.2.7\0"), goes_on());
        assert_eq!(dialogue.packet('M', "<>\0"), goes_on());
        assert_eq!(dialogue.packet('R', "<alice@example.test>\0"), goes_on());
        let report = "Content-Type\0multipart/report; report-type=delivery-status\0";
        assert_eq!(dialogue.packet('L', report), goes_on(), "to be answered in version 2");
        assert_eq!(dialogue.packet('E', ""), refused(MISSING));
        assert_eq!(dialogue.packet('M', "<carol@example.net>\0"), goes_on());
    }
}

#[test]
fn another_moment_to_refuse_counts_from_the_next_connection() {
    let mut dialogue = stranger();
    dialogue.configure("secret = \"secret\"", "[milter]\nrefuse-at = \"data\"");
    dialogue.packet('M', "<>\0");
    assert_eq!(dialogue.packet('R', "<alice@example.test>\0"), refused(MISSING));
    dialogue.send(OFFER);
    dialogue.packet('C', "client.example.net\x004\x04\x01192.0.2.7\0");
    dialogue.packet('M', "<>\0");
    assert_eq!(dialogue.packet('R', "<alice@example.test>\0"), goes_on());
}
