"""How the benchmarks written in Python are called, how they take turns, and what they print."""

import itertools
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


def in_turns(count, measure, contestants):
    """What is measured of each in each round.

    Whoever is first has the colder caches, and a server still delivers the mail of its turn when the next one is
    measured: so the turns are taken in every order.
    """
    measured = []
    for order in itertools.islice(itertools.cycle(itertools.permutations(contestants)), count):
        of_round = {contestant: measure(contestant) for contestant in order}
        measured.append([of_round[contestant] for contestant in contestants])
    return measured


def row(what, compared_with, pairs, bar=None):
    """A row of the table, from what was measured of both in each round: the median of the rounds' ratios counts.

    Without a bar the ratio is only told.
    """
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    print(what, compared_with, f"{ratio:.2f}", "-" if bar is None else bar, sep="\t", flush=True)
