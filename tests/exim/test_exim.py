"""The configuration of docs/exim.md in real Exim: what leaves is signed, forged bounces are refused.

Expected tags are those that Exim's own ${prvs} makes, as in tests/vectors.
"""

import collections
import concurrent.futures
import re
import unittest
from pathlib import Path

from configuration import refusing_at_data
from facts import ALICE, EXPIRED, FORGED, KEYS, MISSING, UNKNOWN
from mail import LIBRARY, OUTSIDE, transaction, unix_time
from servers import Exim


class RoundTrip(unittest.TestCase):
    def test_a_message_leaves_signed_and_its_bounce_comes_back(self):
        with Exim(KEYS) as exim:
            exim.submit("alice@example.test", "bob@example.net")
            [sent] = exim.world.wait_for(1)
            self.assertEqual(sent, (ALICE, ("bob@example.net",)))
            self.assertRegex(exim.send("", sent.mail_from), "^250 OK")
            [bounce] = exim.mailboxes.wait_for(1)
            self.assertEqual(bounce, ("", ("alice@example.test",)))
            self.assertEqual(exim.send("", "alice@example.test"), MISSING)
            exim.wait_for_log(r"rejected RCPT <alice@example\.test>: 550 5\.7\.1 Not a bounce")
            # Nothing in the configuration asks the DNS.
            self.assertNotIn("no host name found", exim.log("main"))
            self.assertEqual(exim.log("panic"), "")

    def test_ordinary_mail_comes_in_with_and_without_a_tag(self):
        with Exim(KEYS) as exim:
            for recipient in ["alice@example.test", ALICE, "prvs=1999ffffff=alice@example.test"]:
                self.assertRegex(exim.send("bob@example.net", recipient), "^250 OK")
            expected = [("bob@example.net", ("alice@example.test",))] * 3
            self.assertEqual(exim.mailboxes.wait_for(3), expected)

    def test_all_recipients_see_one_sender(self):
        with Exim(KEYS) as exim:
            exim.submit("alice@example.test", "one@example.net", "two@example.net", "three@elsewhere.test")
            exim.wait_for_log("Completed")
            senders = {envelope.mail_from for envelope in exim.world.envelopes}
            recipients = sorted(to for envelope in exim.world.envelopes for to in envelope.rcpt_to)
            self.assertEqual(senders, {ALICE})
            self.assertEqual(recipients, ["one@example.net", "three@elsewhere.test", "two@example.net"])

    def test_a_delivery_days_later_keeps_the_tag(self):
        with Exim(KEYS) as exim:
            exim.world.temporary_failures = 1
            exim.submit("alice@example.test", "bob@example.net")
            exim.wait_for_log("== bob@example.net")
            exim.deliver("2026-11-25T12:00:00")
            self.assertEqual(exim.world.envelopes, [(ALICE, ("bob@example.net",))])

    def test_what_has_no_key_leaves_as_it_is(self):
        with Exim(KEYS) as exim:
            for sender in ["carol@example.edu", "", ALICE, "prvs=1786864c09=x@example.edu"]:
                exim.submit(sender, "bob@example.net")
            senders = [envelope.mail_from for envelope in exim.world.wait_for(4)]
            self.assertCountEqual(senders, ["carol@example.edu", "", ALICE, "prvs=1786864c09=x@example.edu"])

    def test_local_mail_stays_unsigned(self):
        with Exim(KEYS) as exim:
            exim.submit("alice@example.test", "bob@example.test")
            self.assertEqual(exim.mailboxes.wait_for(1), [("alice@example.test", ("bob@example.test",))])

    def test_mixed_case_comes_back_though_exim_folds_it(self):
        # Exim's own ${prvs} hashes the capitals, and its ACL never sees them again.
        with Exim("9:secret", date="2027-06-29T00:00:00") as exim:
            exim.submit("Mixed.Case@Example.Test", "bob@example.net")
            [sent] = exim.world.wait_for(1)
            self.assertRegex(sent.mail_from, "^prvs=9005[0-9a-f]{6}=Mixed.Case@Example.Test$")
            theirs = "prvs=9005" + exim.expand("${prvs{mixed.case@example.test}{secret}{9}}")[9:15]
            self.assertEqual(sent.mail_from, f"{theirs}=Mixed.Case@Example.Test")
            for spelling in [sent.mail_from, sent.mail_from.lower(), sent.mail_from.upper()]:
                self.assertRegex(exim.send("", spelling), "^250 OK")
            # Each delivery is a process of its own, so they come in any order.
            recipients = [to for envelope in exim.mailboxes.wait_for(3) for to in envelope.rcpt_to]
            spellings = ["Mixed.Case@example.test", "mixed.case@example.test", "MIXED.CASE@example.test"]
            self.assertCountEqual(recipients, spellings)

    def test_exact_hashes_need_an_acl_that_does_not_fold(self):
        keys = 'hash-case = "exact"\n' + KEYS
        refused = f"^{re.escape(FORGED)}$"

        def caseful(config):
            return config.replace("acl_check_rcpt:\n", "acl_check_rcpt:\n  warn control = caseful_local_part\n")

        for change, sender, reply in [
            (lambda config: config, "mixed.case@example.test", "^250 OK"),
            (lambda config: config, "Mixed.Case@example.test", refused),
            (caseful, "Mixed.Case@example.test", "^250 OK"),
            # Exim folds the domain all the same.
            (caseful, "Mixed.Case@Example.test", refused),
        ]:
            with self.subTest(sender, change=change), Exim(keys, change=change) as exim:
                exim.submit(sender, "bob@example.net")
                [sent] = exim.world.wait_for(1)
                self.assertEqual(sent.mail_from, exim.expand(f"${{prvs{{{sender}}}{{secret}}{{0}}}}"))
                self.assertRegex(exim.send("", sent.mail_from), reply)

    def test_cutthrough_delivery_leaves_unsigned(self):
        def cutthrough(config):
            accepts = "  accept  hosts = : +relay_from_hosts\n"
            return config.replace(accepts, f"{accepts}          control = cutthrough_delivery\n")

        with Exim(KEYS, change=cutthrough) as exim:
            exim.submit("alice@example.test", "bob@example.net")
            self.assertEqual(exim.world.wait_for(1), [("alice@example.test", ("bob@example.net",))])
            self.assertEqual(exim.send("", "alice@example.test"), MISSING)

    def test_a_quoted_sender_keeps_its_tag_inside_the_quotes(self):
        # The secret has a space: "another key".
        with Exim("6:base64:YW5vdGhlciBrZXk=", date="2027-06-29T00:27:03") as exim:
            exim.submit('"john doe"@example.test', "bob@example.net")
            [sent] = exim.world.wait_for(1)
            self.assertEqual(sent.mail_from, '"prvs=600531aaec=john doe"@example.test')
            self.assertRegex(exim.send("", sent.mail_from), "^250 OK")
            self.assertEqual(exim.mailboxes.wait_for(1), [("", ('"john doe"@example.test',))])
            self.assertEqual(exim.send("", '"john doe"@example.test'), MISSING)


class Refusals(unittest.TestCase):
    def test_each_recipient_is_judged_by_itself(self):
        with Exim(KEYS) as exim, exim.client() as client:
            recipients = [ALICE, "prvs=0786864c09=bob@example.test", "bob@example.test"]
            replies = transaction(client, "", *recipients)
            self.assertEqual(replies[1:3], [FORGED, MISSING])
            self.assertEqual([reply[:3] for reply in replies], ["250", "550", "550", "250"])
            self.assertEqual(exim.mailboxes.wait_for(1), [("", ("alice@example.test",))])

    def test_no_forged_or_tampered_tag_comes_in(self):
        with Exim(KEYS) as exim:
            for recipient, reply in [
                ("alice@example.test", MISSING),
                ("alice@EXAMPLE.TEST", MISSING),
                ("prvs=0786864c08=alice@example.test", FORGED),
                ("prvs=0787864c09=alice@example.test", FORGED),
                ("prvs=0786864c09=bob@example.test", FORGED),
                ("prvs=0786864c09=alice@example.org", FORGED),
                ("prvs=1786864c09=alice@example.test", MISSING.replace("address has no tag", "tag has an unknown key")),
                ("prvs=x=alice@example.test", MISSING.replace("address has no tag", "tag is malformed")),
            ]:
                with self.subTest(recipient):
                    self.assertEqual(exim.send("", recipient), reply)
            unknown = exim.expand("${prvs{nosuch@example.test}{secret}{0}}")
            self.assertEqual(exim.send("", unknown), "550 Unrouteable address")
            self.assertRegex(exim.send("", ALICE.replace("prvs", "PRVS")), "^250 OK")
            self.assertEqual(exim.mailboxes.wait_for(1), [("", ("alice@example.test",))])

    def test_a_tag_is_good_up_to_its_day(self):
        for date, reply in [("2026-11-29T23:00:00", "^250 OK"), ("2026-11-30T00:00:00", f"^{re.escape(EXPIRED)}$")]:
            with self.subTest(date), Exim(KEYS, date) as exim:
                self.assertRegex(exim.send("", ALICE), reply)

    def test_two_hundred_bounces_at_once(self):
        recipients = 50 * [ALICE, "alice@example.test", "prvs=0786864c0a=alice@example.test", "bob@example.test"]
        expected = {"250": 50, MISSING: 100, FORGED: 50}
        with Exim(KEYS) as exim, concurrent.futures.ThreadPoolExecutor(len(recipients)) as pool:
            replies = pool.map(lambda recipient: exim.send("", recipient), recipients)
            counts = collections.Counter("250" if reply.startswith("250 OK") else reply for reply in replies)
            self.assertEqual(counts, expected)
            exim.wait_for_log("Completed", 50)
            self.assertEqual(exim.mailboxes.envelopes, [("", ("alice@example.test",))] * 50)
            exim.wait_for_log("rejected RCPT", 150)
            self.assertEqual(exim.queued(), 0)

    def test_listed_clients_and_the_count_of_recipients_reach_the_policy(self):
        keys = KEYS + f'untagged-clients = ["{OUTSIDE}"]\n'
        with Exim(keys) as exim:
            self.assertRegex(exim.send("", "alice@example.test"), "^250 OK")
        with Exim(KEYS + "one-recipient = true\n") as exim, exim.client() as client:
            replies = transaction(client, "", ALICE, ALICE.upper())
            self.assertEqual(replies[1], "550 5.7.1 A bounce has exactly one recipient")
            self.assertEqual([reply[:3] for reply in replies], ["250", "550", "250"])

    def test_a_callout_sees_the_address_and_a_bounce_is_refused_at_data(self):
        with Exim(KEYS, change=refusing_at_data) as exim:
            for recipients, expected in [
                (["alice@example.test"], ["250", "550"]),
                ([ALICE], ["250", "250"]),
                ([ALICE, "alice@example.test"], ["250", "550", "250"]),
                (["alice@example.test", ALICE], ["250", "451", "550"]),
            ]:
                with self.subTest(recipients), exim.client() as client:
                    replies = transaction(client, "", *recipients)
                    self.assertEqual([reply[:3] for reply in replies], expected)
            exim.wait_for_log("rejected after DATA: 550 5.7.1 Not a bounce", 2)
            exim.wait_for_log("Completed", 2)
            self.assertEqual(exim.mailboxes.envelopes, [("", ("alice@example.test",))] * 2)


class Delivery(unittest.TestCase):
    """What a stranger makes of a recipient, and where a mailbox takes everything."""

    @staticmethod
    def catching_all(config):
        return config.replace("  local_parts = lsearch;MAILBOXES\n", "")

    def test_one_tag_comes_off_and_no_more(self):
        # Ordinary mail, which nothing refuses: a router that takes off what it can would reach alice.
        layers = [
            ("prvs=0786864c09=" * 3 + "alice", "prvs=0786864c09=" * 2 + "alice"),
            ("prvs=123456789=" * 3 + "alice", "prvs=123456789=" * 3 + "alice"),
            ("prvs=prvs=prvs=alice=0786864c09=0786864c09=0786864c09",) * 2,
            ("btv1==08501234bcd==alice",) * 2,
            ("prvs=0786864c09=prvs=alice=0786864c09", "prvs=alice=0786864c09"),
            ("prvs=0786864c09=alice+prvs=0786864c09", "alice+prvs=0786864c09"),
            ("prvs=x=alice",) * 2,
        ]
        with Exim(KEYS, change=self.catching_all) as exim:
            for given, _ in layers:
                self.assertRegex(exim.send("bob@example.net", f"{given}@example.test"), "^250 OK")
            recipients = [envelope.rcpt_to[0] for envelope in exim.mailboxes.wait_for(len(layers))]
            self.assertCountEqual(recipients, [f"{delivered}@example.test" for _, delivered in layers])
        with Exim(KEYS) as exim:
            for given, _ in layers:
                self.assertEqual(exim.send("bob@example.net", f"{given}@example.test"), UNKNOWN)

    def test_no_forged_bounce_reaches_a_mailbox_in_another_spelling(self):
        spellings = [
            "prvs=123456789=" * 3 + "alice",
            "prvs=prvs=prvs=alice=123456789=123456789=123456789",
            "prvs=prvs=prvs=alice=0786864c09=0786864c09=0786864c09",
            "prvs=0786864c09=" * 3 + "alice",
            '"\\a\\l\\i\\c\\e"',
            '"sales\x01"',
            '"\x7f"',
            '"alice\\\x01"',
        ]
        with Exim(KEYS, change=self.catching_all) as exim:
            for spelling in spellings:
                with self.subTest(spelling):
                    self.assertRegex(exim.send("", f"{spelling}@example.test"), "^550 5.7.1 |^501 ")
            self.assertRegex(exim.send("", ALICE), "^250 OK")
            self.assertEqual(exim.mailboxes.wait_for(1), [("", ("alice@example.test",))])

    def test_odd_local_parts_come_back(self):
        for sender in ["#sales@example.test", '"#a b"@example.test', "|true@example.test", '":fail: x"@example.test']:
            with self.subTest(sender), Exim(KEYS, change=self.catching_all) as exim:
                exim.submit(sender, "bob@example.net")
                [sent] = exim.world.wait_for(1)
                self.assertRegex(sent.mail_from, '^"?prvs=0786')
                self.assertRegex(exim.send("", sent.mail_from), "^250 OK")
                self.assertEqual(exim.mailboxes.wait_for(1), [("", (sender,))])

    def test_a_sender_in_disguise_is_a_bounce(self):
        with Exim(KEYS) as exim:
            for sender in ["MAILER-DAEMON@example.net", "mailer-daemon@example.test"]:
                self.assertEqual(exim.send(sender, "alice@example.test"), MISSING)


class Taint(unittest.TestCase):
    def test_an_original_address_is_as_tainted_as_it_was(self):
        # VRFY's argument is tainted; its ACL answers with what it could read.
        probe = "acl_smtp_vrfy = probe\n"
        acl = "begin acl\n\nprobe:\n  deny message = read ${readfile{PATH}}\n\n"
        strip = "${dlfunc{BATV_LIBRARY}{batv_exim_strip}{$smtp_command_argument}}"
        recipient = "${dlfunc{BATV_LIBRARY}{batv_exim_recipient}{BATV_KEYS}{$smtp_command_argument}}"
        verify = "${dlfunc{BATV_LIBRARY}{batv_exim_verify}{0:s}{$smtp_command_argument}}"

        def replies(path, *arguments):
            def change(config):
                return probe + config.replace("begin acl\n", acl.replace("PATH", path))

            with Exim(KEYS, change=change) as exim, exim.client() as client:
                client.ehlo()
                for name in ["missing", "file@example.test"]:
                    (exim.folder / name).write_text("the file")
                result = [client.docmd("VRFY", argument.format(exim.folder))[1] for argument in arguments]
                return result, exim.log("main")

        tagged = ["prvs=0786864c09={}/file@example.test", "{}/file+prvs=0786864c09@example.test"]
        for original in [strip, recipient]:
            got, log = replies(original, *tagged, "{}/file@example.test")
            self.assertEqual(got, [b"Administrative prohibition"] * 3)
            self.assertEqual(len(re.findall(r"Tainted filename '/\S*/file@example\.test'", log)), 3)
        # What the library makes itself is not tainted, so the file could have been read.
        got, _ = replies(f"$spool_directory/../{verify}", "x@example.test")
        self.assertEqual(got, [b"read the file"])


class Clock(unittest.TestCase):
    def test_days_count_over_the_wrap(self):
        # 2027-06-30 is day 999.
        with Exim(KEYS, "2027-06-30T12:00:00") as exim:
            exim.submit("alice@example.test", "bob@example.net")
            [sent] = exim.world.wait_for(1)
            self.assertEqual(sent.mail_from, "prvs=00061b09e5=alice@example.test")
        for date, accepted in [
            ("2027-06-30T12:00:00", True),
            ("2027-07-01T00:00:00", True),
            ("2027-07-07T23:00:00", True),
            ("2027-07-08T00:00:00", False),
            # Exim's own ${prvscheck} accepts it here.
            ("2027-07-10T00:00:00", False),
        ]:
            with self.subTest(date), Exim(KEYS, date) as exim:
                reply = exim.send("", sent.mail_from)
                self.assertEqual((reply == EXPIRED, reply.startswith("250 OK")), (not accepted, accepted))


class Prvs(unittest.TestCase):
    """Tags cross between Exim's own ${prvs} and us."""

    DATE = "2026-11-22T12:00:00"

    def test_both_make_the_same_tags(self):
        with Exim("0:secret") as exim:
            for address in ["alice@example.test", "a=b@example.test", "user+tag@example.test"]:
                theirs = exim.expand(f"${{prvs{{{address}}}{{secret}}{{0}}}}")
                ours = exim.expand(f"${{dlfunc{{BATV_LIBRARY}}{{batv_exim_sign}}{{BATV_KEYS}}{{{address}}}}}")
                self.assertRegex(theirs, "^prvs=0786")
                self.assertEqual(ours, theirs)

    def test_each_accepts_the_other_s(self):
        with Exim("0:new-secret 3:secret") as exim:
            for day in ["2026-11-22T12:00:00", "2026-11-29T23:00:00", "2026-11-30T01:00:00"]:
                theirs = exim.expand("${prvs{alice@example.test}{secret}{3}}", date=self.DATE)
                verify = f"${{dlfunc{{BATV_LIBRARY}}{{batv_exim_verify}}{{BATV_KEYS}}{{{theirs}}}}}"
                time = unix_time(self.DATE)
                sign = f"${{dlfunc{{BATV_LIBRARY}}{{batv_exim_sign}}{{3:secret}}{{alice@example.test}}{{{time}}}}}"
                check = f"${{prvscheck{{{exim.expand(sign)}}}{{secret}}{{pass $prvscheck_result}}}}"
                good = day < "2026-11-30"
                self.assertEqual(exim.expand(verify, date=day), "pass" if good else "expired")
                self.assertEqual(exim.expand(check, date=day), "pass 1" if good else "pass ")
            self.assertEqual(exim.expand(f"${{prvscheck{{{ALICE}}}{{other}}{{pass $prvscheck_result}}}}"), "pass ")

    def test_bounces_of_mail_signed_before_the_change_come_in(self):
        def prvs(config):
            ours = re.compile(r"return_path = .*\\\n.*")
            theirs = "return_path = ${if def:return_path {${prvs{$return_path}{secret}{0}}}}"
            assert len(ours.findall(config)) == 1
            return "queue_only\n" + ours.sub(theirs, config)

        with Exim(KEYS, change=prvs) as exim:
            exim.submit("alice@example.test", "bob@example.net")
            # Their tags have the time of the delivery.
            exim.deliver()
            [sent] = exim.world.envelopes
            self.assertEqual(sent.mail_from, ALICE)
            self.assertRegex(exim.send("", sent.mail_from), "^250 OK")


class Preloading(unittest.TestCase):
    def test_the_daemon_has_the_library_before_the_first_connection(self):
        with Exim(KEYS) as exim:
            self.assertIn(str(LIBRARY), Path(f"/proc/{exim.pid}/maps").read_text())
            self.assertIn(f"@{exim.folder}/spool/exim_daemon_notify\n", Path("/proc/net/unix").read_text())


if __name__ == "__main__":
    unittest.main()
