"""Runs an act on many subscribers, some in one transaction: what fails for one stops only that one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from digest.domain import Subscriber
from digest.errors import DigestError
from digest.pipeline import failures
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions.lists.acts import Act, Planned
from digest.pipeline.subscriptions.where import Chosen
from digest.store import session
from digest.store.session import Session, chunks
from digest.store.subscriptions import selection, subscribers

T = TypeVar("T")

MOST_ERRORS = 1_000  # that are kept to be shown
MOST_IN_A_ROW = 200  # who can't be written before the act itself is taken for wrong
AT_ONCE = 250  # people in one transaction: pages wait for a writer of SQLite, but not for long


@dataclass(slots=True)
class BulkReport:
    """What came of an act on many: how many it changed and left as they were, and whom it failed for."""

    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)  # address and error, the first of them
    in_a_row: int = 0  # who couldn't be written since the last one who could

    def fail(self, email: str, error: Exception) -> None:
        """Note what an act raised for one. Raises it again where it isn't theirs."""
        if not failures.is_its_fault(error):
            raise error
        self.failed += 1
        if len(self.errors) < MOST_ERRORS:
            value = error.message if isinstance(error, DigestError) else failures.words(error)
            self.errors.append((email, value))


def act_on_all(
    installation: Installation,
    chosen: Chosen,
    act: Act[T],
    *,
    on_rows: Callable[[int], object] | None = None,
) -> BulkReport:
    """Do something to everyone who meets the conditions; returns what came of it.

    Who is meant is decided at the beginning, and each is looked at once more. A few hundred people are one
    transaction, and written by statements for all of them. What fails for one leaves that one as they were
    and stops nobody else: their set is parted in halves until the one is alone. Raises what isn't theirs
    (`failures.is_its_fault`), and what was raised for 200 in a row: nobody is blamed for a fault of the act.
    Up to a few hundred are as they were then.
    """
    report = BulkReport()
    with session.reading(installation.engine) as db:
        numbers = selection.ids(db, chosen.conditions)
    for chunk in chunks(numbers, AT_ONCE):
        with session.transaction(installation.engine) as db:
            planned = _plan(db, chunk, act, report)
            if planned:
                _write(installation, db, planned, act, report)
        if on_rows:
            on_rows(len(chunk))
    return report


def _plan(db: Session, numbers: Sequence[int], act: Act[T], report: BulkReport) -> list[tuple[Subscriber, T]]:
    """What an act changes of each of these people; those who were erased meanwhile are left out."""
    planned: list[tuple[Subscriber, T]] = []
    for _number, email, person in subscribers.one_by_one(db, numbers, leaving=act.leaving):
        if isinstance(person, Exception):
            report.fail(email, person)
            continue
        try:
            change = act.plan(person)
        except Exception as error:
            report.fail(email, error)
            continue
        if change is None:
            report.unchanged += 1
        else:
            planned.append((person, change))
    return planned


def _write(
    installation: Installation, db: Session, planned: Planned[T], act: Act[T], report: BulkReport
) -> None:
    try:
        with db.begin_nested():
            act.write(installation, db, planned)
    except Exception as error:
        db.expire_all()
        if len(planned) == 1:
            report.fail(planned[0][0].email, error)
            report.in_a_row += 1
            if report.in_a_row >= MOST_IN_A_ROW:
                raise
            return
        if not failures.is_its_fault(error):
            raise
        middle = len(planned) // 2
        for half in (planned[:middle], planned[middle:]):
            _write(installation, db, half, act, report)
    else:
        report.changed += len(planned)
        report.in_a_row = 0
