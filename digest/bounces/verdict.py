"""Decides by the codes and words of one failure whether it is hard or soft, and why. Pure.

Where the status field, the codes and the words of the last server contradict one another, what spares the
reader wins. General codes (x.0.0, x.3.0, x.5.0 …) say nothing: then the words decide.
"""

import re
from typing import NamedTuple

from digest.deliver import GONE, Reason, contradicts, is_dead, reason_of
from digest.domain import BounceKind

_CODE = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)")
# In a server's words a code stands behind the reply's number, or as qmail's (#5.1.1); elsewhere three
# numbers with dots between are a version or part of an address.
_CODE_IN_WORDS = re.compile(
    r"(?:\b[245]\d\d[ -]['\"<(]?|#|error_code ?:)([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)", re.IGNORECASE
)
_REPLY = re.compile(r"^\D{0,3}([45]\d\d)(?=[ -])")
# Full, too big, a bad sender, loops, gone stale, a bad message; and 5.7.x: policy. RFC 3463, section 3.
_SPARES = re.compile(r"4\.|5\.7\.|5\.6\.|5\.1\.[78]$|5\.2\.[23]$|5\.3\.[1345]$|5\.4\.[67]$|5\.5\.3$")
_GENERAL = re.compile(r"[245]\.[0-7]\.0$")
_NEVER_MAIL = {"521", "556"}  # RFC 7504: the host, the domain doesn't accept mail
# How Exchange Online refuses mailboxes that its directory doesn't hold (5.4.1); elsewhere it is policy.
_EDGE_BLOCK = re.compile(r"recipient address rejected: access denied", re.IGNORECASE)
# A server that knew the mailbox when it was named, and refuses the message itself with these words, filters.
_AFTER_DATA = re.compile(
    r"in reply to end of data|after (?:end of )?data\b|final data\b|smtp command\s+data\b|>>> data\s*<<< ",
    re.IGNORECASE,
)

_NO_ACCOUNT = re.compile(r"user doesn.?t have an? .{1,80} account", re.IGNORECASE)  # Yahoo's, and meant so


class Verdict(NamedTuple):
    """`kind`: HARD or SOFT; `status`: the code that says most, or empty."""

    kind: BounceKind
    status: str
    reason: Reason | None


def code_in(field: str) -> str:
    """Return the first status code (RFC 3463) in a field, or an empty text."""
    found = _CODE.search(field)
    return found[0] if found else ""


def judge_failure(status: str, words: str, *, context: str = "") -> Verdict:
    """Decide whether a failure is hard. `status`: of a status field, or empty; `words`: the last server's, on
    one line; `context`: text around them, which may say to which command they were the answer."""
    reply = _REPLY.match(words)
    codes = [code for code in (status, *_CODE_IN_WORDS.findall(words)) if code]
    sparing = next((code for code in codes if _SPARES.match(code)), "")
    telling = next((code for code in codes if not _GENERAL.match(code)), "")
    shown = sparing or telling or (codes[-1] if codes else "")
    reason = reason_of(words)
    if shown == "5.4.1" and _EDGE_BLOCK.search(words):
        reason = Reason.NO_MAILBOX
    dead = next((code for code in codes if is_dead(code)), "")
    spared = sparing or (reply and reply[1].startswith("4")) or contradicts(reason, dead)
    if spared:
        return Verdict(BounceKind.SOFT, shown, reason)
    filtered = _AFTER_DATA.search(f"{context}\n{words}") and not _NO_ACCOUNT.search(words)
    gone = reason in GONE and not filtered
    never = reply and reply[1] in _NEVER_MAIL
    return Verdict(BounceKind.HARD if dead or gone or never else BounceKind.SOFT, shown, reason)
