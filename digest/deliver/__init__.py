"""Delivers messages: the bytes of a message come in, a receipt goes out.

In: an `Envelope`. Out: a `Receipt` for every way that a delivery can end, or a DeliveryError when the server
can't be used at all. Never: a decision about when to try again, a look into the message, an address in a log.

envelope.py      what is handed over, and the shape of every transport
replies.py       what a server's reply means: the table of outcomes, pure
reasons.py       a server's words → why it refused, pure
server.py        which mail server: its URL, its encryption, its time-outs
conversation.py  commands and replies on an open line, several at once
connection.py    one SMTP connection, phase by phase, and where doubt begins    [aiosmtplib]
smtp.py          a pool of those
maildir.py       a folder instead of a server
"""

import ssl
from pathlib import Path

from digest.deliver.envelope import BeforeBody, Envelope, Transport, wire_address
from digest.deliver.maildir import MaildirTransport
from digest.deliver.reasons import GONE, OUR_FAULT, Reason, reason_of
from digest.deliver.replies import (
    asked_to_wait,
    blames_us,
    contradicts,
    enhanced_code,
    is_dead,
    judge,
    readable,
    refuses_us,
    wants_time,
)
from digest.deliver.server import FORMS, TIMEOUTS, Timeouts, read_server
from digest.errors import ConfigError

__all__ = [
    "GONE",
    "OUR_FAULT",
    "TIMEOUTS",
    "BeforeBody",
    "Envelope",
    "Reason",
    "Timeouts",
    "Transport",
    "asked_to_wait",
    "blames_us",
    "contradicts",
    "enhanced_code",
    "is_dead",
    "judge",
    "open_transport",
    "readable",
    "reason_of",
    "refuses_us",
    "wants_time",
    "wire_address",
]

_MAILDIR = "maildir:"


def open_transport(
    url: str,
    *,
    connections: int = 4,
    timeouts: Timeouts = TIMEOUTS,
    tls: ssl.SSLContext | None = None,
) -> Transport:
    """Return the transport that a URL names. Nothing is connected or written before the first message.

    `smtp://` is plain, `smtps://` is TLS from the first byte, `smtp+starttls://` refuses a server that offers
    no STARTTLS; `maildir:FOLDER` writes files. `tls`: other trusted certificates than the system's.
    Raises ConfigError for any other text.
    """
    if not url.startswith(_MAILDIR):
        from digest.deliver.smtp import SmtpTransport  # noqa: PLC0415 - brings a client of SMTP

        return SmtpTransport(read_server(url, tls), connections=connections, timeouts=timeouts)
    folder = url.removeprefix(_MAILDIR).removeprefix("//")
    if not folder:
        raise ConfigError("the URL of the mail folder names no folder", fix=FORMS)
    return MaildirTransport(Path(folder))
