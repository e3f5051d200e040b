"""Requests beyond a source's own address: when each was made last, and what makes the next one conditional.

Decides nothing: how often a query may be made is for its caller to say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from digest.store.session import chunks, insert, write
from digest.store.sources.tables.queries import QueryRow

KEPT = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Query:
    """A request that was made, and the validators of its answer."""

    url: str
    asked_at: datetime
    etag: str | None
    last_modified: str | None


def made(session: Session, urls: Iterable[str]) -> dict[str, Query]:
    """Return what is known of these URLs, by URL; one that was never asked for isn't in it."""
    return {
        row.url: Query(row.url, row.asked_at, row.etag, row.last_modified)
        for chunk in chunks(urls)
        for row in session.scalars(select(QueryRow).where(QueryRow.url.in_(chunk)))
    }


def remember(
    session: Session, url: str, *, now: datetime, etag: str | None = None, last_modified: str | None = None
) -> None:
    """Note that a URL is asked for now. What is older than anybody looks at is forgotten."""
    remember_all(session, [url], now=now, etag=etag, last_modified=last_modified)


def remember_all(
    session: Session,
    urls: Iterable[str],
    *,
    now: datetime,
    etag: str | None = None,
    last_modified: str | None = None,
) -> None:
    """Note that these URLs were asked about together now, and the validators of their one answer."""
    session.execute(delete(QueryRow).where(QueryRow.asked_at < now - KEPT))
    values = {"asked_at": now, "etag": etag, "last_modified": last_modified}
    statement = insert(session, QueryRow)
    fresh = {name: statement.excluded[name] for name in values}
    rows = [{"url": url, **values} for url in urls]
    write(session, statement.on_conflict_do_update(index_elements=["url"], set_=fresh), rows)


def remember_once(session: Session, url: str, *, now: datetime, since: datetime) -> bool:
    """Note that a URL is asked for now, unless it was already at or after `since`; says whether it may be."""
    row = insert(session, QueryRow).values(url=url, asked_at=now)
    noted = row.on_conflict_do_update(
        index_elements=["url"], set_={"asked_at": now}, where=QueryRow.asked_at < since
    ).returning(QueryRow.url)
    return session.scalar(noted) is not None


def forget(session: Session, url: str) -> None:
    """Forget a request that got no answer, so that it doesn't count."""
    session.execute(delete(QueryRow).where(QueryRow.url == url))
