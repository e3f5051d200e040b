"""Why somebody gets a paper, or doesn't. In: interests or a tree; a paper. Out: reasons, what it lacks."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from digest.domain import Interests, Match
from digest.filters import Node, asks_for_saved, with_saved
from digest.match.arithmetic import Arithmetic, arithmetic
from digest.match.day import Asked, Day, FoundBy, asked
from digest.match.evaluate import misses
from digest.match.fit import fit
from digest.match.score import picked, reasons, trending

MOST_EXPLAINED = 10_000  # matches that are remembered: many readers have a paper for the same reasons


class Why:
    """Explains the papers of a day."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self._explained = lru_cache(MOST_EXPLAINED)(self._match)

    def explain(
        self, interests: Interests, numbers: Iterable[int], saved: Sequence[int] = ()
    ) -> tuple[Match, ...]:
        """Return why these papers (by number) are in somebody's digest, and their scores.

        `saved`: the papers that they saved (`Paper.pk`), for filters that ask for `like:saved`.
        """
        wanted = asked(interests)
        if any(self._day.library.asks_for_saved(text) for _, _, text in wanted):
            ids = self._day.index.likes.ids(saved)
            every = [(number, self._day.found(wanted, number, ids)) for number in numbers]
            return tuple([_match(self._day, n, found, n < interests.top) for n, found in every])
        return tuple(
            [
                self._explained(number, self._day.held(wanted, number), number < interests.top)
                for number in numbers
            ]
        )

    def arithmetic(self, interests: Interests, paper_id: str, saved: Sequence[int] = ()) -> Arithmetic:
        """Return how the score of this paper (by canonical id) for somebody comes about; `saved` as for
        `explain`.

        Raises `KeyError`.
        """
        number = self._day.number(paper_id)
        held = self._day.found(asked(interests), number, self._day.index.likes.ids(saved))
        once = {text: (kind, name, found) for (kind, name, text), found in held}
        return arithmetic(self._day.ranked[number], once.values(), weight=self._day.fit_weight)

    def misses(self, node: Node, paper_id: str, saved: Sequence[int] = ()) -> tuple[str, ...]:
        """Return why a tree doesn't select the paper of this canonical id, as `evaluate.misses` says it;
        empty where it does; `saved` as for `explain`. Raises `KeyError` for a paper that isn't among those of
        the day.
        """
        if saved and asks_for_saved(node):
            node = with_saved(node, self._day.index.likes.ids(saved))
        return misses(node, self._day.document(self._day.number(paper_id)), self._day.library.topics)

    def _match(self, number: int, held: tuple[Asked, ...], top: bool) -> Match:
        return _match(self._day, number, [(each, self._day.find(each[2], number)) for each in held], top)


def _match(day: Day, number: int, found: Sequence[FoundBy], top: bool) -> Match:
    ranked = day.ranked[number]
    points = {text: each.points for (_, _, text), each in found}
    trends = (trending(ranked.paper),) if not found or top else ()
    why = reasons([(kind, name, each.hits or ()) for (kind, name, _), each in found])
    score = ranked.score + day.fit_weight * fit(list(points.values()))
    return Match(ranked.paper, score, why + trends + picked(ranked.paper))
