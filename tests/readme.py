#!/usr/bin/env python3
"""Checks the code blocks of documents: tests/readme.py DOCUMENT...

In a console block, a line that begins with "$ " is a command, and the lines up to the next one are
what it prints. The commands of a document run one after another in a folder of its own. C and Exim
blocks are parts of files that other tests run.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS_OF = {"c": "examples/sign.c", "exim": "docs/exim.md"}
# Rust's are compiled by rustdoc; the others say what the stages of tests/run are.
CHECKED_ELSEWHERE = {"python", "rust", "sh", "text"}


def blocks(document: Path) -> Iterator[tuple[int, str, list[str]]]:
    """The number of the first line, the language and the lines of every code block."""
    lines = document.read_text().splitlines()
    fences = [number for number, line in enumerate(lines) if line.startswith("```")]
    for start, end in zip(fences[::2], fences[1::2], strict=True):
        yield start + 2, lines[start][3:], lines[start + 1 : end]


def commands(first: int, lines: list[str]) -> list[tuple[int, str, str]]:
    """The line number, text and expected output of every command."""
    found: list[tuple[int, str, str]] = []
    for number, line in enumerate(lines, first):
        if line.startswith("$ "):
            found.append((number, line[2:], ""))
        else:
            earlier, command, output = found.pop()
            found.append((earlier, command, f"{output}{line}\n"))
    return found


def printed(command: str, folder: str) -> str:
    run = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
    )
    return run.stdout.decode(errors="backslashreplace")


def faults(document: Path, folder: str) -> Iterator[str]:
    run = 0
    for first, language, lines in blocks(document):
        if language == "console":
            for number, command, expected in commands(first, lines):
                run += 1
                output = printed(command, folder)
                if output != expected:
                    yield f"{document}:{number}: $ {command}\nshown:\n{expected}printed:\n{output}"
        elif language in PARTS_OF:
            if "\n".join(lines) not in (ROOT / PARTS_OF[language]).read_text():
                yield f"{document}:{first}: this block is not part of {PARTS_OF[language]}"
        elif language not in CHECKED_ELSEWHERE:
            yield f"{document}:{first}: nothing checks a block of the language '{language}'"
    print(f"{document}: {run} commands")
    if not run:
        yield f"{document}: no command in a console block"


def main() -> int:
    failed = False
    for document in map(Path, sys.argv[1:]):
        with tempfile.TemporaryDirectory() as folder:
            for fault in faults(document, folder):
                failed = True
                print(fault, file=sys.stderr)
    return int(failed)


sys.exit(main())
