"""Runs the loop of everything that is asked: claim, ask, store, then succeeded, postponed or failed.

Sources, past days, services that count attention and the model that summarises are rows which say when each
may be asked. `claim` gives such a row to one process at a time; `take` asks, and writes down what came of
it. Which row it is, how its answer is stored and how long it rests are the turn's own (`Turn`).
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Self, TypeVar

from digest.errors import FetchError, NotAskedError, ParseError
from digest.pipeline import failures
from digest.store import session
from digest.store.session import Engine, Session
from digest.store.sources import services

T = TypeVar("T")
log = logging.getLogger(__name__)


class Turn(ABC, Generic[T]):
    """Something that was claimed, so that no other process asks it meanwhile; `T`: what it answers."""

    name: str  # for logs

    @abstractmethod
    def ask(self) -> T:
        """Ask, and store the answer. Raises NotAskedError, FetchError, ParseError."""

    @abstractmethod
    def postpone(self, error: NotAskedError) -> T:
        """Note that nothing was asked, and when it may be."""

    @abstractmethod
    def fail(self, error: FetchError | ParseError) -> T:
        """Note why there is no answer, and when to ask once more."""

    def set_aside(self, error: Exception) -> T:
        """Note an error that nobody foresaw, and raise it for the caller's `guarded`."""
        self.fail(unusable(error))
        raise error


def take(turn: Turn[T]) -> T:
    """Ask once, and note what came of it. Raises what `set_aside` does, and what isn't the turn's fault."""
    try:
        return turn.ask()
    except NotAskedError as error:
        return turn.postpone(error)
    except (FetchError, ParseError) as error:
        return turn.fail(error)
    except Exception as error:
        if not failures.is_its_fault(error):
            raise
        log.exception("%s failed for a reason that nobody foresaw", turn.name)
        return turn.set_aside(error)


def take_all(claim: Callable[[], Turn[T] | None], is_over: Callable[[], bool]) -> Iterator[T]:
    """Claim and take one turn after the other, until there is none or it is over."""
    while not is_over():
        turn = claim()
        if turn is None:
            return
        yield take(turn)


def unusable(error: Exception) -> ParseError:
    """Return an error that nobody foresaw as one of the answer, in words."""
    return ParseError(f"its answer can't be used: {failures.words(error)}")


def retry_after(error: FetchError | ParseError) -> float | None:
    """Return the seconds that whoever was asked wants to be left alone, where it said so."""
    return error.retry_after if isinstance(error, FetchError) else None


@dataclass(slots=True)
class ServiceRow:
    """A claimed row of `services`. `failures`: how often in a row it failed since it last answered."""

    engine: Engine
    name: str
    now: datetime
    failures: int

    @classmethod
    def claim(cls, engine: Engine, name: str, now: datetime, *, until: datetime) -> Self | None:
        """Claim a service until a time. None: its time hasn't come, or another process has it."""
        with session.transaction(engine) as db:
            claimed = services.claim(db, name, now=now, until=until)
        return cls(engine, name, now, claimed.failures) if claimed else None

    @contextmanager
    def answered(self) -> Iterator[Session]:
        """Open the transaction in which an answer is stored; that the service answered is noted with it."""
        with session.transaction(self.engine) as db:
            yield db
            services.succeeded(db, self.name, now=self.now)
        self.failures = 0

    def postpone(self, wait: timedelta) -> None:
        """Leave the service alone for so long."""
        with session.transaction(self.engine) as db:
            services.postponed(db, self.name, next_at=self.now + wait)

    def failed(self, error: str, wait: timedelta) -> None:
        """Note why the turn ended early, and leave the service alone for so long."""
        with session.transaction(self.engine) as db:
            services.failed(db, self.name, now=self.now, error=error, next_at=self.now + wait)
