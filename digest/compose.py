"""Chooses what one subscriber gets in one issue from what matched.

In: the matches best first, the topics that exist, notes for the reader, what trends. Out: a `Digest`, or None
where there is nothing to send. Never: matches, ranks, or renders.
"""

from collections.abc import Sequence

from digest.domain import Digest, Frequency, Issue, Match, Paper, SkipReason, Subscriber, Topic
from digest.languages import deferred

MOST_ALSO = 5  # titles of what others read
MOST_WITHDRAWN = 10  # titles of papers withdrawn since they were sent

_QUIET = {
    SkipReason.QUIET: deferred("There are no new papers today: the sources announced none."),
    SkipReason.STALE: deferred(
        "Papers were expected today but haven’t been announced yet. They will follow."
    ),
    SkipReason.FAILING: deferred("There are no new papers today, and not every source could be read."),
    SkipReason.NO_MATCH: deferred("None of today’s papers match your topics and filters."),
}
_QUIET_WEEK = {
    SkipReason.QUIET: deferred("There are no new papers this week: the sources announced none."),
    SkipReason.STALE: deferred(
        "Papers were expected this week but haven’t been announced yet. They will follow."
    ),
    SkipReason.FAILING: deferred("There are no new papers this week, and not every source could be read."),
    SkipReason.NO_MATCH: deferred("None of this week’s papers match your topics and filters."),
}


def compose(
    subscriber: Subscriber,
    issue: Issue,
    matches: Sequence[Match],
    topics: Sequence[Topic],
    notes: Sequence[str] = (),
    *,
    also_trending: Sequence[Paper] = (),
    withdrawn: Sequence[Paper] = (),
) -> Digest | None:
    """Return the digest of one subscriber: each paper once, in the order of `matches`; None without matches.

    Of `topics` those that the subscriber ticked are kept, in the subscriber's order; a ticked topic that no
    longer exists is left out. `notes` are sentences for the reader: a source that couldn't be read.
    `also_trending`: what trends, best first, without what the subscriber had or excluded; see `_room`.
    `withdrawn`: what the subscriber got earlier and its authors took back since.
    """
    once: dict[str, Match] = {}
    for match in matches:
        once.setdefault(match.paper.id, match)
    if not once:
        return None
    others = [paper for paper in also_trending if paper.id not in once]
    papers = tuple(once.values())
    return Digest(
        subscriber,
        issue,
        papers,
        _ticked(subscriber, topics),
        tuple(notes),
        _room(subscriber, papers, others),
        tuple(withdrawn[:MOST_WITHDRAWN]),
    )


def quiet_day(
    subscriber: Subscriber,
    issue: Issue,
    reason: SkipReason,
    topics: Sequence[Topic],
    *,
    notes: Sequence[str] = (),
    also_trending: Sequence[Paper] = (),
    withdrawn: Sequence[Paper] = (),
) -> Digest:
    """Return the short mail of a day without papers, for those who want it: the reason, a few trending
    titles.
    """
    weekly = subscriber.schedule.frequency is Frequency.WEEKLY
    why = (_QUIET_WEEK if weekly else _QUIET).get(reason, f"No papers: {reason}.")
    ticked = _ticked(subscriber, topics)
    room = _room(subscriber, (), also_trending)
    return Digest(subscriber, issue, (), ticked, (why, *notes), room, tuple(withdrawn[:MOST_WITHDRAWN]))


def _ticked(subscriber: Subscriber, topics: Sequence[Topic]) -> tuple[Topic, ...]:
    known = {topic.slug: topic for topic in topics}
    return tuple(known[slug] for slug in subscriber.interests.topics if slug in known)


def _room(subscriber: Subscriber, papers: Sequence[Match], others: Sequence[Paper]) -> tuple[Paper, ...]:
    """A few titles that others read, for who asked for something of their own and got less than they take."""
    asked = subscriber.interests
    if not (asked.topics or asked.filters):
        return ()  # what trends is what they get
    return tuple(others[: min(MOST_ALSO, max(0, asked.max_papers - len(papers)))])
