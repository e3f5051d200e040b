"""Reads the bytes of one mail as a Report: the readers in their order, and every sign of a mail of ours."""

import email
import re
from dataclasses import replace
from email.message import Message
from itertools import islice

from digest.bounces.notifications import notification
from digest.bounces.parts import LONGEST_LINE, MOST_PARTS, address, text
from digest.bounces.people import automatic, feedback, unsubscribing
from digest.bounces.report import Report
from digest.bounces.statuses import delivery_status
from digest.bounces.texts import free_text
from digest.deliver import readable
from digest.domain import BounceKind

LARGEST = 128 * 1024  # bytes of a mail that are read: what happened stands first, what was sent comes behind
_MOST_NESTED = 12  # the time that a parser takes grows with lines × depth
_MOST_SIGNS = 10

_LINE = re.compile(rb"([^\n]{%d})[^\n]*" % LONGEST_LINE)
_NESTING = re.compile(rb"boundary[*0-9]*[ \t]*=|content-type[ \t]*:\s*message/", re.IGNORECASE)
_SOFT_BREAK = re.compile(rb"=[ \t]*\r?\n")  # of quoted-printable
# `+` may be written as +2B (xtext, RFC 3461, section 4). Message-IDs are those of `tokens.message_id`.
_TOKEN = re.compile(r"\+(?:2[Bb])?([A-Za-z2-7]{40})@")
_MESSAGE_ID = re.compile(r"<\d{1,10}\.[0-9a-f]{32}@[!-;=?A-~]{1,255}>")


def read(raw: bytes) -> Report:
    """Return what a mail says; UNKNOWN where it can't be told. The kind is never FORGED."""
    raw = _LINE.sub(rb"\1", raw[:LARGEST])
    if len(_NESTING.findall(raw)) > _MOST_NESTED:
        return Report(BounceKind.UNKNOWN, words="nested too deeply")
    try:
        message = email.message_from_bytes(raw)
        everything = _everything(raw, message)
        found = _report(message)
    except Exception:  # whatever a parser chokes on: whoever looks after us sees the mail
        return Report(BounceKind.UNKNOWN, words="it can't be parsed")
    return replace(found, tokens=_signs(_TOKEN, everything), message_ids=_signs(_MESSAGE_ID, everything))


def _report(message: Message) -> Report:
    for reader in (delivery_status, feedback, notification, unsubscribing, automatic, free_text):
        report = reader(message)
        if report:
            return report
    return Report(
        BounceKind.UNKNOWN, email=address(message["From"]), words=readable(text(message, "Subject"))
    )


def _everything(raw: bytes, message: Message) -> str:
    """All text in which a sign of ours may stand, headers first; line breaks of encodings are taken out."""
    encoded = (
        part.get_payload(decode=True)
        for part in islice(message.walk(), MOST_PARTS)
        if "base64" in text(part, "Content-Transfer-Encoding").lower()
    )
    texts = (_SOFT_BREAK.sub(b"", raw), *(body for body in encoded if isinstance(body, bytes)))
    return "\n".join(body.decode("latin-1") for body in texts)


def _signs(pattern: re.Pattern[str], everything: str) -> tuple[str, ...]:
    return tuple(islice(dict.fromkeys(pattern.findall(everything)), _MOST_SIGNS))
