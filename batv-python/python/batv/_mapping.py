"""Write mappings of settings as TOML."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import date
from json import dumps


def to_toml(mapping: Mapping[str, object]) -> str:
    """Write a mapping of settings as the text of a configuration file."""
    return "".join(f"{_entry(name, value)}\n" for name, value in mapping.items())


def _entry(name: str, value: object) -> str:
    if isinstance(value, bytes):
        name, value = f"{name}-base64", b64encode(value).decode()
    return f"{_text(name)} = {_value(value)}"


def _value(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return int.__repr__(value)  # the str of an enum member may be its name
        case str():
            return _text(value)
        case date():
            return value.isoformat()
        case Mapping():
            return f"{{{', '.join(_entry(name, item) for name, item in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"a setting cannot be of type {type(value).__name__}")


def _text(text: str) -> str:
    """Quote a string. TOML has the escapes of JSON, but also needs one for DEL."""
    if not isinstance(text, str):
        raise TypeError(f"the name of a setting must be str, not {type(text).__name__}")
    return dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
