"""Verdicts, dialects, reasons and exceptions: types that are easier to define in Python."""

from enum import StrEnum
from os import PathLike, fspath

# Only annotations need these. A filter may be started for every message, so imports must be fast.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from batv._batv import Fault

__all__ = [
    "Action",
    "AddressError",
    "ArgumentError",
    "BatvError",
    "BatvWarning",
    "ConfigError",
    "Dialect",
    "InboundReason",
    "OutboundReason",
    "TimeError",
    "TooLongError",
    "Use",
    "Verdict",
]


class Verdict(StrEnum):
    """The result of verifying an address. Only `PASS` proves anything."""

    MISSING = "missing"
    """The address has no tag."""
    MALFORMED = "malformed"
    """There is a `prvs=` and a second `=`, but what is between them is not a tag value."""
    UNKNOWN_KEY = "unknown-key"
    """The key ring has no secret for the key number in the tag."""
    BAD_SIGNATURE = "bad-signature"
    """The hash in the tag was not made with the secret."""
    EXPIRED = "expired"
    """The tag is authentic, but has expired."""
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    """The tag is authentic and has not expired."""


class Dialect(StrEnum):
    """The form of a tag, named after the standard or the product that it comes from."""

    DRAFT = "draft"
    """`prvs=KDDDSSSSSS=user@`: draft-levine-smtp-batv-01, Exim, Halon, MDaemon and others."""
    IRONPORT = "ironport"
    """`prvs=DDDSSSSSS=user@`, without a key number: Cisco IronPort."""
    SWAPPED = "swapped"
    """`prvs=user=KDDDSSSSSS@`, or nine digits without a key number."""
    SLASH = "slash"
    """`prvs=user/KDDDSSSSSS@`: Exim before 4.68, the draft of 2004."""
    SUB_ADDRESS = "sub-address"
    """`user+prvs=KDDDSSSSSS@`: batv-tools."""
    BARRACUDA = "barracuda"
    """`btv1==DDDSSSSSSSS==user@`: Barracuda."""
    SPARKPOST = "sparkpost"
    """`msprvs1=DDDDDSSSSSSSS=user@`: SparkPost, Momentum."""


class Action(StrEnum):
    """A decision, in the words of the log line."""

    SIGN = "sign"
    """Send the message with a signed sender."""
    LEAVE = "leave"
    """Send the message with its sender as it is."""
    ACCEPT = "accept"
    """Accept the recipient as it is."""
    ORIGINAL = "original"
    """Accept the recipient, and deliver the message to the original address."""
    REFUSE = "refuse"
    """Refuse the recipient."""


class OutboundReason(StrEnum):
    """Why a sender is signed or not. These words do not change."""

    SIGNED = "signed"
    """The sender is signed."""
    NULL_SENDER = "null-sender"
    """The null sender is never signed."""
    UNREADABLE = "unreadable"
    """The sender is not an address."""
    NOT_OURS = "not-ours"
    """There is no key for the sender."""
    EXEMPT = "exempt"
    """The sender is exempt."""
    NOT_INTERNAL = "not-internal"
    """The client is neither trusted nor in `internal-networks`."""
    LOCAL = "local"
    """All recipients are at domains of ours, and such mail is not to be signed."""
    UNTAGGED_DESTINATION = "untagged-destination"
    """A recipient's domain is in `untagged-destinations`."""
    TAGGED = "tagged"
    """The sender already has a tag."""
    TOO_LONG = "too-long"
    """The signed local-part would be longer than 64 octets."""
    NO_SIGNING_KEY = "no-signing-key"
    """No key for the sender is one that signs."""


class InboundReason(StrEnum):
    """Why a recipient is accepted or refused. These words do not change."""

    UNREADABLE = "unreadable"
    """A bounce to something that is not an address."""
    NOT_OURS = "not-ours"
    """There is no key for the recipient."""
    CLIENT = "client"
    """The client is trusted, internal, or in `untagged-clients`."""
    EXEMPT = "exempt"
    """The recipient is exempt."""
    NOT_A_BOUNCE = "not-a-bounce"
    """The message is not a bounce."""
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    """A bounce with a tag that is authentic and has not expired."""
    TOO_LONG = "too-long"
    """A bounce to an address without a tag, which is too long to be signed."""
    MISSING = "missing"
    """A bounce to an address without a tag."""
    MALFORMED = "malformed"
    """A bounce with a malformed tag."""
    UNKNOWN_KEY = "unknown-key"
    """A bounce with a tag whose key number is unknown."""
    BAD_SIGNATURE = "bad-signature"
    """A bounce with a forged tag."""
    EXPIRED = "expired"
    """A bounce with an expired tag."""
    SECOND_RECIPIENT = "second-recipient"
    """A second recipient of a bounce, where bounces may only have one."""
    TAGGED_MAIL = "tagged-mail"
    """Ordinary mail to a tagged address, where that is refused."""
    NOT_A_REPORT = "not-a-report"
    """A bounce that would be refused, but does not say that it is a delivery report."""


class Use(StrEnum):
    """What a key is used for."""

    SIGN = "sign"
    """The key signs and verifies."""
    VERIFY = "verify"
    """The key only verifies."""


class BatvWarning(UserWarning):
    """A warning about something that works but may not be intended, such as a weak secret."""


def _shown(address: str | bytes) -> str:
    """Show an address, or the beginning of a long one."""
    return repr(address) if len(address) <= 100 else f"{address[:100]!r}..."


class BatvError(ValueError):
    """The base class of this package's errors. Arguments of wrong types raise `TypeError`."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class ArgumentError(BatvError):
    """An argument has the right type but an invalid value. The error never contains a secret."""

    def __init__(self, argument: str, reason: str) -> None:
        super().__init__(argument, reason)
        self.argument = argument
        """The name of the argument: `keys`, `lifetime`, `client` and so on."""
        self.reason = reason
        """What is wrong."""

    def __str__(self) -> str:
        return f"{self.argument}: {self.reason}"


class AddressError(BatvError):
    """Something that is not an address, nor the null reverse-path where that is allowed."""

    def __init__(self, reason: str, address: str | bytes, position: int | None = None) -> None:
        super().__init__(reason, address, position)
        self.reason = reason
        """What is wrong."""
        self.address = address
        """The address as it was given."""
        self.position = position
        """The position of the wrong octet, if it is one octet. A `str` is counted in UTF-8."""

    def __str__(self) -> str:
        return f"{self.reason}: {_shown(self.address)}"


class TooLongError(BatvError):
    """An address that is not signed, since its local-part would exceed the 64 octets of RFC 5321.

    Send the message unsigned, and accept bounces to the address without a tag.
    """

    def __init__(self, reason: str, address: str | bytes, octets: int) -> None:
        super().__init__(reason, address, octets)
        self.reason = reason
        """What is wrong."""
        self.address = address
        """The address as it was given."""
        self.octets = octets
        """The number of octets that the signed local-part would have."""

    def __str__(self) -> str:
        return f"{self.reason}: {_shown(self.address)}"


class TimeError(BatvError):
    """A time outside the years 1970 to 9999, in UNIX seconds.

    A time in milliseconds raises it, and so does a datetime without a time zone.
    """

    def __init__(self, reason: str, at: "float | datetime") -> None:
        super().__init__(reason, at)
        self.reason = reason
        """What is wrong."""
        self.at = at
        """The time as it was given."""

    def __str__(self) -> str:
        return self.reason


class ConfigError(BatvError):
    """A configuration that cannot be used. The error never contains a secret."""

    def __init__(
        self,
        reason: str,
        path: str | PathLike[str] | None,
        faults: "tuple[Fault, ...]",
        errno: int | None = None,
    ) -> None:
        path = None if path is None else fspath(path)
        super().__init__(reason, path, faults, errno)
        self.reason = reason
        """What is wrong, with one line for each fault: `FILE:LINE: SETTING: MESSAGE`."""
        self.path = path
        """The configuration file, or None for a text or a mapping."""
        self.faults = faults
        """All the faults of the configuration."""
        self.errno = errno
        """The system's error number if the file cannot be read. Then the cause is an `OSError`."""

    @property
    def filename(self) -> str | None:
        """The file that cannot be read, or None if something else is wrong."""
        return None if self.errno is None else self.path

    def __str__(self) -> str:
        return self.reason
