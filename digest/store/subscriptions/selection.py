"""Selects the subscribers who meet all conditions, in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from digest.store.subscriptions.tables.subscribers import SubscriberRow


class Field(StrEnum):
    """What a condition is about."""

    STATUS = "status"
    TOPIC = "topic"
    DOMAIN = "domain"
    EMAIL = "email"
    FREQUENCY = "frequency"
    TIMEZONE = "timezone"
    JOINED = "joined"
    CONFIRMED = "confirmed"
    LEFT = "left"


MOMENTS = {
    Field.JOINED: SubscriberRow.created_at,
    Field.CONFIRMED: SubscriberRow.confirmed_at,
    Field.LEFT: SubscriberRow.left_at,
}


@dataclass(frozen=True, slots=True)
class OneOf:
    """A field is one of these values, or none of them. `domain`: in ASCII and small letters; `email`: holds
    one of these texts."""

    field: Field
    values: tuple[str, ...]
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """A moment lies in [since, until); None: there is no bound."""

    field: Field
    since: datetime | None = None
    until: datetime | None = None


Condition = OneOf | Between


def count(session: Session, conditions: Sequence[Condition]) -> int:
    """Return how many subscribers meet all conditions."""
    wanted = select(func.count()).select_from(SubscriberRow).where(*clauses(conditions))
    return session.scalar(wanted) or 0


def ids(session: Session, conditions: Sequence[Condition]) -> list[int]:
    """Return the numbers of all who meet all conditions, ascending."""
    return list(
        session.scalars(select(SubscriberRow.id).where(*clauses(conditions)).order_by(SubscriberRow.id))
    )


def clauses(conditions: Sequence[Condition]) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions as SQL."""
    return tuple(map(_clause, conditions))


def _clause(condition: Condition) -> ColumnElement[bool]:
    if isinstance(condition, Between):
        moment = MOMENTS[condition.field]
        bounds = [moment >= condition.since] if condition.since else []
        bounds += [moment < condition.until] if condition.until else []
        return and_(moment.is_not(None), *bounds)
    found = or_(*(_is(condition.field, value) for value in condition.values))
    return ~found if condition.is_negated else found


def _is(field: Field, value: str) -> ColumnElement[bool]:
    row = SubscriberRow
    match field:
        case Field.TOPIC:  # a slug holds no quote: in quotes it is one of the list, whole
            return cast(row.interests["topics"], String).contains(f'"{value}"', autoescape=True)
        case Field.DOMAIN:
            return row.email_key.endswith(f"@{value}", autoescape=True)
        case Field.EMAIL:
            return row.email_key.contains(value.casefold(), autoescape=True)
        case Field.FREQUENCY:
            return row.frequency == value
        case Field.TIMEZONE:
            return row.timezone == value
    return row.status == value
