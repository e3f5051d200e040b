"""Judges a server's reply: a code and its text come in, a `Receipt` goes out. The table of outcomes.

In: one SMTP reply about one recipient. Out: the ledger's next state, the reply on one clean line, and
whether the address itself is dead. Never: a state for a lost line or a time-out; only a transport knows in
which phase that was.
"""

import re
from collections.abc import Sequence

from digest.deliver.reasons import GONE, Reason, reason_of
from digest.domain import DeliveryState, Receipt

# Mailbox or domain doesn't exist, moved away, or takes no mail (RFC 3463, 3.2 and 3.3; RFC 7505 for 5.1.10).
_DEAD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
_FULL = "5.2.2"
_MAX_REPLY = 500

# RFC 2034 puts the enhanced code at the start of a reply; qmail writes it as #5.1.1 at the end. Elsewhere
# three numbers with dots between are a version or part of an address, and no reason to drop anybody.
_ENHANCED = re.compile(r"(?:^\d{3} |#)([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_WAIT = re.compile(
    r"\b(?:again|retry|wait|greylisted)\b\D{0,30}(\d{1,6}) ?(s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b",
    re.IGNORECASE,
)
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def judge(code: int, reply: str) -> Receipt:
    """Return what becomes of a message that the server answered with `code` (200 … 599) and the text `reply`.

    | reply | becomes |
    |---|---|
    | 2xx | sent |
    | 4xx, and 552 without a reason of its own (RFC 5321, 4.5.3.1.10: it may mean 452) | deferred |
    | 5xx for a dead mailbox: 5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10, 5.2.1 | bounced, address suppressed |
    | 5.2.2, a full mailbox | bounced, softly: it counts, nobody is suppressed |
    | every other 5xx, 5.7.x (our fault) among them | failed, nobody suppressed |

    Words that contradict the code of a dead mailbox (blocked, too many, full …) spare the recipient.
    Raises ValueError for a code that is no outcome (1xx, 3xx, nonsense).
    """
    line = one_line(code, reply)
    enhanced = enhanced_code(line)
    match code // 100:
        case 2:
            return Receipt(DeliveryState.SENT, line)
        case 4:
            return Receipt(DeliveryState.DEFERRED, line)
        case 5:
            return _judge_refusal(code, enhanced, line)
    raise ValueError(f"{line} is no outcome of a delivery")


def _judge_refusal(code: int, enhanced: str, line: str) -> Receipt:
    reason = reason_of(line) if is_dead(enhanced) else None
    if is_dead(enhanced) and (reason is Reason.SUSPENDED or not contradicts(reason, enhanced)):
        return Receipt(DeliveryState.BOUNCED, line, suppress=True)
    if enhanced == _FULL or reason is Reason.FULL:
        return Receipt(DeliveryState.BOUNCED, line)
    if code == 552 and enhanced in {"", "5.5.3"}:
        return Receipt(DeliveryState.DEFERRED, line)
    return Receipt(DeliveryState.FAILED, line)


def is_connection_used_up(replies: Sequence[tuple[int, str]]) -> bool:
    """Return whether the replies to MAIL, RCPT and DATA on a connection that has carried mail may mean that
    it has carried enough: MAIL is refused, or one of the others for its place (503, 5.5.1), not for its
    recipient.

    Some relays say so with 421; others with 450, 503 or 554 5.5.1. A fresh connection tells which it is.
    """
    for phase, (code, line) in enumerate(replies):
        if code // 100 in {4, 5}:
            return phase == 0 or code == 503 or enhanced_code(one_line(code, line)) == "5.5.1"
    return False


def one_line(code: int, reply: str) -> str:
    """Return a reply as it is stored and shown: one line of at most 500 characters, without controls."""
    return readable(f"{code} {reply}")


def readable(words: str) -> str:
    """Return a server's words on one line of at most 500 characters, without controls."""
    decoded = words.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    printable = "".join(char if char.isprintable() else " " for char in decoded)
    return " ".join(printable.split())[:_MAX_REPLY]


def enhanced_code(line: str) -> str:
    """Return the enhanced status code (RFC 3463) of a reply on one line (`Receipt.reply`), or an empty text.

    One whose class contradicts the reply's code (550 4.2.1) is none.
    """
    found = _ENHANCED.search(line)
    return found[1] if found and found[1][0] == line[:1] else ""


def asked_to_wait(line: str) -> int | None:
    """Return the seconds of a "try again in N minutes" in a reply, or None if it names no time."""
    found = _WAIT.search(line)
    return int(found[1]) * _SECONDS[found[2][0].lower()] if found else None


def wants_time(line: str) -> bool:
    """Return whether a reply asks us to slow down: 421, or 4.7.x (RFC 3463, 3.8; providers' rate limits)."""
    return line.startswith("421") or enhanced_code(line).startswith("4.7.")


def is_dead(status: str) -> bool:
    """Return whether a status (RFC 3463) says that the address itself is dead: nobody is there, or ever will
    be.
    """
    return status in _DEAD


def contradicts(reason: Reason | None, status: str) -> bool:
    """Return whether a server's words speak against the code of a dead mailbox (empty: it gave none).

    A mailbox that is suspended speaks against 5.2.1, which may mean one that comes back (RFC 3463, 3.3), or
    against no code at all; with the others it agrees.
    """
    if reason is None or reason in GONE:
        return False
    return reason is not Reason.SUSPENDED or status in {"", "5.2.1"}


def blames_us(status: str) -> bool:
    """Return whether a status (RFC 3463) is about the sender rather than the recipient: policy or trust,
    X.7.X.
    """
    return status.startswith(("4.7.", "5.7."))


def refuses_us(line: str) -> bool:
    """Return whether a reply refuses the sender rather than the recipient: 5.7.x, a matter of policy or
    trust.
    """
    return enhanced_code(line).startswith("5.7.")
