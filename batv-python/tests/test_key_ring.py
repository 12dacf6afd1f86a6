"""Signing and verifying: types, shapes, times, arguments."""

import hmac
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from batv import (
    AddressError,
    ArgumentError,
    BatvError,
    BatvWarning,
    KeyRing,
    TimeError,
    TooLongError,
    Verdict,
)

NOON = 1_795_348_800
DAY = 86_400
KEYS = KeyRing({0: b"secret"})
ALICE = "alice@example.test"
SIGNED = "prvs=0786864c09=alice@example.test"  # as Exim 4.96 signs it


def test_str_and_bytes_come_back_as_they_came() -> None:
    assert KEYS.sign(ALICE, NOON) == SIGNED
    assert KEYS.sign(ALICE.encode(), NOON) == SIGNED.encode()
    assert KEYS.verify(SIGNED, NOON).original == ALICE
    assert KEYS.verify(SIGNED.encode(), NOON).original == ALICE.encode()


def test_angle_brackets_stay() -> None:
    assert KEYS.sign(f"<{ALICE}>", NOON) == f"<{SIGNED}>"
    assert KEYS.sign(f"<{ALICE}>".encode(), NOON) == f"<{SIGNED}>".encode()
    assert KEYS.verify(f"<{SIGNED}>", NOON).original == f"<{ALICE}>"


@pytest.mark.parametrize("null", ["", "<>", b"", b"<>"])
def test_the_null_sender_is_never_signed(null: Any) -> None:
    assert KEYS.sign(null, NOON) is null
    with pytest.raises(AddressError, match="null reverse-path"):
        KEYS.verify(null, NOON)


def test_what_is_tagged_stays_as_it_is() -> None:
    other = "prvs=5123456789=alice@example.test"
    assert KEYS.sign(SIGNED, NOON + DAY) is SIGNED
    assert KEYS.sign(other, NOON) is other


def test_quoted_local_part() -> None:
    assert KEYS.sign('"al ice"@example.test', NOON).startswith('"prvs=0786')
    signed = KEYS.sign('"al ice"@example.test', NOON)
    assert KEYS.verify(signed, NOON).original == '"al ice"@example.test'


def hash_of(source: bytes, secret: bytes = b"secret") -> str:
    return hmac.digest(secret, source, "sha1")[:3].hex()


@pytest.mark.parametrize("codec", ["ascii", "utf-8"])
@pytest.mark.parametrize("octets", ["jürgen".encode(), b"j\xfcrgen", b"\xff\xc3\xbc\xc3"])
def test_escaped_octets_come_back_as_their_codec_escaped_them(codec: str, octets: bytes) -> None:
    address = octets + b"@example.test"
    signed = f"prvs=0786{hash_of(b'0786' + address)}=".encode() + address
    text = address.decode(codec, "surrogateescape")
    assert KEYS.sign(text, NOON) == signed.decode(codec, "surrogateescape")
    assert KEYS.sign(text, NOON).encode(codec, "surrogateescape") == signed
    assert KEYS.sign(address, NOON) == signed
    assert KEYS.verify(signed.decode(codec, "surrogateescape"), NOON).original == text


def test_a_surrogate_that_stands_for_no_octet_is_malformed() -> None:
    for text in ("\ud800@example.test", "\udc0d@example.test", "ü\ud800@example.test"):
        with pytest.raises(AddressError, match="surrogate"):
            KEYS.sign(text, NOON)


def test_times() -> None:
    late = timezone(timedelta(hours=-11))
    noon = datetime.fromtimestamp(NOON, UTC)
    for at in (NOON, float(NOON), NOON + 0.999, noon, noon.astimezone(late)):
        assert KEYS.sign(ALICE, at) == SIGNED
        assert KEYS.sign(ALICE, at=at) == SIGNED
    assert KEYS.sign(ALICE, 0).startswith("prvs=0007")
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert int(last.timestamp()) // DAY == 2_932_896
    for at in (last, int(last.timestamp()), last.timestamp() + 0.999):
        assert KEYS.sign(ALICE, at).startswith("prvs=0903")


def test_none_reads_the_clock() -> None:
    before = time.time() // DAY
    signed = KEYS.sign(ALICE)
    after = time.time() // DAY
    assert signed in {KEYS.sign(ALICE, day * DAY) for day in (before, after)}
    assert KEYS.verify(signed).verdict is Verdict.PASS
    assert KEYS.sign(ALICE, None)[:5] == "prvs="


@pytest.mark.parametrize(
    "at",
    [
        -1,
        253_402_300_800,
        NOON * 1000,
        2**64,
        10**40,
        -0.5,
        253_402_300_800.0,
        NOON * 1000.0,
        2.0**64,
        float("nan"),
        float("inf"),
        -float("inf"),
    ],
)
def test_what_is_no_unix_time(at: float) -> None:
    for call in (KEYS.sign, KEYS.verify):
        with pytest.raises(TimeError, match="outside the years 1970 to 9999") as caught:
            call(SIGNED, at)
        assert caught.value.at is at


def test_datetimes_need_a_time_zone_and_a_year_from_1970() -> None:
    naive = datetime(2026, 11, 22, 12)
    with pytest.raises(TimeError, match="datetime has no time zone") as caught:
        KEYS.sign(ALICE, naive)
    assert caught.value.at is naive
    with pytest.raises(TimeError, match="outside the years 1970 to 9999"):
        KEYS.sign(ALICE, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC))


@pytest.mark.parametrize("at", [True, False, "0", b"0", 1j, timedelta(1), NOON.__class__])
def test_what_is_no_time_at_all(at: Any) -> None:
    with pytest.raises(TypeError, match="at must be int, float, datetime or None, not "):
        KEYS.sign(ALICE, at)


@pytest.mark.parametrize("address", [None, 1, bytearray(b"a@b"), ["a@b"]])
def test_what_is_no_text(address: Any) -> None:
    for call in (KEYS.sign, KEYS.verify):
        with pytest.raises(TypeError, match="address must be str or bytes, not "):
            call(address, NOON)


@pytest.mark.parametrize(
    ("address", "position", "reason"),
    [
        ("alice", None, "no '@' after a local-part"),
        ("@example.test", None, "local-part is empty"),
        ("alice@", None, "domain is empty"),
        ("<alice@example.test", None, "angle bracket is not closed"),
        ('"alice@example.test', None, "quoted string is not closed"),
        ("al ice@example.test", 2, "local-part cannot have ' ' at octet 2"),
        ("ü ice@example.test", 2, "local-part cannot have ' ' at octet 2"),
        ("alice@exa mple.test", 9, "domain cannot have ' ' at octet 9"),
        ("alice@example.test\r\nRCPT TO:<x@y>", 18, "control '\\r' at octet 18"),
        ("al\0ice@example.test", 2, "control '\\x00' at octet 2"),
    ],
)
def test_malformed_addresses(address: str, position: int | None, reason: str) -> None:
    given: Any
    for given in (address, address.encode()):
        for call in (KEYS.sign, KEYS.verify):
            with pytest.raises(AddressError) as caught:
                call(given, NOON)
            error = caught.value
            assert (error.reason, error.position, error.address) == (reason, position, given)
            assert str(error) == f"{reason}: {given!r}"
            assert isinstance(error, BatvError)
            assert isinstance(error, ValueError)


def test_too_long_says_so() -> None:
    fits, too_long = "a" * 48 + "@example.test", "a" * 49 + "@example.test"
    assert len(KEYS.sign(fits, NOON).partition("@")[0]) == 64
    with pytest.raises(TooLongError, match="would have 65 octets, but 64 are allowed") as caught:
        KEYS.sign(too_long, NOON)
    assert (caught.value.octets, caught.value.address) == (65, too_long)
    assert KeyRing({0: b"secret"}, long_local_parts=True).sign(too_long, NOON)[:5] == "prvs="
    long = "a" * 300 + "@example.test"  # longer than what is joined without an allocation
    signed = KeyRing({0: b"secret"}, long_local_parts=True).sign(long, NOON)
    assert signed == f"prvs=0786{hash_of(b'0786' + long.encode())}={long}"


def test_a_verification_is_true_where_it_is_a_pass() -> None:
    passed = KEYS.verify(SIGNED, NOON)
    assert passed
    assert passed.is_pass
    for address, at in (
        (ALICE, NOON),
        ("prvs=abc=alice@example.test", NOON),
        ("prvs=1786864c09=alice@example.test", NOON),
        ("prvs=0786864c08=alice@example.test", NOON),
        (SIGNED, NOON + 8 * DAY),
    ):
        failed = KEYS.verify(address, at)
        assert not failed
        assert failed.is_pass is False


def test_messages_are_short_whatever_was_passed() -> None:
    long = "a b" * 1_000_000 + "@example.test"
    given: Any
    for given in (long, long.encode(), "a" * 3_000_000 + "@example.test"):
        with pytest.raises(BatvError) as caught:
            KEYS.sign(given, NOON)
        assert len(str(caught.value)) < 250
        assert len(repr(caught.value)) < 250
    with pytest.raises(TimeError) as at:
        KEYS.sign(ALICE, 10**5000)
    assert len(repr(at.value)) < 250


def test_a_weak_secret_warns_who_made_the_key_ring() -> None:
    with pytest.warns(BatvWarning) as caught:
        KeyRing({1: b"15 octets of it", 2: b"16 octets of it."})
    assert [str(warning.message) for warning in caught] == [
        "the secret of key 1 has fewer than 16 octets and may be guessed"
    ]
    assert caught[0].filename == __file__


def test_verdicts() -> None:
    for address, verdict in {
        ALICE: "missing",
        "prvs=abc=alice@example.test": "malformed",
        "prvs=1786864c09=alice@example.test": "unknown-key",
        "prvs=0786864c08=alice@example.test": "bad-signature",
        SIGNED: "pass",
    }.items():
        assert KEYS.verify(address, NOON).verdict == verdict
    assert KEYS.verify(SIGNED, NOON + 8 * DAY).verdict is Verdict.EXPIRED
    assert [str(verdict) for verdict in Verdict] == [
        "missing",
        "malformed",
        "unknown-key",
        "bad-signature",
        "expired",
        "pass",
    ]


def test_the_first_key_signs_unless_another_is_named() -> None:
    secrets = {2: b"new", 1: b"old"}
    assert KeyRing(secrets).sign(ALICE, NOON)[5] == "2"
    assert KeyRing(secrets, signing=1).sign(ALICE, NOON)[5] == "1"
    old = KeyRing({1: b"old"}).sign(ALICE, NOON)
    assert KeyRing(secrets).verify(old, NOON).key_number == 1


def test_settings() -> None:
    keys = KeyRing({0: b"secret"}, syntax="sub-address", delimiter="-", lifetime=99)
    signed = f"alice-prvs=0878{hash_of(b'0878' + ALICE.encode())}@example.test"
    assert keys.sign(ALICE, NOON) == signed
    assert keys.sign(f"<{ALICE}>".encode(), NOON) == f"<{signed}>".encode()
    assert keys.verify(signed, NOON).original == ALICE
    assert keys.verify(SIGNED, NOON).original == ALICE

    folded, exact = KEYS, KeyRing({0: b"secret"}, hash_case="exact")
    capitals = "Alice@Example.Test"
    assert folded.sign(capitals, NOON) == f"prvs=0786864c09={capitals}"
    assert exact.sign(capitals, NOON) == f"prvs=0786{hash_of(b'0786Alice@Example.Test')}={capitals}"


@pytest.mark.parametrize(
    ("arguments", "argument", "reason"),
    [
        ({"keys": {}}, "keys", "is empty, but one key has to sign"),
        ({"keys": {1: b""}}, "keys", "the secret of key 1 is empty"),
        ({"keys": {10: b"s"}}, "keys", "key number 10 is not one of 0 to 9"),
        ({"keys": {-1: b"s"}}, "keys", "number is out of range"),
        ({"keys": {10**30: b"s"}}, "keys", "number is out of range"),
        ({"signing": 2}, "signing", "key ring has no key 2"),
        ({"signing": 11}, "signing", "key number 11 is not one of 0 to 9"),
        ({"lifetime": 0}, "lifetime", "lifetime of 0 days is not one of 1 to 99"),
        ({"lifetime": 100}, "lifetime", "lifetime of 100 days is not one of 1 to 99"),
        ({"lifetime": 1000}, "lifetime", "number is out of range"),
        ({"syntax": "suffix"}, "syntax", "must be 'prefix' or 'sub-address'"),
        ({"hash_case": "lower"}, "hash_case", "must be 'fold' or 'exact'"),
        ({"delimiter": "="}, "delimiter", "'=' cannot be a sub-address delimiter"),
        ({"delimiter": "++"}, "delimiter", "must be one ASCII character"),
        ({"delimiter": "ü"}, "delimiter", "must be one ASCII character"),
    ],
)
def test_arguments_that_make_no_key_ring(
    arguments: dict[str, Any], argument: str, reason: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        KeyRing(**{"keys": {1: b"secret"}, **arguments})
    assert (caught.value.argument, caught.value.reason) == (argument, reason)
    assert str(caught.value) == f"{argument}: {reason}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"keys": [(1, b"secret")]}, "keys must be a mapping of int to bytes, not list"),
        ({"keys": {1: "secret"}}, "secret of key 1 must be bytes, not str"),
        ({"keys": {True: b"secret"}}, "key number must be int, not bool"),
        ({"keys": {"1": b"secret"}}, "key number must be int, not str"),
        ({"signing": 1.0}, "signing must be int, not float"),
        ({"lifetime": 7.0}, "lifetime must be int, not float"),
        ({"lifetime": True}, "lifetime must be int, not bool"),
    ],
)
def test_arguments_of_wrong_types(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=f"^{message}$"):
        KeyRing(**{"keys": {1: b"secret"}, **arguments})
