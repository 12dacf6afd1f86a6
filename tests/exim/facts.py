"""Keys, the tag that Exim's own ${prvs} makes with them, and what Exim answers."""

KEYS = """
[[key]]
number = 0
secret = "secret"
for = ["example.test", "example.org"]

[policy]
default-domain = "example.test"
exempt = ["postmaster@*", "abuse@*"]
percent-hack = false
bang-path = false
"""
ALICE = "prvs=0786864c09=alice@example.test"  # signed on 2026-11-22 for 7 days
FORGED = "550 5.7.1 Not a bounce of mail sent from here (BATV: the tag is forged)"
MISSING = "550 5.7.1 Not a bounce of mail sent from here (BATV: the address has no tag)"
EXPIRED = "550 5.7.1 This bounce comes too late (BATV: the tag has expired)"
LATER = "451 Temporary local problem - please try later"
UNKNOWN = "550 Unrouteable address"
