"""Writes the bytes of a strict RFC 5322 message.

In: a message and what belongs to one hand-over. Out: bytes with CRLF, headers folded at white space only.
Never: invents a date, an id or a boundary: the same values give the same bytes.

Bodies are quoted-printable in whole lines (RFC 2045, section 6.7): what was encoded piece by piece is joined
by putting one behind the other.
"""

import binascii
import hashlib
import re
from base64 import encodebytes
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parseaddr
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from digest.domain import Message, Picture, Shown
from digest.errors import InputError
from digest.render.phrases import printable

if TYPE_CHECKING:
    from email.message import EmailMessage
    from email.policy import EmailPolicy

Headers = tuple[tuple[str, str], ...]

_HEADER_LINE = 78
_SOFT_LINE = 75  # and the `=` of a soft break (RFC 2045, section 6.7)
_HARD_LINE = 900  # a line has at most 998 (RFC 5322, section 2.1.1), with the header's name
_ADDRESS = re.compile(r"[^\s@<>()\[\]:;,\"\\\x00-\x1f\x7f]+@[^\s@<>()\[\]:;,\"\\\x00-\x1f\x7f]+")
_SHA256 = hashlib.sha256()  # a copy costs a fifth of a new one
_PART = b'\r\nContent-Type: text/%b; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
_TEXT, _HTML = _PART % b"plain", _PART % b"html"
_RELATED = b'\r\nContent-Type: multipart/related; type="text/html";\r\n boundary="%b"\r\n'


@dataclass(frozen=True, slots=True)
class Encoded:
    """A message whose two bodies are encoded for the wire; `text` and `html` read them back.

    `own` headers are this message's, `shared` ones stand in many. `pictures`: those that its HTML shows;
    `shown`: what of a digest it shows.
    """

    subject: str
    own: Headers
    shared: Headers
    text_body: bytes
    html_body: bytes
    pictures: tuple[Picture, ...] = ()
    shown: Shown | None = None

    @property
    def headers(self) -> Headers:
        return self.own + self.shared

    @property
    def text(self) -> str:
        return _read(self.text_body)

    @property
    def html(self) -> str:
        return _read(self.html_body)


def encode(message: Message) -> Encoded:
    """Return the same message, its bodies encoded."""
    return Encoded(message.subject, message.headers, (), quoted(message.text), quoted(message.html))


def quoted(text: str) -> bytes:
    """Encode whole lines as quoted-printable, at most 76 characters each; a soft break ends an open line."""
    if len(text) <= _SOFT_LINE and text.isascii() and text.isprintable() and "=" not in text:
        return f"{text}=\r\n".encode() if text else b""
    lines = binascii.b2a_qp(text.encode(), istext=True).replace(b"\n", b"\r\n")
    if not lines or lines.endswith(b"\r\n"):
        return lines
    start = lines.rfind(b"\n") + 1
    if len(lines) - start > _SOFT_LINE:  # no room for the soft break's own character
        full = start + _SOFT_LINE
        at = next(at for at in (full, full - 1, full - 2) if b"=" not in lines[at - 2 : at])
        lines = lines[:at] + b"=\r\n" + lines[at:]
    return lines + b"=\r\n"


def as_bytes(
    message: Message | Encoded, *, sender: str, recipient: str, date: datetime, message_id: str
) -> bytes:
    """Return the message from `sender` (`Name <address>`) to one `recipient` (an address), text part first.

    Raises InputError for a broken address, and for a header that would break out of its line. A recipient
    outside ASCII makes a message that needs SMTPUTF8 (RFC 6531, 6532).
    """
    ready = message if isinstance(message, Encoded) else encode(message)
    boundary = _boundary(message_id)
    return b"".join(
        (
            _sender(sender),
            _recipient(recipient),
            _subject(ready.subject),
            _date(date),
            _verbatim("Message-ID", message_id),
            *[_verbatim(name, value) for name, value in ready.own],
            _together(ready.shared),
            b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="%b"\r\n' % boundary,
            *(b"\r\n--", boundary, _TEXT, ready.text_body),
            *(b"\r\n--", boundary, *_html(ready, message_id)),
            *(b"\r\n--", boundary, b"--\r\n"),
        )
    )


def _html(message: Encoded, message_id: str) -> tuple[bytes, ...]:
    """The HTML part; with the pictures that the message carries, one part with it (RFC 2387): beside the text
    part they would be files that were attached."""
    carried = [picture for picture in message.pictures if picture.jpeg]
    if not carried:
        return _HTML, message.html_body
    boundary = _boundary(f"related {message_id}")
    begin = b"\r\n--" + boundary
    parts = [part for picture in carried for part in (begin, _picture(picture))]
    return _RELATED % boundary, begin, _HTML, message.html_body, *parts, begin, b"--\r\n"


def _boundary(name: str) -> bytes:
    hashed = _SHA256.copy()
    hashed.update(name.encode())
    return b"=_" + hashed.hexdigest()[:32].encode()


@lru_cache(maxsize=256)  # of 40 kB at most, each in the mails of many
def _picture(picture: Picture) -> bytes:
    name = picture.source.removeprefix("cid:")
    head = (
        f"\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <{name}>"
        f'\r\nContent-Disposition: inline; filename="{name.partition("@")[0]}.jpg"\r\n\r\n'
    )
    return head.encode() + encodebytes(picture.jpeg).replace(b"\n", b"\r\n")


def _read(body: bytes) -> str:
    return binascii.a2b_qp(body).decode().replace("\r\n", "\n")


@lru_cache(maxsize=16)
def _sender(sender: str) -> bytes:
    name, address = parseaddr(_one_line("From", sender))
    try:
        from email.headerregistry import Address  # noqa: PLC0415 - commands that write no email need none

        checked = Address(display_name=name, addr_spec=address)
        if name.isascii():
            return _folded("From", str(checked))
        return b"From: %b\r\n <%b>\r\n" % (_encoded("From", name), checked.addr_spec.encode())
    except (ValueError, IndexError) as error:  # what the email package raises for broken addresses
        raise InputError(f"{sender!r} can't be the sender of a mail", fix="Name <address>") from error


def _recipient(address: str) -> bytes:
    if not _ADDRESS.fullmatch(address):
        raise InputError(f"{address!r} isn't the address of one person", fix="name@example.org")
    return f"To: {address}\r\n".encode()


@lru_cache(maxsize=1024)  # an issue has about as many subjects as papers
def _subject(subject: str) -> bytes:
    value = _one_line("Subject", subject)
    if not value.isascii():
        return b"Subject: %b\r\n" % _encoded("Subject", value)
    folded = _folded("Subject", value)
    # Where it breaks right after the name, readers see a space before the subject.
    if folded.startswith(b"Subject:\r\n ") and value == " ".join(value.split()) and len(value) < _HARD_LINE:
        return _verbatim("Subject", value)
    return folded


@lru_cache(maxsize=16)
def _date(date: datetime) -> bytes:
    return _folded("Date", format_datetime(date))


def _folded(name: str, value: str) -> bytes:
    """A header in ASCII as the email package writes it."""
    return _folding().fold_binary(*_folding().header_store_parse(name, value))


def _encoded(name: str, value: str) -> bytes:
    """A header's text as encoded words from its first character to its last (RFC 2047).

    Words that are encoded one by one lose the spaces between them: readers drop those, and Python's folding
    by policy keeps them outside.
    """
    from email.header import Header  # noqa: PLC0415 - as above

    return Header(value, "utf-8", header_name=name).encode(linesep="\r\n").encode()


@lru_cache(maxsize=256)
def _together(headers: Headers) -> bytes:
    return b"".join([_verbatim(name, value) for name, value in headers])


def _verbatim(name: str, value: str) -> bytes:
    """A header in ASCII, folded at its own white space and never turned into encoded words.

    Python's own folding encodes any word longer than a line, and a List-Unsubscribe or Message-ID that is an
    encoded word is understood by nobody. The first word stays behind the name, for parsers that don't unfold.
    """
    words = value.split()
    is_long = len(value) > _HARD_LINE and max(map(len, words), default=0) > _HARD_LINE
    if not words or is_long or not value.isascii() or not value.isprintable():
        raise InputError(f"the header {name} holds something that a mail can't carry: {value[:80]!r}")
    whole = f"{name}: {value}"
    if len(whole) <= _HEADER_LINE:
        return f"{whole}\r\n".encode()
    whole, *words = f"{name}: {words[0]}", *words[1:]
    room = _HEADER_LINE - len(whole)
    for word in words:
        room -= 1 + len(word)
        if room < 0:
            whole += "\r\n"
            room = _HEADER_LINE - 1 - len(word)
        whole += f" {word}"
    return f"{whole}\r\n".encode()


def _one_line(header: str, value: str) -> str:
    if not value.strip() or "\n" in value or printable(value) != value:
        raise InputError(f"the header {header} isn't one line of text: {value[:80]!r}")
    return value


@cache
def _folding() -> "EmailPolicy[EmailMessage]":
    """How headers are folded."""
    from email.policy import SMTP  # noqa: PLC0415 - as above

    return SMTP.clone(max_line_length=76)
