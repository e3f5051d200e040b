"""Values for tests, each with defaults that make sense: a test names only what it is about."""

from datetime import UTC, date, datetime
from typing import Any

from digest.domain import (
    Entry,
    Interests,
    Issue,
    Paper,
    Schedule,
    Signal,
    SignalKind,
    Subscriber,
    SubscriberStatus,
)

NOW = datetime(2026, 3, 17, 8, 0, tzinfo=UTC)  # a Tuesday


def entry(arxiv_id: str = "2603.00001", **fields: Any) -> Entry:
    """An entry of an arXiv feed; any field of `Entry` can be given."""
    defaults: dict[str, Any] = {
        "key": f"oai:arXiv.org:{arxiv_id}v1",
        "arxiv_id": arxiv_id,
        "title": f"Paper {arxiv_id}",
        "abstract": "We study things and report what we saw.",
        "authors": ("Ada Lovelace", "Alan Turing"),
        "categories": ("cs.CL",),
        "version": 1,
        "announced_at": NOW,
        "url": f"https://arxiv.org/abs/{arxiv_id}",
    }
    return Entry(**(defaults | fields))


def paper(arxiv_id: str = "2603.00001", **fields: Any) -> Paper:
    """A paper as the store gives it; any field of `Paper` can be given."""
    defaults: dict[str, Any] = {
        "id": f"arxiv:{arxiv_id}",
        "title": f"Paper {arxiv_id}",
        "abstract": "We study things and report what we saw.",
        "authors": ("Ada Lovelace", "Alan Turing"),
        "categories": ("cs.CL",),
        "first_seen_at": NOW,
        "published_at": NOW,
        "url": f"https://arxiv.org/abs/{arxiv_id}",
        "sources": ("arxiv",),
    }
    return Paper(**(defaults | fields))


def upvotes(value: int, observed_at: datetime = NOW, source: str = "huggingface") -> Signal:
    """One observation of upvotes."""
    return Signal(SignalKind.UPVOTES, source, value, observed_at)


def subscriber(email: str = "ada@example.org", **fields: Any) -> Subscriber:
    """An active subscriber without filters, due daily at 08:00 UTC."""
    defaults: dict[str, Any] = {
        "id": 1,
        "email": email,
        "status": SubscriberStatus.ACTIVE,
        "interests": Interests(),
        "schedule": Schedule(),
        "created_at": NOW,
        "confirmed_at": NOW,
        "next_due_at": NOW,
    }
    return Subscriber(**(defaults | fields))


def issue(**fields: Any) -> Issue:
    """The issue of `NOW`."""
    defaults: dict[str, Any] = {"id": 1, "date": date(2026, 3, 17), "due_at": NOW, "opened_at": NOW}
    return Issue(**(defaults | fields))
