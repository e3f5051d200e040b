"""A `Message` → the bytes of a strict RFC 5322 message.

In: a message and what belongs to one hand-over. Out: bytes with CRLF, headers folded at white space only.
Never: invents a date, an id or a boundary: the same values give the same bytes.
"""

import binascii
import hashlib
from datetime import datetime
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Any

from digest.domain import Message
from digest.errors import InputError

_LINE = 76  # of encoded bodies, the line break not counted (RFC 2045, sections 6.7 and 6.8)
_HEADER_LINE = 78
_HARD_LINE = 998


class _Verbatim(UnstructuredHeader):
    """A header in ASCII that is folded at its own white space and never turned into encoded words.

    Python's own folding encodes any word longer than a line, and a List-Unsubscribe or Message-ID that is an
    encoded word is understood by nobody.
    """

    def fold(self, *, policy: Any) -> str:
        lines = [f"{self.name}:"]  # type: ignore[attr-defined]  # the registry mixes in BaseHeader
        for word in str(self).split():
            if len(lines[-1]) + 1 + len(word) > _HEADER_LINE and lines[-1].strip() and len(lines[-1]) > 1:
                lines.append("")
            lines[-1] += f" {word}"
        return policy.linesep.join(lines) + policy.linesep  # type: ignore[no-any-return]  # str


_HEADERS = HeaderRegistry(default_class=_Verbatim)
_HEADERS.map_to_type("message-id", _Verbatim)  # type: ignore[arg-type]  # the registry mixes in BaseHeader
_POLICY = SMTP.clone(max_line_length=_LINE, header_factory=_HEADERS)


def encoded_size(text: str) -> int:
    """Bytes of a body part in the shorter of quoted-printable and base64, line breaks included."""
    return min(_sizes(text))


def as_bytes(message: Message, *, sender: str, recipient: str, date: datetime, message_id: str) -> bytes:
    """The message from `sender` (`Name <address>`) to one `recipient` (an address), text part first.

    Raises InputError if an address can't stand in a header or a header's value would break out of its line.
    """
    mail = EmailMessage(policy=_POLICY if recipient.isascii() else _POLICY.clone(utf8=True))
    try:
        name, address = parseaddr(sender)
        mail["From"] = Address(display_name=name, addr_spec=address)
        mail["To"] = Address(addr_spec=recipient)
        mail["Subject"] = message.subject
        mail["Date"] = date
        mail["Message-ID"] = message_id
        for header, value in message.headers:
            _check(header, value)
            mail[header] = value
    except (ValueError, IndexError) as error:  # what the email package raises for broken addresses
        raise InputError(
            f"a header of the mail to {recipient!r} can't be written: {error}",
            fix="check the addresses of sender and recipient",
        ) from error
    mail.set_content(message.text, cte=_encoding(message.text))
    mail.add_alternative(message.html, subtype="html", cte=_encoding(message.html))
    mail.set_boundary(f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}")
    return mail.as_bytes()


def _check(header: str, value: str) -> None:
    if not value.isascii() or not value.isprintable() or any(len(w) > _HARD_LINE for w in value.split()):
        raise ValueError(f"{header} holds something else than one line of printable ASCII")


def _encoding(text: str) -> str:
    quoted, base64 = _sizes(text)
    return "quoted-printable" if quoted <= base64 else "base64"


def _sizes(text: str) -> tuple[int, int]:
    data = text.encode().replace(b"\n", b"\r\n")
    whole_lines, rest = divmod(len(data), 57)  # 57 bytes are 76 characters of base64
    return len(binascii.b2a_qp(data, istext=True)), whole_lines * 78 + (-(-rest // 3) * 4 + 2 if rest else 0)
