#!/usr/bin/env python3
"""Times SMTP sessions of Exim with libbatv against the same configuration with Exim's own ${prvs}.

In a session come two bounces, one with a good tag and one without. Both daemons run all the time and take
short turns, so that both see the same drift of the machine. Prints one line: what, compared with what, the
median of the rounds' ratios of times, the bar.
"""

import concurrent.futures
import re
import socket
import statistics
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "exim")]

from mail import OUTSIDE  # noqa: E402
from servers import Exim  # noqa: E402

KEYS = '[[key]]\nnumber = 0\nsecret = "secret"\nfor = ["example.test"]\n'
ROUNDS = 240
SESSIONS = 20
AT_ONCE = 4
# 0.97 of the sessions a second.
BAR = 1.03


def with_prvs(config):
    """The configuration as Exim's manual would have it."""
    for ours, theirs in [
        (r"^notifier_socket = .*\\\n.*\n", ""),
        (r"^  deny    set acl_m_batv = (.*\\\n)*.*\n.*\n.*\n", DENY),
        (r"data = .*", "data = ${prvscheck{${quote_local_part:$local_part}@$domain}{secret}}"),
        (r"return_path = .*\\\n.*", "return_path = ${if def:return_path {${prvs{$return_path}{secret}{0}}}}"),
    ]:
        config, count = re.subn(ours, lambda _, theirs=theirs: theirs, config, flags=re.MULTILINE)
        assert count == 1, ours
    return config


DENY = """\
  deny    senders = :
          ! condition = ${prvscheck{${quote_local_part:$local_part}@$domain}{secret}{$prvscheck_result}}
          message = 550 5.7.1 Not a bounce of mail sent from here (BATV: the address has no tag)
"""


def session(port, commands):
    with socket.socket() as client:
        client.settimeout(30)
        client.bind((OUTSIDE, 0))
        client.connect(("127.0.0.1", port))
        replies = client.makefile("rb")

        def codes():
            while (line := replies.readline())[3:4] == b"-":
                pass
            return line[:3]

        codes()
        client.sendall(b"EHLO client.example\r\n")
        codes()
        client.sendall(commands)
        assert [codes(), codes(), codes()] == [b"250", b"250", b"550"]
        # Exim holds back its reply to this for 200 ms.
        client.sendall(b"QUIT\r\n")


def seconds(pool, exim, commands):
    start = time.perf_counter()
    list(pool.map(lambda _: session(exim.port, commands), range(SESSIONS)))
    return time.perf_counter() - start


def main():
    with (
        Exim(KEYS, date=None) as ours,
        Exim(KEYS, date=None, change=with_prvs) as theirs,
        concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        tagged = ours.expand("${prvs{alice@example.test}{secret}{0}}")
        commands = f"MAIL FROM:<>\r\nRCPT TO:<{tagged}>\r\nRCPT TO:<alice@example.test>\r\n".encode()
        # Whoever is first in a round has the colder caches, so they take turns at that too.
        pair = [ours, theirs]
        rounds = []
        for number in range(ROUNDS):
            order = pair if number % 2 else pair[::-1]
            times = {exim: seconds(pool, exim, commands) for exim in order}
            rounds.append([times[exim] for exim in pair])
    ratio = statistics.median(mine / prvs for mine, prvs in rounds)
    print("Exim session with dlfunc", "Exim's own ${prvs}", f"{ratio:.2f}", BAR, sep="\t")


main()
