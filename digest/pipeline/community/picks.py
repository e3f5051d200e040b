"""Lets curators pick papers for a day with a note of their own, order the picks, and take them back.

A pick is for today or tomorrow (UTC). Each act is a row of the audit, in its own transaction.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any

from digest.domain import Paper, Role
from digest.errors import InputError, UnknownError
from digest.languages import deferred
from digest.pipeline.ingest.kept_summaries import with_summaries
from digest.pipeline.installation import Installation
from digest.render import phrases
from digest.store import papers, session
from digest.store.community import audit, picks
from digest.store.community.picks import PickState
from digest.store.papers.listing import not_shown
from digest.store.session import Session
from digest.store.subscriptions import subscribers

LONGEST_NOTE = 280  # characters
MOST_PICKS = 20  # of one day
HIGHEST_PLACE = 999
_LINK = re.compile(r"://|\bwww\.|\bmailto:|\b[\w-]+\.[a-z]{2,}/|[^\s@]@[\w-]+\.[a-z]", re.IGNORECASE)


def pick(
    installation: Installation,
    ref: str,
    note: str,
    *,
    day: date | None = None,
    curator: int | None = None,
    now: datetime,
    dry_run: bool = False,
) -> Paper:
    """Pick a paper for a day (today without one), or change the note of its pick; return the paper.

    `curator`: whose pick it is (a subscriber's id). Raises UnknownError, and InputError for a note with a
    link or of more than 280 characters, another day than today or tomorrow, and a paper that isn't shown.
    """
    chosen, note = day or now.date(), read_note(note)
    if not now.date() <= chosen <= now.date() + timedelta(days=1):
        message = deferred("a paper is picked for today or tomorrow (UTC), not for {day}", day=chosen)
        raise InputError(message, fix=f"--date {now.date()}")
    with session.transaction(installation.engine) as db:
        paper = papers.find(db, ref)
        before = picks.read_state(db, paper.pk, chosen)
        if not_shown(db, [paper.pk]) or paper.withdrawn_at:
            raise InputError(deferred("{paper} isn't shown here, so it can't be picked", paper=paper.id))
        position = before.position if before and not before.unpicked_at else _next(db, chosen)
        at = before.at if before and not before.unpicked_at else now
        after = PickState(curator, note, position, at, None)
        _change(installation, db, "pick", paper, chosen, before=before, after=after, now=now)
        picked = papers.find(db, ref)
        if dry_run:
            db.rollback()
    return picked


def unpick(
    installation: Installation, ref: str, *, day: date | None = None, now: datetime, dry_run: bool = False
) -> Paper:
    """Take the pick of a paper back: that of a day, else the last one. Raises UnknownError."""
    with session.transaction(installation.engine) as db:
        paper = papers.find(db, ref)
        chosen = day or (paper.picked.day if paper.picked else now.date())
        before = picks.read_state(db, paper.pk, chosen)
        if before is None or before.unpicked_at:
            message = deferred("{paper} isn't picked for {day}", paper=paper.id, day=chosen)
            raise UnknownError(message, fix=f"digest papers show {paper.id}")
        after = replace(before, unpicked_at=now)
        _change(installation, db, "unpick", paper, chosen, before=before, after=after, now=now)
        unpicked = papers.find(db, ref)
        if dry_run:
            db.rollback()
    return unpicked


def place(installation: Installation, day: date, places: Mapping[str, int], now: datetime) -> list[Paper]:
    """Give papers (by id) that are picked for a day other places, from 1; returns that day's picks then.

    Raises UnknownError, InputError.
    """
    if not all(1 <= number <= HIGHEST_PLACE for number in places.values()):
        raise InputError(deferred("the place of a pick is a number from 1 to {most}", most=HIGHEST_PLACE))
    with session.transaction(installation.engine) as db:
        wanted = {papers.find(db, ref): number for ref, number in places.items()}
        known = picks.positions(db, day)
        if missing := [paper.id for paper in wanted if paper.pk not in known]:
            raise UnknownError(deferred("{paper} isn't picked for {day}", paper=missing[0], day=day))
        changed = {paper: number for paper, number in wanted.items() if known[paper.pk] != number}
        before = {paper.id: known[paper.pk] for paper in changed}
        after = {paper.id: number for paper, number in changed.items()}
        picks.place(db, day, {paper.pk: number for paper, number in changed.items()})
        audit.record(db, installation.actor, "pick.order", f"picks:{day}", before, after, now=now)
        return _picked_on(installation, db, day, now)


def picked_on(installation: Installation, day: date, now: datetime) -> list[Paper]:
    """Return the papers that are picked for a day, in the order of their picks, each with that pick."""
    with session.reading(installation.engine) as db:
        return _picked_on(installation, db, day, now)


def _picked_on(installation: Installation, db: Session, day: date, now: datetime) -> list[Paper]:
    found = picks.of_day(db, day)
    read = papers.by_pks(db, found, until=now)
    hidden = not_shown(db, list(found))
    shown = [replace(read[pk], picked=found[pk]) for pk in found if pk in read and pk not in hidden]
    return with_summaries(db, installation, shown, now)


def curator_of(installation: Installation, email: str) -> int:
    """Return the id of the curator with this address. Raises UnknownError, InputError for who is none."""
    with session.reading(installation.engine) as db:
        person = subscribers.get(db, email)
    if not person.role.includes(Role.CURATOR):
        fix = f"digest subscribers edit {email} --role curator"
        raise InputError(f"{email} is no curator", fix=fix)
    return person.id


def read_note(text: str) -> str:
    """Read what a curator says of a paper: plain text on one line. Raises InputError."""
    note = phrases.one_line(text, 10_000)
    if len(note) > LONGEST_NOTE:
        message = deferred(
            "the note has {number} characters; a note has at most {most}",
            number=len(note), most=LONGEST_NOTE,
        )  # fmt: skip
        raise InputError(message)
    if _LINK.search(note):
        fix = deferred("say it in words; the paper's own links stand beside it")
        raise InputError(deferred("a note holds no link"), fix=fix)
    return note


def state_of(db: Session, where: str) -> dict[str, Any] | None:
    """Return a pick as the audit has it; `where`: `pick:<day>/<id of the paper>`. Raises UnknownError."""
    paper, day = _named(db, where)
    state = picks.read_state(db, paper.pk, day)
    if state is None:
        return None
    times = {"at": state.at.isoformat(), "unpicked_at": state.unpicked_at and state.unpicked_at.isoformat()}
    return asdict(state) | times


def restore(db: Session, where: str, fields: Mapping[str, Any] | None) -> None:
    """Put a pick back as the audit has it; of a curator who was erased, nobody's. Raises UnknownError."""
    paper, day = _named(db, where)
    state = picks.read_state(db, paper.pk, day)
    if fields is None:
        picks.write_state(db, paper.pk, day, None)
        return
    values = (asdict(state) if state else {}) | dict(fields)
    for name in ("at", "unpicked_at"):
        if isinstance(values[name], str):
            values[name] = datetime.fromisoformat(values[name])
    if not subscribers.by_ids(db, [values["curator_id"] or 0]):
        values["curator_id"] = None
    picks.write_state(db, paper.pk, day, PickState(**values))


def order_of(db: Session, where: str) -> dict[str, Any]:
    """Return the places of a day's picks as the audit has them; `where`: `picks:<day>`."""
    places = picks.positions(db, date.fromisoformat(where.removeprefix("picks:")))
    names = papers.canonical_ids(db, places)
    return {names[number]: position for number, position in places.items()}


def restore_order(db: Session, where: str, fields: Mapping[str, Any] | None) -> None:
    """Put the places of a day's picks back as the audit has them; `where`: `picks:<day>`."""
    day = date.fromisoformat(where.removeprefix("picks:"))
    picks.place(db, day, {papers.find(db, ref).pk: number for ref, number in (fields or {}).items()})


def _named(db: Session, where: str) -> tuple[Paper, date]:
    day, _, ref = where.removeprefix("pick:").partition("/")
    return papers.find(db, ref), date.fromisoformat(day)


def _next(db: Session, day: date) -> int:
    if len(picks.positions(db, day)) >= MOST_PICKS:
        message = deferred("{day} has {most} picks already", day=day, most=MOST_PICKS)
        raise InputError(message, fix=deferred("take one of them back first"))
    return picks.last_position(db, day) + 1


def _change(
    installation: Installation,
    db: Session,
    act: str,
    paper: Paper,
    day: date,
    *,
    before: PickState | None,
    after: PickState,
    now: datetime,
) -> None:
    picks.write_state(db, paper.pk, day, after)
    was = asdict(before) if before else None
    where = f"pick:{day}/{paper.id}"
    audit.record(db, installation.actor, f"paper.{act}", where, was, asdict(after), now=now)
