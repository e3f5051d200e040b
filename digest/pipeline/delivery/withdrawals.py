"""Finds what of a chunk must not go out since papers were withdrawn, and who is to hear of it.

A reader hears of a withdrawal once: in the first digest whose issue was opened after it, of a paper that was
sent to them before it. Both follow from the ledger; nothing else is remembered.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from digest.domain import Delivery, Issue, Paper
from digest.store import deliveries, papers
from digest.store.deliveries import Received
from digest.store.session import Session

REPORTED_FOR = timedelta(days=60)  # after a paper was first seen: later withdrawals are news to nobody
REACH = timedelta(days=10)  # after it was first seen a paper is in digests; a weekly one looks 9 days back
DAY = timedelta(days=1)


class Withdrawals:
    """The withdrawn papers (`papers`, by `Paper.pk`) that messages of these issues may carry or speak of."""

    def __init__(self, db: Session, issues: Sequence[Issue], rows: Sequence[Delivery]) -> None:
        self._opened = {issue.id: issue.opened_at for issue in issues}
        since = min(self._opened.values(), default=None)
        self.papers = papers.withdrawn(db, since=since - REPORTED_FOR) if since else {}
        self._last: dict[int, datetime] = {}
        self._received: dict[int, list[Received]] = {}
        self._texts: dict[int, Paper] = {}
        if self.papers:
            self._look_up(db, rows)

    def of(self, row: Delivery) -> list[Paper]:
        """Return the papers of whose withdrawal the reader of this message is to hear in it."""
        last, now = self._last.get(row.subscriber_id), self._opened[row.issue_id]
        if last is None:
            return []
        reported = {
            pk: self._texts[pk]
            for message in self._received.get(row.subscriber_id, ())
            for pk in message.papers
            if pk in self._texts and message.at < self.papers[pk].at and last < self.papers[pk].at <= now
        }
        return list(reported.values())

    def _look_up(self, db: Session, rows: Sequence[Delivery]) -> None:
        """When each reader got a digest last, and which papers withdrawn since then those before carried."""
        latest = max(self._opened.values())
        readers = {row.subscriber_id for row in rows}
        if not any(latest - REPORTED_FOR < paper.at <= latest for paper in self.papers.values()):
            return
        self._last = deliveries.last_received(
            db, readers, since=latest - REPORTED_FOR, but={row.id for row in rows}
        )
        earliest = min(self._last.values(), default=latest)
        news = {pk: paper for pk, paper in self.papers.items() if earliest < paper.at <= latest}
        if not news:
            return
        days = {
            ((seen := paper.first_seen_at) - DAY).date(): (seen + REACH).date() for paper in news.values()
        }
        self._received = deliveries.received(db, self._last, list(days.items()))
        carried = {pk for each in self._received.values() for message in each for pk in message.papers}
        self._texts = papers.by_pks(db, carried & set(news), until=latest)
