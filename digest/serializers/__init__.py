"""Makes the JSON objects that people script against (keys may be added, never renamed)."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from digest.domain import (
    Delivery,
    Frequency,
    Hiding,
    Match,
    Merge,
    Paper,
    Ranked,
    Reason,
    SkipReason,
    Source,
    Subscriber,
)
from digest.throttle import Limits, Throttle, speed

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def as_json(value: Any, *, only_ascii: bool = False) -> str:
    """Return a value as JSON: dataclasses as objects, times as ISO 8601 in UTC, dates as YYYY-MM-DD."""
    return json.dumps(value, default=_plain, ensure_ascii=only_ascii, indent=2)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    msg = f"{type(value).__name__} has no JSON form"
    raise TypeError(msg)


def preview_object(
    subject: str | None,
    skip_reason: SkipReason | None,
    papers: Sequence[Match],
    withdrawn: Sequence[Paper] = (),
) -> dict[str, Any]:
    """Return what somebody would get now: a subject and papers, or the reason why there is nothing.

    `withdrawn`: of the papers that they got before those that were withdrawn since.
    """
    return {
        "subject": subject,
        "skip_reason": skip_reason,
        "papers": [match_object(match) for match in papers],
        "withdrawn": [{"id": paper.id, "title": paper.title} for paper in withdrawn],
    }


def match_object(match: Match) -> dict[str, Any]:
    """Return a paper with its score and the reasons why it is there."""
    return {
        "id": match.paper.id,
        "title": match.paper.title,
        "score": round(match.score, 6),
        "reasons": [reason_object(reason) for reason in match.reasons],
    }


def reason_object(reason: Reason) -> dict[str, Any]:
    """Return why a paper is there: what asked for it, which term of it, and in which field it stands."""
    return {
        "kind": reason.kind,
        "filter": reason.filter or None,
        "term": reason.term or None,
        "field": reason.field,
        "note": reason.note or None,
    }


def paper_object(paper: Paper, merges: Sequence[Merge], hiding: Hiding | None = None) -> dict[str, Any]:
    """Return everything that is known of a paper, with its links by their names and its merges, undone ones
    too.

    `hiding`: why it is hidden; None where it is shown.
    """
    links = {
        "abstract": paper.url,
        "pdf": paper.pdf_url,
        "code": paper.code_url,
        "project": paper.project_url,
        "discussion": paper.discussion_url,
    }
    return dataclasses.asdict(paper) | {
        "links": {name: url for name, url in links.items() if url},
        "merges": merges,
        "hidden": hiding,
    }


def source_object(source: Source) -> dict[str, Any]:
    """Return a source and how it is doing."""
    return {
        "name": source.name,
        "kind": source.kind,
        "url": source.url,
        "state": source.state,
        "last_success_at": source.last_success_at,
        "failures": source.failures,
        "last_error": source.last_error,
    }


def ranked_object(ranked: Ranked) -> dict[str, Any]:
    """Return a paper with its trend score and the parts of it."""
    return {
        "id": ranked.paper.id,
        "score": round(ranked.score, 6),
        "parts": [
            {"signal": part.signal, "value": part.value, "points": round(part.points, 6)}
            for part in ranked.parts
        ],
    }


def subscriber_object(subscriber: Subscriber) -> dict[str, Any]:
    """Return a subscriber: status, interests, schedule."""
    interests, schedule = subscriber.interests, subscriber.schedule
    return {
        "id": subscriber.id,
        "email": subscriber.email,
        "status": subscriber.status,
        "topics": list(interests.topics),
        "filters": list(interests.filters),
        "exclude": list(interests.exclude),
        "min_upvotes": interests.min_upvotes,
        "about_only": interests.about_only,
        "top": interests.top,
        "max": interests.max_papers,
        "front": interests.front or None,
        "frequency": schedule.frequency,
        "weekday": WEEKDAYS[schedule.weekday] if schedule.frequency is Frequency.WEEKLY else None,
        "at": _clock(schedule.at),
        "timezone": schedule.timezone,
        "quiet_days": schedule.quiet_days,
        "language": schedule.language or None,
        "next_due_at": subscriber.next_due_at,
        "role": subscriber.role,
        "display_name": subscriber.display_name or None,
    }


def delivery_object(delivery: Delivery, email: str, papers: Mapping[int, str]) -> dict[str, Any]:
    """Return a row of the ledger; `papers`: canonical ids by number."""
    return {
        "id": delivery.id,
        "issue": delivery.issue_id,
        "subscriber": delivery.subscriber_id,
        "email": email,
        "issue_date": delivery.issue_date,
        "state": delivery.state,
        "reason": delivery.reason or None,
        "attempts": delivery.attempts,
        "message_id": delivery.message_id,
        "papers": [papers[pk] for pk in delivery.papers if pk in papers],
        "reply": delivery.reply or None,
    }


def reasons_in_words(reasons: Iterable[Reason]) -> str:
    """Return the reasons of one paper on one line, for a table."""
    return "; ".join(_in_words(reason) for reason in reasons)


def _in_words(reason: Reason) -> str:
    if reason.field is None:
        return reason.note or str(reason.kind)
    asked = f"topic {reason.filter}: " if reason.kind == "topic" else ""
    return f"{asked}“{reason.term}” in {reason.field}"


def _clock(at: time) -> str:
    return f"{at:%H:%M}"


def pace_object(pace: Throttle, limits: Limits, now: datetime) -> dict[str, Any]:
    """Return a recipient domain that was slowed or stopped: until when, how fast it is served, in whose
    words.
    """
    stopped = pace.stopped_until is not None
    per_second = speed(pace, limits, now)
    slow = per_second != limits.rate(pace.domain)
    return {
        "domain": pace.domain,
        "state": "stopped" if stopped else "slow" if slow else "well again",
        "per_second": 0 if stopped else round(per_second, 3) or None,
        "next_at": pace.stopped_until or pace.next_at,
        "reply": pace.reason,
    }
