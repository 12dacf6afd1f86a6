#!/usr/bin/env python3
"""The reference against what real Exim signed and judged, and against examples written out in the scheme."""

import unittest
from pathlib import Path

import decisions
from decisions import Pattern, Policy, Question
from reference import Address, KeyRing, Settings, Unreadable, days_left, is_too_long, parse, sign, strip, tagged, verify

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
AS_EXIM = Settings(exact=True, long_local_parts=True)
NOON = 1_795_348_800


def rows(name: str) -> list[list[str]]:
    lines = (VECTORS / name).read_text().splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


class Exim(unittest.TestCase):
    def test_signs_the_same(self) -> None:
        seen = 0
        for time, key, number, address, signed in rows("vectors.tsv"):
            ring = KeyRing({int(number): bytes.fromhex(key)}, int(number))
            read, theirs = parse(address.encode()), parse(signed.encode())
            ours = sign(ring, AS_EXIM, read, int(time))
            if tagged(read, b"+"):
                self.assertEqual(ours, "tagged")
            elif address.startswith('"'):
                # Exim puts the tag before the quotes.
                self.assertEqual(parse(ours).mailbox, theirs.mailbox)
            else:
                self.assertEqual(ours, signed.encode())
            self.assertEqual(verify(ring, AS_EXIM, theirs, int(time)), "pass", signed)
            self.assertEqual(tagged(theirs, b"+").original, read)
            seen += 1
        self.assertGreater(seen, 100)

    def test_judges_the_same_but_for_the_days(self) -> None:
        seen = 0
        for time, key, text, verdict, _, original, within_7, within_500, _, note in rows("check-vectors.tsv"):
            if not text.endswith("@example.test") and verdict == "nomatch":
                self.assertRaises(Unreadable, parse, text.encode())
                continue
            address = parse(text.encode())
            tag = tagged(address, b"+")
            ring = KeyRing({tag.key_number: bytes.fromhex(key)} if tag else {})
            ours = verify(ring, Settings(), address, int(time))
            if original:
                self.assertEqual(tag.original.text.decode(), original, note)
            if verdict == "nomatch":
                # Exim knows no tag inside quotes.
                self.assertIn(ours, ("pass",) if text.startswith('"') else ("missing", "malformed"), note)
            elif verdict == "bad":
                self.assertEqual(ours, "bad-signature", note)
            elif within_7 == "pass":
                self.assertEqual(ours, "pass", note)
            elif within_500 == "expired":
                # Within 100 days either way, whatever the lifetime.
                self.assertEqual(ours, "expired" if days_left(tag.day, int(time)) is None else "pass", note)
            else:
                self.assertIn(ours, ("pass", "expired"), note)
            seen += 1
        self.assertGreater(seen, 100)


class Scheme(unittest.TestCase):
    def test_what_is_no_address(self) -> None:
        for text in (b"", b"<>", b"user", b"@d", b'""@d', b"user@", b"user@.", b"user@[]", b"<user@d", b'"user@d'):
            self.assertRaises(Unreadable, parse, text)
        for text in (b"a b@d", b"user@d>", b"user@a@b", b"us\0er@d", b"user@d\n", b'"us\x7fer"@d', b"user@[::1]x"):
            self.assertRaises(Unreadable, parse, text)
        self.assertEqual(parse(b'<"a@b"@d.>'), Address(b'"a@b"', b"d.", True))

    def test_the_length_is_that_of_the_canonical_local_part(self) -> None:
        self.assertFalse(is_too_long(parse(b"l" * 48 + b"@d"), Settings()))
        self.assertTrue(is_too_long(parse(b"l" * 49 + b"@d"), Settings()))
        self.assertFalse(is_too_long(parse(b'"' + b"\\l" * 48 + b'"@d'), Settings()))
        self.assertTrue(is_too_long(parse(b'"' + b"l" * 46 + b' "@d'), Settings()))

    def test_every_dialect_comes_off(self) -> None:
        for text, dialect in (
            (b"prvs=0149c9be41=user@d", "draft"),
            (b"prvs=149c9be41=user@d", "ironport"),
            (b"prvs=user=0149c9be41@d", "swapped"),
            (b"prvs=user=149c9be41@d", "swapped"),
            (b"prvs=user/0149c9be41@d", "slash"),
            (b"user+prvs=0149c9be41@d", "sub-address"),
            (b"btv1==14901234bcd==user@d", "barracuda"),
        ):
            self.assertEqual(strip(parse(text)), (dialect, b"user@d", 149))
        self.assertEqual(strip(parse(b"msprvs1=20779aB3-_xYz=user@d")), ("sparkpost", b"user@d", 20779))
        for text in (b"prvs=abc@d", b"user@d", b"SRS0=HHH=TT=a.b=user+prvs=0149c9be41@d", b"prvs=0149c9be41=@d"):
            self.assertIsNone(strip(parse(text)))


def site(**settings: object) -> Policy:
    return Policy(keys=[(Pattern.parse(b"example.test"), KeyRing({0: b"secret"}, 0))], **settings)


def bounce(policy: Policy, recipient: bytes, mail_from: bytes = b"<>", **more: object) -> str:
    question = Question(mail_from, NOON, rcpt_to=recipient, **more)
    decision = decisions.inbound(policy, question)
    return f"{decision['action']} {decision['reason']}"


class Decisions(unittest.TestCase):
    def test_holes_are_closed(self) -> None:
        policy = site(default_domain=b"example.test")
        for recipient in (
            b"prvs=123456789=prvs=123456789=prvs=123456789=alice@example.test",
            b'"alice@example.test@example.test@example.test@example.test"@example.test',
            b'"' + b"\\a" * 40 + b'"@example.test',
            b"< alice@example.test >",
            b"<alice@example.test (hi)>",
            b"<Alice <alice@example.test>>",
            b"<<alice@example.test>>",
            b"<alice @example.test>",
            b"<al\\ice@example.test>",
            b'<alice@"example.test">',
            b"<alice@example.test@example.test>",
            b"<alice@example.test,>",
            b"<x:alice@example.test;>",
            b"alice%[127.0.0.1].",
            b"alice@[IPv6:::ffff:127.0.0.1]",
            b'"sales\x01"@example.test',
            b'"alice@example.test',
            b"alice",
            b"<@relay:ALICE@EXAMPLE.TEST.>",
            b"alice%example.test",
            b"example.test!alice",
        ):
            self.assertTrue(bounce(policy, recipient).startswith("refuse"), recipient)
            for mail_from in (b"", b"< >", b"<(c)>", b"<@a:>", b'<"">', b"<@example.org>", b"Mailer-Daemon@x"):
                self.assertTrue(bounce(policy, recipient, mail_from).startswith("refuse"), (mail_from, recipient))
        self.assertEqual(bounce(policy, b"a" * 49 + b"@example.test"), "accept too-long")

    def test_the_server_s_reading_says_whose_mailbox_it_is(self) -> None:
        tag = b"prvs=0786864c09=alice@example.test"
        for text, resolved, expected in (
            (b"<alice@other.test>", b"alice@example.test", "refuse missing"),
            (b"<alice@example.test>", b"alice@other.test", "accept not-ours"),
            (b"< x >", tag, "original pass"),
            (b"<" + tag.upper() + b">", tag, "original pass"),
            (b"<alice@example.test>", b"", "refuse missing"),
        ):
            self.assertEqual(bounce(site(), text, rcpt_resolved=resolved), expected, text)
        policy = site()
        policy.keys = [(Pattern.parse("bücher.example".encode()), KeyRing({0: b"secret"}, 0))]
        self.assertEqual(bounce(policy, "alice@BÜCHER.example".encode()), "refuse missing")

    def test_the_log_line(self) -> None:
        question = Question(b"<>", NOON, rcpt_to=b"<alice@example.test>", client="192.0.2.1")
        self.assertEqual(
            decisions.log_line(question, decisions.inbound(site(), question), None),
            "batv: dir=in action=refuse reason=missing from=<> to=<alice@example.test> client=192.0.2.1",
        )
        question = Question(b"alice@example.test", NOON)
        self.assertEqual(
            decisions.log_line(question, decisions.outbound(site(), question), b"4XyZ"),
            "batv: dir=out action=sign reason=signed from=<alice@example.test> key=0 queue=4XyZ",
        )
        question = Question(b"a b>\n\\x", NOON)
        self.assertEqual(
            decisions.log_line(question, decisions.outbound(site(), question), b'"\xff'),
            "batv: dir=out action=leave reason=unreadable from=<a\\x20b\\x3e\\x0a\\x5cx> queue=\\x22\\xff",
        )


if __name__ == "__main__":
    unittest.main()
