"""Every snippet of the documents and the docstrings runs."""

import doctest
from pathlib import Path

import batv
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["README.md", "batv-python/README.md", "docs/python.md"])
def test_snippets_of_documents(name: str) -> None:
    results = doctest.testfile(str(ROOT / name), module_relative=False)
    assert results.attempted > 0
    assert results.failed == 0


def test_snippets_of_docstrings() -> None:
    results = doctest.testmod(batv)
    assert results.attempted > 0
    assert results.failed == 0
