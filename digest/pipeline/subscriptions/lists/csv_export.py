"""Exports all subscribers as a table that `csv_import` reads back to the same: CSV, or JSON Lines.

Written as it is read, some thousand people at a time: a million of them take no more memory than ten.
"""

import csv
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import TextIO

from digest.domain import Frequency
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions.lists.csv_values import COLUMNS
from digest.serializers import WEEKDAYS
from digest.store import session
from digest.store.subscriptions import bulk
from digest.store.subscriptions.bulk import ListedSubscriber
from digest.store.subscriptions.interests import from_json
from digest.store.subscriptions.selection import Condition

_FORMULA = tuple("=+-@'")  # what a spreadsheet would compute, and what stands before it here


def export_subscribers(
    installation: Installation,
    out: TextIO,
    *,
    as_json: bool = False,
    where: Sequence[Condition] = (),
    on_rows: Callable[[int], object] | None = None,
) -> int:
    """Write all subscribers who meet the conditions, in the order in which they came; returns how many."""
    written = 0
    table = csv.writer(out)
    if not as_json:
        table.writerow(COLUMNS)
    with session.reading(installation.engine) as db:
        for people in bulk.walk(db, where):
            if as_json:
                out.writelines(_json(_cells(person)) for person in people)
            else:
                table.writerows([_guarded(_cells(person)) for person in people])
            written += len(people)
            if on_rows:
                on_rows(len(people))
    return written


def _cells(person: ListedSubscriber) -> tuple[str, ...]:
    """What stands in the columns of a person, in their order."""
    wants = _interests(person.interests)
    is_weekly = person.frequency == Frequency.WEEKLY
    return (
        person.email,
        wants["topics"],
        wants["filters"],
        wants["exclude"],
        person.frequency,
        _clock(person.at),
        person.timezone,
        wants["max"],
        person.status,
        "yes" if person.quiet_days else "no",
        person.language,
        WEEKDAYS[person.weekday] if is_weekly else "",
        wants["min_upvotes"],
        wants["about_only"],
        wants["front"],
        wants["top"],
        _time(person.paused_until),
        _time(person.created_at),
        " ".join(person.consent.split()) if person.consent else "",
        _time(person.consent_at),
        person.role,
        person.display_name,
    )


@lru_cache(maxsize=4096)  # many want the same
def _interests(kept: str) -> dict[str, str]:
    interests = from_json(json.loads(kept))
    return {
        "topics": ";".join(interests.topics),
        "filters": ";".join(interests.filters),
        "exclude": ";".join(interests.exclude),
        "max": str(interests.max_papers),
        "min_upvotes": str(interests.min_upvotes or ""),
        "about_only": "yes" if interests.about_only else "",
        "front": str(interests.front or ""),
        "top": str(interests.top or ""),
    }


def _guarded(cells: tuple[str, ...]) -> tuple[str, ...]:
    """The cells, with a quote before each that a spreadsheet would compute."""
    if not any(cell.startswith(_FORMULA) for cell in cells):
        return cells
    return tuple(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)


def _json(cells: Sequence[str]) -> str:
    fields = {name: text for name, text in zip(COLUMNS, cells, strict=True) if text}
    return json.dumps(fields, ensure_ascii=False) + "\n"


@lru_cache
def _clock(at: time) -> str:
    return f"{at:%H:%M}"


def _time(at: datetime | None) -> str:
    if at is None:
        return ""
    return f"{(at.astimezone(UTC) if at.tzinfo else at).replace(tzinfo=None).isoformat()}Z"
