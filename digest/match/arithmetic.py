"""Calculates one match for people to see. In: a ranked paper, its hits by filter. Out: an `Arithmetic`.

    score = trend + weight × fit        fit by points (`fit.FITS`), at most 7 of all filters together

The numbers are those that ranking uses. It decides nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from digest.domain import Field, Ranked, ReasonKind
from digest.filters import Leaf, canonical
from digest.match.evaluate import Found, Hit, Hits
from digest.match.fit import MOST_POINTS, fit


@dataclass(frozen=True, slots=True)
class FitTerm:
    """A term of a filter, the best place where the paper has it, and the points for that place."""

    term: str  # canonical text
    written: str  # as the paper writes it, or what holds, in words
    field: Field | None
    points: int


@dataclass(frozen=True, slots=True)
class FilterFit:
    """What one filter or topic gives: its terms, and their points together (see `fit`)."""

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
        """How well the paper fits, 0 … 1."""
        return fit([self.points])

    @property
    def score(self) -> float:
        """Trend and fit together."""
        return self.trend.score + self.weight * self.fit


def arithmetic(
    trend: Ranked, matched: Iterable[tuple[ReasonKind, str, Found]], *, weight: float
) -> Arithmetic:
    """Return the calculation for a paper; `matched`: kind, text or slug, and what each filter that selects it
    found."""
    filters = tuple(
        FilterFit(kind, name, _terms(found.hits or ()), found.points) for kind, name, found in matched
    )
    return Arithmetic(trend, filters, weight)


def _terms(hits: Hits) -> tuple[FitTerm, ...]:
    best: dict[Leaf, Hit] = {}
    for hit in hits:
        known = best.get(hit.leaf)
        if known is None or hit.points > known.points:
            best[hit.leaf] = hit
    return tuple(
        FitTerm(canonical(leaf), hit.term or hit.note, hit.field, hit.points) for leaf, hit in best.items()
    )
