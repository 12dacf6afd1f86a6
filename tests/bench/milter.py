#!/usr/bin/env -S python3 -B
"""Compares the memory of batv-milter and of the pymilter example: at rest, with many sessions, after many messages.

A client speaks the milter protocol with them, without a mail server. Memory is what a process has in RAM.
"""

import concurrent.futures
import contextlib
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import environment
from table import CARGO, ROOT, TARGET, in_turns, rounds, row


def build():
    command = [CARGO, "build", "--quiet", "--locked", "--release", "--package", "batv-milter"]
    subprocess.run(command, cwd=ROOT, check=True)
    return environment.make("pymilter", "miltertest")


environment.enter(build)
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/postfix")]

import batv  # noqa: E402
import servers  # noqa: E402
from mail import DEADLINE, wait_until  # noqa: E402
from miltertest import MilterConnection, codec, constants  # noqa: E402
from python_milter import INTERNAL, PythonMilter  # noqa: E402

servers.MILTER = TARGET / "release/batv-milter"
os.environ["BATV_PYTHON"] = sys.executable

SECRET = "a secret of 16 octets or more"
CONFIG = f'[[key]]\nnumber = 0\nsecret = "{SECRET}"\nfor = ["example.test"]\n[policy]\n{INTERNAL}'
KEY_RING = batv.KeyRing({0: SECRET.encode()})
ALICE, BOB = "alice@example.test", "bob@example.net"
INSIDE, OUTSIDE = "127.0.0.1", servers.STRANGER
CONTINUE = (constants.SMFIR_CONTINUE, {})
CHANGES = constants.SMFIF_CHGFROM | constants.SMFIF_ADDRCPT | constants.SMFIF_DELRCPT
SESSIONS = 1_000
# Messages of a round, and of a session.
MESSAGES, OF_A_SESSION = 5_000, 10
AT_ONCE = 4

# The ESMTP arguments of a changed sender are sent only when there are some.
codec.codec[constants.SMFIR_CHGFROM] = (("from", "str"),)


@contextlib.contextmanager
def running(kind):
    """A milter that has just been started."""
    with tempfile.TemporaryDirectory(prefix="batv-bench-") as folder:
        milter = kind(Path(folder), f"unix:{folder}/milter.sock")
        milter.write(CONFIG)
        milter.start()
        try:
            yield milter
        finally:
            # The example would take some seconds to end by itself.
            milter.signal(signal.SIGKILL)
            milter.wait()


def memory(milter):
    """Megabytes."""
    status = Path(f"/proc/{milter.pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)[1]) / 1000


@contextlib.contextmanager
def session(milter, client):
    """A connection on which a client of this address has come. By version 2 both milters answer every event."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(DEADLINE)
        path = str(milter.config.parent / "milter.sock")
        wait_until(lambda: connection.connect_ex(path) == 0, "connection")
        server = MilterConnection(connection)
        server.optneg_mta(CHANGES, constants.SMFI_V2_PROT)
        server.send_macro(constants.SMFIC_CONNECT, v="Postfix 3.7.11")
        server.send(constants.SMFIC_CONNECT, hostname="client", family="4", port=25, address=client)
        yield server
        server._send(constants.SMFIC_QUIT)


def begin(server, sender, recipient):
    """A message as far as the reply to its first recipient."""
    server.send_macro(constants.SMFIC_MAIL, **{"{mail_addr}": sender})
    server.send(constants.SMFIC_MAIL, args=[f"<{sender}>"])
    return add(server, recipient)


def add(server, recipient):
    """The reply to one more recipient."""
    server.send_macro(constants.SMFIC_RCPT, i="4XyZ", **{"{rcpt_addr}": recipient})
    command, _ = server.send_ar(constants.SMFIC_RCPT, args=[f"<{recipient}>"])
    return command


def end(server):
    """The changes at the end of a message."""
    *changes, last = server.send_eom()
    assert last == CONTINUE
    return [command for command, _ in changes]


def at_rest_and_with_sessions(kind):
    """The memory of a milter that has just been started, and of the same with sessions in mid-message."""
    with running(kind) as milter, contextlib.ExitStack() as sessions:
        at_rest = memory(milter)
        for _ in range(SESSIONS):
            server = sessions.enter_context(session(milter, INSIDE))
            assert begin(server, ALICE, BOB) == constants.SMFIR_CONTINUE
        return at_rest, memory(milter)


def send_messages(milter, client):
    """A session, with mail that is signed from inside, and bounces from outside to a bare and a tagged address."""
    tagged = KEY_RING.sign(ALICE)
    with session(milter, client) as server:
        for _ in range(OF_A_SESSION):
            if client == INSIDE:
                assert begin(server, ALICE, BOB) == constants.SMFIR_CONTINUE
                assert end(server) == [constants.SMFIR_CHGFROM]
            else:
                assert begin(server, "", ALICE) == constants.SMFIR_REPLYCODE
                assert add(server, tagged) == constants.SMFIR_CONTINUE
                assert end(server) == [constants.SMFIR_DELRCPT, constants.SMFIR_ADDRCPT]


def after_messages(count):
    """The memory after each round of messages."""
    clients = [INSIDE, OUTSIDE] * (MESSAGES // OF_A_SESSION // 2)
    with running(servers.Milter) as milter, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(count):
            list(pool.map(lambda client: send_messages(milter, client), clients))
            yield memory(milter)


def main():
    count = rounds(20)
    measured = in_turns(count, at_rest_and_with_sessions, [servers.Milter, PythonMilter])
    for number, (what, bar) in enumerate([("at rest", 0.25), (f"{SESSIONS:,} sessions", 1.0)]):
        pairs = [(ours[number], theirs[number]) for ours, theirs in measured]
        ours, theirs = (statistics.median(values) for values in zip(*pairs, strict=True))
        row(f"batv-milter, {what}: {ours:.1f} MB", f"pymilter's: {theirs:.1f} MB", pairs, bar)

    after = list(after_messages(count))
    early = min(2, count)
    what = f"batv-milter after {count * MESSAGES:,} messages"
    row(what, f"after {early * MESSAGES:,}", [(after[-1], after[early - 1])], 1.1)


main()
