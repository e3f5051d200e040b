"""Opens issues: each due subscriber gets one ledger row that says what they get, or why nothing.

A page of subscribers goes through as arrays, from the rows of the store to the papers of each; the objects
that a digest is written from are made when it is delivered.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from digest.domain import DeliveryState, Frequency, Issue, Subscriber
from digest.due import next_due
from digest.match import unpack
from digest.pipeline import failures
from digest.pipeline.failures import Part, guarded
from digest.pipeline.installation import Installation
from digest.pipeline.issues.candidates import CandidateCache, CandidateSet
from digest.pipeline.issues.choosing import choose
from digest.pipeline.issues.no_papers import skip_reason
from digest.pipeline.issues.window import window
from digest.pipeline.mail.build import message_name
from digest.store import deliveries, session
from digest.store.deliveries import DuePage, NewDelivery
from digest.store.subscriptions import interests, subscribers

PAGE = 20_000  # subscribers matched and recorded in one transaction
PATIENCE = timedelta(hours=1)  # with somebody whose digest can't be prepared
SYSTEMIC = 200  # parts of a page that fail, and none succeeds: the subscribers aren't to blame
DAY = timedelta(days=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IssueReport:
    """An issue and the states of its deliveries; the audience is their sum."""

    id: int
    date: date
    counts: Mapping[DeliveryState, int]

    @property
    def audience(self) -> int:
        """How many subscribers the issue is for."""
        return sum(self.counts.values())


class _Part(NamedTuple):
    """Subscribers whose digests look back equally far, and the messages that each got since then."""

    window: timedelta
    page: DuePage
    sent: list[tuple[int, bytes]]


def open_due(installation: Installation, now: datetime) -> list[IssueReport]:
    """Open the issue of every cohort that is due; each due subscriber gets a row and a next due time.

    Safe to repeat and to run twice at once: an issue is unique by date and due time, a row by subscriber
    and date. Returns the issues that were touched, as they stand. A cohort that fails stops no other; what
    the first of them raised is raised when all were tried.
    """
    cache = CandidateCache(installation)
    with session.transaction(installation.engine) as db:
        cohorts = deliveries.due_cohorts(db, now)
    touched: list[int] = []
    failed: list[Exception] = []
    for due_at, day in cohorts:
        name = f"{day} due at {due_at:%Y-%m-%d %H:%M} UTC"
        with guarded(installation, Part.ISSUE, name, now) as attempt:
            with session.transaction(installation.engine) as db:
                issue = deliveries.open_issue(db, due_at=due_at, date=day, now=now)
            touched.append(issue.id)
            failing = failures.failing(installation, Part.SUBSCRIBER).keys()
            _Opening(installation, cache, issue, now, failing).run()
        failed += [attempt.error] if attempt.error else []
    for error in failed:
        raise error
    return reports(installation, touched)


def open_for(
    installation: Installation, subscriber: Subscriber, now: datetime, *, instead_of: int | None = None
) -> Issue:
    """Open an issue for one subscriber at once, whenever they are due, and record their row in it.

    The ledger keeps one row for a subscriber and date, so who has got today's digest gets no other. They are
    due next on another day. `instead_of`: a row of today that says why nothing was sent. Returns the issue.
    """
    now = now.replace(microsecond=0)
    today = now.astimezone(ZoneInfo(subscriber.schedule.timezone)).date()
    with session.transaction(installation.engine) as db:
        issue = deliveries.open_issue(db, due_at=now, date=today, now=now)
        if instead_of is not None:
            deliveries.remove_skipped(db, instead_of)
        subscribers.save(db, subscriber.id, due=(now, today))
    opening = _Opening(installation, CandidateCache(installation), issue, now, failing=frozenset())
    opening.only(subscriber)
    return issue


def reports(installation: Installation, issue_ids: Sequence[int]) -> list[IssueReport]:
    """Return the accounts of these issues, now."""
    with session.transaction(installation.engine) as db:
        dates = {issue.id: issue.date for issue in deliveries.issues(db)}
        return [IssueReport(id_, dates[id_], deliveries.counts(db, id_)) for id_ in issue_ids]


@dataclass(slots=True)
class _Opening:
    """One issue that is being opened, page by page. `good`: subscribers who got their row; `failing`: those
    who were set aside before."""

    installation: Installation
    cache: CandidateCache
    issue: Issue
    now: datetime
    failing: Set[str]
    good: int = 0

    def run(self) -> None:
        """Give every due subscriber a row. Raises what fails for all of them."""
        after = 0
        while True:
            try:
                last = self._page(after)
            except Exception as error:
                if not failures.is_its_fault(error):
                    raise
                log.warning("a page of an issue failed (%s); it is parted", failures.words(error))
                last = self._parted(after, error)
            if last is None:
                return
            after = last

    def only(self, subscriber: Subscriber) -> None:
        """Give one subscriber a row, and a next due time on another day than this issue's."""
        self._page(subscriber.id - 1, subscriber.id)
        due = next_due(subscriber.schedule, self.now)
        if due and due[1] == self.issue.date:
            due = next_due(subscriber.schedule, due[0])
        with session.transaction(self.installation.engine) as db:
            subscribers.save(db, subscriber.id, due=due)

    def _page(self, after: int, last: int | None = None) -> int | None:
        """Match and record the subscribers above `after`, up to `last`; returns the last one's number."""
        issue, engine = self.issue, self.installation.engine
        with session.reading(engine) as db:
            page = deliveries.due_page(db, issue.due_at, issue.date, after_id=after, last_id=last, limit=PAGE)
            parts = _by_window(self.installation, db, issue, page, after) if page else []
            rows = [row for part in parts for row in _rows(self.installation, db, self.cache, issue, part)]
        if not page:
            return None
        self._record(rows, page)
        self.good += len(rows)
        if self.failing:
            failures.clear(self.installation, Part.SUBSCRIBER, self.failing & set(map(str, page.ids)))
        return page.ids[-1]

    def _record(self, rows: Sequence[NewDelivery], page: DuePage) -> None:
        # Someone whose mail was late by days is due next after now, not once for each day missed.
        after = max(self.now, self.issue.due_at)
        due = {schedule: next_due(schedule, after) for schedule in set(page.schedules)}
        pairs = zip(page.ids, page.schedules, strict=True)
        moves = {id_: next_ for id_, schedule in pairs if (next_ := due[schedule])}
        with session.transaction(self.installation.engine) as db:
            deliveries.record(db, rows, moves)

    def _parted(self, after: int, error: Exception) -> int:
        """Part a page that fails in halves until those who make it fail are alone; they are set aside.

        Raises the page's error where part after part fails and none succeeds: it isn't the subscribers then.
        """
        self.cache.at(self.issue.opened_at, self.installation.window)  # where this fails nobody is to blame
        with session.reading(self.installation.engine) as db:
            ids = deliveries.due_ids(db, self.issue.due_at, self.issue.date, after_id=after, limit=PAGE)
        if not ids:
            raise error
        good, parts, broken = self.good, [ids], 0
        while parts:
            part = parts.pop(0)
            try:
                self._page(part[0] - 1, part[-1])
            except Exception as its_error:
                if not failures.is_its_fault(its_error):
                    raise
                broken += 1
                if broken >= SYSTEMIC and self.good == good:
                    raise error from its_error
                if len(part) > 1:
                    parts += [part[: len(part) // 2], part[len(part) // 2 :]]
                else:
                    self._set_aside(part[0], its_error)
        return ids[-1]

    def _set_aside(self, subscriber_id: int, error: Exception) -> None:
        """Note a subscriber whose digest can't be prepared. They stay due and are tried again, for an hour;
        then the ledger says why they got nothing, and tomorrow is another day."""
        kept = failures.note(self.installation, Part.SUBSCRIBER, subscriber_id, error, self.now)
        log.warning("subscriber %d is set aside: %s", subscriber_id, failures.words(error))
        if kept is None or self.now - max(kept.first_at, self.issue.due_at) < PATIENCE:
            return
        row = NewDelivery(
            issue_id=self.issue.id,
            subscriber_id=subscriber_id,
            issue_date=self.issue.date,
            state=DeliveryState.FAILED,
            reason=f"their digest couldn't be prepared: {failures.words(error)}",
            papers=(),
            message_id=message_name(self.installation, self.issue.id, subscriber_id),
        )
        with session.transaction(self.installation.engine) as db:
            deliveries.record(db, [row], {subscriber_id: _tomorrow(self.issue)})


def _tomorrow(issue: Issue) -> tuple[datetime, date]:
    """A day after this issue: what a schedule says that may be what can't be read."""
    return issue.due_at + DAY, issue.date + DAY


def _by_window(
    installation: Installation, db: session.Session, issue: Issue, page: DuePage, after: int
) -> list[_Part]:
    """The subscribers of a page by how far back their digests look."""
    daily, last = installation.window, {}
    if any(schedule.frequency is Frequency.WEEKLY for schedule in set(page.schedules)):
        last = deliveries.last_digests(db, issue.due_at, issue.date, after_id=after, last_id=page.ids[-1])
    places: defaultdict[timedelta, list[int]] = defaultdict(list)
    for place, (number, schedule) in enumerate(zip(page.ids, page.schedules, strict=True)):
        since_last = issue.date - last[number] if number in last else None
        places[window(schedule.frequency, daily, since_last)].append(place)
    since = issue.opened_at - max(places)
    sent = deliveries.history(db, issue.due_at, issue.date, after_id=after, last_id=page.ids[-1], since=since)
    if len(places) == 1:
        return [_Part(length, page, sent) for length in places]
    parts = {length: _Part(length, page.part(places[length]), []) for length in sorted(places)}
    part_of = {number: part for part in parts.values() for number in part.page.ids}
    for message in sent:
        part_of[message[0]].sent.append(message)
    return list(parts.values())


def _rows(
    installation: Installation, db: session.Session, cache: CandidateCache, issue: Issue, part: _Part
) -> Iterator[NewDelivery]:
    """The rows of subscribers whose digests look back equally far."""
    candidates, page = cache.at(issue.opened_at, part.window), part.page
    reasons = {frequency: skip_reason(candidates, frequency) for frequency in Frequency}
    chosen = _chosen(db, candidates, part)
    for subscriber_id, schedule, papers in zip(page.ids, page.schedules, chosen, strict=True):
        yield NewDelivery(
            issue_id=issue.id,
            subscriber_id=subscriber_id,
            issue_date=issue.date,
            state=DeliveryState.QUEUED if papers or schedule.quiet_days else DeliveryState.SKIPPED,
            reason="" if papers else reasons[schedule.frequency],
            papers=papers,
            message_id=message_name(installation, issue.id, subscriber_id),
            window_days=part.window.days,
        )


def _chosen(db: session.Session, candidates: CandidateSet, part: _Part) -> list[list[int]]:
    """The papers (`Paper.pk`) of each subscriber, best first."""
    corpus = candidates.corpus
    cohort = unpack(part.page.packed, part.page.saved)
    unread = corpus.many.unread(cohort)
    corpus.many.read(unread, interests.filter_texts(db, unread))
    found, _ = choose(db, candidates, cohort, part.page.ids, part.sent)
    pks = [paper.pk for paper in corpus.papers]
    chosen = [pks[number] for number in found.items.tolist()]
    return [chosen[start:end] for start, end in pairwise(found.offsets.tolist())]
