"""What Python expects of objects: frozen, hashable, picklable, and no secret anywhere."""

import copy
import pickle
import re
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from threading import Barrier
from typing import Any

import batv
import pytest
from batv import KeyRing, Verdict, Verification

NOON = 1_795_348_800
SECRET = b"rosebud-rosebud-rosebud"
KEYS = KeyRing({3: SECRET})
ALICE = "alice@example.test"

ERRORS: list[Callable[[], object]] = [
    lambda: KEYS.sign("alice", NOON),
    lambda: KEYS.sign("a b@example.test", NOON),
    lambda: KEYS.sign("a" * 60 + "@example.test", NOON),
    lambda: KEYS.sign(ALICE, -1),
    lambda: KEYS.sign(ALICE, datetime(2026, 1, 1)),
    lambda: KeyRing({3: SECRET, 4: b""}),
]


@pytest.mark.parametrize("fail", ERRORS)
def test_exceptions_are_picklable(fail: Callable[[], object]) -> None:
    with pytest.raises(batv.BatvError) as caught:
        fail()
    error = caught.value
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert vars(again) == vars(error)
    assert vars(copy.copy(error)) == vars(error)


def test_verifications_are_values() -> None:
    signed = KEYS.sign(ALICE, NOON)
    one, two, other = (
        KEYS.verify(text, NOON) for text in (signed, signed.encode().decode(), ALICE)
    )
    assert one == two == Verification(Verdict.PASS, ALICE, 3, 7)
    assert hash(one) == hash(two)
    assert one != other
    assert one != (Verdict.PASS, ALICE, 3, 7)
    assert len({one, two, other}) == 2
    assert repr(one) == (
        "Verification(verdict=<Verdict.PASS: 'pass'>, original='alice@example.test', "
        "key_number=3, days_left=7)"
    )
    assert other == Verification("missing")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(one, protocol))  # noqa: S301
        assert again == one
        assert again.verdict is Verdict.PASS
    assert copy.deepcopy(one) == one
    match one:
        case Verification(Verdict.PASS, original):
            assert original == ALICE
        case _:
            pytest.fail("did not match")
    with pytest.raises(ValueError, match="verdict: is not a word of Verdict"):
        Verification("passed")
    wrong: Any = 7
    with pytest.raises(TypeError, match="address must be str or bytes, not int"):
        Verification("pass", wrong)


VALUES: list[tuple[type, dict[str, Any], list[str]]] = [
    (Verification, {"verdict": "pass"}, ["key_number", "days_left"]),
    (batv.Stripped, {"dialect": "draft", "original": ALICE, "day": 1}, ["day", "key_number"]),
    (batv.Fault, {"line": 1, "setting": "", "message": ""}, ["line"]),
    (
        batv.Key,
        {"number": 1, "patterns": (), "use": "sign", "fingerprint": ""},
        ["number", "line"],
    ),
    (
        batv.InboundDecision,
        {"action": "accept", "reason": "pass", "line": ""},
        ["key_number", "days_left"],
    ),
    (
        batv.OutboundDecision,
        {"mail_from": ALICE, "action": "sign", "reason": "signed", "line": ""},
        ["key_number"],
    ),
]


@pytest.mark.parametrize(("value", "arguments", "names"), VALUES)
def test_numbers_of_values(value: type, arguments: dict[str, Any], names: list[str]) -> None:
    for name in names:
        assert getattr(value(**{**arguments, name: 9}), name) == 9
        for number in (-1, 2**64, 10**5000):
            with pytest.raises(batv.ArgumentError) as caught:
                value(**{**arguments, name: number})
            assert str(caught.value) == f"{name}: number is out of range"
            assert caught.value.argument == name
        for wrong in (True, 1.0, "1"):
            with pytest.raises(TypeError, match=f"^{name} must be int, not {type(wrong).__name__}"):
                value(**{**arguments, name: wrong})


def test_a_key_ring_is_its_own_copy() -> None:
    assert copy.copy(KEYS) is KEYS
    assert copy.deepcopy({"keys": KEYS})["keys"] is KEYS


def test_secrets_are_generated() -> None:
    secrets = {batv.generate_secret() for _ in range(100)}
    assert len(secrets) == 100
    for secret in secrets:
        assert re.fullmatch(rb"[0-9a-f]{64}", secret)


def test_objects_are_frozen() -> None:
    verification: Any = KEYS.verify(ALICE, NOON)
    keys: Any = KEYS
    for thing, name in ((verification, "verdict"), (verification, "new"), (keys, "sign")):
        with pytest.raises(AttributeError):
            setattr(thing, name, None)
    for final in (KeyRing, Verification):
        with pytest.raises(TypeError):
            type("Derived", (final,), {})


def test_a_key_ring_is_not_pickled() -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="KeyRing contains secrets and cannot be pickled"):
            pickle.dumps(KEYS, protocol)
    assert KeyRing({3: SECRET}) != KEYS
    assert repr(KeyRing({3: SECRET, 1: b"s"})) == (
        "KeyRing({1: ..., 3: ...}, signing=3, lifetime=7)"
    )


def leaks(text: str) -> bool:
    return any(form in text for form in ("rosebud", SECRET.hex(), str(list(SECRET))[1:-1]))


@pytest.mark.parametrize(
    "arguments",
    [
        {"keys": SECRET},
        {"keys": SECRET.decode()},
        {"keys": {SECRET: 1}},
        {"keys": {SECRET.decode(): 1}},
        {"keys": {1: SECRET.decode()}},
        {"keys": {1: [SECRET]}},
        {"keys": {1: SECRET, 2: b""}},
        {"keys": {int.from_bytes(SECRET): SECRET}},
        {"keys": {1: SECRET}, "signing": SECRET},
        {"keys": {1: SECRET}, "lifetime": SECRET},
        {"keys": {1: SECRET}, "syntax": SECRET.decode()},
        {"keys": {1: SECRET}, "syntax": SECRET},
        {"keys": {1: SECRET}, "hash_case": SECRET.decode()},
        {"keys": {1: SECRET}, "syntax": SECRET.decode() + "\udcff"},
        {"keys": {1: SECRET}, "delimiter": SECRET.decode() + "\udcff"},
        {"keys": {1: SECRET}, "hash_case": SECRET.decode() + "\udcff"},
        {"keys": {1: SECRET}, "delimiter": SECRET.decode()},
        {"keys": {1: SECRET}, "long_local_parts": SECRET},
    ],
)
def test_no_error_holds_a_secret(arguments: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        KeyRing(**arguments)
    error = caught.value
    numbers = str(int.from_bytes(SECRET))
    for shown in (str(error), repr(error), repr(error.args), repr(vars(error))):
        assert not leaks(shown)
        assert numbers not in shown
    assert error.__cause__ is None
    assert error.__context__ is None
    assert not any("rosebud" in line for line in traceback.format_exception_only(error))


def test_no_view_of_a_key_ring_holds_a_secret() -> None:
    signed = KEYS.sign(ALICE, NOON)
    assert not leaks(repr(KEYS) + str(KEYS) + signed + repr(KEYS.verify(signed, NOON)))
    for name in dir(KEYS):
        assert not leaks(repr(getattr(KEYS, name)))


def test_eight_threads_share_a_key_ring() -> None:
    threads, calls = 8, 3_000
    barrier = Barrier(threads)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work(number: int) -> int:
        barrier.wait()
        good = 0
        for call in range(calls):
            address, at = f"user{number}.{call}@example.test", NOON + call * 86_400
            signed = KEYS.sign(address, at)
            expected = Verification(Verdict.PASS, address, 3, 7)
            good += KEYS.verify(signed, at) == expected and batv.strip(signed) == address
            good += hash(KEYS.verify(signed, at)) == hash(expected)
        return good

    try:
        with ThreadPoolExecutor(threads) as pool:
            assert list(pool.map(work, range(threads))) == [2 * calls] * threads
    finally:
        sys.setswitchinterval(interval)


def test_the_package_shows_what_is_public() -> None:
    assert sorted(batv.__all__) == batv.__all__
    public = {name for name in dir(batv) if not name.startswith("_")}
    assert public == set(batv.__all__)
    workspace = Path(__file__).parents[2] / "Cargo.toml"
    assert f'version = "{version("batv")}"' in workspace.read_text()
