"""Bounce Address Tag Validation (BATV): sign and verify envelope senders.

A key ring signs the envelope sender of mail that leaves, and judges the address that a
bounce comes to:

>>> import batv
>>> keys = batv.KeyRing({1: b"a secret of 16 octets or more"}, lifetime=7)
>>> received = 1_795_348_800  # UNIX seconds, or an aware datetime
>>> signed = keys.sign("user@example.com", at=received)
>>> verification = keys.verify(signed, at=received + 3 * 86_400)
>>> verification.verdict, verification.original, verification.days_left
(<Verdict.PASS: 'pass'>, 'user@example.com', 4)

Anybody's tag comes off an address without proof:

>>> batv.strip("btv1==08501234bcd==user@example.com")
'user@example.com'

Addresses are `str` or `bytes`, with or without angle brackets, and come back as they came.
"""

from batv import _types
from batv._batv import Config, KeyRing, Verification, dialect, strip
from batv._types import (
    AddressError,
    BatvError,
    ClientError,
    ConfigError,
    ConfigProblem,
    Dialect,
    Inbound,
    InboundReason,
    KeyRingError,
    Outbound,
    OutboundReason,
    TimeError,
    TooLongError,
    Verdict,
)

__all__ = [
    "AddressError",
    "BatvError",
    "ClientError",
    "Config",
    "ConfigError",
    "ConfigProblem",
    "Dialect",
    "Inbound",
    "InboundReason",
    "KeyRing",
    "KeyRingError",
    "Outbound",
    "OutboundReason",
    "TimeError",
    "TooLongError",
    "Verdict",
    "Verification",
    "dialect",
    "strip",
]

# Tracebacks and pickles name what is public.
for _name in _types.__all__:
    getattr(_types, _name).__module__ = __name__
del _name
