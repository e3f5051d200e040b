"""Reads JSON as sources send it: bytes come in, plain values go out. Never raises anything but ParseError."""

import json
from typing import Any

from digest.errors import ParseError


def read(body: bytes) -> Any:
    """Return the value in these bytes (UTF-8, -16 or -32, as RFC 8259 and its elders allow); raises
    ParseError.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:  # bad JSON, bad encoding, endless digits or nesting
        raise ParseError(f"not JSON: {error}") from error


def get(value: Any, *path: str) -> Any:
    """Return what lies at the end of the path through nested objects, or None."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def kind(value: Any) -> str:
    """Return the JSON word for the type of a value."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
