"""The digests that a subscriber got: which, and their papers in the order of the email. Reads only."""

from dataclasses import dataclass
from datetime import date, datetime

from digest.domain import DeliveryState, Paper
from digest.pipeline.ingest.summaries import with_summaries
from digest.pipeline.installation import Installation
from digest.store import deliveries, papers, session

MOST = 60  # digests that are listed


@dataclass(frozen=True, slots=True)
class MyDigest:
    """A digest that was sent: its date, and the numbers (`Paper.pk`) of its papers."""

    day: date
    numbers: tuple[int, ...]


def my_digests(installation: Installation, subscriber_id: int) -> list[MyDigest]:
    """Return the last digests that were sent to a subscriber, newest first."""
    with session.reading(installation.engine) as db:
        rows = deliveries.of_subscriber(db, subscriber_id)
    sent = [row for row in rows if row.state is DeliveryState.SENT]
    newest = sorted(sent, key=lambda row: row.issue_date, reverse=True)[:MOST]
    return [MyDigest(row.issue_date, row.papers) for row in newest]


def papers_of(installation: Installation, sent: MyDigest, now: datetime) -> list[Paper]:
    """Return the papers of a digest in its order, as they are now."""
    with session.reading(installation.engine) as db:
        found = papers.by_pks(db, sent.numbers, until=now)
        return with_summaries(db, installation, [found[pk] for pk in sent.numbers if pk in found], now)
