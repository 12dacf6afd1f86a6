"""batv-milter under real Postfix, with the settings of docs/postfix.md.

Expected tags are those that Exim's own ${prvs} makes, as in tests/vectors.
"""

import collections
import re
import unittest

from mail import transaction
from servers import STRANGER, Postfix

KEYS = """
[[key]]
number = 0
secret = "secret"
for = ["example.test", "example.org"]

[policy]
default-domain = "example.test"
"""
TAG = "prvs=0786864c09="
ALICE = "prvs=0786864c09=alice@example.test"  # signed on 2026-11-22 for 7 days
FORGED = "550 5.7.1 Not a bounce of mail sent from here (BATV: the tag is forged)"
MISSING = "550 5.7.1 Not a bounce of mail sent from here (BATV: the address has no tag)"
MALFORMED = "550 5.7.1 Not a bounce of mail sent from here (BATV: the tag is malformed)"
EXPIRED = "550 5.7.1 This bounce comes too late (BATV: the tag has expired)"
OK = "^250 2.0.0 Ok"


class Case(unittest.TestCase):
    """Tests that share a Postfix."""

    config, options = KEYS, {}

    @classmethod
    def setUpClass(cls):
        cls.postfix = cls.enterClassContext(Postfix(cls.config, **cls.options))

    def setUp(self):
        self.postfix.world.envelopes.clear()
        self.postfix.mailboxes.envelopes.clear()

    def assert_refused(self, reply, expected):
        self.assertEqual(reply, expected)

    def assert_delivered(self, *envelopes):
        """These messages, and no others, are in mailboxes."""
        self.assertCountEqual(self.postfix.mailboxes.wait_for(len(envelopes)), envelopes)


class RoundTrip(Case):
    def test_a_message_leaves_signed_and_its_bounce_comes_back(self):
        self.postfix.submit("alice@example.test", "bob@example.net")
        [sent] = self.postfix.world.wait_for(1)
        self.assertEqual(sent, (ALICE, ("bob@example.net",)))
        self.assertRegex(self.postfix.send("", sent.mail_from), OK)
        self.assert_delivered(("", ("alice@example.test",)))
        self.assertEqual(self.postfix.send("", "alice@example.test"), MISSING)
        rejected = r"milter-reject: RCPT from \S+: 550 5\.7\.1 Not a bounce of .*; from=<> to=<alice@example\.test>"
        self.assertRegex(self.postfix.log, rejected)

    def test_the_log_has_one_line_for_each_decision(self):
        before = len(self.postfix.milter.decisions())
        self.postfix.submit("alice@example.test", "bob@example.net")
        [sent] = self.postfix.world.wait_for(1)
        self.postfix.send("", "alice@example.test")
        self.postfix.send("", ALICE)
        lines = [line.split(" queue=") for line in self.postfix.milter.decisions()[before:]]
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
        self.assertTrue(all(f": {queue_id}: " in self.postfix.log for queue_id in queue_ids))

    def test_ordinary_mail_comes_in_with_and_without_a_tag(self):
        for recipient in ["alice@example.test", ALICE, "prvs=1999ffffff=alice@example.test"]:
            self.assertRegex(self.postfix.send("bob@example.net", recipient), OK)
        self.assert_delivered(*[("bob@example.net", ("alice@example.test",))] * 3)

    def test_each_recipient_is_judged_by_itself(self):
        for recipients, expected in [
            ([ALICE, "bob@example.test"], ["250", MISSING]),
            (["bob@example.test", ALICE], [MISSING, "250"]),
            ([ALICE, "prvs=0786864c09=bob@example.test"], ["250", FORGED]),
        ]:
            with self.subTest(recipients), self.postfix.client() as client:
                *replies, end = transaction(client, "", *recipients)
                replies = ["250" if reply.startswith("250 2.1.5 Ok") else reply for reply in replies]
                self.assertEqual(replies, expected)
                self.assertRegex(end, OK)
        self.assert_delivered(*[("", ("alice@example.test",))] * 3)

    def test_nobody_gets_a_message_twice(self):
        with self.postfix.client() as client:
            replies = transaction(client, "bob@example.net", "alice@example.test", ALICE, ALICE.upper())
        self.assertRegex(replies[-1], OK)
        self.assert_delivered(("bob@example.net", ("alice@example.test",)))

    def test_unknown_users_are_refused_with_and_without_a_tag(self):
        unknown = "^550 5.1.1 .*User unknown in virtual mailbox table"
        for recipient in ["nosuch@example.test", f"{TAG}nosuch@example.test", f"nosuch+{TAG[:-1]}@example.test"]:
            for sender in ["", "bob@example.net"]:
                self.assertRegex(self.postfix.send(sender, recipient), unknown)

    def test_a_sender_keeps_its_spelling(self):
        for sender, signed in [
            ("Alice@Example.Test", f"{TAG}Alice@Example.Test"),
            ('"john doe"@example.test', None),
            ("alice+list@example.test", None),
        ]:
            self.postfix.world.envelopes.clear()
            self.postfix.mailboxes.envelopes.clear()
            self.postfix.submit(sender, "bob@example.net")
            [sent] = self.postfix.world.wait_for(1)
            if signed:
                self.assertEqual(sent.mail_from, signed)
            self.assertNotEqual(sent.mail_from, sender)
            self.assertRegex(self.postfix.send("", sent.mail_from), OK)
            self.assert_delivered(("", (sender,)))

    def test_what_has_no_key_leaves_as_it_is(self):
        for sender in ["carol@example.edu", "", ALICE]:
            self.postfix.submit(sender, "bob@example.net")
        senders = [envelope.mail_from for envelope in self.postfix.world.wait_for(3)]
        self.assertCountEqual(senders, ["carol@example.edu", "", ALICE])


class Spellings(Case):
    """What Postfix takes for alice@example.test, however it is written."""

    # `{}` stands for the local-part.
    WRITTEN = [
        "{}@example.test",
        "{}@EXAMPLE.TEST",
        "@relay.example.net:{}@example.test",
        "@one.example.net,@two.example.net:{}@example.test",
        "{}%example.test",
        "example.test!{}",
        "{}",
        "{}@example.test.",
        " {}@example.test ",
        "{}@example.test (hi)",
        "(hi) {}@example.test",
        "Alice <{}@example.test>",
        "<{}@example.test>",
        "{} @example.test",
        "{}@ example.test",
        '"{}"@example.test',
        '{}@"example.test"',
        "{}@example.test,",
        "x:{}@example.test;",
    ]
    NULL_SENDERS = ["", " ", "(c)", "@a:", '""', "mailer-daemon@example.net", "MAILER-DAEMON", "@a.test", '""@a.test']

    def send_all(self, sender, *local_parts):
        """The reply to each spelling of each local-part, in one connection."""
        with self.postfix.client() as client:
            for recipient in (
                written.replace("{}", local_part) for local_part in local_parts for written in self.WRITTEN
            ):
                yield recipient, transaction(client, sender, recipient)[-1]

    def assert_all_reach_alice(self, sender, *local_parts):
        refused = {to: reply for to, reply in self.send_all(sender, *local_parts) if not re.match(OK, reply)}
        self.assertEqual(refused, {})
        count = len(local_parts) * len(self.WRITTEN)
        reached = collections.Counter(
            to.lower() for envelope in self.postfix.mailboxes.wait_for(count) for to in envelope.rcpt_to
        )
        self.assertEqual(reached, {"alice@example.test": count})

    def assert_all_get(self, expected, sender, *local_parts):
        others = {to: reply for to, reply in self.send_all(sender, *local_parts) if reply != expected}
        self.assertEqual(others, {})
        self.assertEqual(self.postfix.mailboxes.envelopes, [])

    def test_postfix_delivers_them_all_to_alice(self):
        self.assert_all_reach_alice("bob@example.net", "alice", "ALICE", "al\\ice")

    def test_no_forged_bounce_comes_in(self):
        for sender in self.NULL_SENDERS:
            with self.subTest(sender):
                self.assert_all_get(MISSING, sender, "alice", "ALICE", "al\\ice")

    def test_every_genuine_bounce_comes_in(self):
        self.assert_all_reach_alice("", f"{TAG}alice", f"{TAG.upper()}alice")

    def test_bad_tags_do_not_come_in(self):
        for local_part, reply in [
            ("prvs=0786864c08=alice", FORGED),
            ("prvs=0787864c09=alice", FORGED),
            ("prvs=0786864c09=bob", FORGED),
            ("prvs=1786864c09=alice", MISSING.replace("address has no tag", "tag has an unknown key")),
        ]:
            with self.subTest(local_part):
                self.assert_all_get(reply, "", local_part)


class LocalDomain(Spellings):
    """The same where the domain is one of mydestination, which resolves more."""

    options = {
        "settings": """
virtual_mailbox_domains =
mydestination = example.test example.org
local_transport = lmtp:unix:{folder}/lmtp
local_recipient_maps = texthash:{folder}/etc/mailboxes
allow_untrusted_routing = yes
"""
    }
    WRITTEN = [
        *Spellings.WRITTEN,
        "{}%example.test@example.org",
        "example.test!{}@example.org",
        "{}@example.test@example.test",
        '"{}%example.test"@example.org',
        '"{}@example.test"@example.org',
    ]

    def test_no_forged_bounce_comes_in_to_postfix_s_own_address(self):
        for recipient in ["alice@[127.0.0.1]", "alice@[IPv6:::ffff:127.0.0.1]", "alice%[127.0.0.1]."]:
            with self.subTest(recipient):
                self.assertRegex(self.postfix.send("bob@example.net", recipient), OK)
                self.assertEqual(self.postfix.send("", recipient), MISSING)


if __name__ == "__main__":
    unittest.main()
