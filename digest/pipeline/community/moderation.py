"""Hides papers and shows them again; each act is a row of the audit, in its own transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from digest.domain import HideReason, Hiding, Paper
from digest.errors import InputError
from digest.languages import deferred
from digest.pipeline.installation import Installation
from digest.render import phrases
from digest.store import papers, session
from digest.store.community import audit, hidings
from digest.store.session import Session

LONGEST_WORDS = 500  # characters of what is said in public


def hide(
    installation: Installation,
    ref: str,
    reason: HideReason,
    words: str = "",
    *,
    now: datetime,
    dry_run: bool = False,
) -> Paper:
    """Hide a paper from everywhere, with words that its page shows; return the paper.

    Raises UnknownError, and InputError where it is hidden already or the words are too long.
    """
    cleaned = phrases.one_line(words, 10_000)
    if len(cleaned) > LONGEST_WORDS:
        raise InputError(phrases.too_many_words(len(cleaned), LONGEST_WORDS))
    with session.transaction(installation.engine) as db:
        hidings.lock(db)
        paper = papers.find(db, ref)
        if hidings.hiding_of(db, paper.pk):
            raise InputError(
                deferred("{paper} is hidden already", paper=paper.id), fix=f"digest papers show {paper.id}"
            )
        hiding = Hiding(reason, cleaned, installation.actor.name, now)
        hidings.hide(db, paper.pk, hiding)
        state = hidings.as_state(hiding)
        audit.record(db, installation.actor, "paper.hide", f"paper:{paper.id}", None, state, now=now)
        if dry_run:
            db.rollback()
    return paper


def unhide(installation: Installation, ref: str, *, now: datetime, dry_run: bool = False) -> Paper:
    """Show a hidden paper again; return it. Raises UnknownError, InputError where it isn't hidden."""
    with session.transaction(installation.engine) as db:
        hidings.lock(db)
        paper = papers.find(db, ref)
        hiding = hidings.hiding_of(db, paper.pk)
        if hiding is None:
            raise InputError(
                deferred("{paper} isn't hidden", paper=paper.id), fix=f"digest papers show {paper.id}"
            )
        hidings.unhide(db, paper.pk, now)
        state = hidings.as_state(hiding)
        audit.record(db, installation.actor, "paper.unhide", f"paper:{paper.id}", state, None, now=now)
        if dry_run:
            db.rollback()
    return paper


def read_reason(text: str) -> tuple[HideReason, str]:
    """Read `spam` or `spam: words` as a reason with words; any other text as the words of `other`."""
    named, _, words = text.partition(":")
    try:
        return HideReason(named.strip().lower()), words.strip()
    except ValueError:
        return HideReason.OTHER, text.strip()


def hiding_of(installation: Installation, paper: Paper) -> Hiding | None:
    """Return why a paper is hidden; None where it is shown."""
    with session.reading(installation.engine) as db:
        return hidings.hiding_of(db, paper.pk)


def listing(installation: Installation) -> list[tuple[str, str, Hiding]]:
    """Return the papers (id, title) that were hidden last, with why, the newest first."""
    with session.reading(installation.engine) as db:
        return hidings.listing(db)


def state_of(db: Session, where: str) -> dict[str, Any] | None:
    """Return the hiding of a paper as the audit has it; `where`: `paper:<id>`. Raises UnknownError."""
    return hidings.as_state(hidings.hiding_of(db, papers.find(db, where.removeprefix("paper:")).pk))


def restore(db: Session, where: str, fields: Mapping[str, Any] | None) -> None:
    """Put the hiding of a paper back as the audit has it. Raises UnknownError."""
    hidings.lock(db)
    paper = papers.find(db, where.removeprefix("paper:"))
    if fields is None:
        hidings.forget(db, paper.pk)
        return
    at = datetime.fromisoformat(fields["at"])
    hidings.hide(db, paper.pk, Hiding(HideReason(fields["reason"]), fields["words"], fields["by"], at))
