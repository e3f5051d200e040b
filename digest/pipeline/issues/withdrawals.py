"""Finds which papers must not go out since they were withdrawn, and who is to hear of it.

A reader hears of a withdrawal once: in the first digest whose issue was opened after it, of a paper that was
sent to them before it. Both follow from the ledger; nothing else is remembered.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from digest.domain import Paper
from digest.store import deliveries, papers
from digest.store.deliveries import Received
from digest.store.session import Session

REPORTED_FOR = timedelta(days=60)  # after a paper was first seen: later withdrawals are news to nobody
REACH = timedelta(days=10)  # after it was first seen a paper is in digests; a weekly one looks 9 days back
DAY = timedelta(days=1)


class Withdrawals:
    """The withdrawn papers (`papers`, by `Paper.pk`) that digests of some readers may carry or speak of."""

    def __init__(
        self,
        db: Session,
        opened: Collection[datetime],
        readers: Collection[int],
        *,
        but: Collection[int] = (),
    ) -> None:
        """`opened`: when the issues of these digests were opened; `readers`: ids of subscribers; `but`: the
        deliveries (ids) of these digests themselves."""
        self.papers = papers.withdrawn(db, since=min(opened) - REPORTED_FOR) if opened else {}
        self._last: dict[int, datetime] = {}
        self._received: dict[int, list[Received]] = {}
        self._texts: dict[int, Paper] = {}
        if self.papers:
            self._look_up(db, max(opened), readers, but)

    def of(self, reader: int, opened_at: datetime) -> list[Paper]:
        """Return the papers of whose withdrawal a reader is to hear in a digest of an issue opened then."""
        last = self._last.get(reader)
        if last is None:
            return []
        reported = {
            pk: self._texts[pk]
            for message in self._received.get(reader, ())
            for pk in message.papers
            if pk in self._texts
            and message.at < self.papers[pk].at
            and last < self.papers[pk].at <= opened_at
        }
        return list(reported.values())

    def _look_up(self, db: Session, latest: datetime, readers: Collection[int], but: Collection[int]) -> None:
        """When each reader got a digest last, and which papers withdrawn since then those before carried."""
        if not any(latest - REPORTED_FOR < paper.at <= latest for paper in self.papers.values()):
            return
        self._last = deliveries.last_received(db, readers, since=latest - REPORTED_FOR, but=but)
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
