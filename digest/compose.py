"""One subscriber's matches → what that subscriber gets in one issue.

In: the matches best first, the topics that exist, notes for the reader. Out: a `Digest`, or None where there
is nothing to send. Never: matches, ranks, or renders.
"""

from collections.abc import Sequence

from digest.domain import Digest, Issue, Match, Subscriber, Topic


def compose(
    subscriber: Subscriber,
    issue: Issue,
    matches: Sequence[Match],
    topics: Sequence[Topic],
    notes: Sequence[str] = (),
) -> Digest | None:
    """The digest of one subscriber: each paper once, in the order of `matches`; None without matches.

    Of `topics` those that the subscriber ticked are kept, in the subscriber's order; a ticked topic that no
    longer exists is left out. `notes` are sentences for the reader: a source that couldn't be read.
    """
    once: dict[str, Match] = {}
    for match in matches:
        once.setdefault(match.paper.id, match)
    if not once:
        return None
    known = {topic.slug: topic for topic in topics}
    ticked = tuple(known[slug] for slug in subscriber.interests.topics if slug in known)
    return Digest(subscriber, issue, tuple(once.values()), ticked, tuple(notes))
