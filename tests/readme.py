#!/usr/bin/env python3
"""Runs the console blocks of documents: tests/readme.py DOCUMENT...

A line that begins with "$ " is a command; the lines up to the next one are what it prints. The
commands of a document run one after another in a folder of its own.
"""

import subprocess
import sys
import tempfile
from pathlib import Path


def commands(document: Path) -> list[tuple[int, str, str]]:
    """The line number, text and expected output of every command."""
    found: list[tuple[int, str, str]] = []
    inside = False
    for number, line in enumerate(document.read_text().splitlines(), 1):
        if line.startswith("```"):
            inside = not inside and line == "```console"
        elif inside and line.startswith("$ "):
            found.append((number, line[2:], ""))
        elif inside:
            number, command, output = found.pop()
            found.append((number, command, f"{output}{line}\n"))
    return found


def main() -> int:
    failed = 0
    for document in map(Path, sys.argv[1:]):
        found = commands(document)
        if not found:
            print(f"{document}: no command in a console block", file=sys.stderr)
            failed += 1
        with tempfile.TemporaryDirectory() as folder:
            for number, command, expected in found:
                run = subprocess.run(
                    ["bash", "-c", command],
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    timeout=60,
                )
                output = run.stdout.decode(errors="backslashreplace")
                if output != expected:
                    print(f"{document}:{number}: $ {command}", file=sys.stderr)
                    print(f"shown:\n{expected}printed:\n{output}", file=sys.stderr)
                    failed += 1
        print(f"{document}: {len(found)} commands")
    return 1 if failed else 0


sys.exit(main())
