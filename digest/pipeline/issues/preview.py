"""Previews the digest that would be sent now, by the same steps as the one that is sent."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from digest.compose import MOST_ALSO, compose
from digest.domain import (
    Digest,
    Interests,
    Issue,
    Match,
    Paper,
    Schedule,
    SkipReason,
    Subscriber,
    SubscriberStatus,
)
from digest.filters import parse
from digest.pipeline.installation import Installation
from digest.pipeline.issues.candidates import CandidateSet, read_candidates, sent_to, window_of
from digest.pipeline.issues.no_papers import quiet_digest, skip_reason
from digest.pipeline.issues.withdrawals import Withdrawals
from digest.pipeline.mail.pictures import Pictures
from digest.store import session

NO_READER = "only a subscriber has saved papers; try digest preview with their address"
NOBODY = "reader@example.org"  # whom a preview without a subscriber is addressed to (RFC 2606)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a subscriber would get: a digest, or the reason why there is none.

    Both for who wants a mail on quiet days: that digest holds no papers.
    """

    digest: Digest | None
    skip_reason: SkipReason | None


def preview(
    installation: Installation, subscriber: Subscriber, now: datetime, found: CandidateSet | None = None
) -> Preview:
    """Return the digest that the subscriber would get if it were due now; changes nothing.

    `found`: the candidates, where the caller has them already.
    """
    found = found or read_candidates(installation, now, window_of(installation, subscriber, now))
    gone = sent_to(installation, found, subscriber)
    chosen = found.corpus.one.match(subscriber.interests, gone, subscriber.saved)
    gone |= {match.paper.id for match in chosen}
    also_trending = found.corpus.one.others(subscriber.interests, gone, MOST_ALSO, subscriber.saved)
    today = now.astimezone(ZoneInfo(subscriber.schedule.timezone)).date()
    issue = Issue(id=0, date=today, due_at=now, opened_at=now)
    withdrawn = _withdrawn(installation, subscriber, now)
    digest = compose(
        subscriber,
        issue,
        chosen,
        found.topics_of(subscriber),
        found.notes,
        also_trending=also_trending,
        withdrawn=withdrawn,
    )
    if digest:
        (digest,) = Pictures(installation).given([digest])
        return Preview(digest, None)
    reason = skip_reason(found, subscriber.schedule.frequency)
    if not subscriber.schedule.quiet_days:
        return Preview(None, reason)
    quiet = quiet_digest(found, subscriber, issue, reason, also_trending=also_trending, withdrawn=withdrawn)
    return Preview(quiet, reason)


def _withdrawn(installation: Installation, subscriber: Subscriber, now: datetime) -> list[Paper]:
    """The papers that this subscriber got and that were withdrawn since; none for somebody unknown."""
    if not subscriber.id:
        return []
    with session.reading(installation.engine) as db:
        return Withdrawals(db, [now], [subscriber.id]).of(subscriber.id, now)


def stranger(interests: Interests, now: datetime) -> Subscriber:
    """Return somebody who hasn't subscribed (yet), to preview interests for."""
    return Subscriber(0, NOBODY, SubscriberStatus.ACTIVE, interests, Schedule(), created_at=now)


def matching(installation: Installation, text: str, now: datetime) -> tuple[Match, ...]:
    """Return all candidates of now that satisfy a filter, in rank order. Raises FilterError."""
    found = read_candidates(installation, now)
    return found.corpus.search(parse(text, topics=found.topics, no_saved=NO_READER))
