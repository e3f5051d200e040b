"""A mail that came back → what it says. Pure.

In: the bytes of one mail, however broken or hostile. Out: a `Report`: what it says of which address, and
every sign in it that it is about a mail of ours, unverified. Never: an error, a long wait (size, nesting
and lines are bounded), or trust: whether the signs are ours is for whoever holds the keys.

Read in this order: delivery reports (RFC 3464), complaints (RFC 5965), mails that unsubscribe, automatic
replies (RFC 3834), and then the free texts of other mail servers, as far as flufl.bounce knows them.
"""

import email
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message
from itertools import islice
from typing import Any

from flufl.bounce import all_failures

from digest.deliver import enhanced_code, is_dead, readable
from digest.domain import BounceKind

LARGEST = 128 * 1024  # bytes of a mail that are read: what happened stands first, what was sent comes behind
_LONGEST_LINE = 2000  # bytes; RFC 5322 allows 998
_MOST_NESTED = 12  # the time that a parser takes grows with lines × depth
_MOST_PARTS = 100
_MOST_SIGNS = 10
_LONGEST_TEXT = 8000  # characters of free text that are looked at

_LINE = re.compile(rb"([^\n]{%d})[^\n]*" % _LONGEST_LINE)
_NESTING = re.compile(rb"boundary[*0-9]*[ \t]*=|content-type[ \t]*:\s*message/", re.IGNORECASE)
_SOFT_BREAK = re.compile(rb"=[ \t]*\r?\n")  # of quoted-printable
# `+` may be written as +2B (xtext, RFC 3461, section 4). Message-IDs are those of `tokens.message_id`.
_TOKEN = re.compile(r"\+(?:2[Bb])?([A-Za-z2-7]{40})@")
_MESSAGE_ID = re.compile(r"<\d{1,10}\.[0-9a-f]{32}@[!-;=?A-~]{1,255}>")
_LINK_TOKEN = re.compile(r"[A-Za-z0-9_-]{28}")

_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_REPLY = re.compile(r"\b[45]\d\d[ -]|\(#[45]\.\d")
_QMAIL = re.compile(r"\(#([45]\.\d{1,3}\.\d{1,3})\)")
# Words of servers that give no code, or 5.0.0; where a code says more, these don't count.
_NOBODY = re.compile(
    r"user unknown|unknown (?:user|recipient|mailbox)|no such (?:user|mailbox|recipient|person|address)"
    r"|no mailbox here|(?:user|mailbox|account|address|recipient)\b.{0,60}(?:does not|doesn't) exist"
    r"|(?:user|mailbox|recipient) not found|invalid (?:recipient|mailbox)|unrouteable address",
    re.IGNORECASE,
)
_COPY = re.compile(r"^--.*(?:copy|original|below|returned|header|follows)", re.IGNORECASE | re.MULTILINE)
_DAEMON = re.compile(r"mailer-daemon|postmaster|mail delivery", re.IGNORECASE)
_AWAY = re.compile(
    r"\s*(?:automatic reply|auto[- ]?reply|out of (?:the )?office|vacation|abwesen|automatische antwort)",
    re.IGNORECASE,
)
_NO_NEWS = {"relayed", "delivered", "expanded"}  # actions (RFC 3464, section 2.3.3) that ask for nothing
# Reports that aren't complaints: a reader who finds us where we don't belong (RFC 6430); of other software.
_FEEDBACK = {
    "not-spam": BounceKind.IGNORED,
    "auth-failure": BounceKind.UNKNOWN,
    "": BounceKind.UNKNOWN,
}
_WORST_FIRST = (BounceKind.HARD, BounceKind.SOFT, BounceKind.DELAYED, BounceKind.IGNORED, BounceKind.UNKNOWN)

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it tells of each detector that it tries


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail says. `email`: whom it names; `status`: RFC 3463, or empty; `words`: on one line.

    `tokens` (of envelope senders) and `message_ids` may be of a mail of ours; `link`: the token by which a
    mail asks to unsubscribe.
    """

    kind: BounceKind
    email: str = ""
    status: str = ""
    words: str = ""
    tokens: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    link: str = ""


def read(raw: bytes) -> Report:
    """What a mail says; UNKNOWN where it can't be told. The kind is never FORGED."""
    raw = _LINE.sub(rb"\1", raw[:LARGEST])
    if len(_NESTING.findall(raw)) > _MOST_NESTED:
        return Report(BounceKind.UNKNOWN, words="nested too deeply")
    try:
        message = email.message_from_bytes(raw)
        text = _everything(raw, message)
        found = _said(message)
    except Exception:  # whatever a parser chokes on: whoever looks after us sees the mail
        return Report(BounceKind.UNKNOWN, words="it can't be parsed")
    return replace(found, tokens=_signs(_TOKEN, text), message_ids=_signs(_MESSAGE_ID, text))


def _said(message: Message) -> Report:
    for reader in (_delivery_status, _feedback, _unsubscribing, _automatic, _free_text):
        report = reader(message)
        if report:
            return report
    return Report(
        BounceKind.UNKNOWN, email=_address(message["From"]), words=readable(_text(message, "Subject"))
    )


def _everything(raw: bytes, message: Message) -> str:
    """All text in which a sign of ours may stand, headers first; line breaks of encodings are taken out."""
    encoded = (
        part.get_payload(decode=True)
        for part in islice(message.walk(), _MOST_PARTS)
        if "base64" in _text(part, "Content-Transfer-Encoding").lower()
    )
    texts = (_SOFT_BREAK.sub(b"", raw), *(text for text in encoded if isinstance(text, bytes)))
    return "\n".join(text.decode("latin-1") for text in texts)


def _signs(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    return tuple(islice(dict.fromkeys(pattern.findall(text)), _MOST_SIGNS))


# ---------------------------------------------------------------- delivery reports


def _delivery_status(message: Message) -> Report | None:
    """RFC 3464 (and 6533): one block of fields for each recipient; the worst of them counts."""
    part = _part(message, "message/delivery-status", "message/global-delivery-status")
    said = [_of_recipient(block) for block in _blocks(part) if "Action" in block or "Status" in block]
    return min(said, key=lambda report: _WORST_FIRST.index(report.kind)) if said else None


def _blocks(part: Message | None) -> Iterator[Message]:
    """The blocks of fields; of a type that the email package doesn't know, it reads only the first."""
    inside: Any = None if part is None else part.get_payload()
    for block in islice(inside, _MOST_PARTS) if isinstance(inside, list) else ():
        yield block
        rest = block.get_payload()
        if isinstance(rest, str) and rest.strip():
            yield email.message_from_string(rest)


def _of_recipient(block: Message) -> Report:
    words = _words(_text(block, "Diagnostic-Code"))
    status = _status(_text(block, "Status"), words)
    about = _address(block["Original-Recipient"]) or _address(block["Final-Recipient"])
    action = next(iter(_text(block, "Action").lower().split()), "")
    if action == "delayed" or (not action.startswith(("fail", "error")) and status.startswith("4")):
        kind = BounceKind.DELAYED
    elif action in _NO_NEWS or status.startswith("2"):
        kind = BounceKind.IGNORED
    elif action.startswith(("fail", "error")) or status.startswith("5"):
        kind = _failure(status, words)
    else:
        kind = BounceKind.UNKNOWN
    return Report(kind, about, status, words or status)


def _words(diagnostic: str) -> str:
    """`smtp; 550-5.1.1 no such user` → `550 5.1.1 no such user`."""
    kind, _, said = diagnostic.partition(";")
    return re.sub(r"^(\d{3})-", r"\1 ", readable(said or kind))


def _status(given: str, words: str) -> str:
    """The status that says most: the field's own, unless that is general and the diagnostic knows better."""
    found = _STATUS.search(given)
    status = found[0] if found else ""
    return enhanced_code(words) or status if not status or status.endswith(".0.0") else status


def _failure(status: str, words: str) -> BounceKind:
    """A failure is hard where the table of `deliver.replies` says so, or words say it where no code does."""
    general = not status or status == "5.0.0"
    if is_dead(status) or (general and not words.startswith("4") and _NOBODY.search(words)):
        return BounceKind.HARD
    return BounceKind.SOFT


# ---------------------------------------------------------------- what people and their programs write


def _feedback(message: Message) -> Report | None:
    """RFC 5965: whoever reads our mail called it junk."""
    part = _part(message, "message/feedback-report")
    if part is None:
        return None
    inside: Any = part.get_payload()
    fields = inside[0] if isinstance(inside, list) else email.message_from_string(inside)
    what = _text(fields, "Feedback-Type").strip().lower()
    about = _address(fields["Original-Rcpt-To"])
    return Report(_FEEDBACK.get(what, BounceKind.COMPLAINT), about, words=readable(f"complaint: {what}"))


def _unsubscribing(message: Message) -> Report | None:
    """A mail whose subject is a token: what a mail program sends for `List-Unsubscribe: <mailto:…>`."""
    subject = _text(message, "Subject").strip()
    if not _LINK_TOKEN.fullmatch(subject):
        return None
    return Report(BounceKind.UNSUBSCRIBE, _address(message["From"]), words="asked by mail", link=subject)


def _automatic(message: Message) -> Report | None:
    """RFC 3834, and what was done before it. Mail servers mark their reports so too: those aren't meant."""
    said = _text(message, "Auto-Submitted").partition(";")[0].strip().lower()
    marked = said not in {"", "no"} or _text(message, "Precedence").strip().lower() == "auto_reply"
    marked = marked or any(name in message for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder"))
    subject = _text(message, "Subject")
    if not (marked or _AWAY.match(subject)) or _DAEMON.search(_text(message, "From")):
        return None
    return Report(BounceKind.IGNORED, _address(message["From"]), words=readable(subject))


def _free_text(message: Message) -> Report | None:
    """What flufl.bounce makes of it; the first line with a code or plain words says which failure it is."""
    try:
        delayed, failed = all_failures(message)
    except Exception:  # it takes for granted that a mail has a sender, and more
        return None
    named = sorted(failed or delayed)
    if not named:
        return None
    about = readable(named[0].decode("ascii", "replace"))
    lines = [re.sub(r"^.*?(?=\b[45]\d\d[ -])", "", line) for line in _first_text(message).splitlines()]
    telling = next((line for line in lines if _REPLY.search(line)), None)
    words = _words(telling or next((line for line in lines if _NOBODY.search(line)), ""))
    hashed = _QMAIL.search(words)
    status = hashed[1] if hashed else enhanced_code(words)
    if not failed or status.startswith("4"):
        return Report(BounceKind.SOFT if failed else BounceKind.DELAYED, about, status, words)
    return Report(_failure(status, words), about, status, words or "delivery failed")


def _first_text(message: Message) -> str:
    """What a person would read first, up to the copy of what was sent."""
    part = _part(message, "text/plain")
    body = None if part is None else part.get_payload(decode=True)
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else ""
    return _COPY.split(text[:_LONGEST_TEXT], maxsplit=1)[0]


# ---------------------------------------------------------------- parts of a mail


def _part(message: Message, *content_types: str) -> Message | None:
    """The first part of one of these types; those of mails inside this one don't count."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if part.get_content_type() in content_types:
            return part
        inside: Any = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inside, list):
            waiting.extend(reversed(inside))
    return None


def _text(message: Message, name: str) -> str:
    """A field's text, unfolded; empty where there is none."""
    return " ".join(str(message.get(name, "")).split())


def _address(field: Any) -> str:
    """`rfc822; <ada@example.org>`, `Ada <ada@example.org>` → `ada@example.org`; empty where there is none."""
    found = re.search(r"[^\s<>;:,\"']+@[^\s<>;:,\"']+", str(field or "")[:_LONGEST_LINE])
    return readable(found[0])[:254] if found else ""
