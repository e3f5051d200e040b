"""The accounts of the ledger: an issue's audience is the sum of its states, nobody has two rows in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from digest.domain import DeliveryState
from digest.store.deliveries.tables.deliveries import DeliveryRow
from digest.store.deliveries.tables.issues import IssueRow


@dataclass(frozen=True, slots=True)
class Account:
    """One issue: its rows, the people that they are for, and how many rows are in each state."""

    issue_id: int
    date: date
    rows: int
    people: int
    counts: Mapping[str, int]
    astray: int  # rows whose date isn't their issue's

    @property
    def wrong(self) -> str:
        """What doesn't add up, in words; empty where all is well."""
        strange = sorted(set(self.counts) - {str(state) for state in DeliveryState})
        if strange:
            return f"issue {self.issue_id} has rows in states that don't exist: {', '.join(strange)}"
        if sum(self.counts.values()) != self.rows:
            total = sum(self.counts.values())
            return f"issue {self.issue_id} has {self.rows} rows, its states add up to {total}"
        if self.people != self.rows:
            return f"issue {self.issue_id} has {self.rows} rows for {self.people} people"
        return f"issue {self.issue_id} has {self.astray} rows of another date" if self.astray else ""


def accounts(session: Session, *, limit: int = 100) -> list[Account]:
    """Return the accounts of the last issues, newest first."""
    newest = IssueRow.due_at.desc(), IssueRow.id.desc()
    last = select(IssueRow.id, IssueRow.date).order_by(*newest).limit(limit)
    return [_account(session, number, day) for number, day in session.execute(last)]


def _account(session: Session, issue_id: int, day: date) -> Account:
    rows = DeliveryRow.issue_id == issue_id
    states = select(DeliveryRow.state, func.count()).where(rows).group_by(DeliveryRow.state)
    people = select(func.count(), func.count(distinct(DeliveryRow.subscriber_id))).where(rows)
    whole, different = session.execute(people).one()
    astray = select(func.count()).where(rows, DeliveryRow.issue_date != day)
    counts = dict(session.execute(states).all())
    return Account(issue_id, day, whole, different, counts, session.scalar(astray) or 0)
