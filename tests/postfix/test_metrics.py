"""What Prometheus reads of batv-milter, by independent readers: its own parser for Python, promtool, itself."""

import collections
import json
import re
import signal
import socket
import subprocess
import tempfile
import unittest
import urllib.request
from datetime import date
from pathlib import Path

from case import ALICE, KEYS, MISSING, OK, OLD_ALICE
from mail import DEADLINE, TARGET, Daemon, documented, transaction, wait_until
from prometheus_client.parser import text_string_to_metric_families
from servers import MILTER, Milter, Postfix, free_port

PROMETHEUS = TARGET / "debian/usr/bin/prometheus"
PROMTOOL = TARGET / "debian/usr/bin/promtool"
# Clients at a time, of which the daemon serves 16.
MANY = 40


def get(address):
    with urllib.request.urlopen(f"http://{address}", timeout=DEADLINE) as answer:
        return answer.read().decode()


def samples(text):
    """The values of a text, by name and the values of the labels, which are in the order of their names."""
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    values = {}
    for name, labels, value, *_ in found:
        values[name.removeprefix("batv_milter_"), *(labels[label] for label in sorted(labels))] = value
    assert len(values) == len(found), text
    return values


class Mail(unittest.TestCase):
    def test_it_counts_what_the_log_says(self):
        address = f"127.0.0.1:{free_port()}"
        with Postfix(KEYS, milter=f'metrics = "inet:{address}"') as postfix:
            # Neither mail nor metrics wait for those who say nothing.
            host, port = address.split(":")
            for _ in range(MANY):
                self.enterContext(socket.create_connection((host, int(port))))
            postfix.submit("alice@example.test", "bob@example.net", "carol@example.net")
            postfix.world.wait_for(1)
            with postfix.client() as client:
                for recipient in 3 * ["alice@example.test"]:
                    self.assertEqual(transaction(client, "", recipient), [MISSING])
                for recipient in [ALICE, ALICE.upper()]:
                    self.assertRegex(transaction(client, "", recipient)[-1], OK)
                for recipient in [
                    "prvs=0786864c08=alice@example.test",
                    "prvs=1786864c09=alice@example.test",
                    OLD_ALICE,
                ]:
                    self.assertRegex(transaction(client, "", recipient)[-1], "^550 5.7.1 ")
                self.assertRegex(transaction(client, "bob@example.net", "alice@example.test")[-1], OK)
            text = get(f"{address}/metrics")
            log = postfix.milter.decisions()
        expected = {
            ("accept", "in", "", "not-ours"): 2,
            ("sign", "out", "0", "signed"): 1,
            ("refuse", "in", "", "missing"): 3,
            ("original", "in", "0", "pass"): 2,
            ("leave", "out", "", "null-sender"): 2,
            ("refuse", "in", "0", "bad-signature"): 1,
            ("refuse", "in", "1", "unknown-key"): 1,
            ("refuse", "in", "0", "expired"): 1,
            ("accept", "in", "", "not-a-bounce"): 1,
            ("leave", "out", "", "not-ours"): 1,
        }
        counted = {
            tuple(labels): value
            for (name, *labels), value in samples(text).items()
            if name == "decisions_total" and value
        }
        self.assertEqual(counted, expected)
        fields = [dict(re.findall(r"(\w+)=(\S+)", line)) for line in log]
        names = ["action", "dir", "key", "reason"]
        logged = collections.Counter(tuple(line.get(name, "") for name in names) for line in fields)
        self.assertEqual(logged, expected)


class Daemons(unittest.TestCase):
    """The daemon without a mail server."""

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="batv-metrics-")))
        self.socket = self.folder / "milter.sock"
        self.address = f"127.0.0.1:{free_port()}"

    def milter(self, config, metrics=None, start=True):
        metrics = metrics or f"inet:{self.address}"
        milter = Milter(self.folder, f"unix:{self.socket}", f'metrics = "{metrics}"', "2026-11-22T12:00:00")
        milter.write(config)
        if start:
            milter.start()
            self.addCleanup(milter.stop)
        return milter

    def values(self):
        return samples(get(f"{self.address}/metrics"))


class Process(Daemons):
    def connect(self):
        connection = self.enterContext(socket.socket(socket.AF_UNIX))
        connection.connect(str(self.socket))
        return connection

    def test_sessions_and_their_faults(self):
        self.milter(KEYS)
        names = ["sessions_open", "sessions_total"]
        for connections, expected in [(0, [0, 0]), (2, [2, 2])]:
            opened = [self.connect() for _ in range(connections)]
            wait_until(lambda expected=expected: [self.values()[name,] for name in names] == expected, "sessions")
        self.assertEqual(self.values()["faults_total", "session"], 0)
        opened[0].sendall(b"\xff\xff\xff\xff")
        wait_until(lambda: [self.values()[name,] for name in names] == [1, 2], "end of a session")
        wait_until(lambda: self.values()["faults_total", "session"] == 1, "fault")
        # One that the mail server ends is no fault.
        opened[1].close()
        wait_until(lambda: [self.values()[name,] for name in names] == [0, 2], "end of a session")
        self.assertEqual((self.values()["faults_total", "session"], self.values()["faults_total", "resources"]), (1, 0))

    def test_reloads(self):
        milter = self.milter(KEYS)
        for text, good, failed in [(KEYS, 1, 0), (KEYS.replace("number", "numbr"), 1, 1), (KEYS, 2, 1)]:
            milter.write(text)
            milter.signal(signal.SIGHUP)
            expected = {("reloads_total", "good"): good, ("reloads_total", "failed"): failed}
            wait_until(lambda expected=expected: expected.items() <= self.values().items(), "reload")
            self.assertEqual(self.values()["last_reload_successful",], int(text == KEYS))
        milter.section = milter.section.replace("metrics", "# metrics")
        milter.write(KEYS)
        milter.signal(signal.SIGHUP)
        milter.wait_for_log("milter.socket, milter.group, milter.metrics and milter.connections take effect when")
        self.assertEqual(self.values()["reloads_total", "good"], 3)

    def test_keys_and_warnings(self):
        key = '[[key]]\nnumber = {}\nuse = "{}"\nsecret = "a secret of 16 octets or more"\n{}\nfor = ["{}"]\n'
        self.milter(
            key.format(0, "verify", "created = 2024-06-04", "example.test")
            + key.format(1, "sign", "created = 2026-01-31", "example.test")
            + key.format(0, "sign", "", "example.org")
            + '[policy]\nmonitor = true\ndefault-domain = "example.test"\n'
        )
        values = self.values()

        def remaining(year, month, day):
            return (900 - (date(2026, 11, 22) - date(year, month, day)).days) * 86400

        name = "key_remaining_seconds"
        self.assertEqual(
            {sample: value for sample, value in values.items() if sample[0] == name},
            {
                (name, "example.test", "0", "verify"): remaining(2024, 6, 4),
                (name, "example.test", "1", "sign"): remaining(2026, 1, 31),
            },
        )
        # Of the key that is too old, and of monitor mode.
        self.assertEqual(values["config_warnings",], 2)

    def test_a_socket_that_cannot_be_made_ends_it_at_once(self):
        taken = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        port, file = f"inet:127.0.0.1:{taken.getsockname()[1]}", f"unix:{self.folder}/no/metrics.sock"
        for address, options, expected in [
            (port, [], (2, "Address already in use (os error 98)")),
            # It may be the daemon itself.
            (port, ["--check"], (0, "in use, so not tested")),
            (file, [], (2, "No such file or directory (os error 2)")),
            (file, ["--check"], (2, "No such file or directory (os error 2)")),
        ]:
            milter = self.milter(KEYS, address, start=False)
            command = [MILTER, "--config", milter.config, *options]
            run = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
            last = run.stderr.splitlines()[-1]
            self.assertEqual((run.returncode, last), (expected[0], f"{address}: {expected[1]}"))
            self.assertFalse(self.socket.exists())

    def test_a_socket_in_the_file_system(self):
        path = self.folder / "metrics.sock"
        milter = self.milter(KEYS, f"unix:{path}")
        listens = f"batv-milter 0.1.0 listens on unix:{self.socket}, and for metrics on unix:{path}"
        self.assertIn(listens, milter.log.splitlines())
        self.assertEqual(path.stat().st_mode & 0o777, 0o660)
        command = ["curl", "--silent", "--show-error", "--fail", "--unix-socket", path, "http://batv/metrics"]
        run = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=True)
        self.assertEqual(samples(run.stdout)["sessions_total",], 0)
        milter.stop()
        self.assertFalse(path.exists())


class Prometheus(Daemons):
    def test_promtool_finds_nothing_to_criticize(self):
        self.milter(KEYS.replace("number = 0", "number = 0\ncreated = 2026-11-22"))
        text = get(f"{self.address}/metrics")
        self.assertEqual(text.count("\n# TYPE "), 8)
        command = [PROMTOOL, "check", "metrics"]
        run = subprocess.run(command, input=text, capture_output=True, text=True, timeout=DEADLINE, check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_it_scrapes_as_documented_and_takes_the_rules(self):
        self.milter(KEYS)
        port = free_port()
        (self.folder / "batv-alerts.yml").write_text(documented("batv-alerts.yml", "metrics.md"))
        config = documented("prometheus.yml", "metrics.md").replace("127.0.0.1:9891", self.address)
        (self.folder / "prometheus.yml").write_text("global: {scrape_interval: 1s, evaluation_interval: 1s}\n" + config)
        arguments = [f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data"]
        daemon = Daemon([PROMETHEUS, *arguments, f"--web.listen-address=127.0.0.1:{port}"])
        self.addCleanup(daemon.stop)

        def ask(what):
            if daemon.has_ended():
                raise RuntimeError("Prometheus ended")
            try:
                return json.loads(get(f"127.0.0.1:{port}/api/v1/{what}"))["data"]
            except OSError:
                return None

        def value(query):
            answer = ask(f"query?query={query}")
            return answer and [sample["value"][1] for sample in answer["result"]]

        wait_until(lambda: value("up") == ["1"], "scrape")
        wait_until(lambda: value("batv_milter_config_warnings") == ["1"], "value")
        self.assertEqual(value("count(batv_milter_decisions_total)"), ["5"])

        def health():
            answer = ask("rules")
            return {rule["name"]: rule["health"] for group in answer["groups"] for rule in group["rules"]}

        names = ["BatvMilterDown", "BatvReloadFailed", "BatvKeyOld", "BatvBadSignatures"]
        wait_until(lambda: health() == dict.fromkeys(names, "ok"), "rules")

    def test_the_rules_say_what_they_should_and_when(self):
        (self.folder / "batv-alerts.yml").write_text(documented("batv-alerts.yml", "metrics.md"))
        tests = self.folder / "alerts.yml"
        tests.write_text((Path(__file__).parent / "alerts.yml").read_text())
        command = [PROMTOOL, "test", "rules", tests]
        run = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ""), run.stdout)


if __name__ == "__main__":
    unittest.main()
