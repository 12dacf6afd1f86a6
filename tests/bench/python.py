#!/usr/bin/env -S python3 -B
"""Compares batv's calls with calls that do nothing and with the same in pure Python.

Each round times all of them one after another; what counts is the median of the rounds' ratios, which a
busy machine disturbs less than a time. The modules are built and installed into an environment of their own,
in which this program is run once more.
"""

import hmac
import re
import shutil
import subprocess
import sys
import threading
import timeit
from collections.abc import Callable
from pathlib import Path

import environment
from table import CARGO, ROOT, TARGET, rounds, row

CALLS = 2_000
THREADS = 8

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


IMPORT = """
import time
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)
"""


def import_seconds(module: str) -> float:
    """Time an import in a process of its own."""
    return float(subprocess.check_output([sys.executable, "-I", "-c", IMPORT.format(module=module)]))


def measure() -> None:
    """Run the benchmark."""
    import batv
    import batv_noop

    pairs = [(import_seconds("batv"), import_seconds("dataclasses")) for _ in range(rounds(60))]
    row("Python: import batv", "import dataclasses", pairs, 1.0)

    keys, no_op, pure = batv.KeyRing({1: SECRET}), batv_noop.KeyRing(), PureKeyRing(SECRET)
    signed = keys.sign("user@example.com", TIME)
    assert pure.sign("user@example.com", TIME) == signed
    assert pure.verify(signed, TIME)[0] == keys.verify(signed, TIME).verdict == "pass"
    for name, address, bar in (("sign", "user@example.com", 4.0), ("verify", signed, 3.0)):
        ours, nothing, python = (getattr(ring, name) for ring in (keys, no_op, pure))
        times = [
            (seconds(ours, address), seconds(nothing, address), seconds(python, address), in_threads(ours, address))
            for _ in range(rounds(60))
        ]
        row(f"Python: {name}", "call that does nothing", [(ours, nothing) for ours, nothing, *_ in times], bar)
        row(f"Python: {name}", "pure Python", [(ours, python) for ours, _, python, _ in times], 0.1)
        row(f"Python: {name}, {THREADS} threads", "one thread", [(many, one) for one, *_, many in times], 1.5)


def build() -> Path:
    """Make the environment: its Python."""
    python = environment.make()
    noop = ["build", "--quiet", "--locked", "--release", "--package", "batv-python-noop"]
    subprocess.run([CARGO, *noop], cwd=ROOT / "batv-python", check=True)
    where = subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))"], text=True)
    shutil.copy(TARGET / "release/libbatv_noop.so", Path(where.strip()) / "batv_noop.so")
    return python


environment.enter(build)
measure()
