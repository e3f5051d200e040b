"""Reads conditions like `status=active`, and acts on all subscribers who meet them.

    FIELD=VALUE  FIELD=VALUE,VALUE  FIELD!=VALUE       status, topic, domain, email, frequency, timezone
    FIELD before DATE  FIELD since DATE  FIELD on DATE     joined, confirmed, left; days are UTC's

`<` and `>=` are the same as before and since; `email=text` is every address that holds the text.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from digest.domain import Frequency, Subscriber, SubscriberStatus
from digest.errors import DigestError, InputError
from digest.pipeline import failures
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions.validate import known_topic, known_topics
from digest.store import session
from digest.store.session import chunks
from digest.store.subscriptions import selection, subscribers
from digest.store.subscriptions.addresses import key
from digest.store.subscriptions.selection import MOMENTS, Between, Condition, Field, OneOf
from digest.words.nearest import nearest, unknown

SAMPLE = 5
MOST_ERRORS = 1_000  # that are kept to be shown
_CONDITION = re.compile(
    r"\s*(?P<field>[A-Za-z_-]+)\s*(?P<how>!=|>=|<=|=|<|>|\bbefore\b|\bafter\b|\bsince\b|\bon\b)\s*(?P<value>.*?)\s*",
    re.IGNORECASE,
)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The subscribers who are meant: how many, and the first of them."""

    conditions: tuple[Condition, ...]
    count: int
    sample: Sequence[Subscriber]


@dataclass(slots=True)
class BulkReport:
    """What came of an act on many: how many it changed and left as they were, and whom it failed for."""

    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)  # address and error, the first of them


def conditions_of(
    installation: Installation, texts: Sequence[str], *, status: str = "", query: str = ""
) -> tuple[Condition, ...]:
    """Read conditions; besides, a status and a text that addresses hold, where they are given.

    Raises InputError or UnknownError that names the condition and the nearest word.
    """
    given = [
        OneOf(about, (value,)) for about, value in ((Field.STATUS, status), (Field.EMAIL, query)) if value
    ]
    return (*given, *(_read(installation, text) for text in texts))


def choose(installation: Installation, texts: Sequence[str]) -> Chosen:
    """Find who meets all conditions. Raises InputError or UnknownError."""
    conditions = conditions_of(installation, texts)
    with session.reading(installation.engine) as db:
        return Chosen(
            conditions,
            selection.count(db, conditions),
            subscribers.listing(db, conditions, limit=SAMPLE),
        )


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


def _read(installation: Installation, text: str) -> Condition:
    found = _CONDITION.fullmatch(text)
    if found is None or not found["value"]:
        raise InputError(f"--where {text!r} is no condition", fix="such as --where status=active")
    name, how, value = found["field"].lower(), found["how"].lower(), found["value"]
    if name not in list(Field):
        near = nearest(name, list(Field))
        fix = f"did you mean {near}?" if near else f"fields: {', '.join(Field)}"
        raise InputError(f"--where {text!r}: there is no field {name!r}", fix=fix)
    about = Field(name)
    if about in MOMENTS:
        return _span(about, how, _day(text, value))
    if how not in {"=", "!="}:
        raise InputError(f"--where {text!r}: {name} is compared by = or !=", fix=f"--where {name}={value}")
    values = tuple(_value(installation, about, each.strip()) for each in value.split(","))
    return OneOf(about, values, is_negated=how == "!=")


def _span(about: Field, how: str, day: date) -> Between:
    begin = datetime.combine(day, time(), tzinfo=UTC)
    match how:
        case "<" | "before":
            return Between(about, until=begin)
        case "<=":
            return Between(about, until=begin + _DAY)
        case ">=" | "since":
            return Between(about, since=begin)
        case ">" | "after":
            return Between(about, since=begin + _DAY)
        case "=" | "on":
            return Between(about, since=begin, until=begin + _DAY)
    raise InputError(f"{about} can't be compared by {how}", fix=f"--where '{about} before {day}'")


def _day(text: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        msg = f"--where {text!r}: {value!r} is not a date"
        raise InputError(msg, fix="such as 2026-01-01") from None


def _value(installation: Installation, about: Field, value: str) -> str:
    if not value:
        raise InputError(f"--where {about}=: a value is missing")
    match about:
        case Field.STATUS:
            return _word(about, value, list(SubscriberStatus))
        case Field.FREQUENCY:
            return _word(about, value, list(Frequency))
        case Field.TOPIC:
            return known_topic(known_topics(installation), value.lower()).slug
        case Field.DOMAIN:
            return key(f"a@{value.removeprefix('@')}").rpartition("@")[2]
    return value


def _word(about: Field, value: str, words: Sequence[str]) -> str:
    if value.lower() in words:
        return value.lower()
    raise unknown(about, value, words, command=f"one of: {', '.join(words)}")
