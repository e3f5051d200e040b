"""Imports a table of subscribers. All or nothing; safe to repeat; nobody is mailed."""

import gc
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from digest.domain import Role, Subscriber, SubscriberStatus
from digest.due import next_due
from digest.errors import DigestError, InputError
from digest.pipeline.installation import Installation
from digest.pipeline.mail.suppression import suppress
from digest.pipeline.subscriptions.changes import audited
from digest.pipeline.subscriptions.lists.csv_table import TableRow, read_table
from digest.pipeline.subscriptions.lists.csv_values import COLUMNS, RowReader, Wanted, read_email
from digest.pipeline.subscriptions.lists.list_formats import ListFormat, translated
from digest.store import session
from digest.store.community import audit
from digest.store.session import Session
from digest.store.subscriptions import bulk, interests, snapshots, subscribers, suppressions
from digest.store.subscriptions.addresses import key, name_key
from digest.store.subscriptions.bulk import ChangedSubscriber, NewSubscriber
from digest.store.subscriptions.subscribers import Consent
from digest.tokens import address_hashes
from digest.words.nearest import nearest

MOST_ERRORS = 1000  # after so many wrong lines nobody reads on
_TOGETHER = 2000  # rows that are looked up and written at once
_COLLECT_AFTER = 20_000  # objects
_MANY = 10_000  # new people, of whom the database doesn't know yet that there are so many
_ELSEWHERE = "suppressed in an imported list"
_LEFT = {SubscriberStatus.UNSUBSCRIBED, SubscriberStatus.SUPPRESSED}
_IGNORED = {"id", "next_due_at", "max_papers"}  # of our own JSON


@dataclass(slots=True)
class ImportReport:
    """What came of reading a table: how many rows did what, and what is wrong in which line.

    `roles`: how many people get another role than they have; of new ones, another than reader.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    roles: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)
    is_written: bool = False

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return self.added + self.updated + self.unchanged + len(self.errors)


def import_subscribers(
    installation: Installation,
    file: BinaryIO | str,
    *,
    now: datetime,
    consent: str | None,
    dry_run: bool = False,
    skip_errors: bool = False,
    only_new: bool = False,
    form: ListFormat | None = None,
    on_rows: Callable[[int], object] | None = None,
) -> ImportReport:
    """Add the people of a table, or bring their interests, schedule and status up to date.

    `consent` (when and where they agreed) makes new people active, as does a consent of their own in the
    table; the others are pending. Who left or bounced there is not written to here; nobody who left here
    comes back. A wrong line stops the whole import unless `skip_errors`: nothing is written, every error is
    in the report. `only_new`: nothing is written either where somebody known would change, or somebody would
    get another role (`is_written` says so). `form`: whose export it is, else ours. `on_rows` is told how many
    rows were read.
    """
    report = ImportReport()
    opened = io.BytesIO(file.encode()) if isinstance(file, str) else file
    with _few_collections(), session.transaction(installation.engine) as db:
        session.make_room(db)
        importer = _Importer(installation, db, report, consent, now, form=form)
        for rows in _grouped(_read(opened, form)):
            importer.take(rows)
            if on_rows:
                on_rows(len(rows))
            if len(report.errors) >= MOST_ERRORS:
                break
        counts: dict[str, Any] = {"added": report.added, "updated": report.updated}
        if importer.added:
            counts["numbers"] = importer.added
        if report.roles:
            counts["roles"] = report.roles
        if any(counts.values()):
            who = installation.actor
            audit.record(db, who, "subscribers.import", "subscribers:several", None, counts, now=now)
        fails = bool(report.errors) and not skip_errors
        report.is_written = not (dry_run or fails or (only_new and (report.updated or report.roles)))
        if not report.is_written:
            db.rollback()
        elif report.added >= _MANY:
            bulk.analyze(db)
    if report.errors and not skip_errors:
        report.added = report.updated = report.unchanged = report.roles = 0
    return report


@contextmanager
def _few_collections() -> Iterator[None]:
    """Let Python's collector look at its objects more seldom: rows are made and dropped, and none refer to
    one another in a circle."""
    usual = gc.get_threshold()
    gc.set_threshold(_COLLECT_AFTER, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _read(file: BinaryIO, form: ListFormat | None) -> Iterator[TableRow]:
    if form:
        yield from translated(file, form)
        return
    known = {*COLUMNS, *_IGNORED}
    for row in read_table(file, COLUMNS):
        stray = next((name for name in row.fields if name not in known), None)
        if stray:
            near = nearest(stray, COLUMNS)
            fix = f"did you mean {near}?" if near else f"known: {', '.join(COLUMNS)}"
            raise InputError(f"the table has an unknown column {stray!r}", fix=fix)
        yield row


def _grouped(rows: Iterable[TableRow]) -> Iterator[list[TableRow]]:
    """Rows in groups in which each address stands once, so that a later row meets the earlier one stored."""
    group: list[TableRow] = []
    seen: set[str] = set()
    for row in rows:
        address = key(row.fields.get("email", ""))
        if address in seen or len(group) == _TOGETHER:
            yield group
            group, seen = [], set()
        group.append(row)
        seen.add(address)
    if group:
        yield group


class _Importer:
    def __init__(
        self,
        installation: Installation,
        db: Session,
        report: ImportReport,
        consent: str | None,
        now: datetime,
        *,
        form: ListFormat | None,
    ) -> None:
        self._installation = installation
        self._db = db
        self._report = report
        self._now = now
        self._is_foreign = form is not None
        self._consent = Consent(now, consent, "operator") if consent is not None else None
        self._reader = RowReader(interests.topics(db))
        self._adder = bulk.Adder(db)
        self.added: list[list[int]] = []  # runs of numbers: first and last
        self._next_due = lru_cache(maxsize=4096)(lambda schedule: next_due(schedule, now))

    def take(self, rows: Sequence[TableRow]) -> None:
        addresses = dict(self._addresses(rows))
        keys = {email: key(email) for email in addresses.values()}
        known = bulk.by_keys(self._db, keys.values())
        hashes = {
            email: address_hashes(email, self._installation.keys)
            for email, address in keys.items()
            if address not in known
        }
        shut = suppressions.among(self._db, [one for several in hashes.values() for one in several])
        read: list[tuple[int, Subscriber | None, Wanted]] = []
        for row in rows:
            email = addresses.get(row.line)
            if email is None:
                continue
            person = known.get(keys[email])
            try:
                read.append((row.line, person, self._reader.read(row.fields, email, person)))
            except DigestError as error:
                self._report.errors.append((row.line, _words(error)))
        names = _Names(self._db, [wanted.display_name for _, _, wanted in read if wanted.display_name])
        new: list[NewSubscriber] = []
        changed: list[tuple[Subscriber, Wanted]] = []
        for line, person, wanted in read:
            try:
                names.check(wanted, person)
                if person:
                    self._update(person, wanted, changed)
                else:
                    is_shut = bool(shut) and not shut.isdisjoint(hashes[wanted.email])
                    new.append(self._added(wanted, keys[wanted.email], suppressed=is_shut))
            except DigestError as error:
                self._report.errors.append((line, _words(error)))
            else:
                names.give(wanted, person)
        self._note_added(self._adder.add(new))
        self._change(changed)
        dead = [hashes[each.email][0] for each in new if each.status is SubscriberStatus.SUPPRESSED]
        suppressions.add_many(self._db, dead, reason=_ELSEWHERE, now=self._now)
        self._report.added += len(new)

    def _addresses(self, rows: Sequence[TableRow]) -> Iterator[tuple[int, str]]:
        for row in rows:
            try:
                yield row.line, read_email(row.fields)
            except DigestError as error:
                self._report.errors.append((row.line, _words(error)))

    def _added(self, wanted: Wanted, email_key: str, *, suppressed: bool) -> NewSubscriber:
        if suppressed and wanted.status not in _LEFT:
            msg = f"{wanted.email} must not be written to: it bounced, complained or asked to be left alone"
            raise InputError(msg)
        consent = wanted.consent or self._consent
        status = wanted.status
        if status is None or status in {SubscriberStatus.ACTIVE, SubscriberStatus.PENDING}:
            # Whoever never confirmed on another list hasn't agreed, whatever was said of the list as a whole.
            stays = status is SubscriberStatus.PENDING and (self._is_foreign or wanted.consent)
            agreed = consent is not None and not stays
            status = SubscriberStatus.ACTIVE if agreed else SubscriberStatus.PENDING
        if wanted.role not in {None, Role.READER}:
            self._report.roles += 1
        return NewSubscriber(
            wanted.email,
            email_key,
            status,
            wanted.interests,
            wanted.schedule,
            created_at=wanted.joined_at or self._now,
            due=self._next_due(wanted.schedule) if status is SubscriberStatus.ACTIVE else None,
            paused_until=wanted.paused_until if status is SubscriberStatus.PAUSED else None,
            consent=consent,
            role=wanted.role or Role.READER,
            display_name=wanted.display_name or "",
        )

    def _note_added(self, numbers: Sequence[int]) -> None:
        """Note whom the import added, as runs of numbers: mostly one, whatever its length."""
        for number in numbers:
            if self.added and self.added[-1][1] == number - 1:
                self.added[-1][1] = number
            else:
                self.added.append([number, number])

    def _change(self, people: Sequence[tuple[Subscriber, Wanted]]) -> None:
        """Write what people want now, each with an act of its own."""
        changes: list[ChangedSubscriber] = []
        acts: list[audit.Act] = []
        for person, wanted in people:
            zone = ZoneInfo(person.schedule.timezone)
            at = person.next_due_at
            due = (at, at.astimezone(zone).date()) if at else None
            moves = bool(due) and person.schedule != wanted.schedule
            then = self._next_due(wanted.schedule) if moves else due
            changes.append(ChangedSubscriber(person.id, wanted.interests, wanted.schedule, moves, then))
            acts.append(
                audit.Act(
                    self._installation.actor,
                    "subscriber.edit",
                    f"subscriber:{person.id}",
                    snapshots.wanted_of(person.interests, person.schedule, due),
                    snapshots.wanted_of(wanted.interests, wanted.schedule, then),
                    self._now,
                )
            )
        self._adder.change(changes)
        audit.record_all(self._db, acts)

    def _update(self, person: Subscriber, wanted: Wanted, changed: list[tuple[Subscriber, Wanted]]) -> None:
        leaves = wanted.status in _LEFT and person.status not in _LEFT
        chosen = (person.interests, person.schedule) != (wanted.interests, wanted.schedule)
        promoted = wanted.role not in {None, person.role}
        renamed = wanted.display_name not in {None, person.display_name}
        if not (leaves or chosen or promoted or renamed):
            self._report.unchanged += 1
            return
        self._report.updated += 1
        if not (leaves or promoted or renamed):
            changed.append((person, wanted))
            return
        act = "suppress" if leaves and wanted.status is SubscriberStatus.SUPPRESSED else "edit"
        with audited(self._installation, self._db, person.id, act, self._now):
            self._update_one(person, wanted, leaves=leaves)

    def _update_one(self, person: Subscriber, wanted: Wanted, *, leaves: bool) -> None:
        if wanted.display_name not in {None, person.display_name}:
            subscribers.set_display_name(self._db, person.id, wanted.display_name or "")
        if wanted.role and wanted.role is not person.role:
            subscribers.set_role(self._db, person.id, wanted.role)
            self._report.roles += 1
        if (person.interests, person.schedule) != (wanted.interests, wanted.schedule):
            moved = person.schedule != wanted.schedule and person.next_due_at
            due = next_due(wanted.schedule, self._now) if moved else None
            subscribers.save(
                self._db, person.id, interests=wanted.interests, schedule=wanted.schedule, due=due
            )
        if leaves and wanted.status is SubscriberStatus.SUPPRESSED:
            suppress(self._installation, self._db, person.id, reason=_ELSEWHERE, now=self._now)
        elif leaves:
            subscribers.set_status(self._db, person.id, SubscriberStatus.UNSUBSCRIBED, left_at=self._now)


class _Names:
    """Which display names are taken, while rows that stand together give them to people."""

    def __init__(self, db: Session, names: Sequence[str]) -> None:
        self._owners: dict[str, int | str] = {**bulk.name_owners(db, {name_key(name) for name in names})}

    def check(self, wanted: Wanted, person: Subscriber | None) -> None:
        """Raise InputError where a row wants the name of somebody else."""
        name = wanted.display_name
        if name and self._owners.get(name_key(name), _owner(wanted, person)) != _owner(wanted, person):
            raise InputError(f"display_name: {name!r} is taken, or looks like one that is")

    def give(self, wanted: Wanted, person: Subscriber | None) -> None:
        """Note that the name of a row is its person's now, and not what they had before."""
        if wanted.display_name is None:
            return
        if person:
            self._owners.pop(name_key(person.display_name), None)
        if wanted.display_name:
            self._owners[name_key(wanted.display_name)] = _owner(wanted, person)


def _owner(wanted: Wanted, person: Subscriber | None) -> int | str:
    return person.id if person else wanted.email


def _words(error: DigestError) -> str:
    return f"{error.message} ({error.fix})" if error.fix else error.message
