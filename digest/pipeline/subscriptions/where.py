"""Reads conditions like `status=active`, and finds the subscribers who meet them.

    FIELD=VALUE  FIELD=VALUE,VALUE  FIELD!=VALUE       status, topic, domain, email, frequency, timezone
    FIELD before DATE  FIELD since DATE  FIELD on DATE     joined, confirmed, left; days are UTC's

`<` and `>=` are the same as before and since; `email=text` is every address that holds the text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from digest.domain import Frequency, Subscriber, SubscriberStatus
from digest.errors import InputError
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions.validate import known_topic, known_topics
from digest.store import session
from digest.store.subscriptions import selection, subscribers
from digest.store.subscriptions.addresses import key
from digest.store.subscriptions.selection import MOMENTS, Between, Condition, Field, OneOf
from digest.words.nearest import nearest, unknown

SAMPLE = 5
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


def listing(installation: Installation, where: Sequence[Condition], *, limit: int) -> list[Subscriber]:
    """Return subscribers by number who meet all conditions."""
    with session.reading(installation.engine) as db:
        return subscribers.listing(db, where, limit=limit)


def count(installation: Installation, where: Sequence[Condition]) -> int:
    """Return how many subscribers meet all conditions."""
    with session.reading(installation.engine) as db:
        return selection.count(db, where)


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
