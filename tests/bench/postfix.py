#!/usr/bin/env -S python3 -B
"""Compares Postfix with batv-milter and Postfix with other milters.

One leads the same dialogue and changes every sender to the same, one does nothing, and one is the pymilter
example. Messages come in by several connections at once, and are signed and discarded. All run all the time and
take short turns, so that all see the same drift of the machine.
"""

import concurrent.futures
import ctypes
import os
import re
import subprocess
import sys
import time

import environment
from table import CARGO, ROOT, TARGET, in_turns, rounds, row

sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/postfix")]

import servers  # noqa: E402
from case import ALICE, KEYS  # noqa: E402
from mail import transaction  # noqa: E402
from python_milter import INTERNAL, PythonMilter  # noqa: E402

CONFIG = KEYS + INTERNAL
MESSAGES = 50
AT_ONCE = 4
SETTINGS = "default_transport = discard\nrelayhost =\nsmtpd_client_message_rate_limit = 0"
DISCARD = "discard unix - - n - - discard"


def processor_seconds(pid):
    """The time that all threads of a process had on a processor, those that have ended too."""
    clock = ctypes.c_int()
    if ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock)):
        raise ProcessLookupError(pid)
    return time.clock_gettime(clock.value)


def messages(postfix):
    """The seconds that so many messages take by each connection: on the clock, and of the milter's processor time."""

    def send(_):
        with postfix.client("127.0.0.1") as client:
            for _ in range(MESSAGES):
                assert transaction(client, "alice@example.test", "bob@example.net")[-1].startswith("250")

    start, before = time.perf_counter(), processor_seconds(postfix.milter.pid)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(send, range(AT_ONCE)))
    return time.perf_counter() - start, processor_seconds(postfix.milter.pid) - before


def postfix(*floor):
    """A Postfix with batv-milter, or with this milter."""
    made = servers.Postfix(CONFIG, date=None, settings=SETTINGS, services=DISCARD)
    if floor:
        # Postfix may write to its socket.
        everybody = ["sh", "-c", 'umask 0 && exec "$0" "$@"']
        program, *arguments = floor
        made.milter.command = [*everybody, TARGET / "release/examples" / program, socket(made), *arguments]
    return made


def socket(postfix):
    return postfix.queue / "batv/milter.sock"


def main():
    subprocess.run(["tests/postfix/set-up"], cwd=ROOT, check=True)
    os.environ["BATV_PYTHON"] = str(environment.make("pymilter"))
    build = [CARGO, "build", "--quiet", "--locked", "--release", "--package", "batv-milter", "--bins", "--examples"]
    subprocess.run(build, cwd=ROOT, check=True)
    servers.MILTER = TARGET / "release/batv-milter"
    ours, constant, nothing, example = postfix(), postfix("constant", f"<{ALICE}>"), postfix("constant"), postfix()
    example.milter = PythonMilter(example.folder, f"unix:{socket(example)}")
    example.milter.write(CONFIG)
    with ours, constant, nothing, example:
        # Twice in every order.
        count = rounds(48)
        measured = in_turns(count, messages, [ours, constant, nothing, example])
        for server in [ours, constant, nothing, example]:
            server.wait_for_log("status=sent", count * MESSAGES * AT_ONCE)
            signed = re.findall(r"from=<prvs=0\d{3}[0-9a-f]{6}=alice@example\.test>, size", server.log)
            assert len(signed) == (0 if server is nothing else count * MESSAGES * AT_ONCE)
    seconds, processor = ([[turn[kind] for turn in turns] for turns in measured] for kind in (0, 1))
    what = "Postfix: message signed"
    row(what, "a constant sender", [(ours, constant) for ours, constant, _, _ in seconds], 1.03)
    row(what, "milter doing nothing", [(ours, nothing) for ours, _, nothing, _ in seconds])
    row(what, "pymilter example", [(ours, example) for ours, _, _, example in seconds])
    what = "Postfix: the milter's processor time"
    row(what, "pymilter example", [(ours, example) for ours, _, _, example in processor], 0.5)


main()
