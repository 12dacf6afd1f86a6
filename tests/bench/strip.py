#!/usr/bin/env -S python3 -B
"""Times `batv strip` on a million addresses against GNU sed, which knows one form of tag.

The addresses are those of the vectors, half of them signed. The two take turns, so that both see the
same drift of the machine's clock speed.
"""

import itertools
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from table import CARGO, ROOT, TARGET, rounds, row

ADDRESSES = 1_000_000
VECTORS = ROOT / "tests/vectors/vectors.tsv"
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
    subprocess.run([CARGO, "build", "--quiet", "--locked", "--release", "--package", "batv-cli"], cwd=ROOT, check=True)
    batv = [str(TARGET / "release/batv"), "strip"]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "addresses"
        path.write_bytes(addresses())
        if run(batv, path, subprocess.PIPE) != run(SED, path, subprocess.PIPE):
            sys.exit("batv strip and sed differ")
        pairs = [(seconds(batv, path), seconds(SED, path)) for _ in range(rounds(11))]
    row("batv strip, 1,000,000 addresses", "GNU sed", pairs, 1.0)


main()
