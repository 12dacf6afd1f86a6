"""Anybody's tags: taken off, and read."""

from typing import Any

import pytest
from batv import ArgumentError, Dialect, Stripped, inspect, strip

USER = "user@example.com"


@pytest.mark.parametrize(
    ("address", "dialect", "day", "key_number"),
    [
        ("prvs=0123456789=user@example.com", Dialect.DRAFT, 123, 0),
        ("PRVS=7999ABCDEF=user@example.com", Dialect.DRAFT, 999, 7),
        ("prvs=085abcdef=user@example.com", Dialect.IRONPORT, 85, None),
        ("prvs=user=0123456789@example.com", Dialect.SWAPPED, 123, 0),
        ("prvs=user=085abcdef@example.com", Dialect.SWAPPED, 85, None),
        ("prvs=user/0123456789@example.com", Dialect.SLASH, 123, 0),
        ("user+prvs=0123456789@example.com", Dialect.SUB_ADDRESS, 123, 0),
        ("btv1==08501234bcd==user@example.com", Dialect.BARRACUDA, 85, None),
        ("msprvs1=17780aBc-_9Zz=user@example.com", Dialect.SPARKPOST, 17780, None),
    ],
)
def test_dialects(address: str, dialect: Dialect, day: int, key_number: int | None) -> None:
    assert strip(address) == USER
    assert strip(address.encode()) == USER.encode()
    assert strip(f"<{address}>") == f"<{USER}>"
    assert inspect(address) == Stripped(dialect, USER, day, key_number)
    octets = f"<{address}>".encode()
    assert inspect(octets) == Stripped(dialect, f"<{USER}>".encode(), day, key_number)


@pytest.mark.parametrize(
    "text",
    [
        USER,
        "prvs=abc@example.com",
        "<user@example.com>",
        # What is not an address has no tag either: whoever strips need not know.
        "<>",
        "",
        "foo",
        "prvs=0123456789=user",
        "two words@example.com",
        "\ud800@example.com",
    ],
)
def test_what_has_no_tag_comes_back_as_it_is(text: str) -> None:
    given: Any
    for given in (text, text.encode("utf-8", "surrogatepass")):
        assert strip(given) is given
        assert strip(given, layers=9) is given
        assert inspect(given) is None


def test_nested_tags_come_off_one_layer_a_call_or_so_many() -> None:
    nested = "<btv1==08501234bcd==prvs=0123456789=prvs=085abcdef=user@example.com>"
    assert strip(nested) == "<prvs=0123456789=prvs=085abcdef=user@example.com>"
    assert strip(nested, layers=1) == strip(nested)
    assert strip(nested, layers=2) == "<prvs=085abcdef=user@example.com>"
    for layers in (3, 4, 100):
        assert strip(nested, layers=layers) == f"<{USER}>"
        assert strip(nested.encode(), layers=layers) == f"<{USER}>".encode()
    for layers in (0, 101, -1, 10**30):
        with pytest.raises(ArgumentError, match="layers: ") as caught:
            strip(nested, layers=layers)
        assert caught.value.argument == "layers"
    for wrong in (True, 1.0, "1"):
        layers_of_another_type: Any = wrong
        with pytest.raises(TypeError, match="layers must be int, not "):
            strip(nested, layers=layers_of_another_type)


def test_escaped_octets() -> None:
    text = b"prvs=0123456789=j\xfcrgen@example.com".decode("ascii", "surrogateescape")
    assert strip(text) == "j\udcfcrgen@example.com"


def test_what_is_no_text() -> None:
    call: Any
    for call in (strip, inspect):
        for given in (None, 7, bytearray(USER.encode())):
            with pytest.raises(TypeError, match="address must be str or bytes, not "):
                call(given)
