"""Mail through real OpenSMTPD with batv-milter and the settings of docs/opensmtpd.md."""

import contextlib
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from case import ALICE, EXPIRED, FORGED, KEYS, MISSING, OLD_ALICE, TAG, UNKNOWN, ServerCase, signed
from mail import DEADLINE, OUTSIDE, transaction
from opensmtpd import OpenSMTPD
from servers import MILTER

CONFIG = KEYS.replace('"example.org"', '"example.org", "relay.test", "mx.example.test", "localhost"')
CONFIG = CONFIG.replace('default-domain = "example.test"', 'default-domain = "mx.example.test"')
CONFIG += 'internal-networks = ["127.0.0.1"]\n'
OK = r"^250 2\.0\.0 [0-9a-f]{8} Message accepted for delivery$"
RECIPIENT_OK = "250 2.1.5 Destination address valid: Recipient ok"
NO_USER = "^(524 5.2.4 Mailing list expansion problem|550 Invalid recipient): <nosuch@"


class Case(ServerCase):
    """Tests that share an OpenSMTPD."""

    config, listener, chain = CONFIG, "", '"batv"'

    @classmethod
    def make_server(cls):
        return OpenSMTPD(cls.config, cls.listener, cls.chain)

    def bounce(self, recipient):
        return self.server.send("", recipient)


class RoundTrip(Case):
    def test_a_message_leaves_signed_and_its_bounce_comes_back(self):
        self.assertEqual(self.sent_by("alice@example.test"), ALICE)
        self.assertRegex(self.bounce(ALICE), OK)
        self.assert_delivered(("", ("alice@example.test",)))
        self.assertEqual(self.bounce("alice@example.test"), MISSING)
        self.assertEqual(self.bounce(OLD_ALICE), EXPIRED)

    def test_whoever_the_address_stands_for_gets_the_bounce(self):
        for sender, mailboxes, world in [
            ("info@example.org", 1, []),
            ("staff@example.test", 2, []),
            ("remote@example.test", 0, ["carol@example.net"]),
            ("John.Doe@example.test", 1, []),
            ("Alice@Example.Test", 1, []),
            ("alice+list@example.test", 1, []),
            ("alice@mx.example.test", 1, []),
            ("postmaster@localhost", 1, []),
            ("dave@relay.test", 0, ["dave@relay.test"]),
        ]:
            with self.subTest(sender):
                tagged = self.sent_by(sender)
                self.assertEqual(tagged, signed(sender))
                # As a bounce and as ordinary mail.
                for mail_from in ["", "carol@example.edu"]:
                    self.forget()
                    self.assertRegex(self.server.send(mail_from, tagged), OK)
                    self.assertEqual(len(self.server.mailboxes.wait_for(mailboxes)), mailboxes)
                    envelopes = self.server.world.wait_for(len(world))
                    self.assertEqual([to for sent in envelopes for to in sent.rcpt_to], world)

    def test_a_sender_without_a_domain_gets_that_of_the_listener(self):
        self.assertEqual(self.sent_by("alice"), signed("alice@mx.example.test"))

    def test_what_has_no_key_leaves_as_it_is(self):
        for sender in ["carol@elsewhere.test", ALICE]:
            self.assertEqual(self.sent_by(sender), sender)

    def test_mail_that_stays_is_signed_too_since_its_recipients_come_later(self):
        self.server.submit("alice@example.test", "bob@example.test")
        self.assert_delivered((ALICE, ("bob@example.test",)))

    def test_mail_of_sendmail_is_signed(self):
        self.server.submit_locally("alice@example.test", "carol@example.net")
        self.assertEqual(self.server.world.wait_for(1), [(ALICE, ("carol@example.net",))])

    def test_the_mail_of_a_user_elsewhere_is_signed_and_that_of_a_stranger_is_not(self):
        for password, sender in [("wrong", "alice@example.test"), ("password", ALICE)]:
            with self.subTest(password), self.server.authenticated(password) as client:
                self.forget()
                self.assertRegex(transaction(client, "alice@example.test", "remote@example.test")[-1], OK)
                self.assertEqual(self.server.world.wait_for(1), [(sender, ("carol@example.net",))])

    def test_opensmtpd_s_own_bounces_arrive_with_all_that_mail_asks_for(self):
        for sender in ["alice@example.test", "info@example.org"]:
            self.forget()
            self.server.world.permanent_failures = 1
            self.server.submit(sender, "carol@example.net", parameters="RET=FULL")
            self.assert_delivered(("", (sender,)))
            returned = self.server.mailboxes.messages[-1].get_payload()[-1]
            self.assertTrue(returned.get_payload().endswith("\r\n\r\ntest\r\n"))
            self.assertEqual(self.server.world.envelopes, [])

    def test_the_log_has_one_line_for_each_decision(self):
        before = len(self.server.decisions(0))
        self.sent_by("alice@example.test")
        self.bounce("alice@example.test")
        self.bounce(ALICE)
        lines = [line.split(" queue=") for line in self.server.decisions(before + 5)[before:]]
        stranger = f"client={OUTSIDE}"
        self.assertEqual(
            [line[0] for line in lines],
            [
                "dir=in action=accept reason=not-ours from=<alice@example.test> to=<bob@example.net> client=127.0.0.1",
                "dir=out action=sign reason=signed from=<alice@example.test> client=127.0.0.1 key=0",
                f"dir=in action=refuse reason=missing from=<> to=<alice@example.test> {stranger}",
                f"dir=in action=original reason=pass from=<> to=<{ALICE}> {stranger} key=0 left=7",
                f"dir=out action=leave reason=null-sender from=<> {stranger}",
            ],
        )
        for _, queue in lines:
            self.assertRegex(queue, "^[0-9a-f]{8}$")

    def test_each_recipient_is_judged_by_itself(self):
        for recipients, expected in [
            ([ALICE, "bob@example.test"], [RECIPIENT_OK, MISSING]),
            (["info@example.org", ALICE], [MISSING, RECIPIENT_OK]),
            ([ALICE, "prvs=0786864c09=bob@example.test"], [RECIPIENT_OK, FORGED]),
        ]:
            with self.subTest(recipients), self.server.client() as client:
                *replies, end = transaction(client, "", *recipients)
                self.assertEqual(replies, expected)
                self.assertRegex(end, OK)
        self.assert_delivered(*[("", ("alice@example.test",))] * 3)

    def test_unknown_users_are_refused_with_and_without_a_tag(self):
        for user in ["nosuch@example.test", "nosuch@mx.example.test"]:
            self.assertRegex(self.bounce(signed(user)), NO_USER)
            for recipient in [user, signed(user)]:
                self.assertRegex(self.server.send("bob@example.net", recipient), NO_USER)

    def test_tags_of_others_stay(self):
        recipient = "prvs=0786864c09=dave@elsewhere.test"
        self.server.submit("bob@example.test", recipient)
        self.assertEqual(self.server.world.wait_for(1), [(signed("bob@example.test"), (recipient,))])

    def test_strangers_that_use_our_domain_are_not_signed(self):
        self.assertRegex(self.server.send("alice@example.test", "remote@example.test"), OK)
        self.assertEqual(self.server.world.wait_for(1), [("alice@example.test", ("carol@example.net",))])


class Senders(Case):
    listener = "senders <allowed>"

    def test_of_the_senders_that_a_user_may_have_only_whole_domains_count(self):
        for sender, code in [("alice@example.test", 530), ("bob@example.org", 250)]:
            with self.subTest(sender), self.server.authenticated() as client:
                self.assertEqual(client.docmd("MAIL", f"FROM:<{sender}>")[0], code)


class LastOfAChain(Case):
    chain = '{ "block", "batv" }'

    def test_all_filters_are_asked(self):
        self.assertEqual(self.bounce(ALICE), "550 5.7.1 Blocked")
        self.assertEqual(self.bounce("alice@example.test"), MISSING)


class FirstOfAChain(Case):
    chain = '{ "batv", "block" }'

    def test_no_other_filter_is_asked_about_what_it_changes(self):
        self.assertRegex(self.bounce(ALICE), OK)


class SubAddresses(Case):
    config, listener = 'syntax = "sub-address"\n' + CONFIG, "senders <allowed>"

    def test_of_the_senders_that_a_user_may_have_addresses_count(self):
        for sender, code in [("alice@example.test", 250), ("bob@example.test", 530)]:
            with self.subTest(sender), self.server.authenticated() as client:
                self.assertEqual(client.docmd("MAIL", f"FROM:<{sender}>")[0], code)

    def test_a_message_leaves_signed_and_its_bounce_comes_back(self):
        for sender in ["alice@example.test", "info@example.org"]:
            tagged = self.sent_by(sender)
            user, domain = sender.split("@")
            self.assertEqual(tagged, f"{user}+{signed(sender)[:15]}@{domain}")
            self.assertRegex(self.bounce(tagged), OK)
            self.assert_delivered(("", (sender,)))
            self.assertEqual(self.bounce(sender), MISSING)


class Filter(Case):
    def test_a_file_that_has_changed_takes_effect_with_the_next_message(self):
        self.assertEqual(self.bounce("alice@example.test"), MISSING)
        self.server.write(CONFIG + "monitor = true\n")
        self.assertRegex(self.bounce("alice@example.test"), OK)
        self.server.write(CONFIG)
        self.assertEqual(self.bounce("alice@example.test"), MISSING)
        self.assert_delivered(("", ("alice@example.test",)))

    def test_settings_that_have_no_effect_are_faults(self):
        for setting, name in [
            ('untagged-destinations = ["example.net"]', "policy.untagged-destinations"),
            ('[milter]\nsocket = "unix:/nonexistent"\nmark = "X-BATV"', "milter.mark"),
            ('[milter]\nsocket = "unix:/nonexistent"\nmetrics = "unix:/elsewhere"', "milter.metrics"),
            ('[milter]\nsocket = "unix:/nonexistent"\nrefuse-at = "data"', "milter.refuse-at"),
            ("", None),
        ]:
            with self.subTest(setting), tempfile.NamedTemporaryFile("w") as file:
                file.write(f"{CONFIG}{setting}\n")
                file.flush()
                command = [MILTER, "--opensmtpd", "--check", "--config", file.name]
                result = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
                fault = f"{name} has no effect with OpenSMTPD, so it must not be set\n"
                self.assertEqual(result.returncode, 2 if name else 0)
                self.assertTrue(result.stderr.endswith(fault if name else ""))


class Spellings(Case):
    """What OpenSMTPD takes for alice, however it is written."""

    # `{}` stands for the local-part.
    SPELLINGS = [
        "{}@example.test",
        "{}@EXAMPLE.TEST",
        "@relay.example.net:{}@example.test",
        "@one.example.net,@two.example.net:{}@example.test",
        "x:{}@example.test",
        ":{}@example.test",
        "bob@example.net:{}@example.test",
        "{}+detail@example.test",
        "{}@mx.example.test",
        "{}@localhost",
        "{}",
        "x:{}",
    ]
    NULL_SENDERS = ["", "x:", "x:@", "@", "bob@example.net:@"]

    def replies(self, sender, *local_parts):
        """The reply to each spelling of each local-part."""
        for recipient in (written.replace("{}", name) for name in local_parts for written in self.SPELLINGS):
            yield recipient, self.server.send(sender, recipient)

    def assert_all_reach_alice(self, sender, *local_parts):
        replies = dict(self.replies(sender, *local_parts))
        self.assertEqual({to: reply for to, reply in replies.items() if not re.match(OK, reply)}, {})
        envelopes = self.server.mailboxes.wait_for(len(replies))
        self.assertEqual({envelope.mail_from for envelope in envelopes}, {sender})
        self.assertEqual(len(envelopes), len(replies))

    def test_opensmtpd_delivers_them_all_to_alice(self):
        self.assert_all_reach_alice("bob@example.net", "alice", "ALICE")

    def test_no_forged_bounce_comes_in(self):
        for sender in self.NULL_SENDERS:
            with self.subTest(sender):
                replies = dict(self.replies(sender, "alice", "ALICE"))
                self.assertEqual({to: reply for to, reply in replies.items() if reply != MISSING}, {})
        self.assert_delivered()

    def test_every_genuine_bounce_comes_in(self):
        tags = {domain: signed(f"alice@{domain}")[:16] for domain in ["example.test", "mx.example.test", "localhost"]}
        count = 0
        for written in self.SPELLINGS:
            _, _, domain = written.rpartition("{}")
            domain = domain.partition("@")[2].lower() or "mx.example.test"
            detail = "+detail" if "+detail" in written else ""
            tag = signed(f"alice{detail}@{domain}")[:16] if detail else tags[domain]
            for name in [f"{tag}alice", f"{tag}alice".upper()]:
                self.assertRegex(self.bounce(written.replace("{}", name)), OK, written)
                count += 1
        self.assertEqual(len(self.server.mailboxes.wait_for(count)), count)

    def test_bad_tags_do_not_come_in(self):
        for local_part, reply in [
            ("prvs=0786864c08=alice", FORGED),
            ("prvs=0787864c09=alice", FORGED),
            (f"{TAG}bob", FORGED),
            ("prvs=1786864c09=alice", UNKNOWN),
        ]:
            with self.subTest(local_part):
                replies = dict(self.replies("", local_part))
                self.assertEqual({to: given for to, given in replies.items() if given != reply}, {})
        self.assert_delivered()


def is_same(path, other):
    """Whether both are one file; a process that has ended or may not be looked at is another."""
    with contextlib.suppress(OSError):
        return path.samefile(other)
    return False


class DeadFilter(Case):
    def test_opensmtpd_ends_so_that_nothing_is_lost(self):
        self.assertEqual(self.sent_by("alice@example.test"), ALICE)
        program = self.server.folder / "program"
        processes = [path for path in Path("/proc").glob("[0-9]*/exe") if is_same(path, program)]
        self.assertEqual(len(processes), 1)
        subprocess.run(["kill", "-KILL", processes[0].parent.name], check=True)
        self.server.wait()
        self.server.start()
        self.assertRegex(self.bounce(ALICE), OK)
        self.assert_delivered(("", ("alice@example.test",)))


if __name__ == "__main__":
    unittest.main()
