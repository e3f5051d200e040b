"""Checks the address of a source before it is kept."""

from urllib.parse import urlsplit

from digest.errors import InputError


def read_source(url: str) -> str:
    """The address of a source; InputError unless it is http(s) with a host and without a password."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise InputError(
            f"{url!r} is not an address of a source", fix="https://host/path, without a password"
        )
    return url
