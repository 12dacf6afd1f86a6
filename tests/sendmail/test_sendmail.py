"""Mail through real Sendmail with batv-milter and the settings of docs/sendmail.md."""

import re
import signal
import unittest

from case import ALICE, EXPIRED, FORGED, KEYS, MISSING, OLD_ALICE, TAG, UNKNOWN, ServerCase, signed
from mail import OUTSIDE, transaction
from sendmail import Sendmail

CONFIG = KEYS.replace('"example.org"', '"example.org", "example.edu", "relay.test", "mx.example.test", "localhost"')
CONFIG += 'internal-networks = ["127.0.0.1"]\npercent-hack = true\nbang-path = true\n'
OK = r"^250 2\.0\.0 \S+ Message accepted for delivery$"
NO_USER = r"^550 5\.1\.1 .*User unknown$"
UNREADABLE = "550 5.7.1 Not a bounce of mail sent from here (BATV: the address is unreadable)"


def without_recipient(reply):
    """A reply as the milter has given it."""
    return re.sub(r"<.*>\.\.\. ", "", reply)


class Case(ServerCase):
    """Tests that share a Sendmail."""

    config, settings, milter = CONFIG, "", ""

    @classmethod
    def make_server(cls):
        return Sendmail(cls.config, cls.settings, cls.milter)

    def bounce(self, recipient):
        return without_recipient(self.server.send("", recipient))


class RoundTrip(Case):
    def test_a_message_leaves_signed_and_its_bounce_comes_back(self):
        self.assertEqual(self.sent_by("alice@example.test"), ALICE)
        self.assertRegex(self.bounce(ALICE), OK)
        self.assert_delivered(("", ("alice",)))
        self.assertEqual(self.bounce("alice@example.test"), MISSING)
        self.assertEqual(self.bounce(OLD_ALICE), EXPIRED)

    def test_whoever_the_address_stands_for_gets_the_bounce(self):
        for sender, mailboxes, world in [
            ("info@example.org", ["alice"], []),
            ("sales@example.org", [], ["carol@example.net"]),
            ("staff@example.test", ["alice", "bob"], []),
            ("remote@example.test", [], ["carol@example.net"]),
            ("John.Doe@example.test", ["alice"], []),
            ("Alice@Example.Test", ["alice"], []),
            ("alice+list@example.test", ["alice"], []),
            ("alice@mx.example.test", ["alice"], []),
            ("dave@relay.test", [], ["dave@relay.test"]),
        ]:
            with self.subTest(sender):
                tagged = self.sent_by(sender)
                self.assertEqual(tagged, signed(sender))
                # As a bounce and as ordinary mail.
                for mail_from in ["", "carol@example.edu"]:
                    self.forget()
                    self.assertRegex(self.server.send(mail_from, tagged), OK)
                    for sink, expected in [(self.server.mailboxes, mailboxes), (self.server.world, world)]:
                        envelopes = sink.wait_for(1 if expected else 0)
                        self.assertCountEqual([to for sent in envelopes for to in sent.rcpt_to], expected)

    def test_a_quoted_sender_is_signed_within_the_quotes(self):
        tagged = self.sent_by('"alice"@example.test')
        self.assertEqual(tagged, f'"{TAG}alice"@example.test')
        self.assertRegex(self.bounce(tagged), OK)
        self.assert_delivered(("", ("alice",)))

    def test_a_sender_without_a_domain_gets_the_default_one(self):
        self.assertEqual(self.sent_by("alice"), ALICE)

    def test_what_has_no_key_leaves_as_it_is(self):
        for sender in ["carol@elsewhere.test", ALICE]:
            self.assertEqual(self.sent_by(sender), sender)

    def test_a_relayed_domain_without_the_rule_is_the_milter_s(self):
        tagged = signed("dave@example.edu")
        with self.server.client() as client:
            replies = transaction(client, "", tagged, tagged.upper())
        self.assertRegex(replies[-1], OK)
        self.assertEqual(self.server.world.wait_for(1), [("", ("dave@example.edu",))])

    def test_the_log_has_one_line_for_each_decision(self):
        before = len(self.server.milter.decisions())
        self.sent_by("alice@example.test")
        self.bounce("alice@example.test")
        self.bounce(ALICE)
        lines = [line.split(" queue=") for line in self.server.milter.decisions()[before:]]
        stranger = f"client={OUTSIDE}"
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
        # Sendmail has a queue id from MAIL on.
        self.assertEqual([len(line) for line in lines], [2] * 5)

    def test_each_recipient_is_judged_by_itself(self):
        for recipients, expected in [
            ([ALICE, "bob@example.test"], ["250", MISSING]),
            (["info@example.org", ALICE], [MISSING, "250"]),
            ([ALICE, "prvs=0786864c09=bob@example.test"], ["250", FORGED]),
        ]:
            with self.subTest(recipients), self.server.client() as client:
                *replies, end = map(without_recipient, transaction(client, "", *recipients))
                replies = ["250" if reply == "250 2.1.5 Recipient ok" else reply for reply in replies]
                self.assertEqual(replies, expected)
                self.assertRegex(end, OK)
        self.assert_delivered(*[("", ("alice",))] * 3)

    def test_nobody_gets_a_message_twice_and_nobody_none(self):
        with self.server.client() as client:
            recipients = ["alice@example.test", ALICE, ALICE.upper(), signed("staff@example.test")]
            replies = transaction(client, "bob@example.net", *recipients)
        self.assertRegex(replies[-1], OK)
        [envelope] = self.server.mailboxes.wait_for(1)
        self.assertCountEqual(envelope.rcpt_to, ["alice", "bob"])

    def test_unknown_users_are_refused_with_and_without_a_tag(self):
        for user in ["nosuch@example.test", "nosuch@example.org"]:
            for recipient in [user, signed(user)]:
                for sender in ["", "bob@example.net"]:
                    self.assertRegex(self.server.send(sender, recipient), NO_USER)

    def test_tags_of_others_stay(self):
        recipient = "prvs=0786864c09=dave@elsewhere.test"
        self.server.submit("bob@example.test", recipient)
        self.assertEqual(self.server.world.wait_for(1), [(signed("bob@example.test"), (recipient,))])

    def test_sendmail_s_own_bounces_arrive(self):
        for sender in ["alice@example.test", "info@example.org"]:
            self.forget()
            self.server.world.permanent_failures = 1
            self.server.submit(sender, "bob@example.net")
            self.assert_delivered(("", ("alice",)))
            self.assertEqual(self.server.world.envelopes, [])

    def test_strangers_that_use_our_domain_are_not_signed(self):
        self.assertRegex(self.server.send("alice@example.test", "remote@example.test"), OK)
        self.assertEqual(self.server.world.wait_for(1), [("alice@example.test", ("carol@example.net",))])


class Lists(Case):
    config = CONFIG + 'exempt = ["friends-request@mx.example.test"]\n'

    def test_the_owner_gets_what_bounces_of_a_list_though_it_left_unsigned(self):
        """Sendmail puts the owner in the sender's place after the milter, so the owner is exempt."""
        self.server.submit("alice@example.test", "friends@example.test")
        owner = "friends-request@mx.example.test"
        self.assertEqual(self.server.world.wait_for(1), [(owner, ("carol@example.net",))])
        self.assertRegex(self.bounce(owner), OK)
        self.assert_delivered(("", ("bob",)))
        self.assertEqual(self.bounce("bob@mx.example.test"), MISSING)


class SubAddresses(Case):
    config = 'syntax = "sub-address"\n' + CONFIG

    def test_a_message_leaves_signed_and_its_bounce_comes_back(self):
        for sender in ["alice@example.test", "info@example.org"]:
            tagged = self.sent_by(sender)
            user, domain = sender.split("@")
            self.assertEqual(tagged, f"{user}+{signed(sender)[:15]}@{domain}")
            self.assertRegex(self.bounce(tagged), OK)
            self.assert_delivered(("", ("alice",)))
            self.assertEqual(self.bounce(sender), MISSING)


class Monitored(Case):
    config, milter = CONFIG + "monitor = true\n", 'mark = "X-BATV"'

    def test_nothing_is_refused_and_what_would_be_is_marked(self):
        for sender, recipient, mark in [
            ("", "alice@example.test", "missing"),
            ("", OLD_ALICE, "expired"),
            ("", ALICE, None),
            ("bob@example.net", "alice@example.test", None),
        ]:
            with self.subTest(sender=sender, recipient=recipient):
                self.forget()
                self.assertRegex(self.bounce(recipient) if sender == "" else self.server.send(sender, recipient), OK)
                self.assert_delivered((sender, ("alice",)))
                self.assertEqual(self.server.mailboxes.messages[-1]["X-BATV"], mark)


class Authenticated(Case):
    # The mechanism that needs no list of users.
    settings = "define(`confAUTH_MECHANISMS', `ANONYMOUS')\nTRUST_AUTH_MECH(`ANONYMOUS')"

    def test_the_mail_of_a_user_elsewhere_is_signed_and_that_of_a_stranger_is_not(self):
        for authenticates, sender in [(False, "alice@example.test"), (True, ALICE), (False, "alice@example.test")]:
            with self.subTest(authenticates), self.server.client() as client:
                self.forget()
                client.ehlo()
                if authenticates:
                    self.assertEqual(client.docmd("AUTH", "ANONYMOUS dXNlcg==")[0], 235)
                self.assertRegex(transaction(client, "alice@example.test", "remote@example.test")[-1], OK)
                self.assertEqual(self.server.world.wait_for(1), [(sender, ("carol@example.net",))])


class DeadMilter(Case):
    def test_it_is_a_reason_to_come_again(self):
        self.server.milter.signal(signal.SIGKILL)
        self.server.milter.wait()
        with self.server.client() as client:
            client.ehlo()
            self.assertEqual(client.docmd("MAIL", "FROM:<>")[0], 451)
        self.server.milter.start()
        self.assertRegex(self.bounce(ALICE), OK)
        self.assert_delivered(("", ("alice",)))


class Masquerading(Case):
    settings = "MASQUERADE_AS(`example.test')\nMASQUERADE_DOMAIN(`mx.example.test')\nFEATURE(`masquerade_envelope')"

    def test_it_comes_after_the_milter(self):
        """So whoever writes the domain that the world sees gets his bounces, and nobody else."""
        self.assertEqual(self.sent_by("alice@example.test"), ALICE)
        self.assertRegex(self.bounce(ALICE), OK)
        masqueraded = self.sent_by("alice@mx.example.test")
        self.assertEqual(masqueraded, signed("alice@mx.example.test").replace("mx.", ""))
        self.assertEqual(self.bounce(masqueraded), FORGED)

    def test_submit_mc_masquerades_before_the_milter(self):
        for sender in ["alice", "alice@mx.example.test", "alice@example.test"]:
            with self.subTest(sender):
                self.forget()
                self.server.submit_locally(sender, "carol@example.net")
                self.assertEqual(self.server.world.wait_for(1), [(ALICE, ("carol@example.net",))])
                self.assertRegex(self.bounce(ALICE), OK)
                self.assert_delivered(("", ("alice",)))


class Spellings(Case):
    """What Sendmail takes for alice, however it is written."""

    # `{}` stands for the local-part.
    READABLE = [
        "{}@example.test",
        "{}@EXAMPLE.TEST",
        "@relay.example.net:{}@example.test",
        "@one.example.net,@two.example.net:{}@example.test",
        "{}%example.test",
        "example.test!{}",
        "{}@example.test.",
        '"{}"@example.test',
        "{}%example.test%example.test",
        "@example.test:{}@example.test",
        "{}%example.test@mx.example.test",
    ]
    OTHER_NAMES = [
        "{}",
        '"{}"',
        "{}@[127.0.0.1]",
        "{}@mx.example.test",
        "{}@localhost",
        "mx.example.test!{}",
        "@example.test:{}",
        "{}+detail@example.test",
    ]
    ODD = [
        " {}@example.test ",
        "{}@example.test (hi)",
        "(hi) {}@example.test",
        "Alice <{}@example.test>",
        "<{}@example.test>",
        "{} @example.test",
        "{}@ example.test",
    ]
    NULL_SENDERS = ["", " ", "(c)", "mailer-daemon@example.net", "MAILER-DAEMON", '""@a.test']

    def replies(self, sender, spellings, *local_parts):
        """The reply to each spelling of each local-part.

        Each has a connection of its own: after some EHLO and RSET Sendmail slows down.
        """
        for recipient in (written.replace("{}", name) for name in local_parts for written in spellings):
            yield recipient, without_recipient(self.server.send(sender, recipient))

    def assert_all_reach_alice(self, sender, spellings, *local_parts):
        replies = dict(self.replies(sender, spellings, *local_parts))
        self.assertEqual({to: reply for to, reply in replies.items() if not re.match(OK, reply)}, {})
        self.assert_delivered(*[(sender, ("alice",))] * len(replies))

    def assert_all_get(self, expected, sender, spellings, *local_parts):
        replies = dict(self.replies(sender, spellings, *local_parts))
        self.assertEqual({to: reply for to, reply in replies.items() if reply != expected}, {})

    def test_sendmail_delivers_them_all_to_alice(self):
        spellings = self.READABLE + self.OTHER_NAMES + self.ODD
        self.assert_all_reach_alice("bob@example.net", spellings, "alice", "ALICE", "al\\ice")

    def test_no_forged_bounce_comes_in(self):
        for sender in self.NULL_SENDERS:
            with self.subTest(sender):
                self.assert_all_get(MISSING, sender, self.READABLE + self.OTHER_NAMES, "alice", "ALICE")
                self.assert_all_get(UNREADABLE, sender, self.ODD, "alice")
                self.assert_all_get(UNREADABLE, sender, self.READABLE[:2], "al\\ice")
        self.assert_delivered()

    def test_every_genuine_bounce_comes_in(self):
        self.assert_all_reach_alice("", self.READABLE, f"{TAG}alice", f"{TAG.upper()}ALICE")

    def test_bad_tags_do_not_come_in(self):
        for local_part, reply in [
            ("prvs=0786864c08=alice", FORGED),
            ("prvs=0787864c09=alice", FORGED),
            ("prvs=0786864c09=bob", FORGED),
            ("prvs=1786864c09=alice", UNKNOWN),
        ]:
            with self.subTest(local_part):
                self.assert_all_get(reply, "", self.READABLE, local_part)
        self.assert_delivered()


if __name__ == "__main__":
    unittest.main()
