"""batv-milter as a process: signals, files, sockets, limits."""

import collections
import concurrent.futures
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from case import ALICE, FORGED, KEYS, MISSING, OK, signed
from mail import DEADLINE, ROOT, transaction, wait_until
from servers import MILTER, Milter, Postfix, free_port

LATER = (451, b"4.7.1 Service unavailable - try again later")


class Signals(unittest.TestCase):
    def test_a_message_ends_before_the_milter_does(self):
        with Postfix(KEYS) as postfix:

            def ends():
                with postfix.client() as client:
                    client.ehlo()
                    client.docmd("MAIL", "FROM:<>")
                    self.assertEqual(client.docmd("RCPT", f"TO:<{ALICE}>")[0], 250)
                    self.assertEqual(client.docmd("DATA")[0], 354)
                    client.send("Subject: test\r\n\r\ntest\r\n")
                    postfix.milter.signal(signal.SIGTERM)
                    path = postfix.queue / "batv/milter.sock"
                    wait_until(lambda: not path.exists(), "end of the listener")
                    client.send(".\r\n")
                    code, _ = client.getreply()
                    self.assertEqual(postfix.milter.wait(), 0)
                    if code == 451:
                        # This machine was so busy that it took longer than the milter waits.
                        postfix.milter.start()
                        return False
                    self.assertEqual(code, 250)
                    return True

            wait_until(ends, "message that ends in time")
            self.assertEqual(postfix.mailboxes.wait_for(1), [("", ("alice@example.test",))])

    def test_who_comes_meanwhile_is_told_to_come_again(self):
        with Postfix(KEYS) as postfix, postfix.client() as client, postfix.client() as idle:
            idle.ehlo()
            client.ehlo()
            client.docmd("MAIL", "FROM:<>")
            self.assertEqual(client.docmd("RCPT", f"TO:<{ALICE}>")[0], 250)
            postfix.milter.signal(signal.SIGTERM)
            path = postfix.queue / "batv/milter.sock"
            wait_until(lambda: not path.exists(), "end of the listener")
            with postfix.client() as late:
                late.ehlo()
                self.assertEqual(late.docmd("MAIL", "FROM:<>"), LATER)
            # Postfix does not wait for an answer to MAIL.
            idle.docmd("MAIL", "FROM:<>")
            self.assertEqual(idle.docmd("RCPT", f"TO:<{ALICE}>"), LATER)
            self.assertEqual(postfix.milter.wait(), 0)

    def test_nobody_waits_longer_than_five_seconds_for_a_message(self):
        with Postfix(KEYS) as postfix, postfix.client() as client:
            client.ehlo()
            client.docmd("MAIL", "FROM:<>")
            client.docmd("RCPT", f"TO:<{ALICE}>")
            postfix.milter.signal(signal.SIGTERM)
            self.assertEqual(postfix.milter.wait(), 0)
            client.docmd("DATA")
            client.send("Subject: test\r\n\r\ntest\r\n.\r\n")
            self.assertEqual(client.getreply()[0], 451)
            self.assertEqual(postfix.mailboxes.envelopes, [])

    def test_a_signal_does_not_end_a_session(self):
        with Postfix(KEYS) as postfix, postfix.client() as client:
            client.ehlo()
            client.docmd("MAIL", "FROM:<>")
            client.docmd("RCPT", f"TO:<{ALICE}>")
            for count in [1, 2, 3]:
                postfix.milter.signal(signal.SIGHUP)
                postfix.milter.wait_for_log("reloaded", count)
            client.docmd("DATA")
            client.send("Subject: test\r\n\r\ntest\r\n.\r\n")
            self.assertEqual(client.getreply()[0], 250)

    def test_a_dead_milter_is_a_reason_to_come_again(self):
        with Postfix(KEYS) as postfix:
            postfix.milter.signal(signal.SIGKILL)
            postfix.milter.wait()
            with postfix.client() as client:
                client.ehlo()
                self.assertEqual(client.docmd("MAIL", "FROM:<>"), LATER)
            # The socket that it left behind is no obstacle.
            postfix.milter.start()
            self.assertRegex(postfix.send("", ALICE), OK)


class Configuration(unittest.TestCase):
    def test_a_new_file_counts_from_the_next_message_on(self):
        with Postfix(KEYS) as postfix, postfix.client() as client:
            client.ehlo()
            client.docmd("MAIL", "FROM:<>")
            self.assertEqual(client.docmd("RCPT", f"TO:<{ALICE}>")[0], 250)
            postfix.milter.write(KEYS.replace('"secret"', '"another"'))
            # Neither the file nor a signal changes what a message has begun with.
            postfix.milter.signal(signal.SIGHUP)
            postfix.milter.wait_for_log("reloaded")
            self.assertEqual(client.docmd("RCPT", f"TO:<{ALICE.upper()}>")[0], 250)
            client.docmd("RSET")
            self.assertEqual(transaction(client, "", ALICE), [FORGED])
            # Nobody has to send a signal.
            postfix.milter.write(KEYS)
            self.assertRegex(transaction(client, "", ALICE)[-1], OK)

    def test_a_bad_file_changes_nothing_and_says_so(self):
        with Postfix(KEYS) as postfix:
            postfix.milter.write(KEYS.replace("number = 0", "numbr = 0"))
            self.assertRegex(postfix.send("", ALICE), OK)
            self.assertEqual(postfix.send("", "alice@example.test"), MISSING)
            fault = r"batv\.toml:3: key\[1\]\.numbr: unknown setting; did you mean `number`\?"
            self.assertEqual(len(re.findall(fault, postfix.milter.log)), 1)
            self.assertIn("the old configuration stays in force", postfix.milter.log)
            postfix.milter.signal(signal.SIGHUP)
            postfix.milter.wait_for_log(fault, 2)
            self.assertNotIn('"secret"', postfix.milter.log)

    def test_a_file_without_the_section_is_no_way_to_start_again(self):
        with Postfix(KEYS) as postfix:
            postfix.milter.section = ""
            postfix.milter.write(KEYS)
            self.assertRegex(postfix.send("", ALICE), OK)
            postfix.milter.wait_for_log(r"has no section \[milter\]; the daemon will not start without it")
            self.assertEqual(postfix.send("", "alice@example.test"), MISSING)

    def test_a_change_of_the_socket_waits_for_a_restart(self):
        with Postfix(KEYS) as postfix:
            postfix.milter.section = postfix.milter.section.replace("milter.sock", "other.sock")
            postfix.milter.write(KEYS)
            self.assertRegex(postfix.send("", ALICE), OK)
            names = "milter.socket, milter.group, milter.metrics and milter.connections"
            postfix.milter.wait_for_log(f"{names} take effect when the daemon is restarted")


class Socket(unittest.TestCase):
    # As good as a user of its own.
    UNPRIVILEGED = ["setpriv", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="batv-milter-")))
        self.path = self.folder / "milter.sock"

    def milter(self, settings="", address=None):
        milter = Milter(self.folder, address or f"unix:{self.path}", settings)
        milter.write(KEYS)
        self.addCleanup(milter.stop)
        return milter

    def run_milter(self, milter, *options, prefix=()):
        command = [*prefix, MILTER, "--config", milter.config, *options]
        run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        lines = [line for line in run.stderr.splitlines() if "may be guessed" not in line]
        return run.returncode, "\n".join(lines)

    def test_it_is_for_owner_and_group(self):
        for settings, group in [("", os.getgid()), ('group = "postfix"', shutil._get_gid("postfix"))]:
            milter = self.milter(settings)
            milter.start()
            status = self.path.stat()
            self.assertEqual((status.st_mode & 0o777, status.st_gid), (0o660, group))
            milter.stop()
            self.assertFalse(self.path.exists())

    def test_it_belongs_to_the_group_of_a_folder_that_passes_it_on(self):
        shutil.chown(self.folder, group="postfix")
        self.folder.chmod(0o2750)
        self.milter().start()
        status = self.path.stat()
        self.assertEqual((status.st_mode & 0o777, status.st_gid), (0o660, self.folder.stat().st_gid))

    def test_it_must_be_able_to_give_it_to_the_group(self):
        milter = self.milter('group = "postfix"')
        expected = (
            f'unix:{self.path}: cannot be given to the group "postfix": Operation not permitted (os error 1); '
            "the daemon's user must be a member of it"
        )
        for options in [["--check"], []]:
            self.assertEqual(self.run_milter(milter, *options, prefix=self.UNPRIVILEGED), (2, expected))
            self.assertEqual([path.name for path in self.folder.iterdir()], ["batv.toml"], "no socket stays behind")

    def test_it_must_be_able_to_write_to_the_folder(self):
        milter = self.milter()
        shutil.chown(self.folder, "postfix")
        self.folder.chmod(0o755)
        expected = f"unix:{self.path}: Permission denied (os error 13)"
        for options in [["--check"], []]:
            self.assertEqual(self.run_milter(milter, *options, prefix=self.UNPRIVILEGED), (2, expected))

    def test_a_path_can_be_too_long(self):
        path = f"unix:{self.folder}/{'x' * 80}/milter.sock"
        Path(path[5:]).parent.mkdir()
        expected = f"{path}: the path is too long for a socket ({len(path) - 5} octets): choose a shorter one"
        for options in [["--check"], []]:
            self.assertEqual(self.run_milter(self.milter("", path), *options), (2, expected))

    def test_check_beside_a_running_daemon(self):
        inet = ("127.0.0.1", free_port())
        for address, where, family in [
            (f"unix:{self.path}", str(self.path), socket.AF_UNIX),
            (f"inet:{inet[0]}:{inet[1]}", inet, socket.AF_INET),
        ]:
            milter = self.milter("connections = 1", address)
            milter.start()
            # More clients than are served, and than the system keeps waiting.
            for _ in range(300):
                client = self.enterContext(socket.socket(family))
                client.setblocking(False)
                client.connect_ex(where)
            self.assertEqual(self.run_milter(milter, "--check"), (0, f"{address}: in use, so not tested"))
            milter.stop()

    def test_only_an_old_socket_is_removed(self):
        milter = self.milter()
        self.path.write_text("precious")
        for options in [[], ["--check"]]:
            status, said = self.run_milter(milter, *options)
            self.assertEqual(
                (status, said),
                (2, f"unix:{self.path}: this file exists and is not a socket; remove it or choose another path"),
            )
        self.assertEqual(self.path.read_text(), "precious")

    def test_nobody_takes_the_socket_of_another(self):
        self.milter().start()
        status, said = self.run_milter(self.milter())
        self.assertEqual((status, said), (2, f"unix:{self.path}: another process is already listening there"))

    def test_check_says_what_is_wrong_and_makes_nothing(self):
        self.assertEqual(self.run_milter(self.milter(), "--check"), (0, ""))
        self.assertFalse(self.path.exists())
        folder = f"unix:{self.folder}/no/milter.sock"
        for settings, address, expected in [
            ('group = "nosuch"', None, f'unix:{self.path}: there is no group "nosuch"'),
            ("quit = true", None, f"{self.folder}/batv.toml:12: milter.quit: unknown setting; did you mean `quiet`?"),
            ("", folder, f"{folder}: No such file or directory (os error 2)"),
        ]:
            self.assertEqual(self.run_milter(self.milter(settings, address), "--check"), (2, expected))
        milter = self.milter()
        milter.section = ""
        milter.write(KEYS)
        self.assertEqual(self.run_milter(milter), (2, f"{milter.config}: has no section [milter]"))


class Systemd(unittest.TestCase):
    def test_it_says_when_it_is_ready_and_levels_its_lines(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="batv-milter-")))
        notified = self.enterContext(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        notified.settimeout(DEADLINE)
        notified.bind(str(folder / "notify"))
        milter = Milter(folder, f"unix:{folder}/milter.sock")
        milter.write(KEYS)
        milter.start("env", f"NOTIFY_SOCKET={folder}/notify", "JOURNAL_STREAM=8:1")
        self.addCleanup(milter.stop)

        def said():
            return notified.recv(4096).decode().splitlines()

        self.assertEqual(said(), ["READY=1"])
        milter.signal(signal.SIGHUP)
        reloading, since = said()
        self.assertEqual(reloading, "RELOADING=1")
        self.assertRegex(since, r"^MONOTONIC_USEC=\d+$")
        self.assertEqual(said(), ["READY=1"])
        milter.signal(signal.SIGTERM)
        self.assertEqual(said(), ["STOPPING=1"])
        milter.wait()
        weak = f"<4>{milter.config}: line 2: the secret of key 0 has fewer than 16 octets and may be guessed: rotate it"
        listens = f"<5>batv-milter 0.1.0 listens on unix:{folder}/milter.sock"
        lines = [weak, listens, f"<5>{milter.config}: reloaded", weak, "<5>stopped"]
        self.assertEqual(milter.log.splitlines(), lines)


class SecondClient(unittest.TestCase):
    """miltertest of OpenDKIM, with the script that the example for libmilter answers too."""

    CONFIG = """
[[key]]
number = 1
secret = "a secret of 16 octets or more"
for = ["example.com"]

[policy]
default-domain = "example.com"
internal-networks = ["198.51.100.0/24"]
"""

    def test_it_gets_the_answers_that_libmilter_gives(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="batv-milter-")))
        address = f"unix:{folder}/milter.sock"
        milter = Milter(folder, address, date="2026-11-22T12:00:00")
        milter.write(self.CONFIG)
        milter.start()
        self.addCleanup(milter.stop)
        tagged = signed("user@example.com", b"a secret of 16 octets or more", b"1786")
        variables = ["-D", f"socket={address}", "-D", f"tagged={tagged}"]
        command = ["miltertest", *variables, "-s", ROOT / "tests/c/milter.lua"]
        run = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
        self.assertEqual((run.returncode, run.stdout + run.stderr), (0, ""))
        reasons = [re.search(r"action=(\S+) reason=(\S+)", line).groups() for line in milter.decisions()]
        expected = ["refuse missing", "refuse missing", "original pass", "leave null-sender"]
        expected += ["accept not-ours", "sign signed", "accept not-ours", "leave not-internal"]
        self.assertEqual([" ".join(words) for words in reasons], expected)


class Limits(unittest.TestCase):
    def check(self, postfix, clients):
        """Each of these clients at once gets its bounce in, sooner or later."""
        with concurrent.futures.ThreadPoolExecutor(clients) as pool:
            replies = list(pool.map(lambda _: postfix.send("", ALICE), range(clients)))
        self.assertEqual(collections.Counter(reply[:12] for reply in replies), {"250 2.0.0 Ok": clients})
        self.assertEqual(postfix.mailboxes.wait_for(clients), [("", ("alice@example.test",))] * clients)

    def test_more_connections_than_are_allowed_wait(self):
        with Postfix(KEYS, milter="connections = 2") as postfix:
            self.check(postfix, 12)

    def test_without_descriptors_it_waits_and_goes_on(self):
        with Postfix(KEYS) as postfix:
            postfix.milter.stop()
            postfix.milter.start("prlimit", "--nofile=14:14")
            self.check(postfix, 30)
            self.assertIn(
                "cannot accept connections: Too many open files (os error 24); will keep trying", postfix.milter.log
            )


if __name__ == "__main__":
    unittest.main()
