#!/usr/bin/env -S python3 -B
"""Prints one table of how long things take and how much memory they need, as ratios to something in the same run.

`run.py PART...` measures only these parts, `--rounds N` in so many rounds: a few show that all works, but
are not good for a figure. A bar that is missed, or a part that fails, does not stop the others, and is
exit status 1. A row without a bar is for your information.
"""

import argparse
import os
import subprocess
import sys

from table import CARGO, ROOT, TARGET

CARGO_BENCH = [CARGO, "bench", "--quiet", "--locked", "--package", "batv-bench", "--bench"]
# Each prints rows: what, compared with what, the ratio, and the bar that it may not exceed or "-", with tabs between.
PARTS = {
    "core": [*CARGO_BENCH, "core", "--"],
    "scale": [*CARGO_BENCH, "scale", "--"],
    "capi": ["tests/bench/capi.py"],
    "strip": ["tests/bench/strip.py"],
    "exim": ["tests/bench/exim.py"],
    "postfix": ["tests/bench/postfix.py"],
    "milter": ["tests/bench/milter.py"],
    "python": ["tests/bench/python.py"],
}


def show(what, compared_with, ratio, bar, note=""):
    print(f"{what:<38} {compared_with:<22} {ratio:>6} {bar:>6}  {note}".rstrip(), flush=True)


def measure(part, rounds):
    """Runs a part, and shows its rows as they come: whether all went well."""
    all_is_well = True
    environment = {**os.environ, "CARGO_TARGET_DIR": str(TARGET)}
    command = PARTS[part] + ([] if rounds is None else [str(rounds)])
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            what, compared_with, ratio, bar = line.rstrip("\n").split("\t")
            missed = bar != "-" and float(ratio) > float(bar)
            show(what, compared_with, ratio, bar, "missed" if missed else "")
            all_is_well &= not missed
    if process.returncode:
        print(f"{part}: exit status {process.returncode}", flush=True)
    return all_is_well and process.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", help=f"one of: {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, metavar="N")
    arguments = parser.parse_args()
    if unknown := set(arguments.part) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    show("what", "compared with", "ratio", "bar")
    results = [measure(part, arguments.rounds) for part in arguments.part or PARTS]
    sys.exit(not all(results))


main()
