from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from ipaddress import IPv4Address, IPv6Address
from os import PathLike
from types import GenericAlias
from typing import Any, AnyStr, Generic, Literal, Self, final

from batv import _types as _types
from batv._types import Action, Dialect, InboundReason, OutboundReason, Use, Verdict

__all__ = [
    "Config",
    "Fault",
    "InboundDecision",
    "Key",
    "KeyRing",
    "OutboundDecision",
    "Stripped",
    "Verification",
    "inspect",
    "is_delivery_report",
    "strip",
]

@final
class Config:
    @staticmethod
    def open(path: str | PathLike[str]) -> Config: ...
    @staticmethod
    def parse(
        text: str | Mapping[str, Any],
        read_secret_file: Callable[[str], bytes] | None = None,
    ) -> Config: ...
    @property
    def path(self) -> str | None: ...
    @property
    def keys(self) -> tuple[Key, ...]: ...
    def warnings(self, at: float | datetime | None = None) -> tuple[str, ...]: ...
    def reload(self) -> None: ...
    def refresh(self) -> bool: ...
    def sign(self, mail_from: AnyStr, at: float | datetime | None = None) -> AnyStr: ...
    def verify(
        self, address: AnyStr, at: float | datetime | None = None
    ) -> Verification[AnyStr]: ...
    def outbound(
        self,
        mail_from: AnyStr,
        recipients: Iterable[str] | Iterable[bytes] = (),
        at: float | datetime | None = None,
        *,
        mail_from_resolved: str | bytes | None = None,
        client: str | IPv4Address | IPv6Address | None = None,
        trusted: bool = False,
    ) -> OutboundDecision[AnyStr]: ...
    def inbound(
        self,
        mail_from: str | bytes,
        rcpt_to: AnyStr,
        at: float | datetime | None = None,
        *,
        mail_from_resolved: str | bytes | None = None,
        rcpt_resolved: str | bytes | None = None,
        client: str | IPv4Address | IPv6Address | None = None,
        trusted: bool = False,
        recipients_before: int = 0,
        is_report: bool | None = None,
    ) -> InboundDecision[AnyStr]: ...

@final
class Fault:
    __match_args__ = ("line", "setting", "message")

    def __new__(cls, line: int | None, setting: str, message: str) -> Self: ...
    @property
    def line(self) -> int | None: ...
    @property
    def setting(self) -> str: ...
    @property
    def message(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Key:
    __match_args__ = (
        "number",
        "patterns",
        "use",
        "fingerprint",
        "created",
        "verify_until",
        "line",
    )

    def __new__(
        cls,
        number: int,
        patterns: tuple[str, ...],
        use: Use | str,
        fingerprint: str,
        created: date | None = None,
        verify_until: date | None = None,
        line: int | None = None,
    ) -> Self: ...
    @property
    def number(self) -> int: ...
    @property
    def patterns(self) -> tuple[str, ...]: ...
    @property
    def use(self) -> Use: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def created(self) -> date | None: ...
    @property
    def verify_until(self) -> date | None: ...
    @property
    def line(self) -> int | None: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class KeyRing:
    def __new__(
        cls,
        keys: Mapping[int, bytes],
        *,
        lifetime: int = 7,
        signing: int | None = None,
        syntax: Literal["prefix", "sub-address"] = "prefix",
        delimiter: str = "+",
        hash_case: Literal["fold", "exact"] = "fold",
        long_local_parts: bool = False,
    ) -> Self: ...
    def sign(self, address: AnyStr, at: float | datetime | None = None) -> AnyStr: ...
    def verify(
        self, address: AnyStr, at: float | datetime | None = None
    ) -> Verification[AnyStr]: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: object) -> Self: ...

@final
class OutboundDecision(Generic[AnyStr]):
    __match_args__ = ("mail_from", "action", "reason", "line", "key_number")

    def __new__(
        cls,
        mail_from: AnyStr,
        action: Action | str,
        reason: OutboundReason | str,
        line: str,
        key_number: int | None = None,
    ) -> Self: ...
    @property
    def mail_from(self) -> AnyStr: ...
    @property
    def action(self) -> Action: ...
    @property
    def reason(self) -> OutboundReason: ...
    @property
    def key_number(self) -> int | None: ...
    @property
    def line(self) -> str: ...
    def log_line(self, queue: str | bytes | None = None) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __class_getitem__(cls, key: object) -> GenericAlias: ...

@final
class InboundDecision(Generic[AnyStr]):
    __match_args__ = (
        "action",
        "reason",
        "line",
        "original",
        "reply",
        "monitored",
        "key_number",
        "days_left",
    )

    def __new__(
        cls,
        action: Action | str,
        reason: InboundReason | str,
        line: str,
        original: AnyStr | None = None,
        reply: str | None = None,
        monitored: bool = False,
        key_number: int | None = None,
        days_left: int | None = None,
    ) -> Self: ...
    @property
    def action(self) -> Action: ...
    @property
    def reason(self) -> InboundReason: ...
    @property
    def original(self) -> AnyStr | None: ...
    @property
    def reply(self) -> str | None: ...
    @property
    def monitored(self) -> bool: ...
    @property
    def key_number(self) -> int | None: ...
    @property
    def days_left(self) -> int | None: ...
    @property
    def line(self) -> str: ...
    def log_line(self, queue: str | bytes | None = None) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __class_getitem__(cls, key: object) -> GenericAlias: ...

@final
class Stripped(Generic[AnyStr]):
    __match_args__ = ("dialect", "original", "day", "key_number")

    def __new__(
        cls, dialect: Dialect | str, original: AnyStr, day: int, key_number: int | None = None
    ) -> Self: ...
    @property
    def dialect(self) -> Dialect: ...
    @property
    def original(self) -> AnyStr: ...
    @property
    def day(self) -> int: ...
    @property
    def key_number(self) -> int | None: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __class_getitem__(cls, key: object) -> GenericAlias: ...

@final
class Verification(Generic[AnyStr]):
    __match_args__ = ("verdict", "original", "key_number", "days_left")

    def __new__(
        cls,
        verdict: Verdict | str,
        original: AnyStr | None = None,
        key_number: int | None = None,
        days_left: int | None = None,
    ) -> Self: ...
    @property
    def verdict(self) -> Verdict: ...
    @property
    def original(self) -> AnyStr | None: ...
    @property
    def key_number(self) -> int | None: ...
    @property
    def days_left(self) -> int | None: ...
    @property
    def is_pass(self) -> bool: ...
    def __bool__(self) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __class_getitem__(cls, key: object) -> GenericAlias: ...

def inspect(address: AnyStr, /) -> Stripped[AnyStr] | None: ...
def is_delivery_report(content_type: str | bytes, /) -> bool: ...
def strip(address: AnyStr, /, *, layers: int = 1) -> AnyStr: ...
