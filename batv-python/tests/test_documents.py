"""Every snippet of the documents and the docstrings runs."""

import doctest
from pathlib import Path

import batv
import pytest

TESTS = Path(__file__).parent


@pytest.mark.parametrize("name", ["../../README.md", "../README.md", "python.md"])
def test_snippets_of_documents(name: str) -> None:
    results = doctest.testfile(str(TESTS / name), module_relative=False)
    assert results.attempted > 0
    assert results.failed == 0


def test_snippets_of_docstrings() -> None:
    results = doctest.testmod(batv)
    assert results.attempted > 0
    assert results.failed == 0
