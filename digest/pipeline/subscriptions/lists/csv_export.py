"""Exports all subscribers as a table that `csv_import` reads back to the same: CSV, or JSON Lines.

Written as it is read, some thousand people at a time: a million of them take no more memory than ten. A line
is made of pieces, each some columns that stand together and are the same for many people: a piece is written
once and remembered.
"""

import csv
import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Protocol, TextIO

from digest.domain import Frequency, Interests
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions.lists.csv_values import COLUMNS
from digest.serializers import WEEKDAYS
from digest.store import session
from digest.store.readable import readable
from digest.store.subscriptions import bulk
from digest.store.subscriptions.bulk import ListedSubscriber
from digest.store.subscriptions.interests import as_json
from digest.store.subscriptions.selection import Condition

_FORMULA = tuple("=+-@'")  # what a spreadsheet would compute, and what stands before it here
_PLAIN = re.compile(r"""[^=+\-@'",\r\n][^",\r\n]*""")  # a field that CSV writes as it is
_REMEMBERED = 4096  # pieces of each kind: many want the same
_USUAL = as_json(Interests())
_read_json = json.JSONDecoder().raw_decode
_write_json = json.JSONEncoder(ensure_ascii=False).encode


def export_subscribers(
    installation: Installation,
    out: TextIO,
    *,
    as_json: bool = False,
    where: Sequence[Condition] = (),
    on_rows: Callable[[int], object] | None = None,
) -> int:
    """Write all subscribers who meet the conditions, in the order in which they came; returns how many.

    Rows that can't be read are left out, and the log names them.
    """
    written = 0
    form = _JsonLines() if as_json else _Csv()
    lines = _Lines(form)
    out.write(form.header)
    with session.reading(installation.engine) as db:
        for people in bulk.walk(db, where):
            readable_lines = readable(people, lines.line, lambda person: f"subscriber {person.id}")
            out.write("".join(readable_lines))
            written += len(readable_lines)
            if on_rows:
                on_rows(len(people))
    return written


class _Format(Protocol):
    """How a table is written. A piece of a line: some columns in their order, without their ends."""

    header: str

    def piece(self, columns: Sequence[str], cells: Sequence[str]) -> str:
        """Return the piece of these columns."""

    def cell(self, column: str, text: str) -> str:
        """Return the piece of one column."""

    def plain(self, column: str, text: str) -> str:
        """Return the piece of one column whose text has only letters, digits, hyphens, colons and dots."""

    def line(self, pieces: Sequence[str]) -> str:
        """Return a whole line."""


class _Echo:
    def write(self, text: str) -> str:
        return text


class _Csv:
    header = f"{','.join(COLUMNS)}\r\n"

    def __init__(self) -> None:
        self._writer = csv.writer(_Echo(), lineterminator="")  # a row is what the file's `write` returns

    def piece(self, _columns: Sequence[str], cells: Sequence[str]) -> str:
        """Return the cells as CSV, with a quote before each that a spreadsheet would compute."""
        row: Any = self._writer.writerow(
            [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
        )
        return str(row)

    def cell(self, column: str, text: str) -> str:
        return text if not text or _PLAIN.fullmatch(text) else self.piece((column,), (text,))

    def plain(self, _column: str, text: str) -> str:
        return text

    def line(self, pieces: Sequence[str]) -> str:
        return f"{','.join(pieces)}\r\n"


class _JsonLines:
    """JSON without what is empty."""

    header = ""

    def piece(self, columns: Sequence[str], cells: Sequence[str]) -> str:
        fields = zip(columns, cells, strict=True)
        return ", ".join([self.cell(column, text) for column, text in fields if text])

    def cell(self, column: str, text: str) -> str:
        return f'"{column}": {_write_json(text)}' if text else ""

    def plain(self, column: str, text: str) -> str:
        return f'"{column}": "{text}"'

    def line(self, pieces: Sequence[str]) -> str:
        return f"{{{', '.join(filter(None, pieces))}}}\n"


class _Lines:
    """Writes a person as a line."""

    def __init__(self, form: _Format) -> None:
        self._form = form
        remembered = lru_cache(maxsize=_REMEMBERED)
        self._interests = remembered(self._write_interests)
        self._limits = remembered(self._write_limits)
        self._schedule = remembered(self._write_schedule)
        self._person = remembered(self._write_person)
        self._consent = remembered(self._write_consent)

    def line(self, person: ListedSubscriber) -> str:
        (
            _, email, status, interests, frequency, weekday, at, timezone, quiet_days, language, paused_until,
            created_at, role, display_name, consent, consent_at,
        ) = person  # fmt: skip
        filters, most, limits = self._interests(interests)
        clock, other = self._schedule(frequency, weekday, at, timezone, quiet_days, language)
        plain = self._form.plain
        return self._form.line(
            (
                self._form.cell("email", email),
                filters,
                clock,
                most,
                plain("status", status),
                other,
                limits,
                plain("paused_until", _moment(paused_until)) if paused_until else "",
                plain("joined_at", _moment(created_at)),
                self._consent(consent) if consent else "",
                plain("consent_at", _moment(consent_at)) if consent_at else "",
                self._person(role, display_name),
            )
        )

    def _write_interests(self, kept: str) -> tuple[str, str, str]:
        wants = {**_USUAL, **_read_json(kept)[0]}
        lists = (";".join(wants["topics"]), ";".join(wants["filters"]), ";".join(wants["exclude"]))
        return (
            self._form.piece(("topics", "filters", "exclude"), lists),
            self._form.plain("max", str(wants["max_papers"])),
            self._limits(wants["min_upvotes"], wants["about_only"], wants["front"], wants["top"]),
        )

    def _write_limits(self, min_upvotes: int, about_only: bool, front: int, top: int) -> str:
        upvotes, first, trending = (str(number or "") for number in (min_upvotes, front, top))
        cells = (upvotes, "yes" if about_only else "", first, trending)
        return self._form.piece(("min_upvotes", "about_only", "front", "top"), cells)

    def _write_schedule(  # noqa: PLR0917 - the columns of a schedule
        self, frequency: str, weekday: int, at: str, timezone: str, quiet_days: bool, language: str
    ) -> tuple[str, str]:
        day = WEEKDAYS[weekday] if frequency == Frequency.WEEKLY else ""
        quiet = "yes" if quiet_days else "no"
        return (
            self._form.piece(("frequency", "at", "timezone"), (frequency, at[: len("08:00")], timezone)),
            self._form.piece(("quiet_days", "language", "weekday"), (quiet, language, day)),
        )

    def _write_person(self, role: str, display_name: str) -> str:
        return self._form.piece(("role", "display_name"), (role, display_name))

    def _write_consent(self, words: str) -> str:
        return self._form.cell("consent", " ".join(words.split()))


def _moment(kept: str) -> str:
    return f"{kept.replace(' ', 'T').removesuffix('.000000')}Z"
