"""Acts on many subscribers: what fails for one stops only that one."""

from collections.abc import Callable
from dataclasses import dataclass, field

from digest.domain import Subscriber
from digest.errors import DigestError
from digest.pipeline import failures
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions.where import Chosen
from digest.store import session
from digest.store.session import chunks
from digest.store.subscriptions import selection, subscribers

MOST_ERRORS = 1_000  # that are kept to be shown


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
    act: Callable[[Subscriber], bool],
    *,
    on_rows: Callable[[int], object] | None = None,
) -> BulkReport:
    """Do something to everyone who meets the conditions; `act` says whether it changed them.

    Who is meant is decided at the beginning, and each is looked at once more. What `act` raises for one
    stops only that one; raises what isn't theirs (`failures.is_its_fault`).
    """
    report = BulkReport()
    with session.reading(installation.engine) as db:
        numbers = selection.ids(db, chosen.conditions)
    for chunk in chunks(numbers):
        with session.reading(installation.engine) as db:
            people = subscribers.by_ids(db, chunk)
        for number in chunk:
            person = people.get(number)
            if person is None:  # erased meanwhile
                continue
            try:
                changed = act(person)
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
        if on_rows:
            on_rows(len(chunk))
    return report
