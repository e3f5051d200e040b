"""Acts on many subscribers, some in one transaction: what fails for one stops only that one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from digest.domain import Subscriber
from digest.errors import DigestError
from digest.pipeline import failures
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions.where import Chosen
from digest.store import session
from digest.store.session import chunks
from digest.store.subscriptions import selection, subscribers

MOST_ERRORS = 1_000  # that are kept to be shown
AT_ONCE = 100  # people in one transaction: pages wait for a writer of SQLite, but not for long


@dataclass(slots=True)
class BulkReport:
    """What came of an act on many: how many it changed and left as they were, and whom it failed for."""

    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)  # address and error, the first of them


def act_on_all(
    installation: Installation,
    chosen: Chosen,
    act: Callable[[Installation, Subscriber], bool],
    *,
    on_rows: Callable[[int], object] | None = None,
) -> BulkReport:
    """Do something to everyone who meets the conditions; `act` says whether it changed them.

    `act` is given an installation whose transactions are parts of one, which is committed for a hundred
    people at a time: a commit for each would take most of the time. Who is meant is decided at the beginning,
    and each is looked at once more. What `act` raises for one leaves that one as they were, and stops nobody
    else; raises what isn't theirs (`failures.is_its_fault`), and then up to a hundred are as they were.
    """
    report = BulkReport()
    with session.reading(installation.engine) as db:
        numbers = selection.ids(db, chosen.conditions)
    for chunk in chunks(numbers, AT_ONCE):
        with session.together(installation.engine) as engine:
            _act_on(replace(installation, engine=engine), chunk, act, report)
        if on_rows:
            on_rows(len(chunk))
    return report


def _act_on(
    installation: Installation,
    numbers: Sequence[int],
    act: Callable[[Installation, Subscriber], bool],
    report: BulkReport,
) -> None:
    with session.reading(installation.engine) as db:
        people = subscribers.by_ids(db, numbers)
    for person in (people[number] for number in numbers if number in people):  # others were erased meanwhile
        try:
            with session.transaction(installation.engine):  # all that is done to one, or nothing
                changed = act(installation, person)
        except Exception as error:
            if not failures.is_its_fault(error):
                raise
            report.failed += 1
            value = error.message if isinstance(error, DigestError) else failures.words(error)
            if len(report.errors) < MOST_ERRORS:
                report.errors.append((person.email, value))
        else:
            report.changed += changed
            report.unchanged += not changed
