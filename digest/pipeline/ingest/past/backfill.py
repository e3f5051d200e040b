"""Asks for past days of a source that were missed, and stores their papers, page by page.

How far each day has come is a row (`store.gaps`), written together with what landed: a run that is killed
goes on where it was. Papers of a past day count as seen on that day; what sources show of them today, as
observed now. Never: a request without its turn, or the same query to arXiv twice a day.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from digest.domain import Gap, Source
from digest.errors import FetchError, InputError, NotAskedError, ParseError
from digest.fetch import Get, Response
from digest.languages import deferred
from digest.pipeline.ingest.http import getter
from digest.pipeline.ingest.loop import Turn, retry_after, take_all, unusable
from digest.pipeline.ingest.sources import refuse_paused
from digest.pipeline.installation import Installation
from digest.sources import parse, past
from digest.sources.announcements import joined_categories, own
from digest.sources.calendar import day_of
from digest.sources.past import Way
from digest.sources.refetch import not_since
from digest.sources.states import back_off
from digest.store import papers, session, sources
from digest.store.community import audit
from digest.store.session import Engine, Session
from digest.store.sources import announcements, gaps, queries

PAGES_A_ROUND = 4  # that a poll of a source asks for by itself
CLAIM = timedelta(minutes=30)
LATER = timedelta(hours=1)
TRIES = 5  # of a page that its source puts off; the limiter waits in between
LONGEST_WAIT = 90.0  # seconds that a run by hand waits for a source that puts it off


@dataclass(frozen=True, slots=True)
class Repair:
    """How far a repair has come: days asked for and those that are whole, and what the answers brought.

    `open`: days to be asked for again, where the run is over; `error`: what stopped it, in words.
    """

    days: int = 0
    done: int = 0
    requests: int = 0
    entries: int = 0
    new: int = 0
    updated: int = 0
    open: tuple[date, ...] = ()
    error: str | None = None


def plan(installation: Installation, name: str, first: date, last: date, now: datetime) -> list[date]:
    """Return the days that a backfill would ask for.

    Raises UnknownError, RefusedError for a paused source, and InputError where there are no days.
    """
    with session.reading(installation.engine) as db:
        source = sources.get(db, name)
    refuse_paused(source)
    days = past.days(source, first, min(last, day_of(source.kind, now)))
    if not days:
        raise InputError(f"{name} announces nothing from {first} to {last}")
    return days


def backfill(
    installation: Installation,
    name: str,
    first: date,
    last: date,
    now: datetime,
    *,
    way: Way = Way.API,
    again: bool = False,
    get: Get | None = None,
    on_progress: Callable[[Repair], None] = lambda _: None,
) -> Repair:
    """Ask a source for all its papers of these days; days that are whole already aren't asked for `again`.

    `get` None: over the network; `told` hears how far it is after each page. Raises what `plan` raises.
    """
    days = plan(installation, name, first, last, now)
    with session.transaction(installation.engine) as db:
        source = sources.get(db, name)
        gaps.notice(db, source.id, days, reason=deferred("asked for"), now=now)
        gaps.reopen(db, source.id, days, now=now, again=again)
        after = {"first": first, "last": last}
        audit.record(db, installation.actor, "source.backfill", f"source:{name}", None, after, now=now)
    with getter(installation, get) as ask:
        run = _Run(installation.engine, ask, source, now, way, tries=TRIES, on_progress=on_progress)
        run.play(days)
    return run.so_far


def repair_gaps(engine: Engine, get: Get, source: Source, now: datetime) -> Repair:
    """Record the days that a source missed, and ask for a few pages of them, newest first."""
    try:
        past.check(source)
    except InputError:
        return Repair()
    with session.transaction(engine) as db:
        known = [each.day for each in announcements.recent(db, source.id, past.MOST_DAYS)]
        missed = past.missing(source, known, now)
        gaps.notice(db, source.id, missed, reason=deferred("nothing came of its announcement"), now=now)
    run = _Run(engine, get, source, now, Way.API, most=PAGES_A_ROUND)
    run.play(None)
    return run.so_far


@dataclass(slots=True)
class _Run:
    """One repair of one source."""

    engine: Engine
    get: Get
    source: Source
    now: datetime
    way: Way
    most: int | None = None  # requests
    tries: int = 1
    on_progress: Callable[[Repair], None] = lambda _: None
    so_far: Repair = field(default_factory=Repair)
    restarted: set[date] = field(default_factory=set)

    def play(self, days: Collection[date] | None) -> None:
        """Ask for page after page of these days (None: of all gaps) until they are whole, or it is enough."""
        self._count(days)
        for _ in take_all(lambda: self._claim(days), self._is_enough):
            self._count(days)
            self.on_progress(self.so_far)
        self.so_far = replace(self.so_far, error=self.so_far.error or self._first_error(days))

    def _is_enough(self) -> bool:
        stopped = self.so_far.error is not None
        return stopped or (self.most is not None and self.so_far.requests >= self.most)

    def _claim(self, days: Collection[date] | None) -> "_PageTurn | None":
        with session.transaction(self.engine) as db:
            gap = gaps.claim(db, self.source.id, now=self.now, until=self.now + CLAIM, days=days)
        return None if gap is None else _PageTurn(f"{self.source.name}, {gap.day}", self, gap)

    def land_page(self, gap: Gap) -> None:
        """Ask for the next page of a day, and store it. Raises FetchError, ParseError."""
        url = self._url(gap)
        if self._asked_today(url):
            self._postpone(
                gap, gap.next_url, self._tomorrow(url), "arXiv wants the same query once a day at most"
            )
        else:
            self._land(gap, url, self._ask(url))

    def stop(self, gap: Gap, error: FetchError) -> None:
        """Ask for this day later, and for nothing more now."""
        wait = back_off(0, retry_after(error), least=LATER)
        self._postpone(gap, gap.next_url, self.now + wait, error.message)
        self.so_far = replace(self.so_far, error=error.message)

    def _url(self, gap: Gap) -> str:
        return gap.next_url or past.first_page(self.source, gap.day, self.way)

    def _asked_today(self, url: str) -> bool:
        """Whether an answer to this very query has landed already, of which one is wanted a day."""
        since = not_since(url, self.now)
        with session.reading(self.engine) as db:
            made = queries.made(db, [url]).get(url)
        return since is not None and made is not None and made.asked_at >= since

    def _ask(self, url: str) -> Response:
        """The answer to a query; a source may put it off for a moment."""
        for left in reversed(range(self.tries)):
            self.so_far = replace(self.so_far, requests=self.so_far.requests + 1)
            try:
                return self.get(url, etag=None, last_modified=None)
            except FetchError as error:
                wait = error.retry_after or LONGEST_WAIT
                if not left or error.status not in {429, 503} or wait > LONGEST_WAIT:
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    def _land(self, gap: Gap, url: str, answer: Response) -> None:
        kind = past.kind_of_page(self.source, url)
        parsed = parse(kind, answer.body, name=self.source.name, status=answer.status)
        items = len(parsed.entries) + len(parsed.skipped)
        following = past.next_page(self.source, url, answer.body, items)
        entries = past.carried(self.source, parsed.entries)
        total = len(entries) + (gap.entries if gap.next_url else 0)
        with session.transaction(self.engine) as db:
            seen_at = past.seen_at(self.source, gap.day, self.now)
            stored = papers.store_entries(db, self.source, entries, seen_at=seen_at, observed_at=self.now)
            if stored.fresh:
                fresh = [entry for entry in entries if entry.key in stored.first_carried]
                by_category = own(fresh, joined_categories(self.source.url))
                announcements.add(db, self.source.id, gap.day, stored.fresh, by_category)
            queries.remember(db, url, now=self.now)
            gaps.advance(
                db,
                self.source.id,
                gap.day,
                next_url=following or "",
                entries=total,
                new=gap.new + stored.new,
            )
            self._go_on(db, gap, url, following, total)
        self.so_far = replace(
            self.so_far,
            entries=self.so_far.entries + len(entries),
            new=self.so_far.new + stored.new,
            updated=self.so_far.updated + stored.updated,
        )

    def _go_on(self, db: Session, gap: Gap, url: str, following: str | None, entries: int) -> None:
        """What becomes of a day after a page: its next page, its end, or a look tomorrow."""
        where = (db, self.source.id, gap.day)
        if following:
            gaps.postpone(*where, next_at=self.now, next_url=following, error=None)
        elif past.is_settled(self.source, gap.day, self.now, entries):
            gaps.finish(*where, now=self.now)
        else:
            gaps.postpone(*where, next_at=self._tomorrow(url), next_url="", error=None)

    def ask_instead(self, gap: Gap, error: ParseError) -> None:
        """Ask for a smaller page in place of one that can't be read, where there is one; else tomorrow."""
        url = self._url(gap)
        other = past.instead(self.source, url, error)
        if other is None or (not other and gap.day in self.restarted):
            self._postpone(gap, gap.next_url, self._tomorrow(url), error.message)
            return
        if not other:
            self.restarted.add(gap.day)
        self._postpone(gap, other, self.now, error.message)

    def _postpone(self, gap: Gap, next_url: str, next_at: datetime, error: str) -> None:
        with session.transaction(self.engine) as db:
            gaps.postpone(db, self.source.id, gap.day, next_at=next_at, next_url=next_url, error=error)

    def _tomorrow(self, url: str) -> datetime:
        """When the same query may be made again, or is worth it."""
        since = not_since(url, self.now)
        return self.now + LATER if since is None else since + timedelta(days=1)

    def _first_error(self, days: Collection[date] | None) -> str | None:
        """What is wrong with a day that stays open, in words."""
        errors = (f"{gap.day}: {gap.error}" for gap in self._gaps(days) if gap.error and not gap.done_at)
        return next(errors, None)

    def _gaps(self, days: Collection[date] | None) -> list[Gap]:
        with session.reading(self.engine) as db:
            return [gap for gap in gaps.listing(db, self.source.id) if days is None or gap.day in days]

    def _count(self, days: Collection[date] | None) -> None:
        known = self._gaps(days)
        unfinished = tuple(gap.day for gap in known if gap.done_at is None)
        self.so_far = replace(
            self.so_far, days=len(known), done=len(known) - len(unfinished), open=unfinished
        )


@dataclass(frozen=True, slots=True)
class _PageTurn(Turn[None]):
    """One page of a day that was claimed; what goes wrong is noted with the day."""

    name: str
    run: _Run
    gap: Gap

    def ask(self) -> None:
        """Ask for the page and store it. Raises FetchError, ParseError."""
        self.run.land_page(self.gap)

    def postpone(self, error: NotAskedError) -> None:
        """Let the day come when its site may be asked."""
        self.run.stop(self.gap, error)

    def fail(self, error: FetchError | ParseError) -> None:
        """Go on with a smaller page where the answer can't be read; else stop."""
        if isinstance(error, ParseError):
            self.run.ask_instead(self.gap, error)
        else:
            self.run.stop(self.gap, error)

    def set_aside(self, error: Exception) -> None:
        """Let the day wait, so that it holds up no other; the poll or command around it is told."""
        self.run.stop(self.gap, FetchError(unusable(error).message))
        raise error
