"""Reads off an answer when to ask its site again: its headers and the time come in, seconds go out."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = 3600.0  # seconds; a header that asks for more is a mistake, and the next answer says so again


def asked_to_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that an answer asks us to wait, 0 … 3600, or None; names are lower case.

    `Retry-After`, else GitHub's way to say it: `x-ratelimit-remaining: 0` and, as `x-ratelimit-reset`, the
    second of the Unix clock at which there are requests again.
    """
    named = retry_after(headers.get("retry-after", ""), now)
    if named is not None or headers.get("x-ratelimit-remaining", "").strip() != "0":
        return named
    reset = headers.get("x-ratelimit-reset", "").strip()
    if not (reset.isascii() and reset.isdigit() and len(reset) < 12):
        return LONGEST
    return _bounded(int(reset) - now.timestamp())


def retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, 0 … 3600, or None when it can't be read.

    Both forms of RFC 9110, 10.2.3: a number of seconds, or a date (compared with `now`).
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return _bounded(float(value))
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return _bounded((until - now) / timedelta(seconds=1))


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST)
