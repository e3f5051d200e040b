"""Finds in a mail server's words why it refused a message. Pure; the words stand in `reasons.toml`.

In: what a server said, on one line. Out: a `Reason`, or None where the words are none that servers use.
Never: a decision about an address by itself; `replies.py` and `digest/bounces` weigh words against codes.
"""

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Reason(StrEnum):
    """Why a message was refused."""

    SENDER = "the sender's address or domain is refused"
    AUTHENTICATION = "SPF, DKIM, DMARC, reverse DNS or a login is missing"
    REPUTATION = "the sending server is blocked"
    CONTENT = "the message is taken for spam, or breaks a rule"
    RELAYING = "the server doesn't relay for us"
    RATE = "too many messages or connections"
    FULL = "the mailbox is full"
    SIZE = "the message is too big"
    TEMPORARY = "a fault that passes"
    SUSPENDED = "the mailbox is suspended"
    NO_MAILBOX = "the mailbox doesn't exist"
    NO_HOST = "the domain doesn't exist or takes no mail"
    MOVED = "the recipient has moved"


# Ours to fix: nothing of it is the recipient's doing, so it counts for nothing against an address.
OUR_FAULT = frozenset(
    {
        Reason.SENDER,
        Reason.AUTHENTICATION,
        Reason.REPUTATION,
        Reason.CONTENT,
        Reason.RELAYING,
        Reason.RATE,
        Reason.SIZE,
    }
)
GONE = frozenset({Reason.NO_MAILBOX, Reason.NO_HOST, Reason.MOVED})

# Addresses, links and host names hold words that mean nothing here: blocked@…, …/support?p=NoSuchUser
_NOISE = re.compile(
    r"https?://\S+|[^\s<>()\"',;:=]{0,255}@[^\s<>()\"',;]+|\[[0-9a-f.:]{3,45}\]", re.IGNORECASE
)
_LONGEST = 2000


def reason_of(words: str) -> Reason | None:
    """Find why a server refused a message, by its words; of several, the one that spares the recipient.

    Only the first 2,000 characters count. None where no phrase of the table stands in them.
    """
    plain = " ".join(_NOISE.sub(" ", words[:_LONGEST]).split())
    return next((reason for reason, pattern in _patterns().items() if pattern.search(plain)), None)


@cache
def _patterns() -> Mapping[Reason, re.Pattern[str]]:
    """By reason, in the order of the file. Compiled when first needed: most commands never are."""
    table = tomllib.loads(files("digest.deliver").joinpath("reasons.toml").read_text("utf-8"))
    parts: Mapping[str, str] = table.pop("parts")
    patterns = {}
    for name, phrases in table.items():
        expression = "|".join(phrases)
        for part, meaning in parts.items():
            expression = expression.replace(f"{{{part}}}", meaning)
        patterns[Reason[name.upper()]] = re.compile(expression, re.IGNORECASE)
    return patterns
