"""Reads what mail servers write for people: lines with a code or plain words above the copy.

flufl.bounce knows whom the texts of many servers are about; which failure it is, the words say.
"""

import logging
import re
from collections.abc import Sequence
from email.message import Message

from flufl.bounce import all_failures

from digest.bounces.parts import address, part, text, text_above_copy
from digest.bounces.report import Report
from digest.bounces.verdict import judge_failure
from digest.deliver import Reason, readable, reason_of
from digest.domain import BounceKind

_DAEMON = re.compile(
    r"mailer[ -]?daemon|post-?master|mail[ -]?daemon|mail delivery|mail system"
    r"|-(?:admin|owner|bounces?|request|errors)@|owner-|listserv|majordomo",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"(?:undeliver|bounce|returned (?:mail|e-?mail|to sender)|failure notice|failed delivery|failed mail"
    r"|delivery (?:status|failure|failed|error|problem|report|notif|has)"
    r"|mail (?:delivery )?(?:failed|failure|error|system error|could)"
    r"|(?:message|mail|e-?mail).{0,40}(?:undeliver|not (?:be )?delivered|delivery|bounce|returned)"
    r"|non[- ]?(?:remis|deliver|recapitabile)|unzustellbar|rückläufer|не доставлено"
    r"|エラー|配信|送信できません)",
    re.IGNORECASE,
)
_FAILURE = re.compile(
    r"not (?:be )?(?:sent|delivered|reached|reach)|n[o'’]t (?:be )?deliver|did not reach"
    r"|(?:un|wasn.t |not )able to (?:send|deliver)|trouble (?:delivering|sending)|undeliver"
    r"|fail(?:ed|ure|s)? .{0,60}deliver|deliver.{0,60}fail|(?:error|problem).{0,60}(?:deliver|sending)"
    r"|(?:fatal|permanent|delivery) errors?|(?:was|been|were) (?:rejected|returned)"
    r"|nicht zugestellt|pas (?:été|pu être) (?:remis|délivré)|送信できません|配信できません"
    r"|не может быть доставлено|не доставлено",
    re.IGNORECASE,
)
_DELAY = re.compile(
    r"warning message only|will be retried|has (?:not yet been delivered|been delayed)|is delayed for"
    r"|temporary failure report|will (?:keep|continue) (?:to )?try|delivery attempts will continue"
    r"|still (?:being )?(?:undelivered|retried)",
    re.IGNORECASE,
)
_REPLY = re.compile(r"(?<![\d.:/-])[45]\d\d[ -](?=\D|[245]\.\d)|error_code ?:[45]\d\d", re.IGNORECASE)
_HASHED = re.compile(r"\(#[45]\.\d{1,3}\.\d{1,3}\)")  # qmail's code stands behind its words
_GOOD_NEWS = re.compile(r"^[ \t]*2\d\d[ -].*\n?", re.MULTILINE)
_STILL_THERE = {Reason.FULL, Reason.SUSPENDED}
_QUOTED = re.compile(r"^>(?![>]).*\n?", re.MULTILINE)  # what people answer; `>>> RCPT TO` is a transcript
_ANSWER = re.compile(r"(?:re|aw|sv|antw|fwd?|wg|tr) ?:", re.IGNORECASE)
_PARAGRAPH = re.compile(r"\n[ \t>]*\n")

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it tells of each detector that it tries


def is_from_daemon(message: Message) -> bool:
    """Return whether a mail says that a mail server wrote it."""
    sender = text(message, "From")
    return bool(_DAEMON.search(sender)) or not address(sender)


def free_text(message: Message) -> Report | None:
    """Read what a server wrote for people. None where it is no report of a failure."""
    if _ANSWER.match(text(message, "Subject")):
        return None
    above = text_above_copy(message)
    named = _named(message)
    words = telling_words(above)
    written_so = _SUBJECT.match(text(message, "Subject")) or "X-Failed-Recipients" in message
    returns_ours = part(message, "message/rfc822", "text/rfc822-headers") is not None
    failure = _FAILURE.search(above)
    by_server = (is_from_daemon(message) or written_so) and (failure or words)
    if not (named or by_server or (returns_ours and failure)):
        return None
    about = address(message["X-Failed-Recipients"]) or named or address(above)
    if _DELAY.search(above) and not words.startswith("5"):
        return Report(BounceKind.DELAYED, about, words=words, reason=reason_of(words))
    verdict = judge_failure("", words, context=above)
    elsewhere = sparing_words(above) if verdict.kind is BounceKind.HARD else ""
    if elsewhere:
        return Report(BounceKind.SOFT, about, verdict.status, elsewhere, reason_of(elsewhere))
    return Report(verdict.kind, about, verdict.status, words or "delivery failed", verdict.reason)


def _named(message: Message) -> str:
    """Whom flufl.bounce takes the mail to be about, or an empty text."""
    try:
        delayed, failed = all_failures(message)
    except Exception:  # it takes for granted that a mail has a sender, and more
        return ""
    found = sorted(failed or delayed)
    return readable(found[0].decode("ascii", "replace")) if found else ""


def sparing_words(above: str) -> str:
    """Return what a text says, besides servers' replies, of a mailbox that is there but full or suspended."""
    plain = (paragraph for paragraph in _paragraphs(above) if not _coded(paragraph))
    return next((readable(words) for words in plain if reason_of(words) in _STILL_THERE), "")


def telling_words(above: str) -> str:
    """Return the words of servers in a text, on one line: from a reply's code on, else those that name a
    reason.
    """
    paragraphs = _paragraphs(above)
    coded = [words for words in map(_coded, paragraphs) if words]
    reply_lines: Sequence[str] = coded or [paragraph for paragraph in paragraphs if reason_of(paragraph)]
    return re.sub(r"^(\d{3})-", r"\1 ", readable(" / ".join(reply_lines)))


def _paragraphs(above: str) -> list[str]:
    plain = _GOOD_NEWS.sub("", _QUOTED.sub("", above))
    return [" ".join(paragraph.split()) for paragraph in _PARAGRAPH.split(plain)]


def _coded(paragraph: str) -> str:
    found = _REPLY.search(paragraph)
    if found:
        return paragraph[found.start() :]
    return paragraph if _HASHED.search(paragraph) else ""
