"""Reads delivery reports (RFC 3464 and 6533), also those whose fields stand in plain text."""

import email
import re
from collections.abc import Iterator
from email.message import Message
from itertools import islice
from typing import Any

from digest.bounces.parts import MOST_PARTS, address, part, text, text_above_copy
from digest.bounces.report import Report
from digest.bounces.texts import sparing_words, telling_words
from digest.bounces.verdict import code_in, judge_failure
from digest.deliver import readable, reason_of
from digest.domain import BounceKind

_NO_NEWS = {"relayed", "delivered", "expanded"}  # actions (RFC 3464, section 2.3.3) that ask for nothing
_FAILED = ("fail", "error", "expired")
_WORST_FIRST = (BounceKind.HARD, BounceKind.SOFT, BounceKind.DELAYED, BounceKind.IGNORED, BounceKind.UNKNOWN)
_FIELDS = re.compile(
    r"^(?:final-recipient|original-recipient|action|status|diagnostic-code|remote-mta)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)


def delivery_status(message: Message) -> Report | None:
    """Read one block of fields for each recipient; the worst of them counts. None where there are none."""
    above = text_above_copy(message)
    blocks = [block for block in _blocks(message) if "Action" in block or "Status" in block]
    if not blocks:
        blocks = [block for block in _blocks_in(above) if "Final-Recipient" in block]
    reports = [_of_recipient(block, above) for block in blocks if "Action" in block or "Status" in block]
    return min(reports, key=lambda report: _WORST_FIRST.index(report.kind)) if reports else None


def _blocks(message: Message) -> Iterator[Message]:
    """The blocks of fields; of a type that the email package doesn't know, it reads only the first."""
    found = part(message, "message/delivery-status", "message/global-delivery-status")
    inside: Any = None if found is None else found.get_payload()
    for block in islice(inside, MOST_PARTS) if isinstance(inside, list) else ():
        yield block
        rest = block.get_payload()
        if isinstance(rest, str) and rest.strip():
            yield email.message_from_string(rest)


def _blocks_in(above: str) -> Iterator[Message]:
    """Blocks of such fields in text: some servers don't say of what type they are, or where they begin."""
    for paragraph in islice(re.split(r"\n[ \t]*\n", above), MOST_PARTS):
        first = _FIELDS.search(paragraph)
        if first:
            yield email.message_from_string(paragraph[first.start() :])


def _of_recipient(block: Message, above: str) -> Report:
    field = text(block, "Status")
    words = _diagnostic(text(block, "Diagnostic-Code")) or _comment(field)
    status = code_in(field)
    if not status:
        status = code_in(words)
    about = address(block["Original-Recipient"]) or address(block["Final-Recipient"])
    action = next(iter(text(block, "Action").lower().split()), "")
    failed = action.startswith(_FAILED)
    if action == "delayed" or (not failed and status.startswith("4")):
        return Report(BounceKind.DELAYED, about, status, words or status, reason_of(words))
    if action in _NO_NEWS or status.startswith("2"):
        return Report(BounceKind.IGNORED, about, status, words or status)
    if not failed and not status.startswith("5"):
        return Report(BounceKind.UNKNOWN, about, status, words or status)
    verdict = judge_failure(status, words, context=above)
    if verdict.kind is BounceKind.SOFT and verdict.reason is None:
        words = telling_words(above) or words  # nothing in the fields says why; what people read may
        verdict = judge_failure(status, words, context=above)
    elsewhere = sparing_words(above) if verdict.kind is BounceKind.HARD else ""
    if elsewhere:
        return Report(BounceKind.SOFT, about, verdict.status, elsewhere, reason_of(elsewhere))
    return Report(verdict.kind, about, verdict.status, words or status, verdict.reason)


def _diagnostic(diagnostic: str) -> str:
    """`smtp; 550-5.1.1 no such user` → `550 5.1.1 no such user`."""
    kind, _, reply = diagnostic.partition(";")
    return re.sub(
        r"^(\d{3})-", r"\1 ", readable(reply if reply or kind.lower() in {"smtp", "x-unix"} else kind)
    )


def _comment(field: str) -> str:
    """`5.4.4 (no such domain)` → `no such domain`."""
    found = re.search(r"\((.{1,300})\)", field)
    return readable(found[1]) if found else ""
