"""An issue ready to be delivered, for benchmarks: papers, readers with a few filters each, due now.

In: an empty database. Out: an Installation whose readers are due, the same each time.
"""

import random
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.day import papers as days_papers
from digest.domain import Entry, Interests, Schedule, SourceKind, SubscriberStatus
from digest.filters import canonical, parse
from digest.pipeline.installation import Installation, seed
from digest.render import Renderer, Site
from digest.store import papers, schema, session, sources, subscribers
from digest.tokens import Keys

SITE = Site(
    "Daily Papers", "https://papers.example.org", "Daily Papers <papers@example.org>", "1 Test Street"
)
FILTERS = ("model", "language", "learning", "image", "graph", "robot", "attention", "cat:cs.CL", "cat:cs.LG")
MOST_PAPERS = 10


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


def fill(here: Installation, readers: int, now: datetime, *, day: int = 300) -> None:
    """A day's papers, and this many readers who are due at `now`."""
    with session.transaction(here.engine) as db:
        source = sources.ensure(db, name="bench", kind=SourceKind.ARXIV)
        papers.land(db, source, _entries(day, now), seen_at=now - timedelta(hours=3))
    chance = random.Random(1)
    wanted = [canonical(parse(each)) for each in FILTERS]
    schedule = Schedule(at=now.time().replace(second=0, microsecond=0))
    for start in range(0, readers, 10_000):
        with session.transaction(here.engine) as db:
            for number in range(start, min(start + 10_000, readers)):
                subscribers.add(
                    db,
                    email=f"reader{number}@example{number % 50}.org",
                    status=SubscriberStatus.ACTIVE,
                    interests=Interests(filters=tuple(chance.sample(wanted, 2)), max_papers=MOST_PAPERS),
                    schedule=schedule,
                    now=now - timedelta(days=1),
                    due=(now, now.date()),
                    consent="benchmark",
                )


def _entries(count: int, now: datetime) -> list[Entry]:
    found, _ = days_papers(count, Path("/nonexistent"))
    return [
        Entry(
            key=f"oai:{paper.id}",
            arxiv_id=paper.id.removeprefix("arxiv:"),
            title=paper.title,
            abstract=paper.abstract,
            authors=paper.authors,
            categories=paper.categories,
            version=1,
            announced_at=now - timedelta(hours=3),
            url=f"https://arxiv.org/abs/{paper.id.removeprefix('arxiv:')}",
        )
        for paper in found
    ]
