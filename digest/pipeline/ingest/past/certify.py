"""Holds what a source announced against a second list, and asks for the missing papers by name.

A feed alone can't show that it is whole: it may serve yesterday's batch, or be cut off. Each day of a source
whose kind has a second list is a row (`store.sources.certificates`). It is open until the list is read, names
all that the feed brought, and nothing of it is missing. Never says "complete" of a list that lags, or that it
couldn't read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from digest.domain import Certificate, Source
from digest.errors import FetchError, NotAskedError, ParseError
from digest.fetch import Get
from digest.pipeline.ingest.http import ask
from digest.sources import Request, parse, past
from digest.sources.calendar import day_of, next_expected, open_days, start_of
from digest.sources.certificate import judge
from digest.sources.registry import type_of
from digest.sources.source_type import Witness
from digest.store import papers, session
from digest.store.session import Engine
from digest.store.sources import announcements, certificates

LOOKED_BACK = 7  # days that are held against the list; what is missing after that stays named
MOST_PAGES = 20  # of one list: a day of all arXiv has three or four
MOST_REQUESTS = 4  # for missing papers, at a time
PAPERS_A_REQUEST = 100
LATER = timedelta(hours=1)
_EVENING = timedelta(hours=5)  # before a feed turns, when the list may name the next day's papers already


@dataclass(frozen=True, slots=True)
class Certified:
    """What came of looking: days of which more is known; papers that were asked for by name and came."""

    days: int = 0
    new: int = 0
    error: str | None = None


def certify(engine: Engine, get: Get, source: Source, now: datetime) -> Certified:
    """Hold the last days of a source against its second list, and ask for what is missing.

    One list is read at a time. Nothing where its kind has no second list. What goes wrong is kept with the
    day, in words.
    """
    witness = type_of(source.kind).witness
    if witness is None or not source.url or witness.first_page(source.url, now.date()) is None:
        return Certified()
    return _Look(engine, get, source, witness, now, _noticed(engine, source, now)).all()


def _noticed(engine: Engine, source: Source, now: datetime) -> list[Certificate]:
    """Return the days that can be looked at: announced or missed ones, and today once its batch is here."""
    today = day_of(source.kind, now)
    with session.reading(engine) as db:
        announced = [each.day for each in announcements.recent(db, source.id)]
        known = certificates.listing(db, source.id)
    first = max(min(announced, default=today), today - timedelta(days=LOOKED_BACK))
    days = {day for day in open_days(source.kind, first, today) if day < today or day in announced}
    if new := days - {each.day for each in known}:
        with session.transaction(engine) as db:
            certificates.notice(db, source.id, new, now=now)
            known = certificates.listing(db, source.id)
    return known


@dataclass(frozen=True)
class _Look:
    """One look at the open days of one source."""

    engine: Engine
    get: Get
    source: Source
    witness: Witness
    now: datetime
    days: Sequence[Certificate]  # newest first

    @cached_property
    def today(self) -> date:
        return day_of(self.source.kind, self.now)

    def all(self) -> Certified:
        total, has_read = Certified(), False
        for known in self.days:
            if known.next_at is None:
                continue
            found = self._refreshed(known)
            if known.next_at <= self.now:
                if not (found.checked_at and found.announced) or found.unlisted:
                    if has_read or not self._can_be_read(found):
                        continue  # its turn comes with the next look
                    has_read = True
                    found = self._read(found)
                if found.missing:
                    found, new = self._repaired(found)
                    total = replace(total, new=total.new + new)
            found = self._next(found)
            if found != known:
                with session.transaction(self.engine) as db:
                    certificates.keep(db, self.source.id, found)
                total = replace(total, days=total.days + 1, error=found.error or total.error)
        return total

    def _can_be_read(self, found: Certificate) -> bool:
        """Whether the list tells the day's papers from those of the next: before that, or with it here."""
        following = next_expected(self.source.kind, start_of(self.source.kind, found.day))
        with session.reading(self.engine) as db:
            last = max((each.day for each in announcements.recent(db, self.source.id)), default=found.day)
        return following is None or last > found.day or self.now < following - _EVENING

    def _refreshed(self, found: Certificate) -> Certificate:
        """Leave out what is missing no more: papers come by other ways too."""
        if not found.missing:
            return found
        with session.reading(self.engine) as db:
            here = certificates.here(db, found.missing)
        return found.without(here)

    def _read(self, found: Certificate) -> Certificate:
        """Read the list, and say what of the day is here."""
        try:
            listed = self._listed(found.day)
        except (FetchError, ParseError) as error:
            wait = (error.retry_after if isinstance(error, FetchError) else None) or 0
            later = self.now + max(LATER, timedelta(seconds=wait))
            return replace(found, next_at=later, error=f"its second list can't be read: {error.message}")
        since = start_of(self.source.kind, found.day - timedelta(days=LOOKED_BACK + 1))
        others = (paper for each in self.days if each.day != found.day for paper in each.missing)
        with session.reading(self.engine) as db:
            judged = judge(
                found.day,
                listed,
                certificates.carried(db, self.source.id, since=since),
                certificates.here(db, listed),
                wanted=type_of(self.source.kind).categories(self.source.url),
                missed_before=set(others),
            )
        if judged is None:
            return replace(
                found, next_at=None, error="it is the first day here: there is none to tell it from"
            )
        return replace(judged, checked_at=self.now, next_at=found.next_at)

    def _listed(self, day: date) -> dict[str, tuple[str, ...]]:
        """Read all pages of the list, or raise: half a list would call missing papers complete."""
        listed: dict[str, tuple[str, ...]] = {}
        url = self.witness.first_page(self.source.url, day)
        for _ in range(MOST_PAGES):
            if url is None:
                return listed
            body = ask(self.engine, self.get, Request(url), self.now).body
            listed |= self.witness.read(body)
            url = self.witness.next_page(url, body)
        raise ParseError(f"it has more than {MOST_PAGES} pages")

    def _repaired(self, found: Certificate) -> tuple[Certificate, int]:
        """Ask for the missing papers by name; those that came, by the store, are missing no more."""
        new = 0
        wanted = found.missing[: MOST_REQUESTS * PAPERS_A_REQUEST]
        for chunk in (wanted[n : n + PAPERS_A_REQUEST] for n in range(0, len(wanted), PAPERS_A_REQUEST)):
            url = self.witness.papers(chunk)
            try:
                answer = ask(self.engine, self.get, Request(url), self.now)
                new += self._store(found.day, answer.body, answer.status)
            except NotAskedError:
                break  # asked today already, and they weren't there
            except (FetchError, ParseError) as error:
                found = replace(found, error=f"missing papers can't be asked for: {error.message}")
                break
        return self._refreshed(found), new

    def _store(self, day: date, body: bytes, status: int) -> int:
        """Store what came; papers of a past day count as seen on it, today's as seen now."""
        parsed = parse(self.source.kind, body, name=self.source.name, status=status)
        entries = past.carried(self.source, parsed.entries)
        seen_at = self.now if day == self.today else past.seen_at(self.source, day, self.now)
        with session.transaction(self.engine) as db:
            stored = papers.store_entries(db, self.source, entries, seen_at=seen_at, observed_at=self.now)
            if stored.fresh:
                announcements.add(db, self.source.id, day, stored.fresh, {})
        return stored.new

    def _next(self, found: Certificate) -> Certificate:
        """Say when a day is looked at again: not once it is complete, nor after a week."""
        if found.is_complete or found.day < self.today - timedelta(days=LOOKED_BACK):
            return replace(found, next_at=None, error=None if found.is_complete else found.error)
        if found.next_at is None or found.next_at > self.now:
            return found
        tomorrow = start_of(self.source.kind, self.today + timedelta(days=1))
        return replace(found, next_at=tomorrow + LATER)
