"""Configurations: opened, parsed, read again, and described."""

import itertools
import pickle
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from enum import Enum
from pathlib import Path
from threading import Event
from typing import Any

import batv
import pytest
from batv import (
    BatvWarning,
    Config,
    ConfigError,
    Fault,
    Key,
    OutboundReason,
    Use,
)
from conftest import ALICE, BOB, DEADLINE, NOON, SECRET, SIGNED, SITE

VAULT = """
[[key]]
number = 0
secret-file = "mail/batv-0"
for = ["example.test", "*.example.test"]
created = 2026-11-01

[[key]]
number = 1
secret-file = "mail/batv-1"
for = ["example.test"]
use = "verify"
created = 2026-01-01
verify-until = 2026-12-01

[policy]
default-domain = "example.test"
"""


def test_secrets_may_live_elsewhere() -> None:
    vault = {"mail/batv-0": SECRET.encode(), "mail/batv-1": b"0123456789abcdef"}
    config = Config.parse(VAULT, vault.__getitem__)
    assert config.sign(ALICE, NOON) == SIGNED
    config.reload()
    assert (config.path, config.refresh()) == (None, False)
    assert repr(config) == "Config(...)"
    assert config.warnings(NOON) == ()
    # HMAC-SHA1 of "BATV secret fingerprint", by openssl
    assert config.keys == (
        Key(
            0,
            ("example.test", "*.example.test"),
            Use.SIGN,
            "c739cd85299e5095",
            created=date(2026, 11, 1),
            line=2,
        ),
        Key(
            1,
            ("example.test",),
            Use.VERIFY,
            "caae8fdd2963de83",
            created=date(2026, 1, 1),
            verify_until=date(2026, 12, 1),
            line=8,
        ),
    )
    assert pickle.loads(pickle.dumps(config.keys)) == config.keys  # noqa: S301


def test_what_a_vault_raises_is_raised() -> None:
    def sealed(name: str) -> bytes:
        raise PermissionError(name)

    with pytest.raises(PermissionError, match="mail/batv-0"):
        Config.parse(VAULT, sealed)
    no_bytes: Any = lambda _name: SECRET  # noqa: E731
    with pytest.raises(TypeError, match="the result of read_secret_file must be bytes, not str"):
        Config.parse(VAULT, no_bytes)
    with pytest.raises(ConfigError, match="no read_secret_file was given"):
        Config.parse(VAULT)


def test_a_surrogate_gives_no_secret_away() -> None:
    text = f'[[key]]\nsecret = "{SECRET}"\nfor = ["\ud800"]'
    given: Any
    for given in (text, {"secret": SECRET, "for": "\ud800"}):
        with pytest.raises(batv.ArgumentError, match="text: contains a surrogate") as caught:
            Config.parse(given)
        assert (caught.value.__context__, caught.value.__cause__) == (None, None)


class Lifetime(int, Enum):
    """Whose members are numbers, but are not shown as such."""

    DAY = 1


def test_a_mapping_is_a_configuration() -> None:
    mapping = {
        "lifetime": 9,
        "key": [
            {"number": 0, "secret": SECRET, "for": ["example.test"], "created": date(2026, 11, 1)},
            {"number": 1, "secret": b"\xff" * 16, "for": ("example.test",), "use": "verify"},
        ],
        "policy": {"default-domain": "example.test", "sign-local": False, "reply": 'A "b\\c" ~'},
    }
    config = Config.parse(mapping)
    assert config.sign(ALICE, NOON) == batv.KeyRing({0: SECRET.encode()}, lifetime=9).sign(
        ALICE, NOON
    )
    old = batv.KeyRing({1: b"\xff" * 16}).sign(ALICE, NOON)
    assert config.verify(old, NOON).is_pass
    assert config.inbound("", ALICE, NOON).reply == '550 5.7.1 A "b\\c" ~'
    assert config.outbound(ALICE, [ALICE], NOON).reason is OutboundReason.LOCAL
    assert [key.created for key in config.keys] == [date(2026, 11, 1), None]
    day = Config.parse({**mapping, "lifetime": Lifetime.DAY})
    assert day.sign(ALICE, NOON)[6:9] == "780"

    with pytest.raises(ConfigError) as caught:
        Config.parse({"key": [{"number": 10, "secret": SECRET, "for": ["\x00\x7f\xff\n"]}]})
    assert [(fault.line, fault.setting) for fault in caught.value.faults] == [
        (None, "key[1].number"),
        (None, "key[1].for"),
    ]
    with pytest.raises(ConfigError, match=r"^unknown setting$"):
        Config.parse({"two\nlines": 1})
    wrong: Any
    for wrong in ({"lifetime": None}, {"lifetime": 1.5}, {1: 2}, {"key": {"a": object()}}):
        with pytest.raises(TypeError, match=r"a setting cannot be of type|the name of a setting"):
            Config.parse(wrong)
    for wrong in (None, 7, b"", ["key"]):
        with pytest.raises(TypeError, match="text must be str or a mapping, not "):
            Config.parse(wrong)


def test_weak_and_old_secrets_warn(write: Callable[[str], Path]) -> None:
    old = "created = 2000-01-01\n[[key]]\nnumber = 1"
    path = write(SITE.replace(SECRET, "15 octets of it").replace("[[key]]\nnumber = 1", old))
    with pytest.warns(BatvWarning) as caught:
        Config.open(path)
    texts = [str(warning.message) for warning in caught]
    weak = "the secret of key {} has fewer than 16 octets and may be guessed: rotate it"
    assert texts[0] == f"{path}: line 2: {weak.format(0)}"
    assert texts[1].startswith(f"{path}: line 2: the secret of key 0 is ")
    assert texts[1].endswith(
        "days old; after 900 days tags that have expired turn valid again: rotate it"
    )
    assert texts[2:] == [f"{path}: line 8: {weak.format(1)}"]
    assert {warning.filename for warning in caught} == {__file__}


def test_a_bad_file_says_all_that_is_wrong_and_no_secret(write: Callable[[str], Path]) -> None:
    path = write(SITE.replace("number = 0", "nummber = 0") + 'lifetime = "x"\n')
    with pytest.raises(ConfigError) as caught:
        Config.open(str(path))
    error = caught.value
    assert (error.path, error.errno, error.filename) == (str(path), None, None)
    assert [(fault.line, fault.setting) for fault in error.faults] == [
        (2, "key[1].number"),
        (3, "key[1].nummber"),
        (20, "policy.lifetime"),
    ]
    assert str(error).splitlines()[1].startswith(f"{path}:3: key[1].nummber: unknown setting")
    assert "rosebud" not in str(error) + repr(error) + repr(vars(error))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (str(again), vars(again)) == (str(error), vars(error))
    assert isinstance(error, batv.BatvError)


def test_a_text_that_is_bad() -> None:
    with pytest.raises(ConfigError) as caught:
        Config.parse("lifetme = 7")
    text = "unknown setting; did you mean `lifetime`?"
    assert str(caught.value) == f"line 1: lifetme: {text}"
    assert (caught.value.path, caught.value.filename) == (None, None)
    assert caught.value.faults == (Fault(1, "lifetme", text),)


def test_a_message_is_short_whatever_was_passed(write: Callable[[str], Path]) -> None:
    long = "x" * 1_000_000
    given: Any
    for given in (long, Path(long)):
        with pytest.raises(batv.ArgumentError, match=r"^path: is longer than 4096 octets$"):
            Config.open(given)
    with pytest.raises(batv.ArgumentError, match=r"^path: contains a surrogate$"):
        Config.open("\ud800")
    key = {"number": 0, "secret": SECRET, "for": ["example.test"]}
    for given in (
        long,
        {long: 1},
        {"lifetime": long},
        {"key": [{**key, "for": [f"{long} {long}"]}]},
        {"key": [{**key, "secret-file": long}]},
        {"policy": {"exempt": [f"{long} {long}"], "reply": long}},
        {"key": [{"number": -1}] * 100_000},
    ):
        with pytest.raises(ConfigError) as caught:
            Config.parse(given)
        assert len(str(caught.value)) < 100_000
        assert len(repr(caught.value)) < 100_000
    path = write(f'[[key]]\nnumber = 0\nsecret-file = "{long}"\nfor = ["example.test"]\n')
    with pytest.raises(ConfigError, match="secret-file: is longer than 4096 octets"):
        Config.open(path)


def test_a_file_that_cannot_be_read(tmp_path: Path, site: Path) -> None:
    missing = tmp_path / "none.toml"
    with pytest.raises(ConfigError, match="No such file") as caught:
        Config.open(missing)
    error, cause = caught.value, caught.value.__cause__
    assert isinstance(cause, FileNotFoundError)
    assert (cause.errno, cause.filename) == (error.errno, error.filename) == (2, str(missing))
    site.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod o= ") as caught:
        Config.open(site)
    assert (caught.value.__cause__, caught.value.errno) == (None, None)
    assert [fault.line for fault in caught.value.faults] == [None]


def test_reloading_keeps_the_old_configuration_when_the_new_one_is_bad(
    write: Callable[[str], Path], config: Config
) -> None:
    assert config.refresh() is False
    write("nonsense")
    with pytest.raises(ConfigError):
        config.refresh()
    assert config.refresh() is False  # said once for each change
    with pytest.raises(ConfigError):
        config.reload()
    assert config.sign(ALICE, NOON) == SIGNED
    write(SITE.replace("example.test", "example.net"))
    assert config.refresh() is True
    assert config.sign(ALICE, NOON) == ALICE
    write(SITE)
    config.reload()
    assert config.sign(ALICE, NOON) == SIGNED


def test_no_view_holds_a_secret(config: Config, site: Path) -> None:
    assert repr(config) == f"Config('{site}')"
    assert config.path == str(site)
    with pytest.raises(TypeError, match="Config contains secrets and cannot be pickled"):
        pickle.dumps(config)
    for name in dir(config):
        assert "rosebud" not in repr(getattr(config, name))


def test_eight_threads_decide_while_the_file_is_loaded_again(
    write: Callable[[str], Path], config: Config
) -> None:
    other = SITE.replace(SECRET, "another-secret-of-the-site")
    signatures = {SIGNED, batv.KeyRing({0: b"another-secret-of-the-site"}).sign(ALICE, NOON)}
    done = Event()
    seen: set[str] = set()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def decide(_: int) -> None:
        while not done.is_set():
            seen.add(config.sign(ALICE, NOON))
            seen.add(config.outbound(ALICE, [BOB], NOON).mail_from)
            config.refresh()

    try:
        with ThreadPoolExecutor(8) as pool:
            threads = [pool.submit(decide, number) for number in range(8)]
            end = time.monotonic() + DEADLINE
            try:
                for turn in itertools.count():
                    write(SITE if turn % 2 else other)
                    config.reload()
                    if turn % 2 and turn > 200 and (seen == signatures or time.monotonic() > end):
                        break
            finally:
                done.set()
            for thread in threads:
                thread.result()
    finally:
        sys.setswitchinterval(interval)
    assert seen == signatures
    assert config.sign(ALICE, NOON) == SIGNED
