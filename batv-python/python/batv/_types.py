"""Verdicts, dialects, reasons and exceptions: the types that are better defined in Python."""

from enum import StrEnum
from os import PathLike, fspath

# What only annotations need is not imported: a filter may be started for every message.
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
    """What is decided, in the words of the log line."""

    SIGN = "sign"
    """The message leaves with a signed sender."""
    LEAVE = "leave"
    """The message leaves with the sender that it has."""
    ACCEPT = "accept"
    """The recipient is accepted as it is."""
    ORIGINAL = "original"
    """The recipient is accepted, and the message delivered to the original address."""
    REFUSE = "refuse"
    """The recipient is refused."""


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
    NOT_INTERNAL = "not-internal"
    """The client is neither trusted nor in the internal networks."""
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
    NOT_A_REPORT = "not-a-report"
    """A bounce that does not say that it is a delivery report, where such are let in."""


class Use(StrEnum):
    """What a key is used for."""

    SIGN = "sign"
    """It signs, and verifies."""
    VERIFY = "verify"
    """It verifies only."""


class BatvWarning(UserWarning):
    """What works, but should be looked at: a weak secret, an old one and so on."""


def _shown(address: str | bytes) -> str:
    """Show an address, of a long one the beginning."""
    return repr(address) if len(address) <= 100 else f"{address[:100]!r}..."


class BatvError(ValueError):
    """The root of what this package raises for values; wrong types raise `TypeError`."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class ArgumentError(BatvError):
    """An argument of the right type with a value that it cannot have. It never holds a secret."""

    def __init__(self, argument: str, reason: str) -> None:
        super().__init__(argument, reason)
        self.argument = argument
        """The name of the argument: `keys`, `lifetime`, `client` and so on."""
        self.reason = reason
        """What is wrong."""

    def __str__(self) -> str:
        return f"{self.argument}: {self.reason}"


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
        return f"{self.reason}: {_shown(self.address)}"


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
        return f"{self.reason}: {_shown(self.address)}"


class TimeError(BatvError):
    """A time that is not one in UNIX seconds of the years 1970 to 9999.

    Milliseconds are not, nor is a datetime without a time zone.
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
    """A configuration that cannot be used. It never holds a secret."""

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
        """What is wrong, a line for each fault: `FILE:LINE: SETTING: MESSAGE`."""
        self.path = path
        """The configuration file; None where it was text."""
        self.faults = faults
        """All that is wrong with it."""
        self.errno = errno
        """The system's error number where the file cannot be read; the cause is an `OSError`."""

    @property
    def filename(self) -> str | None:
        """The file that cannot be read; None where something else is wrong."""
        return None if self.errno is None else self.path

    def __str__(self) -> str:
        return self.reason
