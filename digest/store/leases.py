"""Leases rows that wait to one caller for a while, and settles them: the store's side of an outbox.

waiting ─claim→ held, with token and lease ─begin_sending→ sending ─settle→ sent, waiting again, failed …
A lease that ends gives a held row back, and makes a `sending` one `uncertain` (`sweep`).

A table of an outbox has `attempts`, `claim_token` ("": nobody holds it) and `lease_until`. Every change
expects a token, so that a worker whose lease is over changes nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from secrets import token_hex
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, bindparam, case, false, or_, select, update
from sqlalchemy.orm import Session

from digest.domain import DeliveryState
from digest.store.session import chunks

FREE: Final[Mapping[str, Any]] = {"claim_token": "", "lease_until": None}


class Outbox:
    """The protocol over one table.

    `at_most_once`: `begin_sending` commits the state `sending`, so that a doubt is never sent again; else a
    row is held and no more, and is sent again after a doubt. `may_leave`: what must hold when a body is about
    to leave. `outcome`: the columns that `settle` is given; `settled`: the values that it sets besides.

    Two statements are built once and run without the ORM: built anew each time, they cost three times as much
    as the database's own work.
    """

    def __init__(
        self,
        table: object,
        *,
        at_most_once: bool,
        outcome: Collection[str],
        settled: Mapping[str, Any] | None = None,
        may_leave: Sequence[ColumnElement[bool]] = (),
    ) -> None:
        if not isinstance(table, Table):
            raise TypeError("an outbox is kept in a table")
        self._table, columns = table, table.c
        (self._key,) = table.primary_key.columns
        self._at_most_once = at_most_once
        held = (
            self._key.in_(bindparam("keys", expanding=True)),
            columns.claim_token.in_(bindparam("tokens", expanding=True)),
            columns.lease_until > bindparam("at"),
            *may_leave,
        )
        self._begin = (
            update(table)
            .where(*held, columns.state == DeliveryState.QUEUED)
            .values(state=DeliveryState.SENDING, lease_until=bindparam("lease_ends"))
            .returning(self._key)
            if at_most_once
            else select(self._key).where(*held)
        )
        self._settle = (
            update(table)
            .where(self._key == bindparam("held_key"), columns.claim_token == bindparam("held_token"))
            .values({name: bindparam(name) for name in outcome})
            .values(**(settled or {}), **FREE)
        )

    def hold(self, session: Session, keys: Collection[Any], *, until: datetime) -> None:
        """Hold these rows, which the caller has locked: one token for all, one attempt more for each."""
        values = {
            "claim_token": token_hex(8),
            "lease_until": until,
            "attempts": self._table.c.attempts + 1,
        }
        if self._at_most_once:
            values["state"] = DeliveryState.QUEUED
        for chunk in chunks(keys):
            session.execute(update(self._table).where(self._key.in_(chunk)).values(values))

    def claim(self, session: Session, waiting: Select[Any], *, until: datetime) -> list[Any]:
        """Hold the rows whose keys are selected, but for those that somebody else is just taking.

        Returns the keys, in the order of `waiting`.
        """
        # SQLite has no such words as FOR UPDATE: there the whole transaction is alone.
        keys = list(session.scalars(waiting.with_for_update(skip_locked=True)))
        self.hold(session, keys, until=until)
        return keys

    def begin_sending(
        self,
        session: Session,
        held: Iterable[tuple[Any, str]],
        *,
        now: datetime,
        until: datetime,
        **more: Any,
    ) -> set[Any]:
        """Note that messages are about to leave, before their bodies do; returns the keys of those that may.

        `held`: key and token of each; `more`: the values that `may_leave` names. All in one statement.
        """
        pairs = list(held)
        values = {
            "keys": [key for key, _ in pairs],
            "tokens": list({token for _, token in pairs} - {""}),
            "at": now,
            **more,
        }
        if self._at_most_once:
            values["lease_ends"] = until
        return set(session.connection().execute(self._begin, values).scalars())

    def settle(self, session: Session, outcomes: Iterable[tuple[Any, str, Mapping[str, Any]]]) -> int:
        """Write what became of held rows (key, token, columns) and let go of them; returns how many.

        Rows whose claim is over aren't changed.
        """
        values = [
            {"held_key": key, "held_token": token, **columns} for key, token, columns in outcomes if token
        ]
        return session.connection().execute(self._settle, values).rowcount if values else 0

    def holds(self, session: Session, key: object, token: str) -> bool:
        """Return whether a claim is still good, for who is about to write more than its outcome."""
        ours = select(self._key).where(self._key == key, self._table.c.claim_token == token)
        return bool(token) and session.scalar(ours.with_for_update()) is not None

    def sweep(
        self, session: Session, now: datetime, *, poison: ColumnElement[bool] | None = None, **more: Any
    ) -> int:
        """Settle what workers left behind whose lease is over; returns how many rows.

        `sending` becomes `uncertain`, `poison` rows become `failed`, the others wait; `more` is set too.
        """
        columns = self._table.c
        over = select(self._key).where(columns.lease_until <= now).with_for_update(skip_locked=True)
        keys = list(session.scalars(over))
        sending, bad = columns.state == DeliveryState.SENDING, false() if poison is None else poison
        states = (sending, DeliveryState.UNCERTAIN), (bad, DeliveryState.FAILED)
        values = {
            "state": case(*states, else_=DeliveryState.QUEUED),
            "settled_at": case((or_(sending, bad), now), else_=None),
            **more,
            **FREE,
        }
        for chunk in chunks(keys):
            session.execute(update(self._table).where(self._key.in_(chunk)).values(values))
        return len(keys)
