"""Verdicts, dialects and exceptions: the types that are better defined in Python."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from os import PathLike, fspath
from typing import AnyStr, Generic, NamedTuple

__all__ = [
    "AddressError",
    "BatvError",
    "ClientError",
    "ConfigError",
    "ConfigProblem",
    "Dialect",
    "Inbound",
    "InboundReason",
    "KeyRingError",
    "Outbound",
    "OutboundReason",
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


class OutboundReason(StrEnum):
    """Why a sender is signed or not: a stable word for logs."""

    SIGNED = "signed"
    """It is signed."""
    NULL_SENDER = "null-sender"
    """The null sender is never signed."""
    UNREADABLE = "unreadable"
    """It is no address."""
    NOT_OURS = "not-ours"
    """No key is for it."""
    EXEMPT = "exempt"
    """It is exempt."""
    LOCAL = "local"
    """Every recipient is ours, and such mail is left as it is."""
    UNTAGGED_DESTINATION = "untagged-destination"
    """A recipient's domain cannot bear tags."""
    TAGGED = "tagged"
    """It carries a tag already."""
    TOO_LONG = "too-long"
    """The signed local-part would be longer than 64 octets."""
    NO_SIGNING_KEY = "no-signing-key"
    """No key that is for it signs."""


class InboundReason(StrEnum):
    """Why a recipient is accepted or refused: a stable word for logs."""

    UNREADABLE = "unreadable"
    """It is no address."""
    NOT_OURS = "not-ours"
    """No key is for it."""
    CLIENT = "client"
    """The client is trusted, or listed."""
    EXEMPT = "exempt"
    """It is exempt."""
    NOT_A_BOUNCE = "not-a-bounce"
    """The message is no bounce."""
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    """A bounce whose tag is authentic and in time."""
    TOO_LONG = "too-long"
    """A bounce without a tag, to an address that is too long to be signed."""
    MISSING = "missing"
    """A bounce without a tag."""
    MALFORMED = "malformed"
    """A bounce whose tag value is none."""
    UNKNOWN_KEY = "unknown-key"
    """A bounce whose tag has a key number without a secret."""
    BAD_SIGNATURE = "bad-signature"
    """A bounce whose tag is forged."""
    EXPIRED = "expired"
    """A bounce whose tag has expired."""
    SECOND_RECIPIENT = "second-recipient"
    """A bounce has exactly one recipient."""
    TAGGED_MAIL = "tagged-mail"
    """Ordinary mail to a tagged address, where that is refused."""


@dataclass(frozen=True, slots=True)
class Outbound(Generic[AnyStr]):
    """The decision on the sender of a message that leaves."""

    sender: AnyStr
    """The sender to send it with: signed, or as it was given."""
    reason: OutboundReason
    """Why."""


@dataclass(frozen=True, slots=True)
class Inbound(Generic[AnyStr]):
    """The decision on a recipient of a message that comes in."""

    recipient: AnyStr
    """The recipient to deliver to: the original address, or as it was given."""
    reply: str | None
    """The SMTP reply that refuses it, `550 5.7.1 ...`; None when it is accepted."""
    reason: InboundReason
    """Why."""
    monitored: bool
    """Whether it is accepted only because the policy monitors."""


class ConfigProblem(NamedTuple):
    """What is wrong with a configuration file."""

    line: int | None
    """The line, counted from 1; None when it is the file as a whole."""
    key: str
    """The key, such as `policy.clients` or `key[2].number`, or nothing."""
    message: str
    """What is wrong."""


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


class ClientError(BatvError):
    """A client that is no IP address."""

    def __init__(self, reason: str, client: str) -> None:
        super().__init__(reason, client)
        self.reason = reason
        """What is wrong."""
        self.client = client
        """The client as it was given."""

    def __str__(self) -> str:
        return f"{self.reason}: {self.client!r}"


class ConfigError(BatvError):
    """A configuration file that cannot be used. It never holds a secret.

    Where the file cannot be read, the cause is an `OSError`.
    """

    def __init__(
        self, reason: str, path: str | PathLike[str], problems: tuple[ConfigProblem, ...]
    ) -> None:
        super().__init__(reason, fspath(path), problems)
        self.reason = reason
        """What is wrong, a line for each problem: `FILE:LINE: KEY: MESSAGE`."""
        self.path = fspath(path)
        """The file."""
        self.problems = problems
        """All that is wrong with it."""

    def __str__(self) -> str:
        return self.reason
