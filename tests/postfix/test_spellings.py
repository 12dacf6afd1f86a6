"""However a recipient is written, real Postfix and batv-milter mean the same mailbox."""

import collections
import re
import unittest

from case import FORGED, KEYS, MISSING, OK, TAG, UNKNOWN, Case
from mail import transaction
from servers import Postfix


class Spellings(Case):
    """What Postfix takes for alice@example.test, however it is written."""

    # `{}` stands for the local-part.
    WELL_WRITTEN = [
        "{}@example.test",
        "{}@EXAMPLE.TEST",
        "@relay.example.net:{}@example.test",
        "@one.example.net,@two.example.net:{}@example.test",
        "{}%example.test",
        "example.test!{}",
        "{}",
        "{}@example.test.",
        " {}@example.test ",
        "<{}@example.test>",
        "{} @example.test",
        "{}@ example.test",
        '"{}"@example.test',
        '{}@"example.test"',
        '"\\{}"@example.test',
    ]
    ILL_WRITTEN = [
        "{}@example.test (hi)",
        "(hi) {}@example.test",
        "Alice <{}@example.test>",
        "{}@example.test,",
        "x:{}@example.test;",
    ]
    WRITTEN = [*WELL_WRITTEN, *ILL_WRITTEN]
    NULL_SENDERS = ["", " ", "(c)", "@a:", '""', "mailer-daemon@example.net", "MAILER-DAEMON", "@a.test", '""@a.test']

    def send_all(self, sender, *local_parts):
        """The reply to each spelling of each local-part, in one connection."""
        with self.server.client() as client:
            for recipient in (
                written.replace("{}", local_part) for local_part in local_parts for written in self.WRITTEN
            ):
                yield recipient, transaction(client, sender, recipient)[-1]

    def assert_all_reach_alice(self, sender, *local_parts):
        refused = {to: reply for to, reply in self.send_all(sender, *local_parts) if not re.match(OK, reply)}
        self.assertEqual(refused, {})
        count = len(local_parts) * len(self.WRITTEN)
        reached = collections.Counter(
            to.lower() for envelope in self.server.mailboxes.wait_for(count) for to in envelope.rcpt_to
        )
        self.assertEqual(reached, {"alice@example.test": count})

    def assert_all_get(self, expected, sender, *local_parts):
        others = {to: reply for to, reply in self.send_all(sender, *local_parts) if reply != expected}
        self.assertEqual(others, {})
        self.assertEqual(self.server.mailboxes.envelopes, [])

    def test_postfix_delivers_them_all_to_alice(self):
        self.assert_all_reach_alice("bob@example.net", "alice", "ALICE", "al\\ice")

    def test_no_forged_bounce_comes_in(self):
        for sender in self.NULL_SENDERS:
            with self.subTest(sender):
                self.assert_all_get(MISSING, sender, "alice", "ALICE", "al\\ice")

    def test_every_genuine_bounce_comes_in(self):
        self.assert_all_reach_alice("", f"{TAG}alice", f"{TAG.upper()}alice", f"{TAG}al\\ice")

    def test_bad_tags_do_not_come_in(self):
        for local_part, reply in [
            ("prvs=0786864c08=alice", FORGED),
            ("prvs=0787864c09=alice", FORGED),
            ("prvs=0786864c09=bob", FORGED),
            ("prvs=1786864c09=alice", UNKNOWN),
        ]:
            with self.subTest(local_part):
                self.assert_all_get(reply, "", local_part)


class Strict(Spellings):
    """The same where Postfix refuses some of them; the others are still alice's."""

    options = {"settings": "strict_rfc821_envelopes = yes"}
    WRITTEN = Spellings.WELL_WRITTEN
    NULL_SENDERS = ["", " ", "@a:", '""', "mailer-daemon@example.net", "MAILER-DAEMON"]

    def test_postfix_refuses_the_others(self):
        for written in self.ILL_WRITTEN:
            reply = self.server.send("", written.replace("{}", "alice"))
            self.assertEqual(reply, "501 5.1.3 Bad recipient address syntax")
        with self.server.client() as client:
            client.ehlo()
            for sender in set(Spellings.NULL_SENDERS) - set(self.NULL_SENDERS):
                self.assertEqual(client.docmd("MAIL", f"FROM:<{sender}>"), (501, b"5.1.7 Bad sender address syntax"))


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
        '"\\{}@example.test"@example.org',
        '"{}@example.test@example.test@example.test@example.test"@example.test',
    ]

    def test_no_forged_bounce_comes_in_to_postfix_s_own_address(self):
        for recipient in ["alice@[127.0.0.1]", "alice@[IPv6:::ffff:127.0.0.1]", "alice%[127.0.0.1]."]:
            with self.subTest(recipient):
                self.assertRegex(self.server.send("bob@example.net", recipient), OK)
                self.assertEqual(self.server.send("", recipient), MISSING)
        self.server.mailboxes.wait_for(3)


class LongLocalParts(unittest.TestCase):
    """An address that is too long to sign sends mail without a tag, so its bounces have none."""

    def test_an_extension_can_make_it_too_long(self):
        for setting, accepted in [("", True), ("long-local-parts = true\n", False)]:
            with Postfix(setting + KEYS) as postfix:
                fits, too_long = (f"alice+{'x' * length}@example.test" for length in [42, 43])
                self.assertEqual(postfix.send("", fits), MISSING)
                if accepted:
                    self.assertRegex(postfix.send("", too_long), OK)
                    self.assertEqual(postfix.mailboxes.wait_for(1), [("", (too_long,))])
                else:
                    self.assertEqual(postfix.send("", too_long), MISSING)


class Utf8(Case):
    config = KEYS.replace('"example.org"', '"bücher.example"')
    options = {
        "settings": "virtual_mailbox_domains = bücher.example\nvirtual_mailbox_maps = inline:{alice@bücher.example=x}"
    }

    def test_a_domain_is_the_same_in_capitals(self):
        with self.server.client() as client:
            client.command_encoding = "utf-8"
            client.ehlo()
            client.docmd("MAIL", "FROM:<> SMTPUTF8")
            for recipient in ["alice@bücher.example", "alice@BÜCHER.example", "ALICE@Bücher.Example."]:
                code, reply = client.docmd("RCPT", f"TO:<{recipient}>")
                self.assertEqual(f"{code} {reply.decode()}", MISSING)
            code, reply = client.docmd("RCPT", "TO:<bob@bücher.example>")
            self.assertIn("User unknown", reply.decode())


if __name__ == "__main__":
    unittest.main()
