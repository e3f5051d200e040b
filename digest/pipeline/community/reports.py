"""Takes in what readers report of papers and notes, and tells curators what waits for them."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from digest.domain import SYSTEM, HideReason, Hiding, ProposalState, Report, ReportAbout, Role, Subscriber
from digest.errors import RefusedError
from digest.languages import deferred
from digest.pipeline import failures
from digest.pipeline.community.proposals import SOURCE
from digest.pipeline.failures import Part
from digest.pipeline.installation import Installation
from digest.render import phrases
from digest.store import papers, session
from digest.store.community import audit, hidings, proposals, reports
from digest.store.session import Session
from digest.store.subscriptions import subscribers, transactional
from digest.store.subscriptions.transactional import TransactionalKind

MOST_A_DAY = 5  # of one person
MOST_OF_VISITORS = 100  # reports of people without a session that wait for a curator
HIDE_AT = 3  # networks whose reports hide a proposed paper until a curator looks
LONGEST_WORDS = 500
DAY = timedelta(days=1)
_WORDS = deferred("readers reported it; a curator will look")


def report(
    installation: Installation,
    ref: str,
    about: ReportAbout,
    words: str,
    *,
    subscriber_id: int | None,
    now: datetime,
) -> None:
    """Take in a report; it waits for a curator. Somebody's second one of a paper adds nothing.

    Three of subscribers in different networks hide a paper that only a reader proposed, never one from a
    source. `subscriber_id` None: of a visitor, who is known by their network alone; it hides nothing. Raises
    UnknownError, and RefusedError where somebody reported five within a day, or very many of visitors wait.
    """
    cleaned = phrases.one_line(words, LONGEST_WORDS)
    with session.transaction(installation.engine) as db:
        reports.lock(db)
        hidings.lock(db)
        paper = papers.find(db, ref)
        by = reports.By(subscriber_id, installation.actor.network)
        if reports.has_open(db, by, paper.pk):
            return
        if subscriber_id is None and reports.open_of_visitors(db) >= MOST_OF_VISITORS:
            message = deferred("very many reports wait for the curators here")
            raise RefusedError(message, fix=deferred("come again in some days"))
        if reports.made_since(db, by, now - DAY) >= MOST_A_DAY:
            message = deferred("you reported {most} papers or notes within a day", most=MOST_A_DAY)
            raise RefusedError(message, fix=deferred("come again tomorrow"))
        number = reports.add(
            db,
            paper_id=paper.pk,
            about=about,
            by=by,
            words=cleaned,
            now=now,
        )
        state = reports.read_state(db, number)
        audit.record(db, installation.actor, "report.add", f"report:{number}", None, state, now=now)
        hidden = hidings.hiding_of(db, paper.pk)
        if (
            subscriber_id is not None
            and not hidden
            and reports.networks(db, paper.pk) >= HIDE_AT
            and papers.is_only_of(db, paper.pk, SOURCE)
        ):
            hiding = Hiding(HideReason.OTHER, _WORDS, SYSTEM.name, now)
            hidings.hide(db, paper.pk, hiding)
            after = hidings.as_state(hiding)
            audit.record(db, SYSTEM, "paper.hide", f"paper:{paper.id}", None, after, now=now)


def unsettled(installation: Installation) -> list[Report]:
    """Return the reports that wait for a curator, the oldest first."""
    with session.reading(installation.engine) as db:
        return reports.unsettled(db)


def settle(installation: Installation, number: int, now: datetime) -> None:
    """Say that a report was looked at. Raises UnknownError."""
    with session.transaction(installation.engine) as db:
        before = reports.read_state(db, number)
        reports.settle(db, number, now)
        after = reports.read_state(db, number)
        where = f"report:{number}"
        audit.record(db, installation.actor, "report.settle", where, before, after, now=now)


def state_of(db: Session, where: str) -> dict[str, Any] | None:
    """Return a report as the audit has it; `where`: `report:<number>`."""
    return reports.read_state(db, int(where.removeprefix("report:")))


def restore(db: Session, where: str, fields: Mapping[str, Any] | None) -> None:
    """Put a report back as the audit has it; None: it was never made."""
    reports.restore(db, int(where.removeprefix("report:")), fields)


def tell_curators(installation: Installation, now: datetime) -> int:
    """Queue each curator's email of the day, at the hour of their digest, where proposals wait.

    Returns how many.
    """
    with session.transaction(installation.engine) as db:
        if not proposals.count(db, state=ProposalState.PENDING):
            return 0
        emailed: list[int] = []

        def tell(curator: Subscriber) -> None:
            zone = ZoneInfo(curator.schedule.timezone)
            local = now.astimezone(zone)
            due = datetime.combine(local.date(), curator.schedule.at, zone)
            last = transactional.last_of(db, curator.id, TransactionalKind.QUEUE)
            midnight = datetime.combine(local.date(), time(), zone)
            if local >= due and (last is None or last < midnight):
                transactional.add(db, TransactionalKind.QUEUE, curator.id, now)
                emailed.append(curator.id)

        curators = [each for each in subscribers.with_roles(db) if each.role.includes(Role.CURATOR)]
        failures.each(db, Part.CURATOR, curators, tell, name=lambda each: each.id, now=now)
        return len(emailed)
