"""Counts readers, deliveries, votes, sources and topics of the last days for an operator. Reads only."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from digest.domain import DeliveryState, SourceState, SubscriberStatus
from digest.pipeline.installation import Installation
from digest.render.report import Chart, Part, Row, statistics_page
from digest.store import session, sources
from digest.store.monitoring import statistics
from digest.store.sources import announcements
from digest.store.subscriptions import interests

_WRONG = (
    DeliveryState.BOUNCED,
    DeliveryState.COMPLAINED,
    DeliveryState.FAILED,
    DeliveryState.EXPIRED,
    DeliveryState.UNCERTAIN,
)


@dataclass(frozen=True, slots=True)
class SourceNumbers:
    """A source, how it is doing, and how many papers it brought for the first time on each of its days."""

    name: str
    state: SourceState
    new: Mapping[date, int]


@dataclass(frozen=True, slots=True)
class TopicReach:
    """A topic and how many active subscribers have it."""

    slug: str
    title: str
    readers: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts by day; a day that isn't in a mapping had none. Days are UTC's, of deliveries the reader's.

    `days`: all of them, oldest first; `now`: subscribers by status; `topics`: by reach, the widest first.
    """

    days: tuple[date, ...]
    now: Mapping[SubscriberStatus, int]
    joined: Mapping[date, int]
    left: Mapping[date, int]
    votes: Mapping[date, int]
    deliveries: Mapping[date, Mapping[DeliveryState, int]]
    sources: tuple[SourceNumbers, ...]
    topics: tuple[TopicReach, ...]

    def of_state(self, state: DeliveryState) -> dict[date, int]:
        """Return how many deliveries of each day are in a state."""
        return {day: counts[state] for day, counts in self.deliveries.items() if counts.get(state)}

    @property
    def states(self) -> dict[DeliveryState, int]:
        """How many deliveries of all these days are in each state; states without any are left out."""
        total: Counter[DeliveryState] = Counter()
        for counts in self.deliveries.values():
            total.update(counts)
        return {state: total[state] for state in DeliveryState if total[state]}


def read_statistics(installation: Installation, now: datetime, *, days: int) -> Statistics:
    """Read the numbers of the last `days` days (UTC), today's included."""
    today = now.astimezone(UTC).date()
    span = tuple(today - timedelta(days=ago) for ago in reversed(range(days)))
    since, until = _midnight(span[0]), _midnight(today + timedelta(days=1))
    with session.reading(installation.engine) as db:
        readers = statistics.topic_readers(db)
        topics = [TopicReach(topic.slug, topic.title, readers[topic.slug]) for topic in interests.topics(db)]
        return Statistics(
            days=span,
            now=statistics.by_status(db),
            joined=statistics.joined(db, since, until),
            left=statistics.left(db, since, until),
            votes=statistics.votes(db, since, until),
            deliveries=statistics.deliveries(db, span[0], span[-1]),
            sources=tuple(
                SourceNumbers(
                    source.name,
                    source.state,
                    {each.day: each.new for each in announcements.recent(db, source.id, days) if each.new},
                )
                for source in sources.listing(db)
            ),
            topics=tuple(sorted(topics, key=lambda topic: (-topic.readers, topic.slug))),
        )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def as_page(installation: Installation, found: Statistics, now: datetime) -> str:
    """Return the numbers as one self-contained HTML page."""
    days = found.days

    def part(label: str, tone: str, *states: DeliveryState) -> Part:
        counts: Counter[date] = Counter()
        for state in states:
            counts.update(found.of_state(state))
        return Part(label, tone, counts)

    state = DeliveryState
    charts = (
        Chart(
            "Digests",
            "one row for each subscriber and day",
            days,
            (
                part("sent", "main", state.SENT),
                part("skipped: nothing to send", "calm", state.SKIPPED),
                part("waiting", "wait", state.QUEUED, state.SENDING, state.DEFERRED),
                part("bounced, failed, expired or uncertain", "bad", *_WRONG),
            ),
        ),
        Chart("Joined", "confirmed their address", days, (Part("joined", "main", found.joined),)),
        Chart("Left", "unsubscribed, suppressed or erased", days, (Part("left", "bad", found.left),)),
        Chart("Votes", "by readers, on papers", days, (Part("votes", "main", found.votes),)),
    )
    active = found.now[SubscriberStatus.ACTIVE] or 1
    brought = {source.name: sum(source.new.values()) for source in found.sources}
    most = max(brought.values(), default=0) or 1
    return statistics_page(
        name=installation.site.name,
        made_at=now,
        days=days,
        numbers={str(status): count for status, count in found.now.items()},
        charts=charts,
        topics=[Row(topic.title, topic.readers, topic.readers / active) for topic in found.topics],
        sources=[
            Row(source.name, brought[source.name], brought[source.name] / most, source.state)
            for source in found.sources
        ],
        colors=installation.renderer.colors,
    )
