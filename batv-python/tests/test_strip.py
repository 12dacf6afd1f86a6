"""Stripping anybody's tags."""

import pytest
from batv import AddressError, Dialect, dialect, strip

USER = "user@example.com"


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("prvs=0123456789=user@example.com", Dialect.DRAFT),
        ("PRVS=0123ABCDEF=user@example.com", Dialect.DRAFT),
        ("prvs=085abcdef=user@example.com", Dialect.IRONPORT),
        ("prvs=user=0123456789@example.com", Dialect.SWAPPED),
        ("prvs=user/0123456789@example.com", Dialect.SLASH),
        ("user+prvs=0123456789@example.com", Dialect.SUB_ADDRESS),
        ("btv1==08501234bcd==user@example.com", Dialect.BARRACUDA),
        ("msprvs1=17780aBc-_9Zz=user@example.com", Dialect.SPARKPOST),
    ],
)
def test_dialects(address: str, found: Dialect) -> None:
    assert strip(address) == USER
    assert strip(address.encode()) == USER.encode()
    assert strip(f"<{address}>") == f"<{USER}>"
    assert dialect(address) is found
    assert dialect(f"<{address}>".encode()) is found


@pytest.mark.parametrize("address", [USER, "prvs=abc@example.com", "<>", "", "<user@example.com>"])
def test_what_has_no_tag_comes_back_as_it_is(address: str) -> None:
    octets = address.encode()
    assert strip(address) is address
    assert strip(octets) is octets
    assert dialect(address) is None


def test_nested_tags_come_off_one_layer_a_call() -> None:
    nested = "btv1==08501234bcd==prvs=0123456789=user@example.com"
    assert strip(nested) == "prvs=0123456789=user@example.com"
    assert strip(strip(nested)) == USER


def test_escaped_octets() -> None:
    text = b"prvs=0123456789=j\xfcrgen@example.com".decode("ascii", "surrogateescape")
    assert strip(text) == "j\udcfcrgen@example.com"


def test_malformed() -> None:
    for call in (strip, dialect):
        with pytest.raises(AddressError, match="no '@'"):
            call("prvs=0123456789=user")
        with pytest.raises(TypeError, match="address must be str or bytes, not NoneType"):
            call(None)  # type: ignore[type-var, unused-ignore, arg-type]
