"""Due subscribers → an issue with one ledger row for each: what they get, or why they get nothing.

A page of subscribers goes through as arrays, from the rows of the store to the papers of each; the objects
that a digest is written from are made when it is delivered.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from digest.domain import DeliveryState, Frequency, Issue
from digest.due import next_due
from digest.match import unpack, unpack_sent
from digest.pipeline.installation import Installation
from digest.pipeline.issues.candidates import CandidateCache, CandidateSet
from digest.pipeline.issues.no_papers import skip_reason
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
    candidates = cache.at(issue.opened_at)
    after = 0
    while True:
        with session.reading(installation.engine) as db:
            page = deliveries.due_page(db, due_at, day, after_id=after, limit=PAGE)
            chosen = _chosen(db, candidates, issue, page, after) if page else []
        if not page:
            return issue
        rows = list(_rows(installation, candidates, issue, page, chosen))
        # Someone whose mail was late by days is due next after now, not once for each day missed.
        due = {schedule: next_due(schedule, max(now, due_at)) for schedule in set(page.schedules)}
        moves = {id_: due[schedule] for id_, schedule in zip(page.ids, page.schedules, strict=True)}
        with session.transaction(installation.engine) as db:
            deliveries.record(db, rows, moves)
        after = page.ids[-1]


def _chosen(
    db: session.Session, candidates: CandidateSet, issue: Issue, page: DuePage, after: int
) -> list[list[int]]:
    """The papers (`Paper.pk`) of each subscriber of a page, best first."""
    corpus = candidates.corpus
    cohort = unpack(page.packed)
    unread = corpus.unread(cohort)
    corpus.read(unread, interests.filter_texts(db, unread))
    messages = deliveries.history(
        db, issue.due_at, issue.date, after_id=after, last_id=page.ids[-1], since=candidates.since
    )
    found = corpus.choose(cohort, unpack_sent(page.ids, messages, candidates.numbers))
    pks = [paper.pk for paper in corpus.papers]
    chosen = [pks[number] for number in found.items.tolist()]
    return [chosen[start:end] for start, end in pairwise(found.offsets.tolist())]


def _rows(
    installation: Installation, candidates: CandidateSet, issue: Issue, page: DuePage, chosen: list[list[int]]
) -> Iterator[NewDelivery]:
    domain = sender_address(installation).rpartition("@")[2]
    reasons = {frequency: skip_reason(candidates, frequency) for frequency in Frequency}
    for subscriber_id, schedule, papers in zip(page.ids, page.schedules, chosen, strict=True):
        yield NewDelivery(
            issue_id=issue.id,
            subscriber_id=subscriber_id,
            issue_date=issue.date,
            state=DeliveryState.QUEUED if papers or schedule.quiet_days else DeliveryState.SKIPPED,
            reason="" if papers else reasons[schedule.frequency],
            papers=papers,
            message_id=message_id(issue.id, subscriber_id, installation.keys, domain),
        )
