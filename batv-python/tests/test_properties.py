"""Properties of any address, checked against HMAC of Python's own library."""

import hmac
from typing import Any

import batv
from batv import KeyRing, Verdict, Verification
from hypothesis import given
from hypothesis import strategies as st

DAY = 86_400
NOON = 1_795_348_800
ATEXT = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~üß"
atoms = st.text(ATEXT, min_size=1, max_size=12)
local_parts = st.lists(atoms, min_size=1, max_size=3).map(".".join)
domains = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,9}(\.[A-Za-z]{1,5}){0,2}", fullmatch=True)
addresses = st.builds("{}@{}".format, local_parts, domains)
untagged = addresses.filter(lambda address: batv.inspect(address) is None)
times = st.integers(0, 250_000_000_000)
secrets = st.binary(min_size=1, max_size=100)
texts = st.one_of(
    st.text(max_size=40),
    st.binary(max_size=40).map(lambda octets: octets.decode("ascii", "surrogateescape")),
    st.binary(max_size=40).map(lambda octets: octets.decode("utf-8", "surrogateescape")),
)


def lower(text: str) -> str:
    """ASCII lower case alone: str.lower folds other letters too."""
    return text.encode().lower().decode()


@given(untagged, times, secrets, st.integers(0, 9), st.integers(1, 99))
def test_sign_is_hmac_sha1(
    address: str, at: int, secret: bytes, number: int, lifetime: int
) -> None:
    keys = KeyRing({number: secret}, lifetime=lifetime, long_local_parts=True)
    value = f"{number}{(at // DAY + lifetime) % 1000:03}"
    digest = hmac.digest(secret, (value + lower(address)).encode(), "sha1")[:3].hex()
    signed = f"prvs={value}{digest}={address}"
    assert keys.sign(address, at) == signed
    assert keys.sign(address.encode(), at) == signed.encode()
    assert keys.sign(f"<{address}>", at) == f"<{signed}>"
    assert keys.verify(signed, at) == Verification(Verdict.PASS, address, number, lifetime)
    assert batv.strip(signed) == address
    expired = keys.verify(signed, at + (lifetime + 1) * DAY)
    assert expired == Verification(Verdict.EXPIRED, address, number, 0)


@given(untagged, times, st.sampled_from(["-", "+", "#"]))
def test_sub_addresses_round_trip(address: str, at: int, delimiter: str) -> None:
    keys = KeyRing({1: b"s"}, syntax="sub-address", delimiter=delimiter, long_local_parts=True)
    signed = keys.sign(address, at)
    assert len(signed) == len(address) + 16
    assert keys.verify(signed, at) == Verification(Verdict.PASS, address, 1, 7)


@given(texts, st.floats(0, 2.5e11))
def test_any_text_has_an_answer_or_an_error_of_ours(text: str, at: float) -> None:
    keys = KeyRing({1: b"s"}, long_local_parts=True)
    try:
        signed = keys.sign(text, at)
    except batv.AddressError as error:
        assert error.address is text
        return
    if signed is not text:
        assert keys.verify(signed, at).original == text
        assert batv.strip(signed) == text
    assert type(signed) is str


@given(st.binary(max_size=60))
def test_any_octets_have_an_answer_or_an_error_of_ours(octets: bytes) -> None:
    keys = KeyRing({1: b"s"})
    try:
        assert type(batv.strip(octets)) is bytes
        assert type(keys.sign(octets, 0)) is bytes
    except (batv.AddressError, batv.TooLongError) as error:
        assert error.address is octets


@given(texts, st.integers(1, 9))
def test_layers_come_off_one_by_one(text: str, layers: int) -> None:
    tagged = text
    for number in range(layers):
        tagged = f"prvs={number:010}={tagged}"
    expected = tagged
    for _ in range(3):
        expected = batv.strip(expected)
    assert batv.strip(tagged, layers=3) == expected
    found = batv.inspect(tagged)
    assert (found.original if found else tagged) == batv.strip(tagged)


@given(texts)
def test_str_and_bytes_have_one_answer(text: str) -> None:
    keys = KeyRing({1: b"s"})

    def answer(address: Any) -> object:
        try:
            return keys.verify(address, 0).verdict
        except batv.AddressError as error:
            return error.reason, error.position

    try:
        octets = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        assert answer(text) == ("surrogate that does not stand for an octet", None)
    else:
        assert answer(text) == answer(octets)


CONFIG = batv.Config.parse(
    {
        "key": [{"number": 1, "secret": "a secret of 16 octets or more", "for": ["*"]}],
        "policy": {"default-domain": "example.com"},
    }
)


@given(st.one_of(texts, addresses, local_parts), times)
def test_what_leaves_signed_comes_back(text: str, at: int) -> None:
    try:
        leaving = CONFIG.outbound(text, at=at)
    except batv.AddressError:  # a surrogate
        return
    if leaving.action is batv.Action.SIGN:
        back = CONFIG.inbound("<>", leaving.mail_from, at)
        assert (back.reason, back.days_left) == ("pass", 7)
        # The address that the server makes of the text, such as user@domain of domain!user.
        assert CONFIG.sign(back.original or "", at) == leaving.mail_from


octets = st.binary(max_size=40)
readings = st.none() | octets | octets.map(lambda octets: octets.decode("utf-8", "surrogateescape"))


@given(texts | octets, texts | octets, readings, readings, st.none() | st.booleans())
def test_decisions_are_of_the_type_of_the_text(
    mail_from: Any, rcpt_to: Any, sender: Any, recipient: Any, is_report: bool | None
) -> None:
    try:
        leaving = CONFIG.outbound(mail_from, [rcpt_to], NOON, mail_from_resolved=sender)
        judged = CONFIG.inbound(
            mail_from,
            rcpt_to,
            NOON,
            mail_from_resolved=sender,
            rcpt_resolved=recipient,
            is_report=is_report,
        )
    except batv.AddressError:  # a surrogate
        return
    assert type(leaving.mail_from) is type(mail_from)
    assert judged.original is None or type(judged.original) is type(rcpt_to)
    for line in (leaving.log_line(), judged.log_line()):
        assert line.isascii()
        assert line.isprintable()
