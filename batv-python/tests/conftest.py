"""A site's configuration file for the tests of `Config` and of the examples."""

from collections.abc import Callable
from pathlib import Path

import batv
import pytest
from batv import Config

# Nothing takes so many seconds, however busy the machine is.
DEADLINE = 120
SECRET = "rosebud-rosebud-rosebud"  # noqa: S105 - of the tests
SITE = f"""
[[key]]
number = 0
secret = "{SECRET}"
for = ["example.test"]

[[key]]
number = 1
secret = "{SECRET}"
for = ["example.test"]
use = "verify"

[policy]
exempt = ["postmaster@*"]
default-domain = "example.test"
internal-networks = ["127.0.0.1", "2001:db8:1::/48"]
untagged-clients = ["192.0.2.0/24", "2001:db8::/48"]
untagged-destinations = ["lists.example.org"]
sign-local = false
"""
NOON = 1_795_348_800
ALICE = "alice@example.test"
BOB = "bob@example.org"
KEYS = batv.KeyRing({0: SECRET.encode()})
SIGNED = KEYS.sign(ALICE, NOON)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that writes the configuration file anew."""
    path = tmp_path / "batv.toml"

    def write(text: str) -> Path:
        new = tmp_path / "new"
        new.write_text(text)
        new.chmod(0o600)
        new.replace(path)
        return path

    return write


@pytest.fixture
def site(write: Callable[[str], Path]) -> Path:
    """Write the configuration file of a site."""
    return write(SITE)


@pytest.fixture
def config(site: Path) -> Config:
    """Open the configuration of a site."""
    return Config.open(site)
