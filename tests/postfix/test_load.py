"""batv-milter under load, killed, stopped and read anew: nothing is lost, wrong or delivered twice."""

import collections
import concurrent.futures
import itertools
import re
import signal
import smtplib
import threading
import unittest

from case import ALICE, EXPIRED, FORGED, KEYS, MISSING, OK, OLD_ALICE, UNKNOWN
from mail import transaction, wait_until
from servers import STRANGER, Postfix


class Load(unittest.TestCase):
    def test_two_thousand_bounces_of_all_kinds(self):
        recipients = 400 * [
            ALICE,
            "alice@example.test",
            "prvs=0786864c08=alice@example.test",
            "prvs=1786864c09=alice@example.test",
            OLD_ALICE,
        ]
        with Postfix(KEYS) as postfix, concurrent.futures.ThreadPoolExecutor(8) as pool:

            def send(part):
                with postfix.client() as client:
                    return [transaction(client, "", recipient)[-1] for recipient in recipients[part::8]]

            replies = collections.Counter(
                "250" if re.match(OK, reply) else reply for part in pool.map(send, range(8)) for reply in part
            )
            self.assertEqual(replies, {"250": 400, MISSING: 400, FORGED: 400, UNKNOWN: 400, EXPIRED: 400})
            self.assertEqual(postfix.mailboxes.wait_for(400), [("", ("alice@example.test",))] * 400)
            reasons = collections.Counter(
                re.search(r"dir=in .*reason=(\S+)", line)[1] for line in postfix.milter.decisions() if "dir=in" in line
            )
            expected = {"pass": 400, "missing": 400, "bad-signature": 400, "unknown-key": 400, "expired": 400}
            self.assertEqual(reasons, expected)

    def under_load(self, postfix, disturb, rounds):
        """Mail of all kinds, each sent until it is accepted or refused for good, while something disturbs."""
        numbers, over = itertools.count(), threading.Event()
        accepted, wrong = collections.Counter(), []

        def send(kind, source, sender, recipient, expected):
            while not over.is_set():
                number = next(numbers)
                try:
                    with postfix.client(source) as client:
                        reply = transaction(client, sender, recipient.format(number))[-1]
                except (AssertionError, smtplib.SMTPException) as error:
                    # Refused for now at a stage where the client expects nothing of the kind.
                    reply = f"4 {error}"
                if re.match(expected, reply):
                    accepted[kind] += 1
                elif not reply.startswith("4"):
                    wrong.append(reply)

        kinds = [
            ("out", "127.0.0.1", "alice@example.test", "bob{}@example.net", OK),
            ("bounce", STRANGER, "", ALICE, OK),
            ("forged", STRANGER, "", "alice@example.test", f"^{re.escape(MISSING)}$"),
            ("bad", STRANGER, "", "prvs=0786864c08=alice@example.test", f"^{re.escape(FORGED)}$"),
        ]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            threads = [pool.submit(send, *kind) for kind in kinds for _ in range(2)]
            try:
                for round in range(rounds):
                    before = accepted.copy()
                    disturb(round)
                    # Mail of each kind gets through before the next disturbance.
                    wait_until(lambda before=before: all(accepted[kind[0]] > before[kind[0]] for kind in kinds), "mail")
            finally:
                over.set()
            for thread in threads:
                thread.result()
        self.assertEqual(wrong, [])
        postfix.deliver()
        sent = [(envelope.mail_from, to) for envelope in postfix.world.wait_for(1) for to in envelope.rcpt_to]
        self.assertEqual(collections.Counter(sender for sender, _ in sent), {ALICE: accepted["out"]})
        self.assertEqual(len({to for _, to in sent}), accepted["out"])
        received = [(envelope.mail_from, to) for envelope in postfix.mailboxes.wait_for(1) for to in envelope.rcpt_to]
        self.assertEqual(collections.Counter(received), {("", "alice@example.test"): accepted["bounce"]})

    def test_killed_and_started_again(self):
        def kill(_):
            postfix.milter.signal(signal.SIGKILL)
            postfix.milter.wait()
            postfix.milter.start()

        with Postfix(KEYS) as postfix:
            self.under_load(postfix, kill, 8)

    def test_stopped_and_started_again(self):
        def stop(_):
            postfix.milter.signal(signal.SIGTERM)
            self.assertEqual(postfix.milter.wait(), 0)
            postfix.milter.start()

        with Postfix(KEYS) as postfix:
            self.under_load(postfix, stop, 8)

    def test_read_anew_again_and_again(self):
        another = (
            '[[key]]\nnumber = 1\nuse = "verify"\nsecret = "a secret of 16 octets or more"\nfor = ["example.test"]\n'
        )

        def change(round):
            postfix.milter.write(another * (round % 2) + KEYS)
            postfix.milter.signal(signal.SIGHUP)

        with Postfix(KEYS) as postfix:
            self.under_load(postfix, change, 30)


if __name__ == "__main__":
    unittest.main()
