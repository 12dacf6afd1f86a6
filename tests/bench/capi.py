#!/usr/bin/env -S python3 -B
"""What libbatv costs a C program: calls by way of the C ABI, and the start in a process of its own."""

import shutil
import subprocess

from table import CARGO, ROOT, TARGET, rounds, row

WORK = TARGET / "bench"
KEYS = '[[key]]\nnumber = 0\nsecret = "secret"\nfor = ["example.test"]\n'


def run(*command):
    subprocess.run(command, cwd=ROOT, check=True)


def build():
    WORK.mkdir(parents=True, exist_ok=True)
    run("make", "--silent", "library", f"CARGO={CARGO} --quiet")
    run(CARGO, "build", "--quiet", "--locked", "--release", "--package", "batv-bench")
    shutil.copy(TARGET / "library/linked/libbatv.so", WORK / "libbatv.so.0")
    (WORK / "empty.rs").touch()
    run("rustc", "-O", "--crate-type", "cdylib", WORK / "empty.rs", "-o", WORK / "libempty.so")
    compiler = ["cc", "-O2", "-Iinclude"]
    libraries = [TARGET / "release/libfloor.a", WORK / "libbatv.so.0", f"-Wl,-rpath,{WORK}"]
    run(*compiler, "tests/bench/capi.c", *libraries, "-o", WORK / "capi")
    run(*compiler, "tests/bench/capi-fresh.c", "-o", WORK / "fresh")


def fresh(library, *config):
    """Nanoseconds in a process of its own."""
    return float(subprocess.check_output([WORK / "fresh", WORK / library, *config]))


def main():
    build()
    run(WORK / "capi", str(rounds(2001)))
    config = WORK / "batv.toml"
    config.touch(mode=0o600)
    config.write_text(KEYS)
    pairs = [(fresh("libbatv.so.0", config), fresh("libempty.so")) for _ in range(rounds(300))]
    row("C: dlopen, open, first verify", "empty cdylib", pairs, 0.9)


main()
