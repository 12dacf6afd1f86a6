"""What Exim logs of decisions, of secrets, and of faults in files, libraries and arguments."""

import re
import subprocess
import unittest

from configuration import refusing_at_data
from facts import ALICE, KEYS, LATER, MISSING
from mail import OUTSIDE, ROOT, unix_time
from servers import EXIM, Exim

# What is reported of one bounce refused, one that is genuine, ordinary mail, and two messages that left.
REPORT = """\
Bounces from 2026-11-22 to 2026-11-22
  1 refused
  0 would be refused, but for monitor mode
  1 genuine
  1 left signed
  1 left unsigned

Bounces by day  refused  would be refused  genuine
  2026-11-22          1                 0        1

Why refused, or would be  refused  would be refused
  missing                       1                 0  no tag: forged, or sent unsigned

Recipients of these   bounces
  alice@example.test        1

Clients of these  bounces
  127.0.0.2             1

Why accepted    accepted
  pass                 1  genuine: an authentic tag, in time
  not-a-bounce         1  ordinary mail

Keys in use  signed  genuine
  key 0           1        1  last signed 2026-11-22, last genuine 2026-11-22

Why signed or unsigned  messages
  signed                       1  a key signs for the sender
  not-ours                     1  there is no key for the sender

Senders left unsigned           messages
  carol@example.net (not-ours)         1

Lines: {lines} read, 5 decisions, 0 not understood, 0 too long
"""


class Logs(unittest.TestCase):
    def test_each_decision_has_its_line(self):
        with Exim(KEYS) as exim:
            self.assertEqual(exim.send("", "alice@example.test"), MISSING)
            self.assertRegex(exim.send("", ALICE), "^250 OK")
            self.assertRegex(exim.send("bob@example.net", "alice@example.test"), "^250 OK")
            exim.submit("alice@example.test", "bob@example.net")
            exim.submit("carol@example.net", "bob@example.net")
            exim.wait_for_log("Completed", 4)
            prefix = r"^2026-11-22 12:00:\d\d (?:\w+-\w+-\w+ )?(?=batv: )"
            found = [re.sub(prefix, "", line) for line in exim.log("main").splitlines() if re.match(prefix, line)]
            self.assertCountEqual(
                found,
                [
                    f"batv: dir=in action=refuse reason=missing from=<> to=<alice@example.test> client={OUTSIDE}",
                    f"batv: dir=in action=original reason=pass from=<> to=<{ALICE}> client={OUTSIDE} key=0 left=7",
                    "batv: dir=in action=accept reason=not-a-bounce from=<bob@example.net> to=<alice@example.test> "
                    f"client={OUTSIDE}",
                    "batv: dir=out action=sign reason=signed from=<alice@example.test> key=0",
                    "batv: dir=out action=leave reason=not-ours from=<carol@example.net>",
                ],
            )

    def test_the_report_reads_the_main_log(self):
        with Exim(KEYS) as exim:
            self.assertEqual(exim.send("", "alice@example.test"), MISSING)
            self.assertRegex(exim.send("", ALICE), "^250 OK")
            self.assertRegex(exim.send("bob@example.net", "alice@example.test"), "^250 OK")
            exim.submit("alice@example.test", "bob@example.net")
            exim.submit("carol@example.net", "bob@example.net")
            exim.wait_for_log("Completed", 4)
            log = exim.log("main")
            command = ["batv", "report", "--at", str(unix_time("2026-11-22T13:00:00"))]
            report = subprocess.run(command, input=log, capture_output=True, text=True, check=True)
            self.assertEqual(report.stdout, REPORT.format(lines=log.count("\n")))


class Secrets(unittest.TestCase):
    """What Exim shows to every user of the machine, and what it logs when a call fails."""

    @staticmethod
    def hidden(config):
        return re.sub(
            "^(  return_path|notifier_socket) =", lambda found: f"hide {found[0]}", config, flags=re.MULTILINE
        )

    def places(self, keys, change=lambda config: config):
        with Exim(keys, library="/nonexistent/libbatv.so.0", change=change) as exim:
            self.assertEqual(exim.send("", ALICE), LATER)
            somebody = [
                "setpriv",
                "--reuid=nobody",
                "--regid=nogroup",
                "--clear-groups",
                EXIM,
                "-C",
                exim.config,
                "-bP",
            ]
            shown = {
                what: subprocess.run([*somebody, *what.split()], capture_output=True, text=True, check=True).stdout
                for what in ["transport signed_smtp", "notifier_socket", "config"]
            }
            texts = shown | {"log": exim.log("main") + exim.log("panic")}
            self.assertNotIn("", texts.values())
            return {place for place, text in texts.items() if "secret" in text}

    def test_keys_show_where_they_are_written_and_those_of_a_file_do_not(self):
        everywhere = {"transport signed_smtp", "notifier_socket", "config", "log"}
        self.assertEqual(self.places("0:secret"), everywhere)
        self.assertEqual(self.places("0:secret", self.hidden), {"config", "log"})
        self.assertEqual(self.places(KEYS), set())


class Faults(unittest.TestCase):
    def check_nothing_is_lost_or_let_in(self, exim, logged):
        for sender in ["", "bob@example.net"]:
            for recipient in ["alice@example.test", ALICE]:
                self.assertEqual(exim.send(sender, recipient), LATER)
        self.assertRegex(exim.log("panic"), logged)
        self.assertRegex(exim.log("main"), logged)
        exim.submit("alice@example.test", "bob@example.net")
        exim.wait_for_log("== bob@example.net")
        self.assertEqual(exim.queued(), 1)
        self.assertEqual(exim.world.envelopes + exim.mailboxes.envelopes, [])

    def test_a_broken_file_is_told_and_mended(self):
        with Exim(KEYS) as exim:
            exim.write_keys(KEYS.replace("number = 0", "numbr = 0"))
            self.check_nothing_is_lost_or_let_in(exim, rf"{exim.key_file}:3: key\[1\]\.numbr: .*did you mean `number`")
            self.assertNotIn('"secret"', exim.log("main") + exim.log("panic"))
            exim.write_keys(KEYS)
            exim.deliver()
            self.assertEqual(exim.world.envelopes, [(ALICE, ("bob@example.net",))])
            self.assertRegex(exim.send("", ALICE), "^250 OK")

    def test_a_broken_file_where_bounces_are_refused_at_data(self):
        with Exim(KEYS, change=refusing_at_data) as exim:
            exim.write_keys("broken\n")
            self.check_nothing_is_lost_or_let_in(exim, f"{exim.key_file}:1: ")

    def test_a_file_that_others_can_read_or_that_is_gone(self):
        with Exim(KEYS) as exim:
            exim.write_keys(KEYS, mode=0o644)
            self.check_nothing_is_lost_or_let_in(exim, rf"{exim.key_file}: .*chmod o=")
        with Exim(KEYS) as exim:
            exim.key_file.unlink()
            self.check_nothing_is_lost_or_let_in(exim, rf"{exim.key_file}: No such file")

    def test_a_file_that_only_root_can_read_is_found_by_a_check_as_exim(self):
        [command] = re.findall(r"^    (su .*)$", (ROOT / "docs/exim.md").read_text(), re.MULTILINE)
        # The check has nothing else to say of these.
        keys = KEYS.replace('"secret"', '"a secret of 16 octets or more"')
        exim = Exim(keys)
        exim.write_keys(keys, group="root")
        check = f"batv config check {exim.key_file}"
        command = command.replace("batv config check /etc/exim4/batv.toml", check)
        self.assertIn(check, command)
        with exim:
            # The daemon read it as root, and so does a check as root.
            signed = exim.expand("${prvs{alice@example.test}{a secret of 16 octets or more}{0}}")
            self.assertRegex(exim.send("", signed), "^250 OK")
            denied = f"{exim.key_file}: Permission denied (os error 13)\n"
            for line, found in [(check, (0, "")), (command, (2, denied))]:
                ran = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
                self.assertEqual((ran.returncode, ran.stderr), found)
            # Each connection reads the next version by itself.
            exim.write_keys(keys + "one-recipient = true\n", group="root")
            self.assertEqual(exim.send("", signed), LATER)
            self.assertRegex(exim.log("panic"), f"{exim.key_file}: Permission denied")

    def test_a_file_that_changes_within_a_connection(self):
        with Exim(KEYS) as exim, exim.client() as client:
            client.ehlo()
            client.docmd("MAIL FROM:<>")

            def code():
                return client.docmd(f"RCPT TO:<{ALICE}>")[0]

            codes = [code()]
            exim.write_keys("broken\n")
            codes += [code(), code()]
            exim.write_keys(KEYS.replace('"secret"', '"another"'))
            codes += [code()]
            exim.write_keys(KEYS)
            codes += [code()]
            self.assertEqual(codes, [250, 451, 451, 550, 250])

    def test_a_missing_library(self):
        with Exim(KEYS, library="/nonexistent/libbatv.so.0") as exim:
            self.check_nothing_is_lost_or_let_in(exim, "/nonexistent/libbatv.so.0: cannot open shared object file")

    def test_bad_arguments_are_named_and_secrets_are_not(self):
        with Exim(KEYS) as exim:
            for call, message in [
                ("sign}{1:s", "1 arguments instead of 2 to 3"),
                ("strip}{a@b.test}{c", "2 arguments instead of 1 to 1"),
                ("verify}{1}{2}{3}{4}{5}{6}{7}{8", "arguments instead of 2 to 3"),
                ("sign}{hush}{a@b.test", "key 1 in the text of keys is not of the form NUMBER:SECRET"),
                ("sign}{1:hush 10:hush}{a@b.test", "key 2 in the text of keys is not of the form NUMBER:SECRET"),
                ("sign}{1:hush 1:hush}{a@b.test", "key 2 in the text of keys has the number of another, 1"),
                ("sign}{1:}{a@b.test", "key 1 in the text of keys has an empty secret"),
                ("sign}{1:base64:hush!}{a@b.test", "key 1 in the text of keys is not base64"),
                ("sign}{1:hush}{a@b.test}{noon", "'noon' is not a time in UNIX seconds"),
                ("refuse}{1:hush}{}{a@b.test}{localhost", "'localhost' is not an IP address"),
            ]:
                with self.subTest(call):
                    result = exim.expand(f"${{dlfunc{{BATV_LIBRARY}}{{batv_exim_{call}}}}}")
                    self.assertTrue(result.startswith("Failed: ") and result.endswith(message), result)
            self.assertNotIn("hush", exim.log("panic"))


if __name__ == "__main__":
    unittest.main()
