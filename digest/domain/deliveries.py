"""Defines what became of messages: deliveries, bounces, and alarms for the operator."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class DeliveryState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    SKIPPED = "skipped"
    EXPIRED = "expired"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of handing one message over: the ledger's next state, and the server's own words."""

    state: DeliveryState
    reply: str = ""
    suppress: bool = False  # the address itself is dead (RFC 3463 5.1.1 and the like)


class BounceKind(StrEnum):
    """What a mail that came back says of the address that it is about."""

    HARD = "hard"  # nobody is there
    SOFT = "soft"  # it wasn't taken, this time
    COMPLAINT = "complaint"  # somebody called it junk (RFC 5965)
    DELAYED = "delayed"  # it may still be taken
    IGNORED = "ignored"  # an automatic reply, or news that nothing follows from
    UNSUBSCRIBE = "unsubscribe"  # a mail that List-Unsubscribe asked for
    UNKNOWN = "unknown"
    FORGED = "forged"  # it says one of these, but of no mail of ours


@dataclass(frozen=True, slots=True)
class Delivery:
    """The ledger row of one message."""

    id: int
    issue_id: int
    subscriber_id: int
    issue_date: date
    state: DeliveryState
    reason: str = ""
    attempts: int = 0
    message_id: str = ""
    reply: str = ""
    papers: tuple[int, ...] = ()  # `Paper.pk`, best first
    claim_token: str = ""
    window_days: int = 0  # how far back its papers were looked for; 0: rows of before this was kept


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something is wrong that the operator should know: once when it begins, and once more when it is over.

    `key` says what it is about (`source:arxiv`, `issue:2026-03-17`, `domain:example.org`); the texts say what
    is wrong, what was tried and what to do. `told_at`: the operator knows; `over_at`: it is over, and the
    operator is yet to be told. `reply`: the mail server's words, where telling failed.
    """

    key: str
    title: str
    detail: str
    tried: str
    fix: str
    since: datetime
    told_at: datetime | None = None
    over_at: datetime | None = None
    attempts: int = 0
    claim_token: str = ""
    reply: str = ""
