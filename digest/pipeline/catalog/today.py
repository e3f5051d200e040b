"""What a page shows of today: the candidates, and how many papers of this week each topic has.

Both are costly, so they are made once and shared by all visitors, and made anew in the background when they
are older than some minutes: nobody waits for them but the first visitor after a start or a quiet hour.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from digest.domain import Interests, Topic
from digest.filters import TopicRef
from digest.pipeline.installation import Installation
from digest.pipeline.issues.candidates import CandidateSet, read_candidates
from digest.pipeline.issues.preview import Preview, preview, stranger

WEEK = timedelta(days=7)
FRESH = timedelta(minutes=3)  # after a fetch, pages show its papers within this time
COUNTS_FRESH = timedelta(minutes=30)
TOO_OLD = timedelta(hours=1)  # to be shown at all
T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CountedTopic:
    """A topic with the number of its papers within the last week."""

    topic: Topic
    papers: int


class Today:
    """The candidates and counts of now, remembered. Safe to use from many threads."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._candidates = _Kept(lambda now: read_candidates(installation, now), FRESH)
        self._topics = _Kept(self._count, COUNTS_FRESH)

    def candidates(self, now: datetime) -> CandidateSet:
        """The candidates of now, or of some minutes ago."""
        return self._candidates.get(now)

    def topics(self, now: datetime) -> tuple[CountedTopic, ...]:
        """All topics by group and title, with counts."""
        return self._topics.get(now)

    def preview(self, interests: Interests, now: datetime) -> Preview:
        """The digest that somebody with these interests would get now."""
        return preview(self._installation, stranger(interests, now), now, self.candidates(now))

    def _count(self, now: datetime) -> tuple[CountedTopic, ...]:
        week = read_candidates(self._installation, now, WEEK)
        listed = sorted(week.topics.values(), key=lambda topic: (topic.group, topic.title))
        return tuple(CountedTopic(t, len(week.corpus.search(TopicRef(t.slug)))) for t in listed)


class _Kept(Generic[T]):
    """A value that is made at need; one that isn't fresh is given out while a thread makes the next."""

    def __init__(self, make: Callable[[datetime], T], fresh: timedelta) -> None:
        self._make = make
        self._fresh = fresh
        self._lock = threading.Lock()
        self._made: tuple[datetime, T] | None = None
        self._making = False

    def get(self, now: datetime) -> T:
        made = self._made
        if made is None or not timedelta(0) <= now - made[0] < TOO_OLD:
            with self._lock:  # many callers wait for one of them
                if self._made is made or self._made is None:
                    self._made = (now, self._make(now))
                made = self._made
        if now - made[0] >= self._fresh and not self._making:
            self._making = True
            threading.Thread(target=self._renew, args=(now,), daemon=True).start()
        return made[1]

    def _renew(self, now: datetime) -> None:
        try:
            self._made = (now, self._make(now))
        except Exception:
            _log.exception("what pages show of today could not be renewed")
        finally:
            self._making = False
