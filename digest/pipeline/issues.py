"""Due subscribers → an issue with one ledger row for each: what they get, or why they get nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from digest.domain import DeliveryState, Issue, Match, SkipReason, SourceState, Subscriber
from digest.due import next_due
from digest.pipeline.edition import Edition, Editions, choose
from digest.pipeline.installation import Installation
from digest.pipeline.message import sender_address
from digest.store import deliveries, session
from digest.store.deliveries import NewDelivery
from digest.tokens import message_id

CHUNK = 1000  # subscribers matched and recorded in one transaction


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
    editions = Editions(installation)
    with session.transaction(installation.engine) as db:
        cohorts = deliveries.due_cohorts(db, now)
    touched = [_open(installation, editions, due_at, day, now) for due_at, day in cohorts]
    return reports(installation, [issue.id for issue in touched])


def reports(installation: Installation, issue_ids: Sequence[int]) -> list[IssueReport]:
    """The accounts of these issues, now."""
    with session.transaction(installation.engine) as db:
        dates = {issue.id: issue.date for issue in deliveries.issues(db)}
        return [IssueReport(id_, dates[id_], deliveries.counts(db, id_)) for id_ in issue_ids]


def _open(
    installation: Installation, editions: Editions, due_at: datetime, day: date, now: datetime
) -> Issue:
    with session.transaction(installation.engine) as db:
        issue = deliveries.open_issue(db, due_at=due_at, date=day, now=now)
    edition = editions.at(issue.opened_at)
    after = 0
    while True:
        with session.transaction(installation.engine) as db:
            due = deliveries.due_subscribers(db, due_at, day, after_id=after, limit=CHUNK)
        if not due:
            return issue
        chosen = choose(installation, edition, due)
        rows = [_row(installation, edition, issue, s, chosen[s.id]) for s in due]
        # Someone whose mail was late by days is due next after now, not once for each day missed.
        moves = {s.id: next_due(s.schedule, max(now, due_at)) for s in due}
        with session.transaction(installation.engine) as db:
            deliveries.record(db, rows, moves)
        after = due[-1].id


def _row(
    installation: Installation,
    edition: Edition,
    issue: Issue,
    subscriber: Subscriber,
    chosen: Sequence[Match],
) -> NewDelivery:
    domain = sender_address(installation).rpartition("@")[2]
    return NewDelivery(
        issue_id=issue.id,
        subscriber_id=subscriber.id,
        issue_date=issue.date,
        state=DeliveryState.QUEUED if chosen else DeliveryState.SKIPPED,
        reason="" if chosen else skip_reason(edition),
        papers=tuple(match.paper.pk for match in chosen),
        message_id=message_id(issue.id, subscriber.id, installation.keys, domain),
    )


def skip_reason(edition: Edition) -> SkipReason:
    """Why there is nothing for somebody whom no candidate matched.

    Where there are no candidates at all the sources say why; a source that fails comes before one that waits.
    """
    if edition.ranked:
        return SkipReason.NO_MATCH
    states = set(edition.states.values())
    if SourceState.FAILING in states:
        return SkipReason.FAILING
    if states & {SourceState.WAITING, SourceState.STALLED, SourceState.NEW}:
        return SkipReason.STALE
    return SkipReason.QUIET
