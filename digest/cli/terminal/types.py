"""Reads values on the command line: times are ISO 8601 with a zone, choices are the words of an enum."""

from contextlib import suppress
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import click

FIRST_YEAR, LAST_YEAR = 1970, 2200  # calendars and databases have their ends


class Time(click.ParamType[datetime]):
    """Reads `2026-03-17T08:00:00+01:00` as an aware datetime in UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            time = None
        if time is None or time.tzinfo is None:
            self.fail(f"{value!r} is not a time with its zone, such as 2026-03-17T08:00:00Z", param, ctx)
        if not FIRST_YEAR <= time.year <= LAST_YEAR:
            self.fail(f"{value!r} is not between {FIRST_YEAR} and {LAST_YEAR}", param, ctx)
        return time.astimezone(UTC)


TIME = Time()


class Since(Time):
    """A time, or a day: its first moment in UTC."""

    name = "day|time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        with suppress(TypeError, ValueError):  # it isn't a day
            value = f"{date.fromisoformat(value)}T00:00:00Z"
        return super().convert(value, param, ctx)


SINCE = Since()


class Number(click.IntRange):
    """Reads a whole number within bounds."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is not a whole number from {self.min:,} to {self.max:,}", param, ctx)


ROW = Number(1, 2**63 - 1)  # the number of something that is kept
LIMIT = Number(1, 10_000_000)


def choice(words: type[StrEnum]) -> click.Choice[str]:
    """Return one of the enum's values, as a string."""
    return click.Choice([word.value for word in words])
