"""Sources in the store: added, due, failing, well again."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from digest.domain import Certificate, Source, SourceKind, SourceState
from digest.errors import InputError, UnknownError
from digest.store import session, sources
from digest.store.sources import certificates
from tests.builders import NOW

LATER = NOW + timedelta(minutes=30)
FEED = "https://rss.arxiv.org/rss/cs.CL"


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    with session.transaction(engine) as opened:
        yield opened


def add(db: Session, name: str = "arxiv", url: str = FEED) -> Source:
    return sources.add(db, name=name, kind=SourceKind.ARXIV, url=url)


def succeed(db: Session, name: str) -> None:
    sources.succeeded(
        db, name, now=NOW, state=SourceState.FRESH, etag='"e"', last_modified="Tue", next_fetch_at=LATER
    )


def test_a_new_source_is_due_at_once(db: Session) -> None:
    added = add(db)
    assert added == Source("arxiv", SourceKind.ARXIV, FEED, id=added.id)
    assert sources.get(db, "arxiv") == added
    assert sources.due(db, NOW) == [added]


def test_a_source_that_answered_is_due_again_at_its_time(db: Session) -> None:
    add(db)
    succeed(db, "arxiv")
    source = sources.get(db, "arxiv")
    assert (source.state, source.etag, source.last_modified) == (SourceState.FRESH, '"e"', "Tue")
    assert (source.last_success_at, source.next_fetch_at) == (NOW, LATER)
    assert sources.due(db, LATER - timedelta(seconds=1)) == []
    assert sources.due(db, LATER) == [source]


def test_a_failing_source_says_how_often_since_when_and_why_and_keeps_what_it_had(db: Session) -> None:
    add(db)
    succeed(db, "arxiv")
    for minutes in (1, 2):
        at = NOW + timedelta(minutes=minutes)
        sources.failed(db, "arxiv", now=at, error=f"HTTP {500 + minutes}", next_fetch_at=LATER)
    source = sources.get(db, "arxiv")
    assert (source.state, source.failures, source.last_error) == (SourceState.FAILING, 2, "HTTP 502")
    assert source.failing_since == NOW + timedelta(minutes=1)
    assert (source.etag, source.last_success_at) == ('"e"', NOW)
    succeed(db, "arxiv")
    source = sources.get(db, "arxiv")
    assert (source.failures, source.last_error, source.failing_since) == (0, None, None)


def test_sources_due_come_the_longest_due_first(db: Session) -> None:
    for name in ("late", "later", "new"):
        add(db, name)
    succeed(db, "later")
    sources.failed(db, "late", now=NOW, error="", next_fetch_at=NOW)
    assert [s.name for s in sources.due(db, LATER)] == ["new", "late", "later"]
    assert [s.name for s in sources.listing(db)] == ["late", "later", "new"]


def test_a_name_is_taken_once(db: Session) -> None:
    add(db)
    with pytest.raises(InputError, match="there is a source 'arxiv' already"):
        add(db)
    with pytest.raises(InputError, match="can't be named 'doi'"):
        add(db, "doi")


def test_a_source_of_files_is_made_once_and_never_fetched(db: Session) -> None:
    made = sources.ensure(db, name="files", kind=SourceKind.BIORXIV)
    assert sources.ensure(db, name="files", kind=SourceKind.BIORXIV) == made
    assert sources.due(db, NOW) == []


def test_another_address_forgets_the_old_ones_etag(db: Session) -> None:
    add(db)
    succeed(db, "arxiv")
    edited = sources.edit(db, "arxiv", url=f"{FEED}+cs.CV")
    assert (edited.url, edited.etag, edited.last_modified, edited.next_fetch_at) == (
        f"{FEED}+cs.CV",
        None,
        None,
        None,
    )


def test_an_unknown_source_is_answered_with_the_nearest(db: Session) -> None:
    add(db, "arxiv")
    with pytest.raises(UnknownError, match="no source 'arxvi'") as caught:
        sources.get(db, "arxvi")
    assert "arxiv" in caught.value.fix
    with pytest.raises(UnknownError):
        sources.remove(db, "huggingface")
    sources.remove(db, "arxiv")
    assert sources.listing(db) == []
    sources.failed(db, "arxiv", now=NOW, error="removed meanwhile", next_fetch_at=LATER)
    assert sources.listing(db) == []


def test_the_defaults_come_only_where_there_is_nothing(db: Session) -> None:
    built_in = [
        Source("arxiv", SourceKind.ARXIV, FEED),
        Source("other", SourceKind.FEED, "https://other.example"),
    ]
    assert sources.defaults(db, built_in)
    sources.remove(db, "other")
    assert not sources.defaults(db, built_in)
    assert [s.name for s in sources.listing(db)] == ["arxiv"]


def test_certificates_of_days_are_kept_and_read_back(engine: Engine) -> None:
    day, now = date(2026, 3, 17), datetime(2026, 3, 17, 6, tzinfo=UTC)
    found = Certificate(
        day,
        446,
        {"cs.CL": 446},
        ("arxiv:2603.00001",),
        {"cs.CL": ("arxiv:2603.00001",)},
        1,
        now,
        now,
        "words",
    )
    with session.transaction(engine) as db:
        source = sources.add(db, name="listed", kind=SourceKind.ARXIV, url="https://rss.arxiv.org/rss/cs.CL")
        certificates.notice(db, source.id, [day, day - timedelta(days=1)], now=now)
        certificates.keep(db, source.id, found)
        certificates.notice(db, source.id, [day], now=now)
    with session.reading(engine) as db:
        newest, before = certificates.listing(db, source.id)
        assert newest == found
        assert (before.announced, before.checked_at, before.next_at) == (0, None, now)
        assert certificates.incomplete(db, [source.id], since=day) == [(source.id, found)]
        assert certificates.incomplete(db, [source.id], since=day + timedelta(days=1)) == []
        assert certificates.here(db, ["arxiv:2603.00001"]) == set()
