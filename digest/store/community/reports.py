"""Keeps what readers report of papers and notes until a curator settles it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, select, update
from sqlalchemy.orm import Session

from digest.domain import Report, ReportAbout
from digest.errors import UnknownError
from digest.languages import deferred
from digest.store.community.tables.reports import ReportRow
from digest.store.papers.tables.papers import PaperRow
from digest.store.readable import readable
from digest.store.session import is_among, serialise
from digest.store.subscriptions.tables.subscribers import SubscriberRow


@dataclass(frozen=True, slots=True)
class By:
    """Who reports: a subscriber, or where there is none somebody in a network."""

    subscriber_id: int | None
    network: str

    @property
    def theirs(self) -> ColumnElement[bool]:
        """What their reports have in common."""
        if self.subscriber_id is not None:
            return ReportRow.subscriber_id == self.subscriber_id
        return and_(ReportRow.subscriber_id.is_(None), ReportRow.network == self.network)


def lock(session: Session) -> None:
    """Let nobody else report until this transaction ends: caps are exact."""
    serialise(session, "reports")


def add(
    session: Session,
    *,
    paper_id: int,
    about: ReportAbout,
    by: By,
    words: str,
    now: datetime,
) -> int:
    """Add a report; return its number."""
    row = ReportRow(
        paper_id=paper_id,
        about=about,
        subscriber_id=by.subscriber_id,
        network=by.network,
        words=words,
        at=now,
        settled_at=None,
    )
    session.add(row)
    session.flush()
    return row.id


def made_since(session: Session, by: By, since: datetime) -> int:
    """Count what somebody reported since a time."""
    made = select(func.count()).select_from(ReportRow)
    return session.scalar(made.where(by.theirs, ReportRow.at > since)) or 0


def open_of_visitors(session: Session) -> int:
    """Count the reports of people without a session that nobody settled."""
    waiting = select(func.count()).select_from(ReportRow)
    mine = (ReportRow.subscriber_id.is_(None), ReportRow.network != "", ReportRow.settled_at.is_(None))
    return session.scalar(waiting.where(*mine)) or 0


def has_open(session: Session, by: By, paper_id: int) -> bool:
    """Tell whether somebody's report of a paper isn't settled yet."""
    mine = select(ReportRow.id).where(
        by.theirs,
        ReportRow.paper_id == paper_id,
        ReportRow.settled_at.is_(None),
    )
    return session.scalar(mine.limit(1)) is not None


def networks(session: Session, paper_id: int) -> int:
    """Count the networks from which subscribers reported the paper itself and nobody settled it."""
    rows = select(func.count(ReportRow.network.distinct())).where(
        ReportRow.paper_id == paper_id,
        ReportRow.about == ReportAbout.PAPER,
        ReportRow.settled_at.is_(None),
        ReportRow.network != "",
        ReportRow.subscriber_id.is_not(None),
    )
    return session.scalar(rows) or 0


def unsettled(session: Session, limit: int = 200) -> list[Report]:
    """Return the reports that no curator settled, the oldest first."""
    rows = (
        select(ReportRow, PaperRow.canonical_id, PaperRow.title, SubscriberRow.display_name)
        .join(PaperRow, PaperRow.id == ReportRow.paper_id)
        .outerjoin(SubscriberRow, SubscriberRow.id == ReportRow.subscriber_id)
        .where(ReportRow.settled_at.is_(None))
        .order_by(ReportRow.id)
        .limit(limit)
    )
    return readable(session.execute(rows), _report, lambda found: f"report {found[0].id}")


def _report(found: Row[ReportRow, str, str, str]) -> Report:
    row, paper, title, name = found
    return Report(row.id, paper, title, ReportAbout(row.about), row.words, name or "", row.at)


def of_subscriber(session: Session, subscriber_id: int) -> list[tuple[int, str, datetime]]:
    """Return paper (`Paper.pk`), words and time of all that somebody reported."""
    rows = select(ReportRow.paper_id, ReportRow.words, ReportRow.at).where(
        ReportRow.subscriber_id == subscriber_id
    )
    return [(number, words, at) for number, words, at in session.execute(rows.order_by(ReportRow.id))]


def read_state(session: Session, number: int) -> dict[str, Any] | None:
    """Return what acts change of a report, as JSON has it; None where there is none."""
    session.flush()
    row = session.get(ReportRow, number, populate_existing=True)
    if row is None:
        return None
    return {"words": row.words, "settled_at": row.settled_at and row.settled_at.isoformat()}


def settle(session: Session, number: int, at: datetime | None) -> None:
    """Say that a report was looked at; None: not yet. Raises UnknownError."""
    settled = update(ReportRow).where(ReportRow.id == number).values(settled_at=at)
    if session.scalar(settled.returning(ReportRow.id)) is None:
        raise UnknownError(
            deferred("there is no report {number}", number=number), fix="digest community list"
        )
    session.expire_all()


def restore(session: Session, number: int, fields: Mapping[str, Any] | None) -> None:
    """Put a report back as the audit has it; None: it was never made."""
    if fields is None:
        session.execute(delete(ReportRow).where(ReportRow.id == number))
    elif "settled_at" in fields:
        at = fields["settled_at"]
        settle(session, number, datetime.fromisoformat(at) if at else None)


def forget_people(session: Session, ids: Collection[int]) -> None:
    """Let the reports of people who are erased stand without their words and network."""
    theirs = update(ReportRow).where(is_among(session, ReportRow.subscriber_id, ids))
    theirs = theirs.execution_options(synchronize_session=False)
    session.execute(theirs.values(subscriber_id=None, words="", network=""))
