"""Due subscribers → an issue with one ledger row for each: what they get, or why they get nothing.

A page of subscribers goes through as arrays, from the rows of the store to the papers of each; the objects
that a digest is written from are made when it is delivered.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from digest.domain import DeliveryState, Frequency, Issue
from digest.due import next_due
from digest.match import unpack, unpack_sent
from digest.pipeline.installation import Installation
from digest.pipeline.issues.candidates import CandidateCache, CandidateSet
from digest.pipeline.issues.no_papers import skip_reason
from digest.pipeline.issues.window import window
from digest.pipeline.mail.build import sender_address
from digest.store import deliveries, session
from digest.store.deliveries import DuePage, NewDelivery
from digest.store.subscriptions import interests
from digest.tokens import message_id

PAGE = 20_000  # subscribers matched and recorded in one transaction


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
    and date. Returns the issues that were touched, as they stand.
    """
    cache = CandidateCache(installation)
    with session.transaction(installation.engine) as db:
        cohorts = deliveries.due_cohorts(db, now)
    touched = [_open(installation, cache, due_at, day, now) for due_at, day in cohorts]
    return reports(installation, [issue.id for issue in touched])


def reports(installation: Installation, issue_ids: Sequence[int]) -> list[IssueReport]:
    """The accounts of these issues, now."""
    with session.transaction(installation.engine) as db:
        dates = {issue.id: issue.date for issue in deliveries.issues(db)}
        return [IssueReport(id_, dates[id_], deliveries.counts(db, id_)) for id_ in issue_ids]


def _open(
    installation: Installation, cache: CandidateCache, due_at: datetime, day: date, now: datetime
) -> Issue:
    with session.transaction(installation.engine) as db:
        issue = deliveries.open_issue(db, due_at=due_at, date=day, now=now)
    after = 0
    while True:
        with session.reading(installation.engine) as db:
            page = deliveries.due_page(db, due_at, day, after_id=after, limit=PAGE)
            parts = _by_window(installation, db, issue, page, after) if page else []
            rows = [row for part in parts for row in _rows(installation, db, cache, issue, part)]
        if not page:
            return issue
        # Someone whose mail was late by days is due next after now, not once for each day missed.
        due = {schedule: next_due(schedule, max(now, due_at)) for schedule in set(page.schedules)}
        moves = {id_: due[schedule] for id_, schedule in zip(page.ids, page.schedules, strict=True)}
        with session.transaction(installation.engine) as db:
            deliveries.record(db, rows, moves)
        after = page.ids[-1]


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
    domain = sender_address(installation).rpartition("@")[2]
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
            message_id=message_id(issue.id, subscriber_id, installation.keys, domain),
            window_days=part.window.days,
        )


def _chosen(db: session.Session, candidates: CandidateSet, part: _Part) -> list[list[int]]:
    """The papers (`Paper.pk`) of each subscriber, best first."""
    corpus = candidates.corpus
    cohort = unpack(part.page.packed)
    unread = corpus.many.unread(cohort)
    corpus.many.read(unread, interests.filter_texts(db, unread))
    found = corpus.many.choose(cohort, unpack_sent(part.page.ids, part.sent, candidates.numbers))
    pks = [paper.pk for paper in corpus.papers]
    chosen = [pks[number] for number in found.items.tolist()]
    return [chosen[start:end] for start, end in pairwise(found.offsets.tolist())]
