#!/usr/bin/env -S python3 -B
"""Times Exim with libbatv against the same configuration with Exim's own ${prvs}.

Each judges a session with two bounces, of which one has a good tag, and signs and delivers a message: with
the keys of ten domains in a file, those of 100,000 in cdb, and one secret for ${prvs}. The daemons run all the
time and take short turns, so that all see the same drift of the machine.
"""

import concurrent.futures
import itertools
import os
import re
import socket
import subprocess
import sys
import time

from table import ROOT, TARGET, in_turns, rounds, row

os.environ["PATH"] += f":/usr/sbin:{TARGET}/debian/usr/sbin"
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/exim")]

from configuration import with_block  # noqa: E402
from mail import DEADLINE, OUTSIDE  # noqa: E402
from servers import EXIM, Exim  # noqa: E402

OTHERS = ", ".join(f'"example-{number}.test"' for number in range(9))
KEYS = f'[[key]]\nnumber = 0\nsecret = "secret"\nfor = ["example.test", {OTHERS}]\n'
POLICY = '[policy]\nexempt = ["postmaster@*", "abuse@*"]\n'
DOMAINS = 100_000
# A message waits until it is delivered by name.
QUEUE = "queue_only = true\n"
SESSIONS = 20
AT_ONCE = 4
DELIVERIES = 4


def with_prvs(config):
    """The configuration as Exim's manual would have it, with a line in the log for each decision too."""
    for ours, theirs in [
        (r"^notifier_socket = .*\\\n.*\n", ""),
        (r"^  deny    set acl_m_batv = (.*\n){4}", DENY),
        (r"^  data = .*\\\n.*", "  data = ${prvscheck{${quote_local_part:$local_part}@$domain}{secret}}"),
        (r"^  accept  logwrite = .*\\\n.*", "  accept  logwrite = batv: dir=out from=<$acl_arg1> reason=signed"),
        (r"^  return_path = .*\\\n.*", f"  return_path = {RETURN_PATH}"),
    ]:
        config, count = re.subn(ours, lambda _, theirs=theirs: theirs, config, flags=re.MULTILINE)
        assert count == 1, ours
    return config


DENY = """\
  deny    senders = :
          logwrite = batv: dir=in from=<$sender_address> to=<$local_part@$domain> client=$sender_host_address
          ! condition = ${prvscheck{${quote_local_part:$local_part}@$domain}{secret}{$prvscheck_result}}
          message = 550 5.7.1 Not a bounce of mail sent from here (BATV: the address has no tag)
"""

RETURN_PATH = "${if def:return_path {${acl{batv_log}{$return_path}}${prvs{$return_path}{secret}{0}}}}"


def with_cdb():
    """An Exim that finds the keys of many domains in cdb, and the rules in a file."""

    def change(config):
        return QUEUE + with_block(config, "keys from cdb").replace("/etc/exim4/batv.", f"{exim.folder}/batv.")

    exim = Exim(POLICY, date=None, change=change)
    lines = [f"domain-{number}.test 0:secret-{number}\n" for number in range(DOMAINS - 1)]
    lines.insert(DOMAINS // 2, "example.test 0:secret\n")
    subprocess.run(["cdb", "-c", "-m", exim.folder / "batv.cdb"], input="".join(lines), text=True, check=True)
    return exim


class Client:
    """A session, as far as it goes by codes."""

    def __init__(self, exim, source):
        self._socket = socket.create_connection(("127.0.0.1", exim.port), DEADLINE, (source, 0))
        self._replies = self._socket.makefile("rb")
        self._reply()
        assert self.ask(b"EHLO client.example\r\n") == [b"250"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Exim holds back its reply to this for 200 ms.
        self._socket.sendall(b"QUIT\r\n")
        self._socket.close()

    def _reply(self):
        while (line := self._replies.readline())[3:4] == b"-":
            pass
        return line[:3]

    def ask(self, *commands):
        """What Exim replies to these commands, sent at once."""
        self._socket.sendall(b"".join(commands))
        return [self._reply() for _ in commands]


def session(exim, tagged):
    """Two bounces in one session."""
    recipients = [b"RCPT TO:<%b>\r\n" % address for address in [tagged.encode(), b"alice@example.test"]]
    with Client(exim, OUTSIDE) as client:
        assert client.ask(b"MAIL FROM:<>\r\n", *recipients) == [b"250", b"250", b"550"]


def sessions(pool, exim, tagged):
    """The seconds of so many sessions."""
    start = time.perf_counter()
    list(pool.map(lambda _: session(exim, tagged), range(SESSIONS)))
    return time.perf_counter() - start


def queued(exim, count):
    """The names of so many messages that wait in the queue."""
    with Client(exim, "127.0.0.1") as client:
        for _ in range(count):
            assert client.ask(b"MAIL FROM:<alice@example.test>\r\n") == [b"250"]
            assert client.ask(b"RCPT TO:<bob@example.net>\r\n", b"DATA\r\n") == [b"250", b"354"]
            assert client.ask(b"Subject: test\r\n\r\ntest\r\n.\r\n") == [b"250"]
    names = [path.name.removesuffix("-H") for path in (exim.folder / "spool/input").glob("*-H")]
    assert len(names) == count
    return iter(names)


def deliveries(exim, messages):
    """The seconds of so many deliveries. Each is a process of its own, as after the end of a session."""
    start = time.perf_counter()
    for message in itertools.islice(messages, DELIVERIES):
        subprocess.run([EXIM, "-C", exim.config, "-Mc", message], check=True)
    return time.perf_counter() - start


def rows(what, times, bars):
    """A row for the keys of a file, and one for those in cdb."""
    cdb = f"{what}, {DOMAINS:,} domains in cdb"
    row(what, "Exim's own ${prvs}", [(file, prvs) for file, _, prvs in times], bars[0])
    row(cdb, "Exim's own ${prvs}", [(many, prvs) for _, many, prvs in times], bars[1])


def main():
    subprocess.run(["tests/exim/set-up"], cwd=ROOT, check=True)
    count = rounds(100)
    with (
        Exim(KEYS, date=None, change=lambda config: QUEUE + config) as file,
        with_cdb() as many,
        Exim(KEYS, date=None, change=lambda config: QUEUE + with_prvs(config)) as prvs,
        concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        exims = [file, many, prvs]
        tagged = prvs.expand("${prvs{alice@example.test}{secret}{0}}")
        times = in_turns(count, lambda exim: sessions(pool, exim, tagged), exims)
        rows("Exim: session", times, [1.05, 1.15])

        messages = {exim: queued(exim, count * DELIVERIES) for exim in exims}
        times = in_turns(count, lambda exim: deliveries(exim, messages[exim]), exims)
        rows("Exim: delivery", times, [1.08, 1.1])
        for exim in exims:
            envelopes = exim.world.wait_for(count * DELIVERIES)
            assert {envelope.mail_from for envelope in envelopes} == {tagged}


main()
