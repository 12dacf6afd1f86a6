"""batv-milter beside other software that has addresses of its own: what docs/postfix.md says of it."""

import contextlib
import smtplib
import socket
import tempfile
import unittest
from pathlib import Path

from case import ALICE, FORGED, KEYS, MISSING, OK, Case
from mail import DEADLINE, TARGET, Daemon, transaction, wait_until
from servers import Postfix, free_port

BACKUP = "192.0.2.25"


class PostSRSd:
    """The daemon of the Debian package: its tables for senders and recipients are at two ports."""

    def __init__(self, domain):
        self._folder = tempfile.TemporaryDirectory(prefix="batv-postsrsd-")
        self._secret = Path(self._folder.name) / "secret"
        self._secret.write_text("a secret of PostSRSd\n")
        self._domain, self._ports = domain, (free_port(), free_port())

    def __enter__(self):
        senders, recipients = map(str, self._ports)
        command = [TARGET / "debian/usr/sbin/postsrsd", "-4", "-s", self._secret, "-d", self._domain]
        self._daemon = Daemon([*command, "-l", "127.0.0.1", "-f", senders, "-r", recipients])

        def listens():
            assert not self._daemon.has_ended()
            with contextlib.suppress(ConnectionRefusedError):
                for port in self._ports:
                    socket.create_connection(("127.0.0.1", port), DEADLINE).close()
                return True

        wait_until(listens, "PostSRSd")
        return self

    def __exit__(self, *_):
        self._daemon.stop()
        self._folder.cleanup()

    @property
    def settings(self):
        """As PostSRSd's documentation has them."""
        senders, recipients = self._ports
        return f"""
sender_canonical_maps = tcp:127.0.0.1:{senders}
sender_canonical_classes = envelope_sender
recipient_canonical_maps = tcp:127.0.0.1:{recipients}
recipient_canonical_classes = envelope_recipient, header_recipient
"""


class ForwardedMail(unittest.TestCase):
    """alice forwards her mail, and PostSRSd makes the senders of that mail ours."""

    EXEMPT = 'exempt = ["SRS0=*@example.test", "SRS1=*@example.test"]\n'
    FORWARD = (
        "virtual_alias_maps = pipemap:{pcre:{folder}/etc/batv_strip.pcre, texthash:{folder}/etc/batv_users},"
        " inline:{forwarded@example.test=carol@example.net}\n"
    )

    def postfix(self, config):
        srs = self.enterContext(PostSRSd("example.test"))
        return self.enterContext(Postfix(config, settings=self.FORWARD + srs.settings))

    def forward(self, postfix, sender):
        """The sender of a message that is forwarded."""
        postfix.world.envelopes.clear()
        self.assertRegex(postfix.send(sender, "forwarded@example.test"), OK)
        [sent] = postfix.world.wait_for(1)
        self.assertEqual(sent.rcpt_to, ("carol@example.net",))
        return sent.mail_from

    def test_bounces_of_forwarded_mail_go_back_to_who_has_sent_it(self):
        postfix = self.postfix(KEYS + self.EXEMPT)
        first = "SRS0=xxxx=yy=first.example=dave@second.example"
        for sender, rewritten in [
            ("bob@example.org.uk", r"^SRS0=[\w+/]{4}=[A-Z2-7]{2}=example\.org\.uk=bob@example\.test$"),
            (first, r"^SRS1=[\w+/]{4}=second\.example==xxxx=yy=first\.example=dave@example\.test$"),
        ]:
            forwarded = self.forward(postfix, sender)
            self.assertRegex(forwarded, rewritten)
            postfix.world.envelopes.clear()
            self.assertRegex(postfix.send("", forwarded), OK)
            self.assertEqual(postfix.world.wait_for(1), [("", (sender,))])
            self.assertIn(f"action=accept reason=exempt from=<> to=<{forwarded}>", postfix.milter.log)

    def test_mail_of_ours_is_signed_as_ever(self):
        postfix = self.postfix(KEYS + self.EXEMPT)
        postfix.submit("alice@example.test", "bob@example.net")
        # PostSRSd leaves addresses of its own domain alone.
        self.assertEqual(postfix.world.wait_for(1), [(ALICE, ("bob@example.net",))])
        self.assertRegex(postfix.send("", ALICE), OK)
        self.assertEqual(postfix.mailboxes.wait_for(1), [("", ("alice@example.test",))])
        self.assertEqual(postfix.send("", "alice@example.test"), MISSING)

    def test_without_the_exemption_they_are_refused(self):
        postfix = self.postfix(KEYS)
        self.assertEqual(postfix.send("", self.forward(postfix, "bob@example.org.uk")), MISSING)


class Mailman(Case):
    """Lists whose bounces come to an address for each member, as Mailman's VERP makes them."""

    config = KEYS + 'exempt = ["list-bounces+*@example.test"]\n'
    options = {
        "settings": "virtual_mailbox_maps = texthash:{folder}/etc/mailboxes,"
        " inline:{list-bounces@example.test=x, list@example.test=x}\n"
        "virtual_alias_maps = pipemap:{pcre:{folder}/etc/batv_strip.pcre,"
        " inline:{list-bounces@example.test=list-bounces@example.test}}\n"
    }

    def test_addresses_of_members_are_neither_signed_nor_judged(self):
        sender = "list-bounces+bob=example.net@example.test"
        self.server.submit(sender, "bob@example.net")
        self.assertEqual(self.server.world.wait_for(1), [(sender, ("bob@example.net",))])
        self.assertRegex(self.server.send("", sender), OK)
        self.assert_delivered(("", (sender,)))

    def test_the_address_of_the_list_itself_is_like_any_other(self):
        self.server.submit("list-bounces@example.test", "bob@example.net")
        [sent] = self.server.world.wait_for(1)
        self.assertRegex(sent.mail_from, r"^prvs=0786[0-9a-f]{6}=list-bounces@example\.test$")
        self.assertRegex(self.server.send("", sent.mail_from), OK)
        self.assert_delivered(("", ("list-bounces@example.test",)))
        for recipient in ["list-bounces@example.test", "list@example.test"]:
            self.assertEqual(self.server.send("", recipient), MISSING)


class BackupMx(Case):
    """What a backup MX has accepted cannot be refused any more."""

    config = f'{KEYS}untagged-clients = ["{BACKUP}"]\n'

    def test_bounces_that_it_passes_on_come_in_with_and_without_a_tag(self):
        for recipient, reason in [
            ("alice@example.test", "action=accept reason=client"),
            ("prvs=0786864c08=alice@example.test", "action=original reason=client"),
            (ALICE, "action=original reason=client"),
        ]:
            with self.server.client(BACKUP) as client:
                self.assertRegex(transaction(client, "", recipient)[-1], OK)
            self.assertIn(f"dir=in {reason} from=<> to=<{recipient}> client={BACKUP}", self.server.milter.log)
        self.assert_delivered(*[("", ("alice@example.test",))] * 3)

    def test_nobody_else_s_do(self):
        self.assertEqual(self.server.send("", "alice@example.test"), MISSING)
        self.assertEqual(self.server.send("", "prvs=0786864c08=alice@example.test"), FORGED)

    def test_its_mail_is_not_signed(self):
        with self.server.client(BACKUP) as client:
            self.assertRegex(transaction(client, "alice@example.test", "bob@example.test")[-1], OK)
        self.assert_delivered(("alice@example.test", ("bob@example.test",)))


class Filtered(Case):
    """A filter behind the queue hands mail back from 127.0.0.1, past the milter."""

    options = {"services": "127.0.0.1:{other} inet n - y - - smtpd -o receive_override_options=no_milters"}

    def hand_back(self, sender, recipient):
        with smtplib.SMTP("127.0.0.1", self.server.services_port, timeout=DEADLINE) as client:
            self.assertRegex(transaction(client, sender, recipient)[-1], OK)

    def test_strangers_that_use_our_domain_are_not_signed_by_the_way_back(self):
        self.hand_back("alice@example.test", "bob@example.net")
        self.hand_back("", "alice@example.test")
        self.assertEqual(self.server.world.wait_for(1), [("alice@example.test", ("bob@example.net",))])
        self.assert_delivered(("", ("alice@example.test",)))
        self.assertEqual(self.server.milter.decisions(), [])


class FilteredWithoutThat(Filtered):
    """Why the setting is needed: the machine itself is internal."""

    options = {"services": "127.0.0.1:{other} inet n - y - - smtpd"}

    def test_strangers_that_use_our_domain_are_not_signed_by_the_way_back(self):
        self.hand_back("alice@example.test", "bob@example.net")
        self.assertEqual(self.server.world.wait_for(1), [(ALICE, ("bob@example.net",))])

    def test_what_is_signed_already_stays_as_it_is(self):
        self.hand_back(ALICE, "bob@example.net")
        self.assertEqual(self.server.world.wait_for(1), [(ALICE, ("bob@example.net",))])


class Canonical(unittest.TestCase):
    def test_keys_are_for_addresses_as_clients_write_them(self):
        maps = (
            "sender_canonical_maps = inline:{alice@example.test=a.b@example.org, dave@elsewhere.test=bob@example.test}"
        )
        with Postfix(KEYS, settings=maps) as postfix:
            for sender in ["alice@example.test", "dave@elsewhere.test"]:
                postfix.submit(sender, "bob@example.net")
            # What is signed is another address to the table, and what is ours only by the table is not signed.
            senders = [envelope.mail_from for envelope in postfix.world.wait_for(2)]
            self.assertCountEqual(senders, [ALICE, "bob@example.test"])


if __name__ == "__main__":
    unittest.main()
