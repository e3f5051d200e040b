"""Why somebody gets a paper, or doesn't. In: interests or a tree; a paper. Out: reasons, what it lacks."""

from collections.abc import Iterable
from functools import lru_cache

from digest.domain import Interests, Match
from digest.filters import Node
from digest.match.arithmetic import Arithmetic, arithmetic
from digest.match.day import Asked, Day, asked
from digest.match.evaluate import misses
from digest.match.fit import fit
from digest.match.score import picked, reasons, trending

MOST_EXPLAINED = 10_000  # matches that are remembered: many readers have a paper for the same reasons


class Why:
    """Explains the papers of a day."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self._explained = lru_cache(MOST_EXPLAINED)(self._match)

    def explain(self, interests: Interests, numbers: Iterable[int]) -> tuple[Match, ...]:
        """Return why these papers (by number) are in somebody's digest, and their scores."""
        wanted = asked(interests)
        return tuple(
            [
                self._explained(number, self._day.held(wanted, number), number < interests.top)
                for number in numbers
            ]
        )

    def arithmetic(self, interests: Interests, paper_id: str) -> Arithmetic:
        """Return how the score of this paper (by canonical id) for somebody comes about.

        Raises `KeyError`.
        """
        number = self._day.number(paper_id)
        held = self._day.held(asked(interests), number)
        once = {text: (kind, name, self._day.find(text, number)) for kind, name, text in held}
        return arithmetic(self._day.ranked[number], once.values(), weight=self._day.fit_weight)

    def misses(self, node: Node, paper_id: str) -> tuple[str, ...]:
        """Return why a tree doesn't select the paper of this canonical id, as `evaluate.misses` says it;
        empty where it does. Raises `KeyError` for a paper that isn't among those of the day.
        """
        return misses(node, self._day.document(self._day.number(paper_id)), self._day.library.topics)

    def _match(self, number: int, held: tuple[Asked, ...], top: bool) -> Match:
        ranked = self._day.ranked[number]
        found = [(kind, name, text, self._day.find(text, number)) for kind, name, text in held]
        points = {text: each.points for _, _, text, each in found}
        trends = (trending(ranked.paper),) if not held or top else ()
        why = reasons([(kind, name, each.hits or ()) for kind, name, _, each in found])
        score = ranked.score + self._day.fit_weight * fit(list(points.values()))
        return Match(ranked.paper, score, why + trends + picked(ranked.paper))
