"""How the benchmarks written in Python are called, and what they print."""

import os
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CARGO = os.environ.get("CARGO", "cargo")
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).absolute()


def rounds(usual):
    """How many rounds to measure: as many as the argument says, else so many as are good for a figure."""
    return int(sys.argv[1]) if len(sys.argv) > 1 else usual


def row(what, compared_with, pairs, bar):
    """A row of the table, from the times of both in each round: the median of the rounds' ratios counts."""
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    print(what, compared_with, f"{ratio:.2f}", bar, sep="\t", flush=True)
