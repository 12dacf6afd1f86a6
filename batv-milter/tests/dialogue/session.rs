//! Dialogues, octet by octet as Postfix and Sendmail lead them.
use crate::server::{
    ALICE, Dialogue, MISSING, OFFER, Sent, connected, connected_with, goes_on, refused, stranger,
};

fn internal() -> Dialogue {
    connected("4\x00\x00127.0.0.1")
}

#[test]
fn mail_of_ours_is_signed_at_its_end() {
    let mut dialogue = internal();
    dialogue.macros('M', &[("i", ""), ("{mail_addr}", "alice@example.test")]);
    assert_eq!(dialogue.packet('M', "<Alice@Example.Test>\0SIZE=100\0"), []);
    dialogue.macros('R', &[("i", ""), ("{rcpt_addr}", "bob@example.net")]);
    assert_eq!(dialogue.packet('R', "<bob@example.net>\0"), goes_on());
    dialogue.macros('E', &[("i", "4XyZ")]);
    assert_eq!(
        dialogue.packet('E', ""),
        [Sent::new('e', "<prvs=0786864c09=Alice@Example.Test>\0"), Sent::new('c', "")]
    );
    assert_eq!(
        dialogue.lines(),
        [
            "7 batv: dir=in action=accept reason=not-ours from=<Alice@Example.Test> to=<bob@example.net> \
             client=127.0.0.1 queue=4XyZ",
            "6 batv: dir=out action=sign reason=signed from=<Alice@Example.Test> client=127.0.0.1 key=0 queue=4XyZ",
        ]
    );
}

#[test]
fn each_recipient_of_a_bounce_is_judged_and_delivered_to_the_original() {
    let mut dialogue = stranger();
    dialogue.macros('M', &[("{mail_addr}", "")]);
    assert_eq!(dialogue.packet('M', "<>\0"), []);
    assert_eq!(dialogue.packet('R', "<alice@example.test>\0"), [Sent::new('y', &format!("{MISSING}\0"))]);
    assert_eq!(dialogue.packet('R', &format!("{ALICE}\0NOTIFY=NEVER\0")), goes_on());
    dialogue.macros('E', &[("i", "4XyZ")]);
    assert_eq!(
        dialogue.packet('E', ""),
        [Sent::new('-', &format!("{ALICE}\0")), Sent::new('+', "<alice@example.test>\0"), Sent::new('c', "")]
    );
    assert_eq!(
        dialogue.lines(),
        [
            "5 batv: dir=in action=refuse reason=missing from=<> to=<alice@example.test> client=192.0.2.7",
            "6 batv: dir=in action=original reason=pass from=<> to=<prvs=0786864c09=alice@example.test> \
             client=192.0.2.7 key=0 left=7 queue=4XyZ",
            "7 batv: dir=out action=leave reason=null-sender from=<> client=192.0.2.7 queue=4XyZ",
        ]
    );
}

#[test]
fn postfix_s_reading_says_whose_mailbox_it_is() {
    // What Postfix delivers to alice, and the text does not say.
    let mut dialogue = stranger();
    dialogue.macros('M', &[("{mail_addr}", "")]);
    dialogue.packet('M', "<(c)>\0");
    dialogue.macros('R', &[("{rcpt_addr}", "alice@example.test")]);
    assert_eq!(dialogue.packet('R', "<bob@example.net (hi)>\0"), [Sent::new('y', &format!("{MISSING}\0"))]);
    // It belongs to one recipient.
    assert_eq!(dialogue.packet('R', "<bob@example.net>\0"), goes_on());
    // And to one message.
    dialogue.packet('A', "");
    dialogue.packet('M', "<carol@example.net>\0");
    assert_eq!(dialogue.packet('R', "<alice@example.test>\0"), goes_on());
}

#[test]
fn postfix_is_postfix_under_any_name() {
    // `mail_name` in main.cf. Of Sendmail there is the version alone.
    for (v, expected) in [
        ("Postfix 3.10.13", refused(MISSING)),
        ("Postcow 3.10.12", refused(MISSING)),
        ("ESMTP server 3.7.11", refused(MISSING)),
        ("8.18.1", goes_on()),
        ("", goes_on()),
    ] {
        let mut dialogue = Dialogue::new("");
        dialogue.send(OFFER);
        dialogue.macros('C', &[("v", v)]);
        dialogue.packet('C', "client.example.net\x004\x04\x01192.0.2.7\0");
        dialogue.packet('M', "<>\0");
        dialogue.macros('R', &[("{rcpt_addr}", "alice@example.test")]);
        assert_eq!(dialogue.packet('R', "<bob@example.net>\0"), expected, "{v}");
    }
}

#[test]
fn sendmail_s_macros_are_not_readings() {
    let mut dialogue = Dialogue::new("");
    dialogue.send(OFFER);
    dialogue.macros('C', &[("v", "8.17.1"), ("j", "mx.example.test")]);
    dialogue.packet('C', "client.example.net\x004\x04\x01192.0.2.7\0");
    for (made_of_it, changes) in [
        // Its rules have left the tag where it is: it would relay the message to the tagged address.
        (ALICE.trim_matches(['<', '>']), true),
        ("PRVS=0786864C09=alice", true),
        ("", true),
        // They have taken it off. Sendmail would lose a recipient that is deleted and added again.
        ("alice", false),
        ("carol@example.net", false),
        ("alice+prvs=0786864c09", false),
        ("alice+prvs=0786864c09@example.test", true),
    ] {
        dialogue.macros('M', &[("mail_addr", "")]);
        dialogue.packet('M', "<carol@example.net>\0");
        dialogue.macros('R', &[("{rcpt_addr}", made_of_it), ("{rcpt_mailer}", "local")]);
        assert_eq!(dialogue.packet('R', &format!("{ALICE}\0")), goes_on());
        let mut expected = goes_on();
        if changes {
            let original = Sent::new('+', "<alice@example.test>\0");
            expected.splice(0..0, [Sent::new('-', &format!("{ALICE}\0")), original]);
        }
        assert_eq!(dialogue.packet('E', ""), expected, "{made_of_it:?}");
    }
}

#[test]
fn strangers_that_use_our_domain_get_no_tag() {
    for address in ["4\x04\x01192.0.2.7", "U", "4\x00\x00unknown", "6\x00\x002001:db8::1"] {
        let mut dialogue = connected(address);
        dialogue.packet('M', "<alice@example.test>\0");
        dialogue.packet('R', "<bob@example.net>\0");
        assert_eq!(dialogue.packet('E', ""), goes_on(), "{address:?}");
        assert!(dialogue.lines()[1].starts_with("6 batv: dir=out action=leave reason=not-internal"));
        assert!(!dialogue.lines()[1].contains("0.0.0.0"));
        // Nor are they believed a bounce.
        dialogue.packet('M', "<>\0");
        assert_eq!(
            dialogue.packet('R', "<alice@example.test>\0"),
            [Sent::new('y', &format!("{MISSING}\0"))],
            "{address:?}"
        );
    }
}

#[test]
fn who_has_authenticated_is_trusted_for_one_message() {
    for name in ["{auth_type}", "{auth_authen}"] {
        let mut dialogue = stranger();
        dialogue.macros('M', &[(name, "PLAIN")]);
        dialogue.packet('M', "<alice@example.test>\0");
        dialogue.packet('R', "<bob@example.net>\0");
        assert_eq!(dialogue.packet('E', "")[0], Sent::new('e', "<prvs=0786864c09=alice@example.test>\0"));
        dialogue.macros('M', &[(name, "")]);
        dialogue.packet('M', "<alice@example.test>\0");
        dialogue.packet('R', "<bob@example.net>\0");
        assert_eq!(dialogue.packet('E', ""), goes_on());
    }
}

#[test]
fn loopback_is_internal_unless_the_file_says_what_is() {
    let listed = "internal-networks = [\"192.0.2.0/28\"]";
    for (policy, address, trusted) in [
        ("", "4\x00\x00127.0.0.1", true),
        ("", "4\x00\x00127.1.2.3", true),
        ("", "6\x00\x00::1", true),
        ("", "L\x00\x00/run/socket", true),
        (listed, "4\x00\x00127.0.0.1", false),
        (listed, "6\x00\x00::1", false),
        (listed, "4\x00\x00192.0.2.7", true),
        (listed, "4\x00\x00192.0.2.17", false),
        (listed, "L\x00\x00/run/socket", true),
    ] {
        let mut dialogue = connected_with(policy, address);
        dialogue.packet('M', "<>\0");
        let accepted = dialogue.packet('R', "<alice@example.test>\0") == goes_on();
        assert_eq!(accepted, trusted, "{policy} {address:?}");
        dialogue.packet('M', "<alice@example.test>\0");
        dialogue.packet('R', "<bob@example.net>\0");
        assert_eq!(dialogue.packet('E', "").len() == 2, trusted, "{policy} {address:?}");
    }
}

#[test]
fn nobody_gets_a_message_twice() {
    let mut dialogue = stranger();
    dialogue.packet('M', "<carol@example.net>\0");
    for recipient in ["<alice@example.test>", ALICE, "<prvs=0786864c09=bob@example.test>"] {
        assert_eq!(dialogue.packet('R', &format!("{recipient}\0")), goes_on());
    }
    assert_eq!(dialogue.packet('R', "<prvs=0786000000=Bob@EXAMPLE.TEST>\0"), goes_on());
    assert_eq!(
        dialogue.packet('E', ""),
        [
            Sent::new('-', &format!("{ALICE}\0")),
            Sent::new('-', "<prvs=0786864c09=bob@example.test>\0"),
            Sent::new('+', "<bob@example.test>\0"),
            Sent::new('-', "<prvs=0786000000=Bob@EXAMPLE.TEST>\0"),
            Sent::new('c', ""),
        ]
    );
}

#[test]
fn monitor_mode_marks_what_would_be_refused() {
    let mut dialogue = connected_with("monitor = true\n[milter]\nmark = \"X-BATV\"", "4\x04\x01192.0.2.7");
    dialogue.packet('M', "<>\0");
    for recipient in ["<alice@example.test>", "<bob@example.test>", "<prvs=x=bob@example.test>", ALICE] {
        assert_eq!(dialogue.packet('R', &format!("{recipient}\0")), goes_on());
    }
    let sent = dialogue.packet('E', "");
    assert_eq!(sent[sent.len() - 2], Sent::new('h', "X-BATV\0missing, malformed\0"));
    assert!(dialogue.lines()[0].starts_with("5 batv: dir=in action=accept reason=missing"));
    assert!(dialogue.lines()[0].ends_with("client=192.0.2.7 monitored=yes"));

    dialogue.packet('M', "<>\0");
    dialogue.packet('R', &format!("{ALICE}\0"));
    assert!(!dialogue.packet('E', "").iter().any(|sent| sent.command == 'h'), "nothing to mark");
}

#[test]
fn the_quiet_log_has_refusals_alone() {
    let mut dialogue = connected_with("[milter]\nquiet = true", "4\x04\x01192.0.2.7");
    dialogue.packet('M', "<>\0");
    dialogue.packet('R', "<alice@example.test>\0");
    dialogue.packet('R', &format!("{ALICE}\0"));
    dialogue.packet('E', "");
    assert_eq!(
        dialogue.lines(),
        ["5 batv: dir=in action=refuse reason=missing from=<> to=<alice@example.test> client=192.0.2.7"]
    );
    // What it leaves out counts all the same.
    assert_eq!(
        dialogue.counted(),
        [
            r#"{dir="in",action="original",reason="pass",key="0"} 1"#,
            r#"{dir="in",action="refuse",reason="missing",key=""} 1"#,
            r#"{dir="out",action="leave",reason="null-sender",key=""} 1"#,
        ]
    );
}

#[test]
fn a_message_has_one_configuration_and_one_time() {
    let mut dialogue = stranger();
    dialogue.packet('M', "<>\0");
    assert_eq!(dialogue.packet('R', &format!("{ALICE}\0")), goes_on());
    // Its day passes, and the secret changes.
    dialogue.time += 30 * 86_400;
    dialogue.configure("secret = \"another\"", "");
    assert_eq!(dialogue.packet('R', &format!("{ALICE}\0")), goes_on());
    dialogue.packet('E', "");
    dialogue.packet('M', "<>\0");
    let [refused] = &*dialogue.packet('R', &format!("{ALICE}\0")) else { panic!() };
    assert_eq!(refused.data, "550 5.7.1 Not a bounce of mail sent from here (BATV: the tag is forged)\0");
}

#[test]
fn what_the_negotiation_did_not_switch_off_is_answered() {
    // Version 2, without steps.
    let mut dialogue = Dialogue::new("");
    assert_eq!(dialogue.send(b"\0\0\0\rO\0\0\0\x02\0\0\0\x4c\0\0\0\0").len(), 1);
    for (command, data) in [
        ('C', "client.example.net\x004\x00\x00127.0.0.1\0"),
        ('H', "client.example.net\0"),
        ('M', "<alice@example.test>\0"),
        ('R', "<bob@example.net>\0"),
        ('L', "Subject\0test\0"),
        ('N', ""),
        ('B', "test\r\n"),
    ] {
        assert_eq!(dialogue.packet(command, data), goes_on(), "{command}");
    }
    assert_eq!(dialogue.packet('E', "").len(), 2);
    assert_eq!(dialogue.packet('A', ""), []);
}

#[test]
fn one_connection_serves_several_clients() {
    let mut dialogue = internal();
    dialogue.packet('K', "");
    dialogue.packet('M', "<alice@example.test>\0");
    dialogue.packet('R', "<bob@example.net>\0");
    assert_eq!(dialogue.packet('E', ""), goes_on(), "the client that was internal has gone");
    assert!(!dialogue.ended);
    dialogue.packet('Q', "");
    assert!(dialogue.ended);
}

#[test]
fn what_comes_out_of_order_ends_the_connection() {
    for packets in [&[('M', "<>\0")][..], &[('D', "C")], &[('R', "<bob@example.net>\0")], &[('E', "")]] {
        let mut dialogue = Dialogue::new("");
        let result =
            packets.iter().try_for_each(|(command, data)| dialogue.try_packet(*command, data).map(drop));
        assert_eq!(result.unwrap_err().to_string(), "a command out of order");
    }
    for command in ['R', 'E'] {
        let error = stranger().try_packet(command, "<bob@example.net>\0").unwrap_err();
        assert_eq!(error.to_string(), "a command out of order");
    }
}

#[test]
fn what_postfix_has_kept_of_a_recipient_is_deleted_too() {
    for (text, kept) in [
        ("<@relay:PRVS=0786864c09=Alice@example.test>", Some("<PRVS=0786864c09=Alice@example.test>")),
        ("<Alice <prvs=0786864c09=alice@example.test>>", Some("<prvs=0786864c09=alice@example.test>")),
        ("<@relay:PRVS=0786864c09=Al\\ice@example.test>", Some("<PRVS=0786864c09=Alice@example.test>")),
        ("<@relay:\"\\prvs=0786864c09=al\\ice\"@example.test>", Some("<prvs=0786864c09=alice@example.test>")),
        ("<prvs=0786864c09=alice%example.test>", None),
        (ALICE, None),
    ] {
        let mut dialogue = stranger();
        dialogue.packet('M', "<>\0");
        dialogue.macros('R', &[("{rcpt_addr}", "prvs=0786864c09=alice@example.test")]);
        assert_eq!(dialogue.packet('R', &format!("{text}\0")), goes_on(), "{text}");
        let sent = dialogue.packet('E', "");
        let deleted: Vec<_> =
            sent.iter().filter(|sent| sent.command == '-').map(|sent| &*sent.data).collect();
        let expected: Vec<_> =
            [Some(text), kept].into_iter().flatten().map(|name| format!("{name}\0")).collect();
        assert_eq!(deleted, expected);
    }
}
