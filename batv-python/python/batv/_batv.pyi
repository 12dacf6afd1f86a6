from collections.abc import Iterable, Mapping
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from os import PathLike
from types import GenericAlias
from typing import AnyStr, Generic, Literal, Self, final

from batv._types import Dialect, Inbound, Outbound, Verdict

__all__ = ["Config", "KeyRing", "Verification", "dialect", "strip"]

@final
class Config:
    @staticmethod
    def load(path: str | PathLike[str]) -> Config: ...
    def reload(self) -> None: ...
    def refresh(self) -> bool: ...
    def sign(self, address: AnyStr, at: float | datetime | None = None) -> AnyStr: ...
    def verify(
        self, address: AnyStr, at: float | datetime | None = None
    ) -> Verification[AnyStr]: ...
    def outbound(
        self,
        sender: AnyStr,
        recipients: Iterable[str] | Iterable[bytes] = (),
        at: float | datetime | None = None,
    ) -> Outbound[AnyStr]: ...
    def inbound(
        self,
        sender: str | bytes,
        recipient: AnyStr,
        at: float | datetime | None = None,
        *,
        client: str | IPv4Address | IPv6Address | None = None,
        trusted: bool = False,
        recipients_before: int = 0,
    ) -> Inbound[AnyStr]: ...

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
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __class_getitem__(cls, key: object) -> GenericAlias: ...

def strip(address: AnyStr, /) -> AnyStr: ...
def dialect(address: str | bytes, /) -> Dialect | None: ...
