#!/usr/bin/env python3
"""Compares batv's calls with calls that do nothing and with the same in pure Python.

Each round times all of them one after another; what counts is the median of the rounds'
ratios, which a busy machine disturbs less than a time. Prints a row for each: what, compared with
what, the ratio, the bar it may not exceed. A missed bar is exit status 1.
"""

import hmac
import re
import statistics
import sys
import threading
import timeit
from collections.abc import Callable

import batv
import batv_noop  # type: ignore[import-not-found]  # built by tests/bench/python

ROUNDS = 60
CALLS = 2_000
THREADS = 8
NO_OP_BAR = 5.0
PURE_PYTHON_BAR = 0.1

SECRET = b"a secret of 16 octets or more"
TIME = 1_795_348_800
DAY = 86_400


class PureKeyRing:
    """What a Python person would write: one secret, unquoted addresses, the prefix syntax."""

    ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)*\.?")
    TAGGED = re.compile(r"prvs=([0-9]{4})([0-9a-f]{6})=(.+)", re.IGNORECASE)

    def __init__(self, secret: bytes) -> None:
        self.secret = secret

    def sign(self, address: str, at: int) -> str:
        """Sign an address."""
        if not self.ADDRESS.fullmatch(address):
            raise ValueError(address)
        if self.TAGGED.fullmatch(address):
            return address
        value = f"1{(at // DAY + 7) % 1000:03}"
        source = f"{value}{address.lower()}".encode()
        digest = hmac.digest(self.secret, source, "sha1")[:3].hex()
        return f"prvs={value}{digest}={address}"

    def verify(self, address: str, at: int) -> tuple[str, str | None, int | None, int | None]:
        """Judge an address."""
        if not self.ADDRESS.fullmatch(address):
            raise ValueError(address)
        tagged = self.TAGGED.fullmatch(address)
        if not tagged:
            return "missing", None, None, None
        value, digest, original = tagged.groups()
        source = f"{value}{original.lower()}".encode()
        expected = hmac.digest(self.secret, source, "sha1")[:3].hex()
        if not hmac.compare_digest(expected, digest.lower()):
            return "bad-signature", None, None, None
        days_left = (int(value[1:]) - at // DAY) % 1000
        if days_left > 100:
            return "expired", original, int(value[0]), 0
        return "pass", original, int(value[0]), days_left


def seconds(call: Callable[[str, int], object], address: str) -> float:
    """Time one call."""
    names = {"call": call, "address": address, "at": TIME}
    return timeit.timeit("call(address, at)", globals=names, number=CALLS) / CALLS


def in_threads(call: Callable[[str, int], object], address: str) -> float:
    """Time one call when eight threads call at once, by the wall clock."""
    start = threading.Barrier(THREADS + 1)

    def work() -> None:
        start.wait()
        for _ in range(CALLS):
            call(address, TIME)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    start.wait()
    began = timeit.default_timer()
    for thread in threads:
        thread.join()
    return (timeit.default_timer() - began) / CALLS / THREADS


def main() -> int:
    """Run the benchmark."""
    keys, no_op, pure = batv.KeyRing({1: SECRET}), batv_noop.KeyRing(), PureKeyRing(SECRET)
    signed = keys.sign("user@example.com", TIME)
    assert pure.sign("user@example.com", TIME) == signed
    assert pure.verify(signed, TIME)[0] == keys.verify(signed, TIME).verdict == "pass"

    missed = 0
    for name, address in (("sign", "user@example.com"), ("verify", signed)):
        ours, nothing, python = (getattr(ring, name) for ring in (keys, no_op, pure))
        rounds = [
            (
                seconds(ours, address),
                seconds(nothing, address),
                seconds(python, address),
                in_threads(ours, address),
            )
            for _ in range(ROUNDS)
        ]
        call = statistics.median(ours for ours, *_ in rounds)
        print(f"Python {name}: {call * 1e9:.0f} ns a call", file=sys.stderr)
        for against, ratios, bar in (
            ("call that does nothing", [ours / nothing for ours, nothing, *_ in rounds], NO_OP_BAR),
            ("pure Python", [ours / python for ours, _, python, _ in rounds], PURE_PYTHON_BAR),
            (f"{THREADS} threads to 1", [threads / ours for ours, *_, threads in rounds], None),
        ):
            ratio = statistics.median(ratios)
            missed += bar is not None and ratio > bar
            print(f"Python {name}", against, f"{ratio:.2f}", bar or "", sep="\t")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
