"""Reads which mail server to use: the URL of the settings comes in, host, port, encryption and login go out.

Never: a connection, or a part of the URL in an error, because it may hold a password.
"""

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from digest.errors import ConfigError

FORMS = (
    "write smtp://HOST:PORT, smtps://USER:PASSWORD@HOST, smtp+starttls://USER:PASSWORD@HOST:587 or "
    "maildir:FOLDER, with special characters in user and password percent-encoded"
)


class Security(StrEnum):
    """How a connection is encrypted. There is no "if offered": what is asked for is required."""

    PLAIN = "smtp"
    TLS = "smtps"
    STARTTLS = "smtp+starttls"


_PORTS = {Security.PLAIN: 25, Security.TLS: 465, Security.STARTTLS: 587}


@dataclass(frozen=True, slots=True)
class Server:
    """An SMTP server and how to log in there. No text made of it holds the password."""

    host: str
    port: int
    security: Security
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.security}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait in each phase (RFC 5321, 4.5.3.2)."""

    greeting: float = 300.0  # connecting, greeting, EHLO, TLS and login, each
    command: float = 300.0  # MAIL, RCPT, DATA, RSET
    reply: float = 600.0  # after the final dot; a shorter one makes copies of messages that arrived
    goodbye: float = 5.0  # QUIT; nothing depends on it


TIMEOUTS = Timeouts()


def read_server(url: str, tls: ssl.SSLContext | None) -> Server:
    """Read `smtp://`, `smtps://` or `smtp+starttls://` with host, maybe port, user and password.

    `tls`: other trusted certificates than the system's. Raises ConfigError.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # its text repeats the URL
        raise ConfigError("the URL of the mail server can't be read", fix=FORMS) from None
    if parts.scheme not in set(Security):
        raise ConfigError("the URL of the mail server names no known kind of transport", fix=FORMS)
    if not parts.hostname or port == 0 or parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigError("the URL of the mail server needs a host and maybe a port, and no more", fix=FORMS)
    security = Security(parts.scheme)
    return Server(
        host=parts.hostname,
        port=port or _PORTS[security],
        security=security,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password is not None else None,
        tls=tls,
    )
