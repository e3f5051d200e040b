"""Times on the command line: ISO 8601 with a zone."""

from datetime import UTC, datetime
from typing import Any

import click


class Time(click.ParamType[datetime]):
    """`2026-03-17T08:00:00+01:00` → an aware datetime in UTC."""

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
        return time.astimezone(UTC)


TIME = Time()
