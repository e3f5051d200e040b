"""Reads and ranks the candidates of one moment, ready to be matched, for issues, previews and tests."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from digest.domain import Certificate, Frequency, Ranked, Source, SourceState, Subscriber, Topic
from digest.languages import deferred
from digest.languages.dates import deferred_day
from digest.match import Corpus, Library
from digest.pipeline.ingest.kept_summaries import with_summaries
from digest.pipeline.installation import Installation
from digest.pipeline.issues.likeness import StoredLikeness
from digest.pipeline.issues.usual_signals import usual_before
from digest.pipeline.issues.window import window
from digest.sources.calendar import day_of
from digest.sources.registry import display_name
from digest.store import deliveries, papers, session, sources
from digest.store.readable import readable
from digest.store.sources import certificates
from digest.store.subscriptions import interests
from digest.trend import rank

KEPT = 4  # sets that a process remembers: the issues of neighbouring time zones overlap


@dataclass(frozen=True, slots=True)
class CandidateSet:
    """The ranked candidates of the moment `at`, with all that matching and composing need beside them."""

    at: datetime
    ranked: tuple[Ranked, ...]
    corpus: Corpus
    numbers: Mapping[int, int]  # of papers in the corpus, by `Paper.pk`; also of those merged into one since
    topics: Mapping[str, Topic]
    since: datetime
    sources: tuple[Source, ...]
    notes: tuple[str, ...]
    likeness: StoredLikeness
    # Numbers of papers in the corpus that are older than the window, and were picked or proposed within it.
    listed_again: tuple[int, ...] = ()

    @property
    def oldest(self) -> datetime:
        """The time before which nobody got any of these papers."""
        return min((each.paper.first_seen_at for each in self.ranked), default=self.since)

    def topics_of(self, subscriber: Subscriber) -> tuple[Topic, ...]:
        """Return the topics that the subscriber ticked, in their order; ones since removed are left out."""
        return tuple(self.topics[slug] for slug in subscriber.interests.topics if slug in self.topics)


def read_candidates(
    installation: Installation, at: datetime, window: timedelta | None = None
) -> CandidateSet:
    """Read and rank the candidates of the moment `at`: papers first seen, or listed again, within the window
    before it.

    `window`: of the digest that is made from them (see `window`); without one, that of a daily digest.
    """
    since = at - (window or installation.window)
    with session.reading(installation.engine) as db:
        found = with_summaries(db, installation, papers.candidates(db, since=since, until=at), at)
        usual = usual_before(db, since)
        topics = interests.topics(db)
        listed = tuple(sources.listing(db))
        merged = papers.merged(db)
        since_day = at.date() - timedelta(days=1)  # an announcement's day is another's today
        gaps = certificates.incomplete(db, [source.id for source in listed], since=since_day)
    ranked = tuple(rank(found, at, usual))
    likeness = StoredLikeness(installation)
    corpus = Corpus(ranked, library_of(tuple(topics)), fit_weight=installation.fit_weight, likeness=likeness)
    numbers = {paper.pk: number for number, paper in enumerate(corpus.papers)}
    return CandidateSet(
        at=at,
        ranked=ranked,
        corpus=corpus,
        numbers=numbers | {old: numbers[root] for old, root in merged.items() if root in numbers},
        topics={topic.slug: topic for topic in topics},
        since=since,
        sources=listed,
        notes=(
            *(
                deferred(
                    "{source} could not be read today; its papers will follow.",
                    source=display_name(source.name),
                )
                for source in listed
                if source.state is SourceState.FAILING
            ),
            *(_incomplete(source, found) for source, found in _incomplete_days(gaps, listed, at)),
        ),
        likeness=likeness,
        listed_again=tuple(
            number for number, paper in enumerate(corpus.papers) if paper.first_seen_at <= since
        ),
    )


def _incomplete_days(
    found: Iterable[tuple[int, Certificate]], sources: Iterable[Source], at: datetime
) -> list[tuple[Source, Certificate]]:
    """The sources of whose announcement in force at `at` papers are known to be missing, with it."""
    by_id = {source.id: source for source in sources}
    pairs = ((by_id[number], each) for number, each in found if number in by_id)
    return [(source, each) for source, each in pairs if each.day == day_of(source.kind, at)]


def _incomplete(source: Source, found: Certificate) -> str:
    """Say what a digest lacks, of a source whose announcement isn't all here."""
    return deferred(
        "{source}, {day}: {here} of {announced} papers are here; the others follow as they come.",
        source=display_name(source.name),
        day=deferred_day(found.day),
        here=found.here,
        announced=found.announced,
    )


@lru_cache(maxsize=2)  # topics rarely change, and reading all shipped ones takes a tenth of a second
def library_of(topics: tuple[Topic, ...]) -> Library:
    """Return the library of these topics, the same one as before where they are the same."""
    return Library(topics)


class CandidateCache:
    """The last few candidate sets by time and window, so that the chunks of an issue read and rank once."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._kept: OrderedDict[tuple[datetime, timedelta], CandidateSet] = OrderedDict()

    def at(self, moment: datetime, window: timedelta) -> CandidateSet:
        """Return the candidates of `moment` and this window, read once."""
        key = moment, window
        if key not in self._kept:
            found = read_candidates(self._installation, moment, window)
            # A topic that can't be read selects nothing, and the operator is told.
            readable(found.topics, found.corpus.topics.__getitem__, lambda slug: f"topic {slug}")
            self._kept[key] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def window_of(installation: Installation, subscriber: Subscriber, at: datetime) -> timedelta:
    """Return how far back the digest looks that this subscriber would get at `at`."""
    frequency, last = subscriber.schedule.frequency, None
    if frequency is Frequency.WEEKLY and subscriber.id:
        today = at.astimezone(ZoneInfo(subscriber.schedule.timezone)).date()
        with session.reading(installation.engine) as db:
            day = deliveries.last_digest_before(db, subscriber.id, today)
        last = today - day if day else None
    return window(frequency, installation.window, last)


def sent_to(installation: Installation, found: CandidateSet, subscriber: Subscriber) -> set[str]:
    """Return the candidates (canonical ids) that were sent to somebody, or are on their way."""
    with session.reading(installation.engine) as db:
        sent = deliveries.papers_sent(db, [subscriber.id], since=min(found.since, found.oldest))
    pks = sent.get(subscriber.id, set())
    return {each.paper.id for each in found.ranked if each.paper.pk in pks}
