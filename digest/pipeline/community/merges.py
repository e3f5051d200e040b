"""Finds a paper with its merges, merges two papers that are one work, and undoes it."""

from datetime import datetime

from digest.domain import Merge, Paper
from digest.pipeline.installation import Installation
from digest.store import papers, session
from digest.store.community import audit


def find(installation: Installation, ref: str) -> tuple[Paper, list[Merge]]:
    """Return the paper of this id and its merges. Raises UnknownError."""
    with session.reading(installation.engine) as db:
        paper = papers.find(db, ref)
        return paper, papers.history(db, paper.pk)


def merge(
    installation: Installation, ref: str, other: str, *, reason: str, now: datetime, dry_run: bool = False
) -> Merge:
    """Merge two papers into one work; a dry run writes nothing. Raises UnknownError, InputError."""
    with session.transaction(installation.engine) as db:
        made = papers.merge(db, ref, other, papers.Why(reason, "operator", now))
        after = {"into": made.into, "words": reason}
        audit.record(db, installation.actor, "paper.merge", f"paper:{made.paper}", None, after, now=now)
        if dry_run:
            db.rollback()
    return made


def split(installation: Installation, ref: str, *, now: datetime, dry_run: bool = False) -> Merge:
    """Undo the merge of a paper into another; a dry run writes nothing. Raises UnknownError, InputError."""
    with session.transaction(installation.engine) as db:
        undone = papers.split(db, ref, now)
        before = {"into": undone.into, "words": undone.reason, "by": undone.by}
        audit.record(db, installation.actor, "paper.split", f"paper:{undone.paper}", before, None, now=now)
        if dry_run:
            db.rollback()
    return undone
