"""An issue that is due for the subscribers of a scene: made once for each kind of database, then copied."""

import os
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from digest.domain import Interests, Schedule, SourceKind, SubscriberStatus
from digest.pipeline.installation import seed
from digest.store import papers, schema, session, sources
from digest.store.subscriptions import subscribers
from tests.builders import entry

AUDIENCE = int(os.environ.get("KILL_AUDIENCE", "2000"))


def fill(database_url: str) -> None:
    """Make the tables of an empty database, with papers and an issue that is due."""
    engine = session.connect(database_url)
    schema.upgrade(engine)
    seed(engine)
    _add(engine, datetime.now(UTC))
    engine.dispose()


def _add(engine: Engine, now: datetime) -> None:
    due = now - timedelta(minutes=1)
    schedule = Schedule(at=due.time().replace(second=0, microsecond=0))
    with session.transaction(engine) as db:
        for source in sources.listing(db):
            sources.remove(db, source.name)
        source = sources.ensure(db, name="test", kind=SourceKind.FEED)
        found = [
            entry(f"2603.0000{n}", title=f"Transformers, part {n}", announced_at=now) for n in range(1, 4)
        ]
        papers.store_entries(db, source, found, seen_at=now - timedelta(hours=1))
        for number in range(AUDIENCE):
            subscribers.add(
                db,
                email=f"reader{number}@example{number % 7}.org",
                status=SubscriberStatus.ACTIVE,
                interests=Interests(filters=("transformers",)),
                schedule=schedule,
                now=due - timedelta(days=1),
                due=(due, due.date()),
                consent="on paper",
            )
