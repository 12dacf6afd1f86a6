"""What the tests have in common: a configuration, what comes of it, a mail server for several tests.

Expected tags are those that Exim's own ${prvs} makes, as in tests/vectors.
"""

import hmac
import unittest

from servers import Postfix

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
OLD_ALICE = "prvs=0778d278ac=alice@example.test"  # signed on 2026-11-14 for 7 days
FORGED = "550 5.7.1 Not a bounce of mail sent from here (BATV: the tag is forged)"
MISSING = "550 5.7.1 Not a bounce of mail sent from here (BATV: the address has no tag)"
UNKNOWN = "550 5.7.1 Not a bounce of mail sent from here (BATV: the tag has an unknown key)"
EXPIRED = "550 5.7.1 This bounce comes too late (BATV: the tag has expired)"
OK = "^250 2.0.0 Ok"


def signed(address, secret=b"secret", value=b"0786"):
    """The address with a tag, of 2026-11-22 unless the key number and day are others."""
    hashed = hmac.new(secret, value + address.lower().encode(), "sha1").hexdigest()
    return f"prvs={value.decode()}{hashed[:6]}={address}"


class ServerCase(unittest.TestCase):
    """Tests that share a mail server, which `make_server` makes."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(cls.make_server())

    def setUp(self):
        self.forget()

    def forget(self):
        """What was delivered so far does not count."""
        self.server.world.envelopes.clear()
        self.server.mailboxes.envelopes.clear()

    def sent_by(self, sender):
        """The sender that the world sees."""
        self.forget()
        self.server.submit(sender, "bob@example.net")
        [sent] = self.server.world.wait_for(1)
        self.assertEqual(sent.rcpt_to, ("bob@example.net",))
        return sent.mail_from

    def assert_delivered(self, *envelopes):
        """These messages, and no others, are in mailboxes."""
        self.assertCountEqual(self.server.mailboxes.wait_for(len(envelopes)), envelopes)


class Case(ServerCase):
    """Tests that share a Postfix."""

    config, options = KEYS, {}

    @classmethod
    def make_server(cls):
        return Postfix(cls.config, **cls.options)
