"""Asks the sources that are due, stores their papers, and notes how each source is doing.

Every source is claimed before it is asked, so that two processes never ask one at the same time. A source
that fails keeps what it gave, and stops nobody else. Never: a look at a clock, or a request without its turn.
"""

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import TypeVar

from digest.domain import Parsed, Skipped, Source, SourceState
from digest.errors import FetchError, NotAskedError, ParseError
from digest.fetch import Get, Response
from digest.pipeline.failures import Part, guarded
from digest.pipeline.ingest.announcements import note_batch
from digest.pipeline.ingest.http import ask, getter
from digest.pipeline.ingest.loop import Turn, retry_after, take, unusable
from digest.pipeline.ingest.past.backfill import Repair, repair_gaps
from digest.pipeline.ingest.past.certify import Certified, certify
from digest.pipeline.ingest.past.refetch import Refetched, refetch_days
from digest.pipeline.installation import Installation
from digest.sources import Request, next_request, parse, requests
from digest.sources.calendar import day_of
from digest.sources.refetch import not_since
from digest.sources.states import back_off, decide
from digest.store import papers, session, sources
from digest.store.papers import StoredEntries
from digest.store.sources import gaps, services

CLAIM = timedelta(minutes=30)  # longer than one source takes to answer, with waiting for its turns
MOST_PAGES = 100  # of one answer; bioRxiv has about ten a day
SOURCE_SECONDS = 120.0  # that one source may take with all its pages and past days
ALONE = "fetch"  # the row of `services` that says until when one process of many asks the sources
ROUND_SECONDS = 600.0  # after which a round asks no other source

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FetchReport:
    """What came of asking one source."""

    name: str
    state: SourceState
    not_modified: bool = False
    entries: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: tuple[Skipped, ...] = ()
    error: str | None = None
    notes: tuple[str, ...] = ()


def fetch_due(
    installation: Installation,
    now: datetime,
    *,
    get: Get | None = None,
    jitter: Callable[[], float] = random.random,
    stopping: Callable[[], bool] = lambda: False,
) -> list[FetchReport]:
    """Ask every source whose time has come, but for those that another process is asking.

    `get` None: over the network; `jitter` gives numbers from 0 to 1. When `stopping`, what is under way is
    cut off and that source stays due. After `ROUND_SECONDS` no other is asked: they come first next time.
    """
    with session.reading(installation.engine) as db:
        due = sources.due(db, now)
    deadline = time.monotonic() + ROUND_SECONDS
    unstopped = takewhile(lambda _: not stopping() and time.monotonic() < deadline, due)
    return _ask_all(installation, unstopped, now, only_due=True, get=get, jitter=jitter, stopping=stopping)


def fetch_due_alone(installation: Installation, now: datetime) -> list[FetchReport]:
    """Do as `fetch_due`, unless another process is in the middle of it."""
    with session.transaction(installation.engine) as db:
        mine = services.claim(db, ALONE, now=now, until=now + timedelta(seconds=2 * ROUND_SECONDS))
    if mine is None:
        return []
    try:
        return fetch_due(installation, now)
    finally:
        with session.transaction(installation.engine) as db:
            services.postponed(db, ALONE, next_at=now)


def fetch(installation: Installation, chosen: Sequence[Source], now: datetime) -> list[FetchReport]:
    """Ask these sources now, due or not, one after the other."""
    return _ask_all(installation, chosen, now, only_due=False, get=None, jitter=random.random)


def _ask_all(
    installation: Installation,
    chosen: Iterable[Source],
    now: datetime,
    *,
    only_due: bool,
    get: Get | None,
    jitter: Callable[[], float],
    stopping: Callable[[], bool] = lambda: False,
) -> list[FetchReport]:
    started, reports = time.monotonic(), []
    for source in chosen:
        # Anew for each: what came after an issue was opened mustn't look as if it had been there before.
        its_now = now + timedelta(seconds=int(time.monotonic() - started))
        with (
            guarded(installation, Part.SOURCE, source.name, now),
            getter(installation, get, stopping=stopping, seconds=SOURCE_SECONDS) as opened,
        ):
            reports.append(_poll(installation, source, opened, its_now, jitter, only_due=only_due))
    return [report for report in reports if report]


def _poll(
    installation: Installation,
    source: Source,
    get: Get,
    now: datetime,
    jitter: Callable[[], float],
    *,
    only_due: bool,
) -> FetchReport | None:
    """Claim a source and ask it. None where another process was there first."""
    with session.transaction(installation.engine) as db:
        claimed = sources.claim(db, source.name, now=now, until=now + CLAIM, only_due=only_due)
    if claimed is not None:
        return take(_SourceTurn(f"source {source.name}", installation, claimed, get, now, jitter))
    busy = f"{source.name}: another process is asking it"
    return None if only_due else FetchReport(source.name, source.state, error=busy)


@dataclass(frozen=True, slots=True)
class _SourceTurn(Turn[FetchReport]):
    """One look at a source that was claimed."""

    name: str
    installation: Installation
    source: Source
    get: Get
    now: datetime
    jitter: Callable[[], float]

    def ask(self) -> FetchReport:
        """Ask the source and for its past days, and store the answers. Raises as `Turn`."""
        engine, source = self.installation.engine, self.source
        answers = list(self._answers())
        parsed = [
            parse(
                source.kind,
                answer.body,
                name=source.name,
                status=answer.status,
                address=answer.url or source.url,
            )
            for answer in answers
            if not answer.not_modified
        ]
        refetched = self._beside(Refetched(), lambda: refetch_days(engine, self.get, source, self.now))
        report = self._landed(answers, parsed, refetched)
        repaired = self._beside(Repair(), lambda: repair_gaps(engine, self.get, source, self.now))
        found = self._beside(Certified(), lambda: certify(engine, self.get, source, self.now))
        return _with_past_days(report, repaired, found)

    def _beside(self, nothing: T, work: Callable[[], T]) -> T:
        """What asking for past days brings. That fails alone: what the source says of today isn't lost."""
        with guarded(self.installation, Part.SOURCE, f"{self.source.name}: past days", self.now):
            return work()
        return nothing

    def _answers(self) -> Iterator[Response]:
        """What the source answers, page by page where it has pages; only its first page on condition."""
        source = self.source
        for first in requests(source, self.now):
            request: Request | None = first
            for page in range(MOST_PAGES):
                if request is None:
                    break
                known = (source.etag, source.last_modified) if page == 0 else (None, None)
                answer = ask(
                    self.installation.engine,
                    self.get,
                    request,
                    self.now,
                    etag=known[0],
                    last_modified=known[1],
                )
                yield answer
                request = None if answer.not_modified else next_request(source, request, answer.body)

    def _allowed(self) -> datetime:
        """When the source's own URL may be asked for again."""
        since = not_since(self.source.url, self.now)
        return self.now if since is None else since + timedelta(days=1)

    def _landed(
        self, answers: Sequence[Response], parsed: Sequence[Parsed], refetched: Refetched
    ) -> FetchReport:
        source = self.source
        entries = [entry for p in parsed for entry in p.entries]
        with session.transaction(self.installation.engine) as db:
            stored = papers.store_entries(db, source, entries, seen_at=self.now)
            batch = note_batch(db, source, entries, stored, self.now)
            if batch.cut_off:
                today = day_of(source.kind, self.now)
                gaps.notice(db, source.id, [today], reason="its feed was cut off", now=self.now)
            verdict = decide(
                source.kind,
                source.last_new_at,
                stored.fresh,
                self.now,
                incomplete=bool(batch.stale),
                stalled_after=self.installation.stalled_after,
                jitter=self.jitter(),
            )
            faults = (note for p in parsed for note in p.notes)
            notes = (*batch.notes, *dict.fromkeys(faults), *refetched.notes)
            alone = answers[0] if len(answers) == 1 else Response(200)
            sources.succeeded(
                db,
                source.name,
                now=self.now,
                state=verdict.state,
                etag=alone.etag,
                last_modified=alone.last_modified,
                next_fetch_at=max(verdict.next_fetch_at, self._allowed()),
                last_new_at=verdict.last_new_at,
                notes=notes,
            )
        _tell(source, verdict.state, self.now)
        skipped = (*(s for p in parsed for s in p.skipped), *stored.skipped)
        report = FetchReport(source.name, verdict.state, not parsed, skipped=skipped, notes=notes)
        return _counted(
            report, stored, refetched, entries=sum(len(p.entries) + len(p.skipped) for p in parsed)
        )

    def postpone(self, error: NotAskedError) -> FetchReport:
        """Let the source come when its site may be asked."""
        source = self.source
        later = self.now + timedelta(seconds=error.retry_after or 0)
        with session.transaction(self.installation.engine) as db:
            sources.postponed(db, source.name, next_fetch_at=later)
        return FetchReport(source.name, source.state, error=f"{source.name}: {error.message}")

    def fail(self, error: FetchError | ParseError) -> FetchReport:
        """Note that the source is failing; what it gave before stays."""
        source = self.source
        wait = back_off(source.failures, retry_after(error), self.jitter())
        with session.transaction(self.installation.engine) as db:
            sources.failed(db, source.name, now=self.now, error=error.message, next_fetch_at=self.now + wait)
        if source.state is not SourceState.FAILING:
            log.warning("source %s is failing: %s", source.name, error.message)
        return FetchReport(source.name, SourceState.FAILING, error=error.message)

    def set_aside(self, error: Exception) -> FetchReport:
        """Note it as the source's own failure: that is shown wherever its state is."""
        return self.fail(unusable(error))


def _tell(before: Source, state: SourceState, now: datetime) -> None:
    """The alarm: a source that has become stalled is an event of the log."""
    if state is SourceState.STALLED and before.state is not SourceState.STALLED:
        log.warning(
            "source %s is stalled at %s: papers were expected and haven't come; the last new ones came %s",
            before.name,
            f"{now:%Y-%m-%d %H:%M} UTC",
            f"{before.last_new_at:%Y-%m-%d %H:%M} UTC" if before.last_new_at else "never",
        )


def _with_past_days(report: FetchReport, repair: Repair, found: Certified) -> FetchReport:
    """A report with what the repair of past days brought; one that fails is a note, not a failure."""
    notes = [f"papers that past days brought: {repair.new}"] if repair.new else []
    notes += [f"a past day can't be repaired yet: {repair.error}"] if repair.error else []
    notes += [f"papers that the feed didn't show, asked for by name: {found.new}"] if found.new else []
    return replace(
        report,
        entries=report.entries + repair.new + repair.updated + found.new,
        new=report.new + repair.new + found.new,
        updated=report.updated + repair.updated,
        notes=(*report.notes, *notes),
    )


def _counted(
    report: FetchReport, stored: StoredEntries, refetched: Refetched, *, entries: int
) -> FetchReport:
    """A report with its counts; of past days that were asked again only what they changed counts."""
    return replace(
        report,
        entries=entries + refetched.new + refetched.updated,
        new=stored.new + refetched.new,
        updated=stored.updated + refetched.updated,
        unchanged=stored.unchanged,
    )
