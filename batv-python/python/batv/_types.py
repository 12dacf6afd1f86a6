"""Verdicts, dialects and exceptions: the types that are better defined in Python."""

from datetime import datetime
from enum import StrEnum

__all__ = [
    "AddressError",
    "BatvError",
    "Dialect",
    "KeyRingError",
    "TimeError",
    "TooLongError",
    "Verdict",
]


class Verdict(StrEnum):
    """What a verifier says of an address. Only `PASS` proves anything."""

    MISSING = "missing"
    """There is no tag."""
    MALFORMED = "malformed"
    """`prvs=` and a second `=`, but what stands between is no tag value."""
    UNKNOWN_KEY = "unknown-key"
    """The key ring has no secret of the tag's key number."""
    BAD_SIGNATURE = "bad-signature"
    """The hash is not the one that the secret makes."""
    EXPIRED = "expired"
    """Authentic, but its day has passed."""
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    """Authentic and in time."""


class Dialect(StrEnum):
    """The form of a tag, named for the standard or the product that it was seen from."""

    DRAFT = "draft"
    """`prvs=KDDDSSSSSS=user@`: draft-levine-smtp-batv-01, Exim, Halon, MDaemon and others."""
    IRONPORT = "ironport"
    """`prvs=DDDSSSSSS=user@`, without a key number: Cisco IronPort."""
    SWAPPED = "swapped"
    """`prvs=user=KDDDSSSSSS@`."""
    SLASH = "slash"
    """`prvs=user/KDDDSSSSSS@`: Exim before 4.68, the draft of 2004."""
    SUB_ADDRESS = "sub-address"
    """`user+prvs=KDDDSSSSSS@`: batv-tools."""
    BARRACUDA = "barracuda"
    """`btv1==DDDSSSSSSSS==user@`: Barracuda."""
    SPARKPOST = "sparkpost"
    """`msprvs1=DDDDDSSSSSSSS=user@`: SparkPost, Momentum."""


class BatvError(ValueError):
    """The root of what this package raises for values; wrong types raise `TypeError`."""


class AddressError(BatvError):
    """What is neither an address nor, where it may be, the null reverse-path."""

    def __init__(self, reason: str, address: str | bytes, position: int | None = None) -> None:
        super().__init__(reason, address, position)
        self.reason = reason
        """What is wrong."""
        self.address = address
        """The address as it was given."""
        self.position = position
        """Where in its octets (a `str` counts in UTF-8), when it is one octet that is wrong."""

    def __str__(self) -> str:
        return f"{self.reason}: {self.address!r}"


class TooLongError(BatvError):
    """An address that is not signed: its local-part would outgrow RFC 5321's 64 octets.

    Send it unsigned, and accept bounces to it untagged.
    """

    def __init__(self, reason: str, address: str | bytes, octets: int) -> None:
        super().__init__(reason, address, octets)
        self.reason = reason
        """What is wrong."""
        self.address = address
        """The address as it was given."""
        self.octets = octets
        """The octets that the signed local-part would have."""

    def __str__(self) -> str:
        return f"{self.reason}: {self.address!r}"


class TimeError(BatvError):
    """A time that is no UNIX time: negative, not finite, or a datetime without a time zone."""

    def __init__(self, reason: str, at: float | datetime) -> None:
        super().__init__(reason, at)
        self.reason = reason
        """What is wrong."""
        self.at = at
        """The time as it was given."""

    def __str__(self) -> str:
        return self.reason


class KeyRingError(BatvError):
    """An argument that no key ring can be made of. It never holds a secret."""

    def __init__(self, reason: str, argument: str) -> None:
        super().__init__(reason, argument)
        self.reason = reason
        """What is wrong."""
        self.argument = argument
        """The name of the argument: `keys`, `lifetime`, `signing` and so on."""

    def __str__(self) -> str:
        return f"{self.argument}: {self.reason}"
