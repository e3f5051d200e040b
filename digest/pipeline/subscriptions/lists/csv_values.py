"""Reads the fields of one row of subscribers: who they are and what they want. Pure.

What spreadsheets make of a value is understood (`7:30 AM`, `0.3125` of a day, `10.0`, `Daily`); anything else
that isn't the value is an error. A column that the table doesn't have changes nothing about somebody known.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from digest.domain import Frequency, Interests, Role, Schedule, Subscriber, SubscriberStatus, Topic
from digest.errors import InputError
from digest.pipeline.subscriptions.validate import (
    InterestReader,
    check_limits,
    read_address,
    read_display_name,
    read_schedule,
)
from digest.serializers import WEEKDAYS
from digest.store.subscriptions.subscribers import Consent

COLUMNS = (
    "email",
    "topics",
    "filters",
    "exclude",
    "frequency",
    "at",
    "timezone",
    "max",
    "status",
    "quiet_days",
    "language",
    "weekday",
    "min_upvotes",
    "about_only",
    "front",
    "top",
    "paused_until",
    "joined_at",
    "consent",
    "consent_at",
    "role",
    "display_name",
)
_NUMBERS = {
    "max": ("max_papers", 20),
    "min_upvotes": ("min_upvotes", 0),
    "top": ("top", 0),
    "front": ("front", 0),
}
_LISTS = ("topics", "filters", "exclude")
_LIMITS = ("max", "min_upvotes", "top", "front", "about_only")
_KEPT_LIMITS = ("max_papers", "min_upvotes", "top", "front", "about_only")
_SCHEDULE = ("frequency", "weekday", "at", "timezone", "quiet_days", "language")
_STATUSES = {str(status): status for status in SubscriberStatus}
_ROLES = {str(role): role for role in Role}
_NO_INTERESTS = Interests()
_REMEMBERED = 8_192  # interests
_MOST_FILTERS = 100_000  # that are remembered as they are typed: some 30 MB
_YES_NO = {"": False, "no": False, "false": False, "0": False, "yes": True, "true": True, "1": True}
_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(?::\d{2})? ?(am|pm|a\.m\.|p\.m\.)?", re.IGNORECASE)
_FRACTION = re.compile(r"0?[.,]\d+")
_NUMBER = re.compile(r"(\d{1,9})(?:[.,]0+)?")
_FORMULA = re.compile(r"'[=+\-@']")  # how `csv_export` keeps a spreadsheet from computing a field
_ITEM = re.compile(r'((?:"[^"]*"|[^;"])+)')  # between semicolons, of which quotes may hold some


class Wanted(NamedTuple):
    """What a row says of somebody; None: it says nothing of that."""

    email: str
    interests: Interests
    schedule: Schedule
    status: SubscriberStatus | None
    paused_until: datetime | None
    joined_at: datetime | None
    consent: Consent | None
    role: Role | None
    display_name: str | None


def read_email(fields: Mapping[str, str]) -> str:
    """Read the address of a row. Raises InputError."""
    return read_address(_plain(fields, "email"))


class RowReader:
    """Reads the rows of one table. What comes again is read once: filters, whole interests, schedules."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self._filters = _FilterReader(topics)
        self._interests = lru_cache(maxsize=_REMEMBERED)(self._read_interests)
        self._topics = lru_cache(maxsize=_REMEMBERED)(self._read_topics)
        self._exclude = lru_cache(maxsize=_REMEMBERED)(self._read_exclude)

    def read(self, fields: Mapping[str, str], email: str, known: Subscriber | None) -> Wanted:
        """Read a row about somebody who may be `known`. Raises InputError, UnknownError or FilterError."""
        name = _plain(fields, "display_name") if "display_name" in fields else None
        consent = _plain(fields, "consent")
        at = read_time(fields, "consent_at")
        return Wanted(
            email=email,
            interests=self._interests(
                known.interests if known else None,
                tuple(map(fields.get, _LISTS)),
                tuple(map(fields.get, _LIMITS)),
            ),
            schedule=_schedule(known.schedule if known else None, tuple(map(fields.get, _SCHEDULE))),
            status=_status(fields.get("status", "")),
            paused_until=read_time(fields, "paused_until"),
            joined_at=read_time(fields, "joined_at"),
            consent=Consent(at, consent, "operator") if consent and at else None,
            role=_role(fields.get("role", "")),
            display_name=read_display_name(name) if name else name,
        )

    def _read_interests(
        self, known: Interests | None, lists: tuple[str | None, ...], limits: tuple[str | None, ...]
    ) -> Interests:
        before = known or _NO_INTERESTS
        topics, filters, exclude = lists
        return Interests(
            topics=before.topics if topics is None else self._topics(topics),
            filters=before.filters if filters is None else self._filters.filters(_list("filters", filters)),
            exclude=before.exclude if exclude is None else self._exclude(exclude),
            **_limits(tuple(getattr(before, name) for name in _KEPT_LIMITS), limits),
        )

    def _read_topics(self, written: str) -> tuple[str, ...]:
        return self._filters.topics([slug.lower() for slug in _list("topics", written)])

    def _read_exclude(self, written: str) -> tuple[str, ...]:
        return self._filters.filters(_list("exclude", written))


class _FilterReader(InterestReader):
    """Reads each distinct filter once."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        super().__init__(topics)
        self._read_once = lru_cache(maxsize=_MOST_FILTERS)(super().filter)

    def filter(self, text: str) -> str:
        return self._read_once(text)


def read_time(fields: Mapping[str, str], name: str) -> datetime | None:
    """Read a time: ISO 8601, or as other programs write it; without a zone it is UTC. Raises InputError."""
    written = fields.get(name)
    return _moment(name, written) if written else None


@lru_cache(maxsize=4096)  # somebody often joined and agreed at once
def _moment(name: str, field: str) -> datetime:
    written = _unguarded(field)
    try:
        time = datetime.fromisoformat(written.removesuffix(" UTC").replace(" +", "+"))
    except ValueError:
        raise InputError(f"{name}: {written!r} is not a time", fix="2026-03-17T08:00:00Z") from None
    return (time.replace(tzinfo=UTC) if time.tzinfo is None else time).astimezone(UTC)


@lru_cache(maxsize=64)
def _status(field: str) -> SubscriberStatus | None:
    typed = _unguarded(field).lower()
    if typed and typed not in _STATUSES:
        raise InputError(f"status: {typed!r} is none of {', '.join(SubscriberStatus)}")
    return _STATUSES[typed] if typed else None


@lru_cache(maxsize=64)
def _role(field: str) -> Role | None:
    typed = _unguarded(field).lower()
    if typed and typed not in _ROLES:
        raise InputError(f"role: {typed!r} is none of {', '.join(Role)}")
    return _ROLES[typed] if typed else None


@lru_cache(maxsize=4096)
def _limits(before: tuple[Any, ...], written: tuple[str | None, ...]) -> dict[str, Any]:
    fields = _there(_LIMITS, written)
    wanted: dict[str, Any] = dict(zip(_KEPT_LIMITS, before, strict=True))
    for column, (name, usual) in _NUMBERS.items():
        if column in fields:
            wanted[name] = _number(fields, column, usual)
    if "about_only" in fields:
        wanted["about_only"] = _yes_or_no(fields, "about_only")
    check_limits(**{name: wanted[name] for name, _ in _NUMBERS.values()})
    return wanted


@lru_cache(maxsize=4096)
def _schedule(known: Schedule | None, written: tuple[str | None, ...]) -> Schedule:
    fields = _there(_SCHEDULE, written)
    usual = Schedule()
    before = known or usual
    given: dict[str, Any] = {
        "frequency": before.frequency,
        "weekday": WEEKDAYS[before.weekday],
        "at": f"{before.at:%H:%M}",
        "timezone": before.timezone,
        "quiet_days": before.quiet_days,
        "language": before.language,
    }
    if "frequency" in fields:
        given["frequency"] = _plain(fields, "frequency").lower() or Frequency.DAILY
    if "weekday" in fields:
        given["weekday"] = _plain(fields, "weekday").lower()[:3] or WEEKDAYS[usual.weekday]
    if "at" in fields:
        given["at"] = _clock(_plain(fields, "at")) or f"{usual.at:%H:%M}"
    if "timezone" in fields:
        given["timezone"] = _plain(fields, "timezone") or usual.timezone
    if "quiet_days" in fields:
        given["quiet_days"] = _yes_or_no(fields, "quiet_days")
    if "language" in fields:
        given["language"] = _plain(fields, "language").lower()
    return read_schedule(**given)


def _there(columns: Sequence[str], written: Sequence[str | None]) -> dict[str, str]:
    """The fields that a row has, of these columns."""
    return {name: field for name, field in zip(columns, written, strict=True) if field is not None}


def _yes_or_no(fields: Mapping[str, str], column: str) -> bool:
    written = _plain(fields, column).lower()
    if written not in _YES_NO:
        raise InputError(f"{column}: {written!r} is neither yes nor no")
    return _YES_NO[written]


def _clock(written: str) -> str:
    """`7:30`, `07:30:00`, `7:30 AM`, `7.30`, Excel's `0.3125` → `07:30`; other text as it is."""
    if _FRACTION.fullmatch(written):
        minutes = round(float(written.replace(",", ".")) * 24 * 60)
        return f"{minutes // 60:02}:{minutes % 60:02}"
    found = _CLOCK.fullmatch(written)
    if found is None or not (found[2] or found[3]):
        return written
    hour, half = int(found[1]), (found[3] or "").lower().replace(".", "")
    if half:
        if not 1 <= hour <= 12:
            return written
        hour = hour % 12 + (12 if half == "pm" else 0)
    return f"{hour:02}:{found[2] or '00'}"


def _number(fields: Mapping[str, str], name: str, usual: int) -> int:
    written = _plain(fields, name)
    found = _NUMBER.fullmatch(written)
    if written and found is None:
        raise InputError(f"{name}: {written!r} is not a number")
    return int(found[1]) if found else usual


def _list(name: str, field: str) -> list[str]:
    written = _unguarded(field)
    if '"' not in written:
        return [item for part in written.split(";") if (item := part.strip())]
    if written.count('"') % 2:
        raise InputError(f"{name}: {written[:60]!r} has a quote that isn't closed")
    return [item.strip() for item in _ITEM.findall(written) if item.strip()]


def _plain(fields: Mapping[str, str], name: str) -> str:
    return _unguarded(fields.get(name, ""))


def _unguarded(field: str) -> str:
    return field[1:] if field.startswith("'") and _FORMULA.match(field) else field
