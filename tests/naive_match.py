"""The plain meaning of matching, that the engine is held to: a loop over subscribers and papers.

It shares with the engine what one tree says of one paper (`evaluate`, `fit`) and the order of `score`.
"""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet

from digest.domain import Interests, Match, Paper, Ranked, SignalKind
from digest.filters import Node, TopicRef, with_saved
from digest.match import Library
from digest.match.document import Document
from digest.match.evaluate import points
from digest.match.fit import fit
from digest.match.likeness import Compare, not_compared
from digest.match.score import best_first


class NaiveCorpus:
    """The papers of a day, looked at one by one for each subscriber."""

    def __init__(
        self,
        ranked: Iterable[Ranked],
        library: Library,
        *,
        fit_weight: float,
        comparing: Callable[[Paper], Compare] = lambda _paper: not_compared,
    ) -> None:
        self._ranked = sorted(ranked, key=lambda each: best_first(Match(each.paper, each.score, ())))
        self._documents = [Document.of(each.paper, comparing(each.paper)) for each in self._ranked]
        self._library = library
        self._fit_weight = fit_weight

    def match(
        self, interests: Interests, sent: AbstractSet[str] = frozenset(), saved: Sequence[str] = ()
    ) -> list[tuple[Paper, float]]:
        """The papers of one subscriber with their scores, best first; `saved`: canonical ids."""
        least = 2 if interests.about_only else 1
        trees = {text: with_saved(self._library.tree(text), saved) for text in interests.filters}
        trees |= {f"topic:{slug}": TopicRef(slug) for slug in interests.topics}
        free = [
            document
            for document in self._documents
            if document.paper.id not in sent
            and not any(
                self._points(with_saved(self._library.tree(text), saved), document)
                for text in interests.exclude
            )
        ]
        top = free[: min(interests.top, interests.max_papers)]
        points_of = {d.paper.id: [self._points(tree, d) for tree in trees.values()] for d in free}
        wanted = [
            document
            for document in free
            if document not in top
            and (sum(points_of[document.paper.id]) >= least or not trees)
            and document.paper.latest(SignalKind.UPVOTES) >= interests.min_upvotes
        ]
        room = interests.max_papers - len(top)
        chosen = self._best(top, points_of) + self._best(wanted, points_of)[:room]
        return [(match.paper, match.score) for match in sorted(chosen, key=best_first)]

    def _best(self, documents: Sequence[Document], points_of: dict[str, list[int]]) -> list[Match]:
        scores = {each.paper.id: each.score for each in self._ranked}
        matches = [
            Match(d.paper, scores[d.paper.id] + self._fit_weight * fit(points_of[d.paper.id]), ())
            for d in documents
        ]
        return sorted(matches, key=best_first)

    def _points(self, tree: Node, document: Document) -> int:
        """How much a paper is about a filter; 0 where it isn't selected."""
        return points(tree, document, self._library.topics)
