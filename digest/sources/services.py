"""Services that count attention for papers that we know: what to ask them about a paper, and what they say.

`Question`s go out, the bytes of an answer come in, counts go out; one module for each service. Pure, like the
rest of `sources`: never fetches, never stores, knows no clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from digest.domain import Paper, SignalKind

NAMES = ("github", "semanticscholar")

Counts = Mapping[SignalKind, int]
Headers = tuple[tuple[str, str], ...]

_MOST = 100_000_000  # nobody has so many stars or citations: a number beyond it is a mistake, or a lie


@dataclass(frozen=True, slots=True)
class Question:
    """One request, and the subjects that it is about. With a `body` it is a POST; without one it is about one
    subject and can be asked on condition."""

    url: str
    subjects: tuple[str, ...]
    headers: Headers = ()
    body: bytes | None = None


class Service(Protocol):
    """What the pipeline knows of a service. `name`: its signals' source; `at_once`: subjects in one turn."""

    @property
    def name(self) -> str: ...

    @property
    def at_once(self) -> int: ...

    def subject(self, paper: Paper) -> str | None:
        """Return what the service is asked about for a paper, spelled safely; None where it knows nothing of
        it.
        """

    def address(self, subject: str) -> str:
        """Return the URL of a subject, under which it is remembered that it was asked about."""

    def questions(self, subjects: Sequence[str]) -> list[Question]:
        """Return the requests that ask about these subjects, each once."""

    def read(self, question: Question, status: int, body: bytes) -> dict[str, Counts]:
        """Return what an answer (HTTP 2xx or 400) counts, by subject; without those that it knows nothing of.

        Raises ParseError where it isn't an answer to this question.
        """


def plausible(value: object) -> int | None:
    """Return a count as a service may give it, a whole number from 0 to a hundred million; None for
    all else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        return None
    return value
