"""BATV's decisions a second time: slow, simple, and written from the scheme, not from batv-core.

`compare.py` asks both the same questions. Where they differ, one of the two has misread the scheme. So
nothing here is clever: an address is octets, each rule is a few lines, and the rules stand in the
order in which they apply. An answer is a dictionary, as it travels from batv-core.
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

DAY = 86_400
DIGITS = b"0123456789"
HEX = b"0123456789abcdefABCDEF"
BASE64URL = DIGITS + b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
LABEL = BASE64URL
SPECIALS = b'()<>[]:;@\\," '


class Unreadable(Exception):
    """A text that is not an address."""


# --- Octets -----------------------------------------------------------------------------------------


def is_control(octet: int) -> bool:
    return octet < 32 or octet == 127


def is_plain(octet: int) -> bool:
    """What a local-part or a domain holds without quotes; dots may stand anywhere."""
    return not is_control(octet) and octet not in SPECIALS


def fold(octets: bytes) -> bytes:
    """ASCII letters in lower case; others stay."""
    return octets.lower()


def fold_text(text: bytes) -> bytes:
    """Mailboxes and patterns that are UTF-8 compare without case in all scripts, as Postfix does."""
    try:
        return text.decode().lower().encode()
    except UnicodeDecodeError:
        return fold(text)


# --- Local-parts and domains ------------------------------------------------------------------------


class Octet(NamedTuple):
    """One octet that a local-part means, and where it is written: text[start:end], with a backslash."""

    value: int
    start: int
    end: int
    quoted: bool


@lru_cache(10_000)
def scan(text: bytes, literals: bool = False) -> tuple[tuple[Octet, ...], int]:
    """Reads a local-part up to the first `@` outside quotes or the end, and says where that is.

    It is quoted strings and plain octets in any order, and for `user%[192.0.2.1]` address literals.
    """
    octets, at, quoted = [], 0, False
    while at < len(text):
        octet = text[at]
        if octet == ord("@") and not quoted:
            break
        if is_control(octet):
            raise Unreadable
        if octet == ord('"'):
            quoted = not quoted
        elif quoted and octet == ord("\\"):
            at += 1
            if at == len(text) or is_control(text[at]):
                raise Unreadable
            octets.append(Octet(text[at], at - 1, at + 1, quoted))
        elif quoted or is_plain(octet):
            octets.append(Octet(octet, at, at + 1, quoted))
        elif literals and octet == ord("[") and is_literal(text[at : (end := text.find(b"]", at) + 1)]):
            if b'"' in text[at:end]:
                raise Unreadable
            octets.extend(Octet(text[place], place, place + 1, False) for place in range(at, end))
            at = end - 1
        else:
            raise Unreadable
        at += 1
    if quoted:
        raise Unreadable
    return tuple(octets), at


def content(local_part: bytes) -> bytes:
    """What a local-part means: quotes and escapes off."""
    return bytes(octet.value for octet in scan(local_part)[0])


def canonical(local_part: bytes) -> bytes:
    """The local-part with quotes and escapes only where they are needed."""
    meant = content(local_part)
    if all(is_plain(octet) for octet in meant):
        return meant
    return b'"' + meant.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def is_quoted(local_part: bytes) -> bool:
    """Whether it is one quoted string: the quotes are not a part of what is written in it."""
    octets, _ = scan(local_part)
    ends = local_part[:1] == b'"' and local_part[-1:] == b'"' and len(local_part) > 1
    return ends and all(octet.quoted for octet in octets) and written_octets(octets) == len(local_part) - 2


def written_octets(octets: tuple[Octet, ...]) -> int:
    return sum(octet.end - octet.start for octet in octets)


def is_literal(domain: bytes) -> bool:
    inside = domain[1:-1]
    printable = all(33 <= octet <= 126 and octet not in b"[\\]" for octet in inside)
    return domain[:1] == b"[" and domain[-1:] == b"]" and inside != b"" and printable


def is_domain(text: bytes) -> bool:
    """An address literal, or labels of letters, digits, hyphens and underscores; a dot at the end is one too."""
    labels = text.removesuffix(b".").split(b".")
    return is_literal(text) or all(label and all(octet >= 128 or octet in LABEL for octet in label) for label in labels)


def without_dot(domain: bytes) -> bytes:
    """One trailing dot comes off, of a literal too."""
    return domain.removesuffix(b".")


def read_domain(text: bytes) -> bytes:
    domain = without_dot(text)
    if not is_domain(domain) or domain.endswith(b"."):
        raise Unreadable
    return domain


def inside_brackets(text: bytes) -> tuple[bool, bytes]:
    """One pair of angle brackets comes off."""
    if len(text) >= 2 and text[:1] == b"<" and text[-1:] == b">":
        return True, text[1:-1]
    return False, text


@dataclass(frozen=True)
class Address:
    local_part: bytes
    domain: bytes | None
    brackets: bool = False

    @property
    def text(self) -> bytes:
        inside = self.local_part + b"@" + self.domain
        return b"<" + inside + b">" if self.brackets else inside

    @property
    def canonical(self) -> bytes:
        """The hash-source of most tags: lower case, and quotes where they are needed."""
        return fold(canonical(self.local_part) + b"@" + self.domain)

    @property
    def mailbox(self) -> tuple[bytes, bytes | None]:
        """What is compared to tell one mailbox from another."""
        return fold_text(content(self.local_part)), self.domain and fold_text(self.domain)


def parse(text: bytes) -> Address:
    """An address as the library's parser takes it, without the readings of a mail server."""
    brackets, path = inside_brackets(text)
    octets, at = scan(path)
    local_part, at_sign, domain = path[:at], path[at : at + 1], path[at + 1 :]
    if not at_sign or not octets or not is_domain(domain):
        raise Unreadable
    return Address(local_part, domain, brackets)


# --- Tags -------------------------------------------------------------------------------------------


def shaped(value: bytes, digits: int, others: int, alphabet: bytes = HEX) -> bool:
    """So many digits, then so many octets of an alphabet."""
    return (
        len(value) == digits + others
        and all(octet in DIGITS for octet in value[:digits])
        and all(octet in alphabet for octet in value[digits:])
    )


def is_tag_value(value: bytes) -> bool:
    """K DDD SSSSSS"""
    return shaped(value, 4, 6)


@dataclass(frozen=True)
class Tagged:
    """An address with a tag in one of our own syntaxes, told by its shape."""

    key_number: int
    day: int
    digest: bytes
    original: Address


def is_srs(meant: bytes) -> bool:
    """The tag at its end belongs to the rewritten address of another domain."""
    return fold(meant[:4]) in (b"srs0", b"srs1") and meant[4:5] in (b"=", b"+", b"-")


def prefix_value(meant: bytes) -> bytes | None:
    """The value of `prvs=VALUE=`, whatever stands behind it."""
    shape = fold(meant[:5]) == b"prvs=" and is_tag_value(meant[5:15]) and meant[15:16] == b"="
    return meant[5:15] if shape else None


def sub_address_value(meant: bytes, delimiter: bytes) -> bytes | None:
    """The value of `DELIMITER prvs=VALUE`. Behind an SRS address it is a tag of the sender in that."""
    shape = fold(meant[-16:-10]) == delimiter + b"prvs=" and is_tag_value(meant[-10:]) and not is_srs(meant[:-16])
    return meant[-10:] if shape else None


def written(local_part: bytes) -> bytes:
    """The local-part as it is written between its quotes, if it is one quoted string."""
    return local_part[1:-1] if is_quoted(local_part) else local_part


def rewritten(address: Address, kept: bytes) -> Address | None:
    """The address with a part of what is written in its local-part; None where that is not an address."""
    local_part = b'"' + kept + b'"' if is_quoted(address.local_part) else kept
    try:
        return replace(address, local_part=local_part) if content(local_part) else None
    except Unreadable:
        return None


def tagged(address: Address, delimiter: bytes) -> Tagged | None:
    """The tag that is written in an address, in either syntax, the draft's first."""
    text = written(address.local_part)
    value, original = prefix_value(text), rewritten(address, text[16:])
    if not (value and original):
        value, original = sub_address_value(text, delimiter), rewritten(address, text[:-16])
    return Tagged(int(value[:1]), int(value[1:4]), fold(value[4:]), original) if value and original else None


def is_malformed(address: Address) -> bool:
    """`prvs=` and a second `=`."""
    text = written(address.local_part)
    return fold(text[:5]) == b"prvs=" and b"=" in text[5:]


# --- Key rings --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Settings:
    lifetime: int = 7
    syntax: str = "prefix"
    delimiter: bytes = b"+"
    exact: bool = False
    long_local_parts: bool = False


@dataclass(frozen=True)
class KeyRing:
    secrets: dict[int, bytes] = field(default_factory=dict)
    signing: int | None = None


def digest(secret: bytes, key_number: int, day: int, source: bytes) -> bytes:
    text = b"%d%03d" % (key_number, day) + source
    return hmac.new(secret, text, "sha1").hexdigest()[:6].encode()


def is_too_long(address: Address, settings: Settings) -> bool:
    return not settings.long_local_parts and len(canonical(address.local_part)) + 16 > 64


def sign(ring: KeyRing, settings: Settings, address: Address, time: int) -> bytes | str:
    """The signed address, or the word that says why it stays as it is."""
    if ring.signing is None:
        return "no-signing-key"
    # A tag with nothing behind it would be read before that of a sub-address.
    hidden = settings.syntax == "sub-address" and prefix_value(written(address.local_part))
    if tagged(address, settings.delimiter) or hidden:
        return "tagged"
    if is_too_long(address, settings):
        return "too-long"
    day = (time // DAY + settings.lifetime) % 1000
    source = address.local_part + b"@" + address.domain if settings.exact else address.canonical
    value = b"%d%03d" % (ring.signing, day) + digest(ring.secrets[ring.signing], ring.signing, day, source)
    text = written(address.local_part)
    if settings.syntax == "prefix" or is_srs(text):
        text = b"prvs=" + value + b"=" + text
    else:
        text = text + settings.delimiter + b"prvs=" + value
    return rewritten(address, text).text


def days_left(day: int, time: int) -> int | None:
    """None when the tag's day has passed, or is too far ahead for any tag."""
    left = (day - time // DAY) % 1000
    return left if left <= 100 else None


def verify(ring: KeyRing, settings: Settings, address: Address, time: int) -> str:
    tag = tagged(address, settings.delimiter)
    if tag is None:
        return "malformed" if is_malformed(address) else "missing"
    if tag.key_number not in ring.secrets:
        return "unknown-key"
    secret = ring.secrets[tag.key_number]
    as_received = tag.original.local_part + b"@" + tag.original.domain
    for source in (tag.original.canonical, as_received):
        if digest(secret, tag.key_number, tag.day, source) == tag.digest:
            return "expired" if days_left(tag.day, time) is None else "pass"
    return "bad-signature"


# --- Stripping anybody's tags -----------------------------------------------------------------------


def dialects_of(text: bytes) -> Iterator[tuple[str, bytes, int, int]]:
    """The dialects, the days, and how many octets stand before and behind the originals."""
    kind = fold(text[:5])
    if kind == b"prvs=" and is_tag_value(text[5:15]) and text[15:16] == b"=":
        yield "draft", text[6:9], 16, 0
    if sub_address_value(text, b"+"):
        yield "sub-address", text[-9:-6], 0, 16
    if kind == b"prvs=" and shaped(text[5:14], 3, 6) and text[14:15] == b"=":
        yield "ironport", text[5:8], 15, 0
    if fold(text[:6]) == b"btv1==" and shaped(text[6:17], 3, 8) and text[17:19] == b"==":
        yield "barracuda", text[6:9], 19, 0
    if fold(text[:8]) == b"msprvs1=" and shaped(text[8:21], 5, 8, BASE64URL) and text[21:22] == b"=":
        yield "sparkpost", text[8:13], 22, 0
    for mark, dialect in ((b"/", "slash"), (b"=", "swapped")):
        if kind == b"prvs=" and text[-11:-10] == mark and is_tag_value(text[-10:]):
            yield dialect, text[-9:-6], 5, 11
    if kind == b"prvs=" and text[-10:-9] == b"=" and shaped(text[-9:], 3, 6):
        yield "swapped", text[-9:-6], 5, 10


def strip(address: Address) -> tuple[str, bytes, int] | None:
    """The dialect, the original, and the number in the tag's day digits."""
    text = written(address.local_part)
    for dialect, day, before, behind in dialects_of(text):
        original = rewritten(address, text[before : len(text) - behind])
        if original:
            return dialect, original.text, int(day)
    return None
