"""The day's papers, and what interests select of them. In: ranked papers, interests, ids already sent.
Out: matches, best first. Each distinct filter is evaluated once, whoever shares it.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from digest.domain import Interests, Match, Ranked, ReasonKind, SignalKind
from digest.filters import Node, TopicRef, canonical
from digest.match.document import Document
from digest.match.evaluate import Hits, evaluate, misses
from digest.match.library import Library
from digest.match.score import FIT_WEIGHT, best_first, fit, picked, reasons, trending

Selected = Mapping[int, Hits]  # number of a paper → what matched in it
Why = tuple[ReasonKind, str, Hits]


class Corpus:
    """The papers of an issue, tokenised once; numbers of papers are their places in the order of trend."""

    def __init__(self, ranked: Iterable[Ranked], library: Library, *, fit_weight: float = FIT_WEIGHT) -> None:
        """`ranked`: papers with trend scores, in any order. A match's score is its trend score
        + `fit_weight` × `fit` (see `score.fit`)."""
        self._library = library
        self._fit_weight = fit_weight
        self._ranked = sorted(ranked, key=lambda each: best_first(Match(each.paper, each.score, ())))
        self._documents = [Document.of(each.paper) for each in self._ranked]
        self._selected: dict[Node, Selected] = {}

    def match(self, interests: Interests, sent: AbstractSet[str] = frozenset()) -> tuple[Match, ...]:
        """At most `interests.max_papers` matches, best first; none in `sent` (canonical ids).

        A paper is selected by any topic or filter and `min_upvotes`; without topics and filters by
        `min_upvotes` alone. The first `top` by trend of what this subscriber can still get come too, whatever
        the filters and upvotes, and keep their places when there is more than `max_papers`. What an exclusion
        selects, or was sent, never comes.
        """
        excluded = {number for text in interests.exclude for number in self._select(self._library.tree(text))}
        free = [
            number
            for number, each in enumerate(self._ranked)
            if number not in excluded and each.paper.id not in sent
        ]
        top = set(free[: min(max(interests.top, 0), interests.max_papers)])
        matched = self._matched(interests)
        anything = not (interests.topics or interests.filters)
        wanted = [
            number
            for number in free
            if number not in top
            and (anything or number in matched)
            and self._ranked[number].paper.latest(SignalKind.UPVOTES) >= interests.min_upvotes
        ]
        room = max(interests.max_papers - len(top), 0)
        best = sorted(
            (self._match(number, matched.get(number, ()), trends=anything) for number in wanted),
            key=best_first,
        )
        tops = [self._match(number, matched.get(number, ()), trends=True) for number in top]
        return tuple(sorted(tops + best[:room], key=best_first))

    def search(self, node: Node) -> tuple[Match, ...]:
        """All papers that a tree selects, best first."""
        text = canonical(node)
        selected = self._select(node)
        matches = (
            self._match(number, [(ReasonKind.FILTER, text, hits)]) for number, hits in selected.items()
        )
        return tuple(sorted(matches, key=best_first))

    def misses(self, node: Node, paper_id: str) -> tuple[str, ...]:
        """Why a tree doesn't select the paper of this canonical id, as `evaluate.misses` says it; empty where
        it does. Raises `KeyError` for a paper that isn't among those of the day."""
        for document in self._documents:
            if document.paper.id == paper_id:
                return misses(node, document, self._library.topics)
        raise KeyError(paper_id)

    def _select(self, node: Node) -> Selected:
        """What a tree selects, in order of trend; remembered."""
        if node not in self._selected:
            topics = self._library.topics
            found = ((number, evaluate(node, each, topics)) for number, each in enumerate(self._documents))
            self._selected[node] = {number: hits for number, hits in found if hits is not None}
        return self._selected[node]

    def _matched(self, interests: Interests) -> dict[int, list[Why]]:
        """By number of paper: what selected it. Filters first: they are the subscriber's own words."""
        asked = [(ReasonKind.FILTER, text, self._library.tree(text)) for text in interests.filters]
        asked += [(ReasonKind.TOPIC, slug, TopicRef(slug)) for slug in interests.topics]
        matched: dict[int, list[Why]] = {}
        for kind, name, node in asked:
            for number, hits in self._select(node).items():
                matched.setdefault(number, []).append((kind, name, hits))
        return matched

    def _match(self, number: int, why: Sequence[Why], *, trends: bool = False) -> Match:
        """The match of one paper, with its score and reasons."""
        ranked = self._ranked[number]
        fits = fit(hit for _, _, hits in why for hit in hits)
        shown = reasons(why) + ((trending(ranked.paper),) if trends else ()) + picked(ranked.paper)
        return Match(ranked.paper, ranked.score + self._fit_weight * fits, shown)
