"""An issue ready to be delivered, for benchmarks: papers, readers who want different things, due now.

In: an empty database. Out: an Installation whose readers are due, the same each time. Everybody has one wide
filter, so that nobody goes without a mail, and, unless wishes are shared, what `people` invents for them: up
to 8 terms of their own, and for some a category or an exclusion.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from benchmarks.day import papers as days_papers
from benchmarks.people import People, people
from digest.domain import Entry, Frequency, Interests, Paper, SourceKind, SubscriberStatus
from digest.filters import canonical, parse
from digest.pipeline.installation import Installation, seed
from digest.render import Renderer, Site
from digest.store import papers, schema, session, sources
from digest.store.subscriptions import interests
from digest.store.subscriptions.tables.subscribers import SubscriberRow
from digest.tokens import Keys

SITE = Site(
    "Daily Papers", "https://papers.example.org", "Daily Papers <papers@example.org>", "1 Test Street"
)
WIDE = ("model", "language", "learning", "image", "graph", "robot", "attention", "cat:cs.CL", "cat:cs.LG")
MOST_PAPERS = 10
DOMAINS = 50
PAGE = 10_000  # readers written at once


def installation(database_url: str, smtp_url: str, connections: int) -> Installation:
    """An installation on this database, its schema made where there is none."""
    engine = session.connect(database_url)
    if schema.ensure(engine):
        seed(engine)
    return Installation(
        engine=engine,
        site=SITE,
        keys=Keys(b"a key that only benchmarks use"),
        renderer=Renderer(),
        smtp_url=smtp_url,
        smtp_connections=connections,
        window=timedelta(days=3),
        fit_weight=0.3,
        user_agent="digest/benchmark",
        allow_hosts=frozenset(),
    )


def fill(here: Installation, readers: int, now: datetime, *, day: int = 300, shared: bool = False) -> None:
    """A day's papers, and this many readers who are due at `now`. `shared`: nobody has words of their own."""
    found, _ = days_papers(day, Path("/nonexistent"))
    with session.transaction(here.engine) as db:
        source = sources.ensure(db, name="bench", kind=SourceKind.ARXIV)
        papers.store_entries(
            db, source, [_entry(paper, now) for paper in found], seen_at=now - timedelta(hours=3)
        )
    asked = people(readers, found)
    wide = [canonical(parse(each)) for each in WIDE]
    with session.transaction(here.engine) as db:
        numbers = interests.filter_ids(db, [*asked.texts.values(), *wide])
    for page in session.chunks(_readers(asked, wide, numbers, now, shared=shared), PAGE):
        with session.transaction(here.engine) as db:
            session.write(db, insert(SubscriberRow), page)


def _readers(
    asked: People, wide: Sequence[str], numbers: Mapping[str, int], now: datetime, *, shared: bool
) -> Iterator[dict[str, object]]:
    for index in range(len(asked.cohort)):
        own = Interests() if shared else asked.interests(index)
        filters = dict.fromkeys([wide[index % len(wide)], *own.filters])
        chosen = Interests(filters=tuple(filters), exclude=own.exclude, max_papers=MOST_PAPERS)
        email = f"reader{index}@example{index % DOMAINS}.org"
        yield {
            "email": email,
            "email_key": email,
            "status": SubscriberStatus.ACTIVE,
            "interests": interests.as_json(chosen),
            "packed": [
                *(chosen.min_upvotes, chosen.top, chosen.max_papers),
                *(numbers[text] for text in chosen.filters),
                *(-numbers[text] for text in chosen.exclude),
            ],
            "frequency": Frequency.DAILY,
            "weekday": 0,
            "at": now.time().replace(second=0, microsecond=0),
            "timezone": "UTC",
            "next_due_at": now,
            "next_due_on": now.date(),
            "created_at": now - timedelta(days=1),
        }


def _entry(paper: Paper, now: datetime) -> Entry:
    arxiv_id = paper.id.removeprefix("arxiv:")
    return Entry(
        key=f"oai:{paper.id}",
        arxiv_id=arxiv_id,
        title=paper.title,
        abstract=paper.abstract,
        authors=paper.authors,
        categories=paper.categories,
        version=1,
        announced_at=now - timedelta(hours=3),
        url=f"https://arxiv.org/abs/{arxiv_id}",
    )
