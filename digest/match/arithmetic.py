"""One match, calculated for people to see. In: a ranked paper, its hits by filter. Out: an `Arithmetic`.

    score = trend + weight × fit        fit = s / (1 + s), s = half of the points (at most 7)

The numbers are those that ranking uses: `score.points` and `score.fit`. It decides nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from digest.domain import Field, Ranked, ReasonKind
from digest.filters import Leaf, canonical
from digest.match.evaluate import Hit, Hits
from digest.match.score import FIELD_POINTS, MOST_POINTS, fit, points


@dataclass(frozen=True, slots=True)
class FitTerm:
    """A term of a filter, the best place where the paper has it, and the points for that place."""

    term: str  # canonical text
    written: str  # as the paper writes it, or what holds, in words
    field: Field | None
    points: int


@dataclass(frozen=True, slots=True)
class FilterFit:
    """What one filter or topic gives: its terms, and their points together, at most 3 and at least 1."""

    kind: ReasonKind
    filter: str  # canonical text, or a topic's slug
    terms: tuple[FitTerm, ...]
    points: int


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """How the score of one paper for somebody comes about."""

    trend: Ranked
    filters: tuple[FilterFit, ...]  # those that select it
    weight: float

    @property
    def points(self) -> int:
        """The points of all filters, at most 7."""
        return min(sum(each.points for each in self.filters), MOST_POINTS)

    @property
    def fit(self) -> float:
        """How well the paper fits, 0 … 7/9."""
        return fit([self.points])

    @property
    def score(self) -> float:
        """Trend and fit together."""
        return self.trend.score + self.weight * self.fit


def arithmetic(
    trend: Ranked, matched: Iterable[tuple[ReasonKind, str, Hits]], *, weight: float
) -> Arithmetic:
    """The calculation for a paper; `matched`: kind, text or slug, and hits of each filter that selects it."""
    filters = tuple(FilterFit(kind, name, _terms(hits), points(hits)) for kind, name, hits in matched)
    return Arithmetic(trend, filters, weight)


def _terms(hits: Hits) -> tuple[FitTerm, ...]:
    best: dict[Leaf, Hit] = {}
    for hit in hits:
        known = best.get(hit.leaf)
        if known is None or FIELD_POINTS[hit.field] > FIELD_POINTS[known.field]:
            best[hit.leaf] = hit
    return tuple(
        FitTerm(canonical(leaf), hit.term or hit.note, hit.field, FIELD_POINTS[hit.field])
        for leaf, hit in best.items()
    )
