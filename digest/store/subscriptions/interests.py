"""Keeps topics, distinct filters, and interests: JSON (the truth) and packed numbers (derived).

A filter is one row however many people share it. `digest/packed.py` has the packed form.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from digest.domain import Interests, Topic
from digest.errors import InputError
from digest.languages import deferred
from digest.languages.dates import deferred_number
from digest.packed import encode, filters_of
from digest.store.readable import texts
from digest.store.session import chunks, insert, write
from digest.store.subscriptions.tables.filters import FilterRow
from digest.store.subscriptions.tables.topics import TopicRow
from digest.words.characters import flaw
from digest.words.nearest import unknown

LONGEST = 20_000  # bytes of a filter's canonical text; the parser takes far less


def check_text(text: str) -> None:
    """Raise InputError for the text of a filter that couldn't be stored and read back.

    The last guard: the parser refuses all of this with the place and the fix.
    """
    wrong = flaw(text)
    if wrong:
        fix = deferred("type it again without that character")
        raise InputError(deferred("a filter {flaw}", flaw=wrong), fix=fix)
    if len(text.encode()) > LONGEST:
        message = deferred("a filter is longer than {most} bytes", most=deferred_number(LONGEST))
        raise InputError(message, fix=deferred("make two filters of it"))


def topics(session: Session) -> list[Topic]:
    """Return all topics by slug."""
    return [_topic(row) for row in session.scalars(select(TopicRow).order_by(TopicRow.slug))]


def topic(session: Session, slug: str) -> Topic:
    """Return the topic with this slug. Raises UnknownError that names the nearest."""
    row = session.scalars(select(TopicRow).where(TopicRow.slug == slug)).first()
    if row is None:
        raise unknown("topic", slug, session.scalars(select(TopicRow.slug)), command="digest topics list")
    return _topic(row)


def save_topic(session: Session, value: Topic) -> None:
    """Add or change a topic for the operator; a new version of the software leaves it alone from then on."""
    _write_topics(session, [value], edited=True)


def ship_topics(session: Session, shipped: Iterable[Topic]) -> None:
    """Add the topics that come with the software; update those that the operator didn't edit."""
    edited = set(session.scalars(select(TopicRow.slug).where(TopicRow.edited)))
    _write_topics(session, [t for t in shipped if t.slug not in edited], edited=False)


def remove_topic(session: Session, slug: str) -> None:
    """Remove a topic; whether somebody needs it is for the caller to see."""
    session.execute(delete(TopicRow).where(TopicRow.slug == slug))


def topic_state(session: Session, slug: str) -> dict[str, Any] | None:
    """Return a topic as the audit keeps it; None where there is none of this slug."""
    row = session.scalars(select(TopicRow).where(TopicRow.slug == slug)).first()
    if row is None:
        return None
    session.refresh(row)
    return {name: getattr(row, name) for name in ("title", "expression", "group", "edited")}


def restore_topic(session: Session, slug: str, state: Mapping[str, Any] | None) -> None:
    """Put a topic back as `topic_state` found it; None: there was none."""
    if state is None:
        remove_topic(session, slug)
        return
    values = {"slug": slug, **state}
    row = insert(session, TopicRow).values(**values)
    session.execute(row.on_conflict_do_update(index_elements=["slug"], set_=dict(state)))


def uses_of_topic(session: Session, slug: str) -> list[str]:
    """Return which topics and filters name this topic, in words, at most ten."""
    named = f"topic:{slug}"
    topics_ = select(TopicRow.slug).where(TopicRow.expression.contains(named, autoescape=True))
    texts = select(FilterRow.text).where(
        FilterRow.text.contains(named, autoescape=True), FilterRow.text != named
    )
    found = [f"the topic {other}" for other in session.scalars(topics_.limit(10))]
    return [*found, *(f"the filter {text}" for text in session.scalars(texts.limit(10)))]


def filter_ids(session: Session, texts: Iterable[str]) -> dict[str, int]:
    """Return the number of each canonical text; new texts get one. Raises InputError (see `check_text`)."""
    wanted = sorted(set(texts))  # in one order everywhere, so that two writers can't wait for each other
    ids = _filter_ids(session, wanted)
    missing = [text for text in wanted if text not in ids]
    for text in missing:
        check_text(text)
    rows = [{"text": text, "text_hash": _hash(text)} for text in missing]
    write(session, insert(session, FilterRow).on_conflict_do_nothing(), rows)
    return ids | _filter_ids(session, missing)


def filter_texts(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Return the canonical text of each of these numbers."""
    found: dict[int, str] = {}
    for chunk in chunks(set(ids)):
        rows = session.execute(select(FilterRow.id, FilterRow.text).where(FilterRow.id.in_(chunk)))
        found.update(rows.all())
    return found


def packed(session: Session, interests: Interests) -> tuple[int, ...]:
    """Return interests as integers: the limits, the numbers of the filters wanted, minus those excluded."""
    return encode(interests, filter_ids(session, filters_of(interests)))


def as_json(interests: Interests) -> dict[str, Any]:
    """Return interests as they are kept in a column. Raises InputError (see `check_text`)."""
    for text in (*interests.topics, *interests.filters, *interests.exclude):
        check_text(text)
    return checked_json(interests)


def checked_json(interests: Interests) -> dict[str, Any]:
    """Return interests as `as_json` does, where all their filters have numbers: each was checked then."""
    return {
        "topics": list(interests.topics),
        "filters": list(interests.filters),
        "exclude": list(interests.exclude),
        "min_upvotes": interests.min_upvotes,
        "about_only": interests.about_only,
        "top": interests.top,
        "max_papers": interests.max_papers,
        "front": interests.front,
    }


def from_json(kept: Mapping[str, Any]) -> Interests:
    """Return the interests that `as_json` kept; what an older version didn't keep yet has its default.

    Raises TypeError where they have another shape.
    """
    if not isinstance(kept, Mapping):
        raise TypeError("interests are a JSON object")
    lists: dict[str, Any] = {
        name: texts(kept[name]) for name in ("topics", "filters", "exclude") if name in kept
    }
    names = ("min_upvotes", "top", "max_papers", "about_only", "front")
    numbers: dict[str, Any] = {name: kept[name] for name in names if name in kept}
    if not all(isinstance(each, int) for each in numbers.values()):
        raise TypeError("the limits of interests are whole numbers")
    return Interests(**lists, **numbers)


def _filter_ids(session: Session, texts: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks(map(_hash, texts)):
        rows = session.execute(select(FilterRow.text, FilterRow.id).where(FilterRow.text_hash.in_(chunk)))
        found.update(rows.all())
    return found


def _hash(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _write_topics(session: Session, values: Iterable[Topic], *, edited: bool) -> None:
    rows = [
        {
            "slug": value.slug,
            "title": value.title,
            "expression": value.expression,
            "group": value.group,
            "edited": edited,
        }
        for value in values
    ]
    row = insert(session, TopicRow)
    fresh = {name: row.excluded[name] for name in ("title", "expression", "group", "edited")}
    write(session, row.on_conflict_do_update(index_elements=["slug"], set_=fresh), rows)


def _topic(row: TopicRow) -> Topic:
    return Topic(slug=row.slug, title=row.title, expression=row.expression, group=row.group)
