"""Reads what people and their programs write: complaints, mails that unsubscribe, automatic replies."""

import email
import re
from email.message import Message
from typing import Any

from digest.bounces.parts import address, part, text
from digest.bounces.report import Report
from digest.bounces.texts import is_from_daemon
from digest.deliver import readable
from digest.domain import BounceKind

_LINK_TOKEN = re.compile(r"[A-Za-z0-9_-]{28}")
_AWAY = re.compile(
    r"\s*(?:automatic reply|auto[- ]?reply|out of (?:the )?office|vacation|abwesen|automatische antwort)",
    re.IGNORECASE,
)
# Reports that aren't complaints: a reader who finds us where we don't belong (RFC 6430); of other software.
_FEEDBACK = {
    "not-spam": BounceKind.IGNORED,
    "auth-failure": BounceKind.UNKNOWN,
    "": BounceKind.UNKNOWN,
}
_JUNK_MAIL = re.compile(
    r"complaint about message from ", re.IGNORECASE
)  # Outlook.com's, with our mail inside


def feedback(message: Message) -> Report | None:
    """Read a complaint (RFC 5965): whoever reads our mail called it junk."""
    found = part(message, "message/feedback-report")
    if found is None:
        return _junk_mail(message)
    inside: Any = found.get_payload()
    fields = inside[0] if isinstance(inside, list) else email.message_from_string(inside)
    what = text(fields, "Feedback-Type").strip().lower()
    about = address(fields["Original-Rcpt-To"])
    return Report(_FEEDBACK.get(what, BounceKind.COMPLAINT), about, words=readable(f"complaint: {what}"))


def _junk_mail(message: Message) -> Report | None:
    copy = part(message, "message/rfc822")
    if copy is None or not _JUNK_MAIL.match(text(message, "Subject")):
        return None
    inside: Any = copy.get_payload()
    fields = inside[0] if isinstance(inside, list) and inside else copy
    about = address(fields["X-HmXmrOriginalRecipient"]) or address(fields["To"])
    return Report(BounceKind.COMPLAINT, about, words="complaint: junk mail report")


def unsubscribing(message: Message) -> Report | None:
    """Read a mail whose subject is a token, as programs send it for `List-Unsubscribe: <mailto:…>`; or the
    word itself, as people write it: then only a sign of ours in the mail says who it is."""
    subject = text(message, "Subject").strip()
    about = address(message["From"])
    if _LINK_TOKEN.fullmatch(subject):
        return Report(BounceKind.UNSUBSCRIBE, about, words="asked by mail", link=subject)
    if subject.lower() == "unsubscribe":
        return Report(BounceKind.UNSUBSCRIBE, about, words="asked by mail")
    return None


def automatic(message: Message) -> Report | None:
    """Read RFC 3834, and what was done before it. Mail servers mark their reports so too: not meant here."""
    submitted = text(message, "Auto-Submitted").partition(";")[0].strip().lower()
    marked = submitted not in {"", "no"} or text(message, "Precedence").strip().lower() == "auto_reply"
    marked = marked or any(name in message for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder"))
    subject = text(message, "Subject")
    if not (marked or _AWAY.match(subject)) or is_from_daemon(message):
        return None
    return Report(BounceKind.IGNORED, address(message["From"]), words=readable(subject))
