"""A table of subscribers (CSV) → rows of the store. All or nothing; running it again changes nothing."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from digest.domain import Interests, Schedule, SubscriberStatus
from digest.due import next_due
from digest.errors import DigestError, InputError
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions.validate import read_address, read_interests, read_schedule, subscribe
from digest.store import session
from digest.store.session import Session
from digest.store.subscriptions import interests, subscribers

HEADER = "email,topics,filters,exclude,frequency,at,timezone,max,status,quiet_days"
COLUMNS = HEADER.split(",")
_YES_NO = {"": False, "no": False, "yes": True}


@dataclass(slots=True)
class RosterReport:
    """What came of reading a roster: how many rows did what, and what is wrong in which line."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)


def import_subscribers(
    installation: Installation, text: str, *, now: datetime, consent: str | None, dry_run: bool = False
) -> RosterReport:
    """Add the people of a CSV text, or bring their interests and schedule up to date.

    `consent` (when and where they agreed) makes new people active, None leaves them pending. A line with an
    error stops the whole import: nothing is written, every error is in the report.
    """
    report = RosterReport()
    with session.transaction(installation.engine) as db:
        for line, row in _rows(text):
            try:
                _take(installation, db, row, report, now=now, consent=consent)
            except DigestError as error:
                report.errors.append((line, error.message))
        if report.errors or dry_run:
            db.rollback()
    if report.errors:
        report.added = report.updated = report.unchanged = 0
    return report


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), restkey="")
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    if "email" not in names:
        raise InputError("the table has no column 'email'", fix=f"first line: {HEADER}")
    strays = [name for name in names if name not in COLUMNS]
    if strays:
        raise InputError(f"the table has an unknown column {strays[0]!r}", fix=f"known: {', '.join(COLUMNS)}")
    reader.fieldnames = names
    for row in reader:
        if "" in row:
            raise InputError(
                f"line {reader.line_num}: more fields than columns", fix="quote fields with commas"
            )
        yield reader.line_num, {name: (value or "").strip() for name, value in row.items()}


def _take(
    installation: Installation,
    db: Session,
    row: Mapping[str, str],
    report: RosterReport,
    *,
    now: datetime,
    consent: str | None,
) -> None:
    email = read_address(row["email"])
    interests, schedule = _wishes(db, row)
    left = _left(row)
    if not subscribers.exists(db, email):
        added = subscribe(
            installation, db, email=email, interests=interests, schedule=schedule, now=now, consent=consent
        )
        if left:
            subscribers.set_status(db, added.id, left)
        report.added += 1
        return
    known = subscribers.get(db, email)
    if (known.interests, known.schedule) == (interests, schedule):
        report.unchanged += 1
        return
    due = next_due(schedule, now) if known.next_due_at else None
    subscribers.save(db, known.id, interests=interests, schedule=schedule, due=due)
    report.updated += 1


def _left(row: Mapping[str, str]) -> SubscriberStatus | None:
    """The status of somebody who isn't to be written to, whatever the importer vouches for."""
    given = row.get("status", "")
    if given and given not in list(SubscriberStatus):
        raise InputError(f"status: {given!r} is none of {', '.join(SubscriberStatus)}")
    wanted = ("", SubscriberStatus.ACTIVE, SubscriberStatus.PENDING)
    return None if given in wanted else SubscriberStatus(given)


def _wishes(db: Session, row: Mapping[str, str]) -> tuple[Interests, Schedule]:
    most = row.get("max", "")
    if most and not most.isdecimal():
        raise InputError(f"max: {most!r} is not a number")
    wanted = read_interests(
        interests.topics(db),
        topics=_list(row, "topics"),
        filters=_list(row, "filters"),
        exclude=_list(row, "exclude"),
        **({"max_papers": int(most)} if most else {}),
    )
    given = {name: row[name] for name in ("frequency", "at", "timezone") if row.get(name)}
    return wanted, read_schedule(**given, quiet_days=_quiet_days(row))


def _quiet_days(row: Mapping[str, str]) -> bool:
    said = row.get("quiet_days", "").lower()
    if said not in _YES_NO:
        raise InputError(f"quiet_days: {said!r} is neither yes nor no")
    return _YES_NO[said]


def _list(row: Mapping[str, str], name: str) -> list[str]:
    return [item.strip() for item in row.get(name, "").split(";") if item.strip()]
