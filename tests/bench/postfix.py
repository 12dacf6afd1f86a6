#!/usr/bin/env -S python3 -B
"""Times Postfix with batv-milter against the same dialogue with a milter that changes every sender to the same.

Messages come in by several connections at once, and are signed and discarded. Both run all the time and take
short turns, so that both see the same drift of the machine.
"""

import concurrent.futures
import re
import subprocess
import sys
import time

from table import CARGO, ROOT, TARGET, rounds, row

sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/postfix")]

import servers  # noqa: E402
from case import ALICE, KEYS  # noqa: E402
from mail import transaction  # noqa: E402

MESSAGES = 50
AT_ONCE = 4
SETTINGS = "default_transport = discard\nrelayhost =\nsmtpd_client_message_rate_limit = 0"
DISCARD = "discard unix - - n - - discard"


def messages(postfix):
    """The seconds that so many messages take by each connection."""

    def send(_):
        with postfix.client("127.0.0.1") as client:
            for _ in range(MESSAGES):
                assert transaction(client, "alice@example.test", "bob@example.net")[-1].startswith("250")

    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(send, range(AT_ONCE)))
    return time.perf_counter() - start


def main():
    subprocess.run(["tests/postfix/set-up"], cwd=ROOT, check=True)
    build = [CARGO, "build", "--quiet", "--locked", "--release", "--package", "batv-milter", "--bins", "--examples"]
    subprocess.run(build, cwd=ROOT, check=True)
    servers.MILTER = TARGET / "release/batv-milter"
    options = {"date": None, "settings": SETTINGS, "services": DISCARD}
    ours, constant = servers.Postfix(KEYS, **options), servers.Postfix(KEYS, **options)
    socket = constant.queue / "batv/milter.sock"
    everybody = ["sh", "-c", 'umask 0 && exec "$0" "$@"']
    constant.milter.command = [*everybody, TARGET / "release/examples/constant", socket, f"<{ALICE}>"]
    count = rounds(40)
    with ours, constant:
        pairs = []
        for number in range(count):
            first, second = (ours, constant) if number % 2 else (constant, ours)
            times = {first: messages(first), second: messages(second)}
            pairs.append((times[ours], times[constant]))
        for postfix in [ours, constant]:
            postfix.wait_for_log("status=sent", count * MESSAGES * AT_ONCE)
            signed = re.findall(r"from=<prvs=0\d{3}[0-9a-f]{6}=alice@example\.test>, size", postfix.log)
            assert len(signed) == count * MESSAGES * AT_ONCE
    row("Postfix: message signed", "a constant sender", pairs, 1.03)


main()
