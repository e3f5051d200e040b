"""A `Message` → the bytes of a strict RFC 5322 message.

In: a message and what belongs to one hand-over. Out: bytes with CRLF, headers folded at white space only.
Never: invents a date, an id or a boundary: the same values give the same bytes.
"""

import binascii
import hashlib
import re
from datetime import datetime
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Any

from digest.domain import Message
from digest.errors import InputError
from digest.render.phrases import printable

_LINE = 76  # of encoded bodies, the line break not counted (RFC 2045, sections 6.7 and 6.8)
_HEADER_LINE = 78
_HARD_LINE = 900  # a line has at most 998 (RFC 5322, section 2.1.1), with the header's name
_ADDRESS = re.compile(r"[^\s@<>()\[\]:;,\"\\\x00-\x1f\x7f]+@[^\s@<>()\[\]:;,\"\\\x00-\x1f\x7f]+")


class _Verbatim(UnstructuredHeader):
    """A header in ASCII that is folded at its own white space and never turned into encoded words.

    Python's own folding encodes any word longer than a line, and a List-Unsubscribe or Message-ID that is an
    encoded word is understood by nobody. The first word stays behind the name, for parsers that don't unfold.
    """

    def fold(self, *, policy: Any) -> str:
        first, *words = str(self).split()
        lines = [f"{self.name}: {first}"]  # type: ignore[attr-defined]  # the registry mixes in BaseHeader
        for word in words:
            if len(lines[-1]) + 1 + len(word) > _HEADER_LINE:
                lines.append("")
            lines[-1] += f" {word}"
        return policy.linesep.join(lines) + policy.linesep  # type: ignore[no-any-return]  # str


_HEADERS = HeaderRegistry(default_class=_Verbatim)
for _name in ("message-id", "to"):
    _HEADERS.map_to_type(_name, _Verbatim)  # type: ignore[arg-type]  # the registry mixes in BaseHeader
_POLICY = SMTP.clone(max_line_length=_LINE, header_factory=_HEADERS)


def encoded_size(text: str) -> int:
    """Bytes of a body part in the shorter of quoted-printable and base64, line breaks included."""
    return min(_sizes(text))


def as_bytes(message: Message, *, sender: str, recipient: str, date: datetime, message_id: str) -> bytes:
    """The message from `sender` (`Name <address>`) to one `recipient` (an address), text part first.

    Raises InputError for a broken address, and for a header that would break out of its line. A recipient
    outside ASCII makes a message that needs SMTPUTF8 (RFC 6531, 6532).
    """
    mail = EmailMessage(policy=_POLICY if recipient.isascii() else _POLICY.clone(utf8=True))
    mail["From"] = _sender(sender)
    mail["To"] = _recipient(recipient)
    mail["Subject"] = _one_line("Subject", message.subject)
    mail["Date"] = date
    for header, value in (("Message-ID", message_id), *message.headers):
        mail[header] = _ascii_line(header, value)
    mail.set_content(message.text, cte=_encoding(message.text))
    mail.add_alternative(message.html, subtype="html", cte=_encoding(message.html))
    mail.set_boundary(f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}")
    return mail.as_bytes()


def _sender(sender: str) -> Address:
    name, address = parseaddr(_one_line("From", sender))
    try:
        return Address(display_name=name, addr_spec=address)
    except (ValueError, IndexError) as error:  # what the email package raises for broken addresses
        raise InputError(f"{sender!r} can't be the sender of a mail", fix="Name <address>") from error


def _recipient(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise InputError(f"{address!r} isn't the address of one person", fix="name@example.org")
    return address


def _ascii_line(header: str, value: str) -> str:
    if not value.isascii() or any(len(word) > _HARD_LINE for word in value.split()):
        raise InputError(f"the header {header} holds something that a mail can't carry: {value[:80]!r}")
    return _one_line(header, value)


def _one_line(header: str, value: str) -> str:
    if not value.strip() or "\n" in value or printable(value) != value:
        raise InputError(f"the header {header} isn't one line of text: {value[:80]!r}")
    return value


def _encoding(text: str) -> str:
    quoted, base64 = _sizes(text)
    return "quoted-printable" if quoted <= base64 else "base64"


def _sizes(text: str) -> tuple[int, int]:
    data = text.encode().replace(b"\n", b"\r\n")
    whole_lines, rest = divmod(len(data), 57)  # 57 bytes are 76 characters of base64
    return len(binascii.b2a_qp(data, istext=True)), whole_lines * 78 + (-(-rest // 3) * 4 + 2 if rest else 0)
