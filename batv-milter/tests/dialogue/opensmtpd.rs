//! What OpenSMTPD 6.8 (protocol 0.6) and 7.6 (0.7) say to a filter, line by line, and the answers.

use crate::server::{Surroundings, TIME};
use batv_milter::opensmtpd::Filter;
use proptest::prelude::*;

/// Signed on 2026-11-22 for 7 days, by Exim.
const ALICE: &str = "prvs=0786864c09=alice@example.test";
const MISSING: &str = "reject|550 5.7.1 Not a bounce of mail sent from here (BATV: the address has no tag)";
const FORGED: &str = "reject|550 5.7.1 Not a bounce of mail sent from here (BATV: the tag is forged)";
const STRANGER: &str = "client.example.net|pass|192.0.2.7:57185|192.0.2.1:25";
const LOOPBACK: &str = "localhost|pass|127.0.0.1:57185|127.0.0.1:25";

/// OpenSMTPD with a filter.
struct Server {
    filter: Filter,
    site: Surroundings,
    version: &'static str,
}

impl Server {
    fn new(policy: &str) -> Self {
        Self { filter: Filter::default(), site: Surroundings::new(policy), version: "0.7" }
    }

    fn line(&mut self, line: &str) -> String {
        let mut out = Vec::new();
        self.filter.handle(line.as_bytes(), TIME, &self.site, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn report(&mut self, session: &str, event: &str, rest: &str) {
        let line = format!("report|{}|1795348800.351854|smtp-in|{event}|{session}|{rest}", self.version);
        assert_eq!(self.line(line.trim_end_matches('|')), "");
    }

    fn connect(&mut self, session: &str, client: &str) {
        self.report(session, "link-connect", client);
    }

    /// The decision on a command, as the client has written it.
    fn command(&mut self, session: &str, command: &str) -> String {
        self.report(session, "protocol-client", command);
        let phase = if command.to_uppercase().starts_with("MAIL") { "mail-from" } else { "rcpt-to" };
        let address = command.split(['<', '>']).nth(1).unwrap();
        let version = self.version;
        let line = format!("filter|{version}|1795348800.352331|smtp-in|{phase}|{session}|892bd6d6|{address}");
        let answer = self.line(&line);
        let answer = answer.strip_prefix(&format!("filter-result|{session}|892bd6d6|")).unwrap();
        answer.strip_suffix('\n').unwrap().to_owned()
    }

    fn mail(&mut self, session: &str, command: &str) -> String {
        let decision = self.command(session, command);
        if !decision.starts_with("reject") {
            self.report(session, "tx-begin", "e421bdea");
        }
        decision
    }

    fn recipient(&mut self, session: &str, command: &str, result: &str) -> String {
        let decision = self.command(session, command);
        let result = if decision.starts_with("reject") { "permfail" } else { result };
        self.report(session, "tx-rcpt", &format!("e421bdea|{result}|an address"));
        decision
    }

    fn lines(&self) -> Vec<String> {
        self.site.lines.borrow().clone()
    }
}

#[test]
fn the_filter_registers_what_it_needs_when_the_configuration_has_ended() {
    let mut server = Server::new("");
    for line in ["config|smtpd-version|7.6.0", "config|protocol|0.7", "config|subsystem|smtp-in"] {
        assert_eq!(server.line(line), "");
    }
    let registration = server.line("config|ready");
    assert!(registration.contains("register|filter|smtp-in|mail-from\n"));
    assert!(registration.ends_with("\nregister|ready\n"));
}

#[test]
fn a_sender_is_signed_and_the_parameters_stay() {
    let mut server = Server::new("");
    server.connect("a", LOOPBACK);
    assert_eq!(
        server.mail("a", "MAIL FROM:<alice@example.test> SIZE=100 RET=HDRS"),
        format!("rewrite|<{ALICE}> SIZE=100 RET=HDRS")
    );
    assert_eq!(server.recipient("a", "RCPT TO:<bob@example.net> NOTIFY=NEVER", "ok"), "proceed");
    assert_eq!(server.lines(), [""; 0]);
    server.report("a", "tx-commit", "e421bdea|430");
    server.report("a", "tx-reset", "e421bdea");
    assert_eq!(
        server.lines(),
        [
            "7 batv: dir=in action=accept reason=not-ours from=<alice@example.test> to=<bob@example.net> \
             client=127.0.0.1 queue=e421bdea",
            "6 batv: dir=out action=sign reason=signed from=<alice@example.test> client=127.0.0.1 key=0 \
             queue=e421bdea",
        ]
    );
}

#[test]
fn each_recipient_of_a_bounce_is_judged_and_becomes_the_original() {
    let mut server = Server::new("");
    server.connect("a", STRANGER);
    assert_eq!(server.mail("a", "mail from: <> BODY=8BITMIME"), "proceed");
    assert_eq!(server.recipient("a", "RCPT TO:<alice@example.test>", ""), MISSING);
    assert_eq!(
        server.recipient("a", &format!("rcpt to: <{ALICE}> NOTIFY=NEVER"), "ok"),
        "rewrite|<alice@example.test> NOTIFY=NEVER"
    );
    assert_eq!(server.recipient("a", "RCPT TO:<prvs=0786864c08=alice@example.test>", ""), FORGED);
    server.report("a", "tx-commit", "e421bdea|430");
    assert_eq!(
        server.lines(),
        [
            "5 batv: dir=in action=refuse reason=missing from=<> to=<alice@example.test> client=192.0.2.7 \
             queue=e421bdea",
            "5 batv: dir=in action=refuse reason=bad-signature from=<> to=<prvs=0786864c08=alice@example.test> \
             client=192.0.2.7 key=0 left=7 queue=e421bdea",
            "6 batv: dir=in action=original reason=pass from=<> to=<prvs=0786864c09=alice@example.test> \
             client=192.0.2.7 key=0 left=7 queue=e421bdea",
            "7 batv: dir=out action=leave reason=null-sender from=<> client=192.0.2.7 queue=e421bdea",
        ]
    );
}

#[test]
fn recipients_that_opensmtpd_refuses_are_none() {
    let mut server = Server::new("one-recipient = true");
    server.connect("a", STRANGER);
    server.mail("a", "MAIL FROM:<>");
    for result in ["permfail", "tempfail"] {
        let decision = server.recipient("a", &format!("RCPT TO:<{ALICE}>"), result);
        assert_eq!(decision, "rewrite|<alice@example.test>");
    }
    // So this is the first one.
    assert_eq!(server.recipient("a", &format!("RCPT TO:<{ALICE}>"), "ok"), "rewrite|<alice@example.test>");
    // What the filter refuses itself is not taken for a refusal of the one before.
    assert_eq!(server.recipient("a", "RCPT TO:<alice@example.test>", ""), MISSING);
    assert!(server.recipient("a", &format!("RCPT TO:<{ALICE}>"), "ok").starts_with("reject|550 5.7.1 "));
}

#[test]
fn addresses_are_read_as_opensmtpd_reads_them() {
    let mut server = Server::new("");
    server.connect("a", STRANGER);
    for sender in ["", "x:", "x:@", "a@b:@", "@"] {
        assert_eq!(server.mail("a", &format!("MAIL FROM:<{sender}>")), "proceed");
        for (recipient, decision) in [
            ("x:alice@example.test", MISSING),
            ("@a,@b:alice@example.test", MISSING),
            ("a@b:ALICE@EXAMPLE.TEST", MISSING),
            (&format!("x:{ALICE}"), "rewrite|<alice@example.test>"),
            (&format!("@a:{ALICE}"), "rewrite|<alice@example.test>"),
            (&ALICE.to_uppercase(), "rewrite|<ALICE@EXAMPLE.TEST>"),
            ("alice@[IPv6:::1]", "proceed"),
            ("bob@example.net", "proceed"),
        ] {
            assert_eq!(server.recipient("a", &format!("RCPT TO:<{recipient}>"), "ok"), decision, "{sender}");
        }
    }
    server.connect("b", LOOPBACK);
    assert_eq!(server.mail("b", "MAIL FROM:<x:alice@example.test>"), format!("rewrite|<{ALICE}>"));
}

#[test]
fn a_client_is_known_by_its_address_and_not_by_its_name() {
    let signed = format!("rewrite|<{ALICE}>");
    for (client, decision) in [
        (LOOPBACK, &*signed),
        ("localhost|pass|[::1]:57185|[::1]:25", &signed),
        ("mx|pass|unix:/var/run/smtpd.sock|unix:/var/run/smtpd.sock", &signed),
        (STRANGER, "proceed"),
        ("<unknown>|fail|[2001:db8::1]:57185|[::1]:25", "proceed"),
        ("127.0.0.1:1|pass|127.0.0.1:2|fail|192.0.2.7:57185|192.0.2.1:25", "proceed"),
        ("unix:/var/run/smtpd.sock|pass|192.0.2.7:57185|192.0.2.1:25", "proceed"),
        ("<unknown>|fail|unknown|192.0.2.1:25", "proceed"),
        ("", "proceed"),
    ] {
        let mut server = Server::new("");
        server.connect("a", client);
        assert_eq!(server.mail("a", "MAIL FROM:<alice@example.test>"), decision, "{client}");
    }
}

#[test]
fn a_client_has_authenticated_if_opensmtpd_says_so_and_not_if_its_name_does() {
    for (version, result, is_signed) in [
        ("0.6", "alice|pass", true),
        ("0.6", "alice|fail", false),
        ("0.6", "pass|fail", false),
        ("0.6", "pass|x|error", false),
        ("0.7", "pass|alice", true),
        ("0.7", "pass|fail|fail", true),
        ("0.7", "fail|alice", false),
        ("0.7", "fail|pass", false),
        ("0.7", "fail|x|pass", false),
    ] {
        let mut server = Server { version, ..Server::new("") };
        server.connect("a", STRANGER);
        server.report("a", "link-auth", result);
        let decision = server.mail("a", "MAIL FROM:<alice@example.test>");
        assert_eq!(decision.starts_with("rewrite|"), is_signed, "{version} {result}");
    }
}

#[test]
fn sessions_and_messages_are_apart() {
    let mut server = Server::new("");
    server.connect("a", LOOPBACK);
    server.connect("b", STRANGER);
    assert_eq!(server.mail("a", "MAIL FROM:<alice@example.test>"), format!("rewrite|<{ALICE}>"));
    assert_eq!(server.mail("b", "MAIL FROM:<>"), "proceed");
    assert_eq!(server.recipient("a", "RCPT TO:<alice@example.test>", "ok"), "proceed");
    assert_eq!(server.recipient("b", "RCPT TO:<alice@example.test>", ""), MISSING);
    server.report("b", "tx-reset", "e421bdea");
    assert_eq!(server.mail("b", "MAIL FROM:<bob@example.net>"), "proceed");
    assert_eq!(server.recipient("b", "RCPT TO:<alice@example.test>", "ok"), "proceed");
    server.report("a", "link-disconnect", "");
    // Whoever is not known any more is a stranger, and there is always an answer.
    assert_eq!(server.mail("a", "MAIL FROM:<alice@example.test>"), "proceed");
    server.report("b", "tx-reset", "e421bdea");
    assert_eq!(server.command("b", "RCPT TO:<alice@example.test>"), "reject|451 4.3.0 Try again later");
}

proptest! {
    #[test]
    fn whatever_comes_a_question_gets_one_answer(octets in "[^\n]{0,40}", more in "[^\n]{0,40}") {
        let mut server = Server::new("");
        server.line(&octets);
        server.line(&format!("report|0.7|1|smtp-in|{octets}|a|{more}"));
        let answer = server.line(&format!("filter|0.7|1|smtp-in|mail-from|a|t|{octets}"));
        prop_assert!(answer.starts_with("filter-result|a|t|") && answer.ends_with('\n'));
        prop_assert_eq!(answer.matches('\n').count(), 1);
    }
}
