"""What the tests have in common: a configuration, what comes of it, a Postfix for several tests.

Expected tags are those that Exim's own ${prvs} makes, as in tests/vectors.
"""

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


class Case(unittest.TestCase):
    """Tests that share a Postfix."""

    config, options = KEYS, {}

    @classmethod
    def setUpClass(cls):
        cls.postfix = cls.enterClassContext(Postfix(cls.config, **cls.options))

    def setUp(self):
        self.postfix.world.envelopes.clear()
        self.postfix.mailboxes.envelopes.clear()

    def assert_delivered(self, *envelopes):
        """These messages, and no others, are in mailboxes."""
        self.assertCountEqual(self.postfix.mailboxes.wait_for(len(envelopes)), envelopes)
