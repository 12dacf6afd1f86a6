"""Bounce Address Tag Validation (BATV): sign and verify envelope senders.

A key ring signs the envelope sender of mail that leaves, and verifies the address that a
bounce comes to:

>>> import batv
>>> keys = batv.KeyRing({1: b"a secret of 16 octets or more"}, lifetime=7)
>>> received = 1_795_348_800  # UNIX seconds, or an aware datetime
>>> signed = keys.sign("user@example.com", at=received)
>>> if verification := keys.verify(signed, at=received + 3 * 86_400):
...     verification.verdict, verification.original, verification.days_left
(<Verdict.PASS: 'pass'>, 'user@example.com', 4)

A configuration, `batv.toml`, contains the keys of all the domains of a site, and its policy.
`Config.open(path).outbound(...)` decides on mail that leaves, `inbound(...)` on mail that comes in.

`strip` removes anybody's tag from an address, without verifying it:

>>> batv.strip("btv1==08501234bcd==user@example.com")
'user@example.com'

Addresses are `str` or `bytes`, with or without angle brackets. Results have the same type and form.
"""

import sys as _sys
from os import urandom as _urandom

from batv._batv import (
    Config,
    Fault,
    InboundDecision,
    Key,
    KeyRing,
    OutboundDecision,
    Stripped,
    Verification,
    _types,
    inspect,
    is_delivery_report,
    strip,
)

# Imported again after sys.modules was emptied, the module has the same classes as before.
_sys.modules[_types.__name__] = _types
from batv._types import (  # noqa: E402
    Action,
    AddressError,
    ArgumentError,
    BatvError,
    BatvWarning,
    ConfigError,
    Dialect,
    InboundReason,
    OutboundReason,
    TimeError,
    TooLongError,
    Use,
    Verdict,
)

__all__ = [
    "Action",
    "AddressError",
    "ArgumentError",
    "BatvError",
    "BatvWarning",
    "Config",
    "ConfigError",
    "Dialect",
    "Fault",
    "InboundDecision",
    "InboundReason",
    "Key",
    "KeyRing",
    "OutboundDecision",
    "OutboundReason",
    "Stripped",
    "TimeError",
    "TooLongError",
    "Use",
    "Verdict",
    "Verification",
    "generate_secret",
    "inspect",
    "is_delivery_report",
    "strip",
]


def generate_secret() -> bytes:
    """Make a strong secret: 64 hexadecimal digits from the system's random source."""
    return _urandom(32).hex().encode()


# Tracebacks and pickles show the public name of the module.
for _name in _types.__all__:
    getattr(_types, _name).__module__ = __name__
del _name
