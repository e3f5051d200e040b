"""Checks the address of a source before it is kept."""

import re
import socket
from collections.abc import Collection
from ipaddress import IPv4Address
from urllib.parse import urlsplit

from digest.errors import InputError
from digest.fetch.addresses import bare_host, is_public

MAX_ADDRESS = 2_000  # characters; longer ones fail in proxies and servers
_NUMERIC = re.compile(r"[0-9a-fx.]+|\[?[0-9a-f:.]+\]?", re.IGNORECASE)


def read_source(url: str, allow_hosts: Collection[str] = ()) -> str:
    """The address of a source; InputError unless it is http(s) with a host and without a password.

    Refuses addresses that could never be fetched: numbers of private networks and this machine's own name,
    unless they are among `allow_hosts`. What other names stand for is asked when they are fetched.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:  # brackets that are no IPv6 address, a port beyond 65535
        host = ""
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.password:
        raise InputError(
            f"{url!r} is not an address of a source", fix="https://host/path, without a password"
        )
    if len(url) > MAX_ADDRESS or not url.isprintable() or " " in url:
        raise InputError(f"an address of a source is printable and has at most {MAX_ADDRESS:,} characters")
    if not _may_be_public(bare_host(host)) and bare_host(host) not in set(map(bare_host, allow_hosts)):
        raise InputError(
            f"{url} would never be fetched: {host} isn't a public address",
            fix=f"allow it by name: DIGEST_FETCH_ALLOW_HOSTS={host}",
        )
    return url


def _may_be_public(host: str) -> bool:
    """False for names of this machine, and for numbers that aren't public, in whatever notation."""
    if host == "localhost" or host.endswith(".localhost"):
        return False
    if ":" in host:
        return is_public(host)
    if not _NUMERIC.fullmatch(host):
        return True
    try:
        return is_public(str(IPv4Address(socket.inet_aton(host))))  # also 127.1 and 0x7f000001
    except OSError:
        return True
