"""Hands out or erases everything that is kept about one person.

After an erasure nothing stays but the keyed hash of the address, so that nobody can subscribe it again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from digest import shown
from digest.domain import Actor, Subscriber
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions import rate_limits
from digest.pipeline.subscriptions.signup import LOCK
from digest.serializers import reasons_in_words
from digest.store import deliveries, papers, session
from digest.store.community import (
    audit,
    hidings,
    picks,
    proposals,
    reports,
    saved,
    sessions,
    tokens,
    votes,
)
from digest.store.readable import readable
from digest.store.session import Session
from digest.store.subscriptions import feeds, mutes, signups, subscribers, suppressions, transactional
from digest.tokens import address_hash, address_hashes

MOST_ACTS = 10_000  # that an export lists
ERASE_WITHIN = timedelta(hours=24)  # that a link to erasing works for


def export(installation: Installation, number: int) -> dict[str, Any]:
    """Return all that is kept about a subscriber (GDPR, articles 15 and 20), empty where there is nobody."""
    with session.reading(installation.engine) as db:
        known = subscribers.addressee(db, number)
        if known is None:
            return {}
        got = deliveries.of_subscriber(db, number)
        showed = dict(
            readable(
                [(row, packed) for row, packed in deliveries.sent_to(db, number) if packed],
                lambda each: (each[0].id, shown.decode(each[1]).papers),
                lambda each: f"what delivery {each[0].id} showed",
            )
        )
        voted = votes.votes_of(db, number)
        back = votes.withdrawn_of(db, number)
        kept = saved.saved_by(db, number)
        names = papers.canonical_ids(db, {*voted, *back, *kept, *(pk for row in got for pk in row.papers)})
        return {
            "subscriber": known,
            "consents": subscribers.consents(db, number),
            "requests": signups.of_address(db, known.email),
            "mails": transactional.of_subscriber(db, number),
            "digests": [
                {
                    "issue_date": row.issue_date,
                    "state": row.state,
                    "reason": row.reason,
                    "message_id": row.message_id,
                    "reply": row.reply,
                    "papers": [names[pk] for pk in row.papers if pk in names],
                    "reasons": {
                        names[paper.pk]: reasons_in_words(paper.reasons)
                        for paper in showed.get(row.id, ())
                        if paper.pk in names
                    },
                }
                for row in got
            ],
            "mutes": mutes.mutes(db, number),
            "saved": [{"paper": names[pk], "at": at} for pk, at in kept.items() if pk in names],
            "feed": {"made": bool(feeds.feed_of(db, number))},
            "acts": audit.listing(db, actor=f"subscriber:{number}", limit=MOST_ACTS),
            "tokens": tokens.listing(db, number),
            "sessions": sessions.of_subscriber(db, number, used_since=known.created_at),
            **_community(db, number),
            "votes_taken_back": [{"paper": names[pk], "at": at} for pk, at in back.items() if pk in names],
            "votes": [{"paper": names[pk], "at": at} for pk, at in voted.items() if pk in names],
        }


def _community(db: Session, number: int) -> dict[str, Any]:
    """What somebody proposed, picked and reported."""
    picked, reported = picks.of_curator(db, number), reports.of_subscriber(db, number)
    names = papers.canonical_ids(db, [pk for pk, _, _ in (*picked, *reported)])
    return {
        "proposals": [
            {"typed": each.typed, "state": each.state, "at": each.created_at, "paper": each.paper}
            for each in proposals.of_subscriber(db, number, limit=MOST_ACTS)
        ],
        "picks": [{"paper": names[pk], "day": day, "note": note} for pk, day, note in picked],
        "reports": [{"paper": names[pk], "words": words, "at": at} for pk, words, at in reported],
    }


def erase(installation: Installation, number: int, now: datetime) -> None:
    """Erase a subscriber (GDPR, article 17); nothing where there is nobody."""
    with session.transaction(installation.engine) as db:
        session.serialise(db, LOCK)
        known = subscribers.addressee(db, number)
        if known:
            erase_all(installation, db, [known], now)


def erase_all(installation: Installation, db: Session, people: Sequence[Subscriber], now: datetime) -> None:
    """Erase people (GDPR, article 17), in some statements for all of them."""
    session.serialise(db, LOCK)
    keys = installation.keys
    numbers, emails = [each.id for each in people], [each.email for each in people]
    hashes = {each for email in emails for each in address_hashes(email, keys)}
    # A reason that a mail server gave may quote the address, so an older suppression goes as well.
    suppressions.remove(db, hashes)
    suppressions.add_many(db, [address_hash(email, keys) for email in emails], reason="erased", now=now)
    rate_limits.forget(db, keys, *emails)
    signups.forget(db, *emails)
    theirs = [f"token:{number}" for number in tokens.numbers_of(db, numbers)]
    voted = votes.papers_of(db, numbers)
    for part in (proposals, reports):
        part.forget_people(db, numbers)
    picks.forget_curators(db, numbers)
    hidings.forget_people(db, numbers, audit.NOBODY)
    subscribers.erase(db, *numbers)
    votes.observe_all(db, voted, now)
    kept = [f"suppression:{each}" for each in hashes]
    audit.erase(db, numbers, [*kept, *theirs], theirs)
    is_own = installation.actor.name in {f"subscriber:{number}" for number in numbers}
    actor = Actor(audit.NOBODY, installation.actor.via) if is_own else installation.actor
    act = audit.Act(actor, "subscriber.erase", audit.NOBODY, {"erased": False}, None, now)
    audit.record_all(db, [act] * len(numbers))
