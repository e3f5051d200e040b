"""Collects what a page shows of today: the candidates, and how many papers of this week each topic has.

Both are costly, so they are made once and shared by all visitors, and made anew in the background when they
are older than some minutes: nobody waits for them but the first visitor after a start or a quiet hour, and
for counts only who asks for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from digest.domain import Interests, Match, Paper, Topic
from digest.pipeline.catalog.snapshots import Snapshot
from digest.pipeline.installation import Installation
from digest.pipeline.issues.candidates import CandidateSet, read_candidates
from digest.pipeline.issues.preview import Preview, preview, stranger

WEEK = timedelta(days=7)
FRESH = timedelta(minutes=3)  # after a fetch, pages show its papers within this time
COUNTS_FRESH = timedelta(minutes=30)
PREVIEWED = 20  # papers that somebody is shown who hasn't subscribed


@dataclass(frozen=True, slots=True)
class CountedTopic:
    """A topic with its papers of the last week: how many, and which (`Paper.pk`), trending first.

    `papers` is None where they weren't counted yet.
    """

    topic: Topic
    papers: int | None = None
    numbers: tuple[int, ...] = field(default=(), repr=False)
    newest_first: tuple[int, ...] = field(default=(), repr=False)
    leading: str = ""  # the title of the first


class Today:
    """The candidates and counts of now, remembered. Safe to use from many threads."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._candidates = Snapshot(lambda now: read_candidates(installation, now), FRESH)
        self._topics = Snapshot(self._count, COUNTS_FRESH)

    def candidates(self, now: datetime) -> CandidateSet:
        """Return the candidates of now, or of some minutes ago."""
        return self._candidates.get(now)

    def topics(self, now: datetime) -> tuple[CountedTopic, ...]:
        """Return all topics by group and title, with counts."""
        return self._topics.get(now)

    def listed_topics(self, now: datetime) -> tuple[CountedTopic, ...]:
        """Return all topics by group and title, without counts where there are none yet; counting begins
        then.
        """
        counted = self._topics.peek(now)
        return counted or tuple(CountedTopic(topic) for topic in _in_order(self.candidates(now)))

    def preview(self, interests: Interests, now: datetime, saved: tuple[int, ...] = ()) -> Preview:
        """Return the digest that somebody with these interests would get now, its first twenty papers.

        `saved`: the papers that they saved (`Paper.pk`).
        """
        wanted = replace(interests, max_papers=min(interests.max_papers, PREVIEWED))
        somebody = replace(stranger(wanted, now), saved=saved)
        return preview(self._installation, somebody, now, self.candidates(now))

    def matches(self, interests: Interests, now: datetime, saved: tuple[int, ...] = ()) -> tuple[Match, ...]:
        """Return the papers of that digest, all of them, whatever was sent before; none where there is no
        digest.
        """
        somebody = replace(stranger(interests, now), saved=saved)
        found = preview(self._installation, somebody, now, self.candidates(now))
        return found.digest.papers if found.digest else ()

    def forget(self) -> None:
        """Read candidates and counts anew when they are asked for next: a paper was hidden or shown again."""
        self._candidates.forget()
        self._topics.forget()

    def _count(self, now: datetime) -> tuple[CountedTopic, ...]:
        self.candidates(now)  # more people wait for these
        week = read_candidates(self._installation, now, WEEK)
        papers = week.corpus.of_topics()
        return tuple(_counted(topic, papers[topic.slug]) for topic in _in_order(week))


def _in_order(found: CandidateSet) -> list[Topic]:
    return sorted(found.topics.values(), key=lambda topic: (topic.group, topic.title))


def _counted(topic: Topic, papers: Sequence[Paper]) -> CountedTopic:
    newest = sorted(papers, key=lambda paper: (paper.first_seen_at, paper.id), reverse=True)
    return CountedTopic(
        topic=topic,
        papers=len(papers),
        numbers=tuple(paper.pk for paper in papers),
        newest_first=tuple(paper.pk for paper in newest),
        leading=papers[0].title if papers else "",
    )
