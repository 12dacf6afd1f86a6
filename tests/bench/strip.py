#!/usr/bin/env python3
"""strip.py BATV: times `batv strip` on a million addresses against GNU sed, which knows one form of tag.

The addresses are those of the vectors, half of them signed. The two take turns, so that both see the
same drift of the machine's clock speed. Prints one line: what, compared with what, the ratio of the
median times, the bar.
"""

import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 11
ADDRESSES = 1_000_000
BAR = 1.0
VECTORS = Path(__file__).parent.parent / "vectors" / "vectors.tsv"
# All that these addresses need: both print the same.
SED = ["sed", "-E", "s/^prvs=[0-9]{4}[0-9a-f]{6}=//I"]


def addresses() -> bytes:
    """A million lines."""
    rows = [line.split(b"\t")[3:] for line in VECTORS.read_bytes().splitlines() if not line.startswith(b"#")]
    both = [address for row in rows for address in row]
    return b"".join(address + b"\n" for address in itertools.islice(itertools.cycle(both), ADDRESSES))


def run(command: list[str], path: Path, output: int) -> bytes:
    with path.open("rb") as lines:
        done = subprocess.run(command, stdin=lines, stdout=output, env={**os.environ, "LC_ALL": "C"}, check=True)
    return done.stdout


def seconds(command: list[str], path: Path) -> float:
    start = time.perf_counter()
    run(command, path, subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    batv = [sys.argv[1], "strip"]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "addresses"
        path.write_bytes(addresses())
        if run(batv, path, subprocess.PIPE) != run(SED, path, subprocess.PIPE):
            sys.exit("batv strip and sed differ")
        times = [(seconds(batv, path), seconds(SED, path)) for _ in range(ROUNDS)]
    ours, seds = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"batv strip, {ADDRESSES:,} addresses", "GNU sed", f"{ours / seds:.2f}", BAR, sep="\t")


main()
