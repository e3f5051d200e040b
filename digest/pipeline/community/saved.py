"""Keeps papers that a subscriber saves, lets them go, and reads them with their texts."""

from datetime import datetime

from digest.domain import Paper
from digest.errors import InputError
from digest.languages import deferred
from digest.languages.dates import deferred_number
from digest.pipeline.installation import Installation
from digest.store import papers, session
from digest.store.community import audit, saved
from digest.store.subscriptions import subscribers

MOST_SAVED = 2_000  # papers of one subscriber


def save(installation: Installation, number: int, paper: Paper, now: datetime) -> None:
    """Save a paper for a subscriber. Raises InputError where they have saved very many."""
    with session.transaction(installation.engine) as db:
        if number not in subscribers.by_ids(db, [number]):
            return
        if saved.count_saved(db, number) >= MOST_SAVED:
            message = deferred("you have saved {most} papers", most=deferred_number(MOST_SAVED))
            raise InputError(message, fix=deferred("remove some of them first"))
        if saved.save(db, number, paper.pk, now):
            after = {"subscriber": number, "at": now}
            audit.record(db, installation.actor, "paper.save", f"paper:{paper.id}", None, after, now=now)


def unsave(installation: Installation, number: int, paper: Paper, now: datetime) -> None:
    """Let go of a saved paper."""
    with session.transaction(installation.engine) as db:
        at = saved.unsave(db, number, paper.pk)
        if at:
            before = {"subscriber": number, "at": at}
            audit.record(db, installation.actor, "paper.unsave", f"paper:{paper.id}", before, None, now=now)


def has_saved(installation: Installation, number: int, paper: Paper) -> bool:
    """Tell whether a subscriber saved a paper."""
    with session.reading(installation.engine) as db:
        return paper.pk in saved.saved_by(db, number)


def saved_papers(installation: Installation, number: int, now: datetime) -> list[Paper]:
    """Return the papers that a subscriber saved, newest first."""
    with session.reading(installation.engine) as db:
        pks = saved.saved_by(db, number)
        found = papers.by_pks(db, pks, until=now)
    return [found[pk] for pk in pks if pk in found]
