"""Decodes the parts and fields of a mail; finds what a person would read in it before the copy of ours."""

import html
import re
from collections.abc import Iterator
from email.message import Message
from itertools import islice
from typing import Any

from digest.deliver import readable

LONGEST_LINE = 2000  # bytes; RFC 5322 allows 998
MOST_PARTS = 100
_LONGEST_TEXT = 16_000  # characters of free text that are looked at

_RULE = (
    r"^[ \t>]*[-=*|_#]{2,}(?![^\n]*(?:transcript|session|address|report|reason|server|command|log\b))[^\n]*"
)
_COPY = re.compile(
    rf"{_RULE}\b(?:copy|original|below|returned|headers?|follows|unsent|undelivered)\b"
    r"|^[ \t]*(?:below (?:this line )?is a copy|(?:message|mail) headers? follow|included is a copy"
    r"|original message(?: follows|:)|here is (?:a|your) copy|this is a copy|bounced e-?mail:"
    r"|the (?:message|header) follows)"
    r"|^(?:received|return-path|dkim-signature|x-received):"
    r"|^content-type:[ \t]*(?:message/(?:rfc822|global$|partial)|text/rfc822-headers)",
    re.IGNORECASE | re.MULTILINE,
)
_TAG = re.compile(
    r"<(?:style|script)\b.{0,4000}?</(?:style|script)>|<[^<>]{0,1000}>", re.IGNORECASE | re.DOTALL
)
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d)\b[^<>]{0,200}>", re.IGNORECASE)


def part(message: Message, *content_types: str) -> Message | None:
    """Return the first part of one of these types; those of mails inside this one don't count."""
    return next((each for each in own_parts(message) if each.get_content_type() in content_types), None)


def own_parts(message: Message) -> Iterator[Message]:
    """Yield a mail and its parts in their order, without those of mails inside it."""
    waiting = [message]
    while waiting:
        each = waiting.pop()
        yield each
        inside: Any = each.get_payload()
        if each.get_content_maintype() == "multipart" and isinstance(inside, list):
            waiting.extend(reversed(inside))


def text(message: Message, name: str) -> str:
    """Return a field's text, unfolded; empty where there is none."""
    return " ".join(str(message.get(name, "")).split())


def address(field: Any) -> str:
    """Return the address in `rfc822; <ada@example.org>` or `Ada <ada@example.org>`; empty where there is
    none.
    """
    found = re.search(r"[^\s<>;:,\"']+@[^\s<>;:,\"']+", str(field or "")[:LONGEST_LINE])
    return readable(found[0])[:254] if found else ""


def text_above_copy(message: Message) -> str:
    """Return what a person would read, up to the copy of what was sent.

    Plain text, else HTML without its tags, else (where its boundaries are wrong) the bytes as they are.
    """
    texts: list[str] = []
    for each in islice(own_parts(message), MOST_PARTS):
        content_type = each.get_content_type()
        if content_type.startswith("message/") and content_type != "message/delivery-status":
            break
        if content_type == "text/plain" and not each.get_filename():
            texts.append(_decoded(each))
    if not any(one.strip() for one in texts):
        page = part(message, "text/html")
        texts = [_without_tags(_decoded(page))] if page is not None else []
    if not texts and message.is_multipart() is False:
        texts = [_decoded(message)]
    return _COPY.split("\n".join(texts)[:_LONGEST_TEXT], maxsplit=1)[0]


def _decoded(message: Message) -> str:
    body = message.get_payload(decode=True)
    if not isinstance(body, bytes):
        return ""
    body = body[: 4 * _LONGEST_TEXT]
    try:
        decoded = body.decode(str(message.get_content_charset() or "utf-8"), "replace")
    except (LookupError, ValueError):  # a charset that nobody knows, or none at all
        decoded = body.decode("utf-8", "replace")
    return decoded.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")


def _without_tags(page: str) -> str:
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", page[:_LONGEST_TEXT])))
