"""Checks what an operator typed as a setting, and returns it well-formed. Pure.

Everything else is a ValueError that says what is wrong with it; pydantic adds the setting's name.
"""

import ipaddress
import re
from collections.abc import Callable
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from digest.errors import ConfigError
from digest.render.colors import check_readable
from digest.sources.services import NAMES as SERVICES
from digest.throttle import domain_of

_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?!.{{254}}){_LABEL}(\.{_LABEL})*")


def hosts(value: str) -> str:
    """Return names of hosts, comma-separated, in lower case."""
    return ",".join(host.strip().lower() for host in value.split(",") if host.strip())


def networks(value: str) -> str:
    """Return addresses or networks, comma-separated."""
    given = [network.strip() for network in value.split(",") if network.strip()]
    for network in given:
        ipaddress.ip_network(network)  # its ValueError says which one is none
    return ",".join(given)


def services(value: str) -> str:
    """Return names of services that count attention, comma-separated."""
    names = [name.strip().lower() for name in value.split(",") if name.strip()]
    unknown = [name for name in names if name not in SERVICES]
    if unknown:
        msg = f"{unknown[0]!r} is none of {', '.join(SERVICES)}"
        raise ValueError(msg)
    return ",".join(names)


def mail_server(value: str) -> str:
    """Return the URL of a mail server or of a Maildir, or nothing. The value itself may hold a password."""
    if value and not value.startswith(("smtp://", "smtps://", "smtp+starttls://", "maildir:")):
        msg = "must start with smtp://, smtps://, smtp+starttls:// or maildir:"
        raise ValueError(msg)
    return value


def mailbox(value: str) -> str:
    """Return the URL of a mailbox on a server, or nothing. The value itself may hold a password."""
    if value and not value.startswith(("imaps://", "imap://")):
        msg = "must start with imaps:// or imap://"
        raise ValueError(msg)
    return value


def word(value: str) -> str:
    """Return what goes into a header of a request: nothing in it may end that header."""
    if not re.fullmatch(r"[!-~]*", value):
        msg = "must be one word of ASCII"
        raise ValueError(msg)
    return value


def bounce_address(value: str) -> str:
    """Return an address that has room for a token: `+` and 40 characters, of the 64 of a local part (RFC
    5321).
    """
    if value and not re.fullmatch(r"[A-Za-z0-9._-]{1,23}@[^\s@<>,?]+", value):
        msg = "must be an address with at most 23 letters, digits, dots, _ or - before its @"
        raise ValueError(msg)
    return value


def base_url(value: str) -> str:
    """Return a web address, without a slash at its end."""
    if not value.startswith(("http://", "https://")):
        msg = "must start with https:// (or http:// on your own machine)"
        raise ValueError(msg)
    return value.rstrip("/")


def chat_endpoint(value: str) -> str:
    """Return where an OpenAI-compatible service takes chats: its base address, or that of its chat
    completions.
    """
    if not value:
        return value
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
        msg = "must be http(s)://host/v1, without a password or a query"
        raise ValueError(msg)
    path = "/chat/completions"
    return value if value.endswith(path) else value.rstrip("/") + path


def selector(value: str) -> str:
    """Return the name of a key in the DNS (RFC 6376, 3.1), in lower case, or nothing."""
    if value and not _DOMAIN.fullmatch(value):
        msg = "must be a name of letters, digits and hyphens, such as digest2026"
        raise ValueError(msg)
    return value.lower()


def signing_domain(value: str, sender: str) -> str:
    """Return the domain that signs mails of a sender (`Name <address>`): theirs, the default, or one above
    it.
    """
    theirs = domain_of(parseaddr(sender)[1])
    domain = value.lower() or theirs
    if not _DOMAIN.fullmatch(domain):
        msg = f"{domain!r} isn't a domain in ASCII (one beyond it is written as xn--…)"
        raise ValueError(msg)
    if domain != theirs and not ("." in domain and theirs.endswith(f".{domain}")):
        msg = f"{domain} is neither the sender's domain, {theirs}, nor above it: DMARC wouldn't count it"
        raise ValueError(msg)
    return domain


def signing_key(value: str) -> str:
    """Return a private key in PEM that mails can be signed with."""
    from digest.render.signing import read_key  # noqa: PLC0415 - slow to import, and most don't sign

    if not value:
        msg = "there is none, and DIGEST_DKIM_SELECTOR says that mails are to be signed"
        raise ValueError(msg)
    read_key(value)
    return value


def readable_on(ground: str) -> Callable[[str], str]:
    """Return a check that a colour can be read on a ground."""

    def checked(value: str) -> str:
        try:
            check_readable(value, ground)
        except ConfigError as error:
            msg = f"{error.message}; {error.fix}"
            raise ValueError(msg) from error
        return value.lower()

    return checked


def existing_folder(value: Path | None) -> Path | None:
    """Return a folder that is there."""
    if value is not None and not value.is_dir():
        msg = f"there is no folder {value}"
        raise ValueError(msg)
    return value
