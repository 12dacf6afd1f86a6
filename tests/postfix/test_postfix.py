"""Mail through real Postfix with batv-milter and the settings of docs/postfix.md."""

import re
import tempfile
import unittest
from pathlib import Path

from case import ALICE, FORGED, KEYS, MISSING, OK, TAG, Case, signed
from mail import ROOT, transaction, wait_until
from servers import STRANGER, STRIP, Postfix


class RoundTrip(Case):
    unknown = "^550 5.1.1 .*User unknown in virtual mailbox table"

    def test_a_message_leaves_signed_and_its_bounce_comes_back(self):
        self.server.submit("alice@example.test", "bob@example.net")
        [sent] = self.server.world.wait_for(1)
        self.assertEqual(sent, (ALICE, ("bob@example.net",)))
        self.assertRegex(self.server.send("", sent.mail_from), OK)
        self.assert_delivered(("", ("alice@example.test",)))
        self.assertEqual(self.server.send("", "alice@example.test"), MISSING)
        rejected = r"milter-reject: RCPT from \S+: 550 5\.7\.1 Not a bounce of .*; from=<> to=<alice@example\.test>"
        # Postfix's log is written by a process of its own.
        self.server.wait_for_log(rejected)

    def test_the_log_has_one_line_for_each_decision(self):
        before = len(self.server.milter.decisions())
        self.server.submit("alice@example.test", "bob@example.net")
        [sent] = self.server.world.wait_for(1)
        self.server.send("", "alice@example.test")
        self.server.send("", ALICE)
        lines = [line.split(" queue=") for line in self.server.milter.decisions()[before:]]
        stranger = f"client={STRANGER}"
        self.assertEqual(
            [line[0].removeprefix("batv: ") for line in lines],
            [
                "dir=in action=accept reason=not-ours from=<alice@example.test> to=<bob@example.net> client=127.0.0.1",
                "dir=out action=sign reason=signed from=<alice@example.test> client=127.0.0.1 key=0",
                f"dir=in action=refuse reason=missing from=<> to=<alice@example.test> {stranger}",
                f"dir=in action=original reason=pass from=<> to=<{ALICE}> {stranger} key=0 left=7",
                f"dir=out action=leave reason=null-sender from=<> {stranger}",
            ],
        )
        queue_ids = [line[1] for line in lines if len(line) > 1]
        self.assertEqual([len(line) for line in lines], [2, 2, 1, 2, 2])
        for queue_id in queue_ids:
            self.server.wait_for_log(f": {queue_id}: ")

    def test_ordinary_mail_comes_in_with_and_without_a_tag(self):
        for recipient in ["alice@example.test", ALICE, "prvs=1999ffffff=alice@example.test"]:
            self.assertRegex(self.server.send("bob@example.net", recipient), OK)
        self.assert_delivered(*[("bob@example.net", ("alice@example.test",))] * 3)

    def test_each_recipient_is_judged_by_itself(self):
        for recipients, expected in [
            ([ALICE, "bob@example.test"], ["250", MISSING]),
            (["bob@example.test", ALICE], [MISSING, "250"]),
            ([ALICE, "prvs=0786864c09=bob@example.test"], ["250", FORGED]),
        ]:
            with self.subTest(recipients), self.server.client() as client:
                *replies, end = transaction(client, "", *recipients)
                replies = ["250" if reply.startswith("250 2.1.5 Ok") else reply for reply in replies]
                self.assertEqual(replies, expected)
                self.assertRegex(end, OK)
        self.assert_delivered(*[("", ("alice@example.test",))] * 3)

    def test_commands_may_come_all_at_once(self):
        forged = "bob@example.test"
        with self.server.client() as client:
            client.ehlo()
            recipients = "".join(f"RCPT TO:<{recipient}>\r\n" for recipient in [forged, ALICE, forged])
            client.send(f"MAIL FROM:<>\r\n{recipients}DATA\r\n")
            self.assertEqual([client.getreply()[0] for _ in range(5)], [250, 550, 250, 550, 354])
            client.send("Subject: test\r\n\r\ntest\r\n.\r\n")
            self.assertEqual(client.getreply()[0], 250)
        self.assert_delivered(("", ("alice@example.test",)))

    def test_nobody_gets_a_message_twice(self):
        with self.server.client() as client:
            replies = transaction(client, "bob@example.net", "alice@example.test", ALICE, ALICE.upper())
        self.assertRegex(replies[-1], OK)
        self.assert_delivered(("bob@example.net", ("alice@example.test",)))

    def test_unknown_users_are_refused_with_and_without_a_tag(self):
        for recipient in ["nosuch@example.test", f"{TAG}nosuch@example.test", f"nosuch+{TAG[:-1]}@example.test"]:
            for sender in ["", "bob@example.net"]:
                self.assertRegex(self.server.send(sender, recipient), self.unknown)

    def test_a_sender_keeps_its_spelling(self):
        for sender, expected in [
            ("Alice@Example.Test", f"{TAG}Alice@Example.Test"),
            ('"john doe"@example.test', None),
            ("alice+list@example.test", None),
            ('"john doe+list"@example.test', None),
        ]:
            tagged = self.sent_by(sender)
            if expected:
                self.assertEqual(tagged, expected)
            self.assertNotEqual(tagged, sender)
            self.assertRegex(self.server.send("", tagged), OK)
            self.assert_delivered(("", (sender,)))

    def test_what_has_no_key_leaves_as_it_is(self):
        for sender in ["carol@example.edu", "", ALICE]:
            self.server.submit(sender, "bob@example.net")
        senders = [envelope.mail_from for envelope in self.server.world.wait_for(3)]
        self.assertCountEqual(senders, ["carol@example.edu", "", ALICE])


class RelayDomain(RoundTrip):
    """The same where the mailboxes are another server's."""

    options = {
        "settings": """
virtual_mailbox_domains =
relay_domains = example.test example.org
relay_transport = lmtp:unix:{folder}/lmtp
relay_recipient_maps = texthash:{folder}/etc/mailboxes
"""
    }
    unknown = "^550 5.1.1 .*User unknown in relay recipient table"


class KnownRecipients(unittest.TestCase):
    """Why docs/postfix.md has a pipemap."""

    def test_a_lone_pcre_makes_a_source_of_backscatter(self):
        with Postfix(KEYS, settings="virtual_alias_maps = pcre:{folder}/etc/batv_strip.pcre") as postfix:
            # Who has the mailboxes knows better.
            postfix.mailboxes.permanent_failures = 1
            self.assertRegex(postfix.send("bob@example.net", f"{TAG}nosuch@example.test"), OK)
            self.assertEqual(postfix.world.wait_for(1), [("", ("bob@example.net",))])

    def test_without_a_table_nobody_is_known_behind_a_tag(self):
        with Postfix(KEYS, settings="virtual_alias_maps =") as postfix:
            self.assertRegex(postfix.send("", ALICE), RoundTrip.unknown)
            # Postfix's own report goes to a mailbox that does not exist.
            postfix.world.permanent_failures = 1
            postfix.submit("alice@example.test", "bob@example.net")
            self.assertEqual(postfix.mailboxes.wait_for(1), [("", (ALICE,))])

    def test_another_delimiter(self):
        # As the table's own comment says.
        table = re.sub(r"(\\|@)\+", r"\1-", STRIP.read_text())
        self.assertEqual(len(re.findall(r"(?m)^/.*\\-", table)), 4)
        file = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="batv-table-"))) / "strip.pcre"
        file.write_text(table)
        file.parent.chmod(0o755)
        settings = "recipient_delimiter = -\n" + (
            f"virtual_alias_maps = pipemap:{{pcre:{file}, texthash:{{folder}}/etc/batv_users}}"
        )
        for syntax, tagged in [
            ("prefix", r"prvs=0786[0-9a-f]{6}=alice-list1@example\.test"),
            ("sub-address", r"alice-list1-prvs=0786[0-9a-f]{6}@example\.test"),
        ]:
            config = f'syntax = "{syntax}"\ndelimiter = "-"\n{KEYS}'
            with self.subTest(syntax), Postfix(config, settings=settings) as postfix:
                postfix.submit("alice-list1@example.test", "bob@example.net")
                [sent] = postfix.world.wait_for(1)
                self.assertRegex(sent.mail_from, f"^{tagged}$")
                self.assertRegex(postfix.send("", sent.mail_from), OK)
                self.assertEqual(postfix.mailboxes.wait_for(1), [("", ("alice-list1@example.test",))])
                nosuch = sent.mail_from.replace("alice-list1", "nosuch1-list1")
                self.assertRegex(postfix.send("bob@example.net", nosuch), RoundTrip.unknown)


class AliasDomain(Case):
    """A domain whose addresses all stand for others."""

    options = {
        "settings": """
virtual_mailbox_domains = example.test
virtual_alias_domains = example.org
virtual_alias_maps = pipemap:{pcre:{folder}/etc/batv_strip.pcre, texthash:{folder}/etc/batv_users},
  inline:{alice@example.org=bob@example.test}
"""
    }

    def test_its_bounces_are_judged_by_the_address_that_stands_for_another(self):
        self.server.submit("alice@example.org", "bob@example.net")
        [sent] = self.server.world.wait_for(1)
        self.assertRegex(sent.mail_from, r"^prvs=0786[0-9a-f]{6}=alice@example\.org$")
        self.assertRegex(self.server.send("", sent.mail_from), OK)
        self.assert_delivered(("", ("bob@example.test",)))
        for recipient in ["alice@example.org", "Alice@Example.Org (hi)"]:
            self.assertEqual(self.server.send("", recipient), MISSING)


class Outgoing(Case):
    def test_all_recipients_see_one_sender(self):
        self.server.submit("alice@example.test", "one@example.net", "two@example.net", "three@elsewhere.test")
        sent = self.server.world.wait_for(1)
        while sum(len(envelope.rcpt_to) for envelope in sent) < 3:
            sent = self.server.world.wait_for(len(sent) + 1)
        self.assertEqual({envelope.mail_from for envelope in sent}, {ALICE})

    def test_all_attempts_have_one_tag_over_midnight_and_a_restart(self):
        self.server.world.temporary_failures = 2
        self.server.submit("alice@example.test", "bob@example.net")
        self.server.wait_for_log("status=deferred")
        self.server.milter.restart("2026-11-25T00:00:00")
        self.server.deliver()
        self.server.submit("alice@example.test", "bob@example.net")
        senders = [envelope.mail_from for envelope in self.server.world.wait_for(2)]
        self.server.milter.restart("2026-11-22T12:00:00")
        self.assertEqual(senders, [ALICE, signed("alice@example.test", value=b"0789")])

    def test_who_has_authenticated_is_one_of_us(self):
        with self.server.client() as client:
            client.ehlo()
            client.login("alice", "password")
            self.assertRegex(transaction(client, "alice@example.test", "bob@example.net")[-1], OK)
            self.assertRegex(transaction(client, "", "alice@example.test")[-1], OK)
        self.assertEqual(self.server.world.wait_for(1), [(ALICE, ("bob@example.net",))])
        self.assert_delivered(("", ("alice@example.test",)))

    def test_sendmail_is_one_of_us(self):
        for sender in ["Alice@example.test", "<>"]:
            self.server.command("sendmail", "-f", sender, "bob@example.net", input="Subject: test\n\ntest\n")
        senders = [envelope.mail_from for envelope in self.server.world.wait_for(2)]
        self.assertCountEqual(senders, [f"{TAG}Alice@example.test", ""])

    def test_null_senders_from_inside_are_never_refused(self):
        self.server.submit("", "alice@example.test")
        self.assert_delivered(("", ("alice@example.test",)))

    def test_strangers_that_use_our_domain_are_not_signed(self):
        for client in [STRANGER, "[UNAVAILABLE]"]:
            with self.subTest(client), self.server.client(client) as client:
                self.assertRegex(transaction(client, "alice@example.test", "bob@example.test")[-1], OK)
                self.assertEqual(transaction(client, "", "alice@example.test")[-1], MISSING)
        self.assert_delivered(*[("alice@example.test", ("bob@example.test",))] * 2)

    def test_what_the_client_wants_to_know_of_its_delivery_stays(self):
        # The change of the sender has no parameters: those of the client count.
        for ret, kept in [("FULL", "message/rfc822"), ("HDRS", "text/rfc822-headers")]:
            self.server.mailboxes.envelopes.clear()
            self.server.world.permanent_failures = 1
            self.server.submit("alice@example.test", "bob@example.net", parameters=f"RET={ret} ENVID=BATV-{ret}")
            self.assert_delivered(("", ("alice@example.test",)))
            bounce = self.server.mailboxes.messages[-1]
            self.assertEqual([part.get_content_type() for part in bounce.walk()][-2 if ret == "FULL" else -1], kept)
            self.assertIn(f"Original-Envelope-Id: BATV-{ret}\n", bounce.as_string())

    def test_postfix_s_own_bounces_arrive(self):
        self.server.world.permanent_failures = 1
        self.server.submit("alice@example.test", "bob@example.net")
        self.assert_delivered(("", ("alice@example.test",)))
        self.assertEqual(self.server.world.envelopes, [])


class Monitored(Case):
    config = KEYS + "monitor = true\n"
    options = {"milter": 'mark = "X-BATV"'}

    def test_nothing_is_refused_and_what_would_be_is_marked(self):
        for sender, recipient, mark in [
            ("", "alice@example.test", "missing"),
            ("", "prvs=0786864c08=alice@example.test", "bad-signature"),
            ("", ALICE, None),
            ("bob@example.net", "alice@example.test", None),
        ]:
            with self.subTest(recipient):
                count = len(self.server.mailboxes.envelopes)
                self.assertRegex(self.server.send(sender, recipient), OK)
                self.server.mailboxes.wait_for(count + 1)
                self.assertEqual(self.server.mailboxes.messages[-1]["X-BATV"], mark)


class RefusingAtData(Case):
    options = {"milter": 'refuse-at = "data"'}

    def test_callouts_come_through_and_bounces_do_not(self):
        with self.server.client() as client:
            client.ehlo()
            client.docmd("MAIL", "FROM:<>")
            self.assertEqual(client.docmd("RCPT", "TO:<alice@example.test>")[0], 250)
            client.docmd("RSET")
            self.assertEqual(transaction(client, "", "alice@example.test")[-1], MISSING)
            # Postfix itself would let the client go on after that.
            self.assertEqual(client.docmd("DATA")[0], 550)
            client.docmd("RSET")
            self.assertRegex(transaction(client, "", ALICE)[-1], OK)
        self.assert_delivered(("", ("alice@example.test",)))

    def test_no_recipient_is_lost(self):
        later = "451 4.7.1 One recipient at a time"
        with self.server.client() as client:
            replies = transaction(client, "", "bob@example.test", ALICE)
            self.assertRegex(replies[0], "^250 ")
            self.assertEqual(replies[1:], [later, MISSING])
            client.docmd("RSET")
            replies = transaction(client, "", ALICE, "bob@example.test")
            self.assertRegex(replies[0], "^250 ")
            self.assertEqual(replies[1], MISSING)
            self.assertRegex(replies[2], OK)
        self.assert_delivered(("", ("alice@example.test",)))

    def test_ordinary_mail_and_mail_of_ours(self):
        self.assertRegex(self.server.send("bob@example.net", "alice@example.test"), OK)
        self.server.submit("alice@example.test", "bob@example.net")
        self.assertEqual(self.server.world.wait_for(1), [(ALICE, ("bob@example.net",))])
        self.assert_delivered(("bob@example.net", ("alice@example.test",)))


class RefusingAfterHeaders(Case):
    """Messages in the forms that servers and programs give them, each in a file."""

    options = {"milter": 'refuse-at = "headers"'}
    REPORTS = ROOT / "tests/reports"
    REFUSED = {"exchange-bounce", "gmail-bounce", "postfix-bounce", "exim-bounce"}

    def test_only_delivery_reports_are_refused(self):
        accepted = 0
        for path in sorted(self.REPORTS.glob("*.eml")):
            with self.subTest(path.stem):
                reply = self.server.send("", "alice@example.test", message=path.read_text())
                if path.stem in self.REFUSED:
                    self.assertEqual(reply, MISSING)
                else:
                    self.assertRegex(reply, OK)
                    accepted += 1
        self.assertEqual(accepted, 5)
        self.assert_delivered(*[("", ("alice@example.test",))] * 5)
        reasons = [line.split()[3] for line in self.server.milter.decisions() if " dir=in " in line]
        self.assertEqual(sorted(set(reasons[-9:])), ["reason=missing", "reason=not-a-report"])

    def test_every_delivery_report_with_a_tag_comes_in(self):
        for name in self.REFUSED:
            message = (self.REPORTS / f"{name}.eml").read_text()
            self.assertRegex(self.server.send("", ALICE, message=message), OK)
        self.assert_delivered(*[("", ("alice@example.test",))] * 4)

    def test_a_header_field_of_the_greatest_length(self):
        lines = "\n".join(" " + "x" * 70 for _ in range(1400))
        message = f"Subject: test\nX-Long:\n{lines}\n\ntest\n"
        self.assertRegex(self.server.send("", "alice@example.test", message=message), OK)
        self.assert_delivered(("", ("alice@example.test",)))


class Dialogues(unittest.TestCase):
    """What main.cf can change of the dialogue with a milter."""

    def test_every_setting(self):
        for settings in [
            "milter_protocol = 2",
            "milter_protocol = 4",
            "milter_protocol = 6",
            # What Postfix says beside the events; the milter asks for it by itself.
            "milter_connect_macros = j\nmilter_mail_macros =\nmilter_rcpt_macros =\nmilter_end_of_data_macros =",
            "smtpd_delay_reject = no",
            # As mailcow has it.
            "mail_name = Postcow",
        ]:
            with self.subTest(settings), Postfix(KEYS, settings=settings) as postfix:
                postfix.submit("alice@example.test", "bob@example.net")
                self.assertEqual(postfix.world.wait_for(1), [(ALICE, ("bob@example.net",))])
                self.assertRegex(postfix.send("", ALICE), OK)
                self.assertEqual(postfix.mailboxes.wait_for(1), [("", ("alice@example.test",))])
                for recipient in ["alice@example.test", "alice@example.test (hi)"]:
                    self.assertEqual(postfix.send("(c)", recipient), MISSING)

    def test_postfix_s_own_bounces_may_pass_the_milter(self):
        with Postfix(KEYS, settings="internal_mail_filter_classes = bounce") as postfix:
            postfix.world.permanent_failures = 1
            postfix.submit("alice@example.test", "bob@example.net")
            self.assertEqual(postfix.mailboxes.wait_for(1), [("", ("alice@example.test",))])
            wait_until(lambda: postfix.queued() == 0, "end of the bounce")
            self.assertIn(f"reason=client from=<> to=<{ALICE}>", postfix.milter.log)

    def test_every_version_can_refuse_later(self):
        report = (ROOT / "tests/reports/postfix-bounce.eml").read_text()
        for refuse_at in ["data", "headers"]:
            for version in [2, 4]:
                settings = {"settings": f"milter_protocol = {version}", "milter": f'refuse-at = "{refuse_at}"'}
                with self.subTest(settings), Postfix(KEYS, **settings) as postfix:
                    self.assertEqual(postfix.send("", "alice@example.test", message=report), MISSING)
                    self.assertRegex(postfix.send("", ALICE, message=report), OK)
                    self.assertEqual(postfix.mailboxes.wait_for(1), [("", ("alice@example.test",))])

    def test_tcp(self):
        with Postfix(KEYS, socket="inet") as postfix:
            postfix.submit("alice@example.test", "bob@example.net")
            self.assertEqual(postfix.world.wait_for(1), [(ALICE, ("bob@example.net",))])
            self.assertEqual(postfix.send("", "alice@example.test"), MISSING)

    def test_the_sub_address_syntax_needs_no_table(self):
        with Postfix('syntax = "sub-address"\n' + KEYS, settings="virtual_alias_maps =") as postfix:
            postfix.submit("alice@example.test", "bob@example.net")
            [sent] = postfix.world.wait_for(1)
            self.assertEqual(sent.mail_from, "alice+prvs=0786864c09@example.test")
            self.assertRegex(postfix.send("", sent.mail_from), OK)
            self.assertEqual(postfix.mailboxes.wait_for(1), [("", ("alice@example.test",))])


if __name__ == "__main__":
    unittest.main()
