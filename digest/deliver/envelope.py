"""What is handed over, and to what: an envelope with finished bytes, and the shape of every transport.

Never: a look into the message; its headers were written by render, and the envelope is all that counts here.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Protocol

from digest.domain import Receipt

BeforeBody = Callable[[], Awaitable[bool]]

_LINE_END = re.compile(rb"\r\n|\r|\n")
_NO_ENDS = bytes(byte for byte in range(256) if byte not in b"\r\n")
_DOT = re.compile(rb"\n\.")  # finds that there is none in half of the time that replacing takes
_PLAIN = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message for one recipient. `content`: RFC 5322, complete. An empty `sender` is the null sender."""

    sender: str
    recipient: str
    content: bytes
    message_id: str


class Transport(Protocol):
    """Where messages go. For one event loop; many `hand_over` may run at once."""

    async def hand_over(self, envelope: Envelope, *, before_body: BeforeBody) -> Receipt:
        """Hand one message over, and say what became of it.

        `before_body()` is awaited once, when nothing but the message itself is left to send: there the caller
        commits `sending`. False: it must not be sent any more, and the receipt is QUEUED. Until it returns,
        a crash leaves no doubt. From then on only the receipt tells.

        Raises DeliveryError when the server can't be used at all: this message has not been handed over.
        """

    async def close(self) -> None:
        """Say goodbye to the server. Nothing may be under way any more."""


def with_crlf(content: bytes) -> bytes:
    """Return the message with every line, the last one too, ended by CRLF (RFC 5321, 2.3.8).

    A bare CR or LF is an end of line as well: left as it is, it could smuggle a second message in.
    """
    ends = content.translate(None, _NO_ENDS)  # none of them bare in almost all messages: this sees it quickly
    if content.endswith(b"\r\n") and ends == b"\r\n" * (len(ends) // 2):
        return content
    lines = _LINE_END.sub(b"\r\n", content)
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def stuffed(lines: bytes) -> bytes:
    """Return the lines ended by CRLF, each dot at the start of one doubled (RFC 5321, 4.5.2)."""
    first = b"." if lines.startswith(b".") else b""
    return first + (lines.replace(b"\r\n.", b"\r\n..") if _DOT.search(lines) else lines)


def wire_address(address: str) -> str:
    """Return an address as SMTP takes it: a domain beyond ASCII becomes A-labels (RFC 5891), the rest stays.

    Raises ValueError for a domain that can't exist, and for text that holds more than a bare address.
    """
    if _PLAIN.fullmatch(address):
        return address
    if parseaddr(address)[1] != address or not address.isprintable():
        raise ValueError("not a bare address")
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    from email_validator import validate_email  # noqa: PLC0415 - slow to import, and most are of ASCII

    named = validate_email(f"postmaster@{domain}", check_deliverability=False, globally_deliverable=False)
    return f"{local}{at}{named.ascii_domain}"
