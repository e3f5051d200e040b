"""Hits → reasons and how well a paper fits. In: what matched, by filter. Out: `Reason`s; numbers in 0…1."""

from collections.abc import Iterable, Sequence

from digest.domain import Field, Match, Paper, Reason, ReasonKind, SignalKind
from digest.filters import Leaf
from digest.match.evaluate import Hit, Hits

FIT_WEIGHT = 0.5  # a perfect fit is worth as much as half of the highest trend score

# A term counts once, at the best place where it stands. What holds for whole classes of papers counts less.
FIELD_WEIGHTS = {Field.TITLE: 1.0, Field.AUTHOR: 1.0, Field.ABSTRACT: 0.5, Field.CATEGORY: 0.25, None: 0.25}

MAX_REASONS = 4  # terms shown for a paper; popularity and picks come beside them

_FIELD_ORDER = {field: order for order, field in enumerate([*Field, None])}


def fit(hits: Iterable[Hit]) -> float:
    """How well a paper fits, 0 … 1: s / (1 + s), s = the sum of the field weights of its distinct terms.

    One term in the title gives 1/2, one in the abstract 1/3, two in the title 2/3: each further term adds,
    but a filter with many synonyms can't push everything else out of the way.
    """
    best: dict[Leaf, float] = {}
    for hit in hits:
        best[hit.leaf] = max(best.get(hit.leaf, 0.0), FIELD_WEIGHTS[hit.field])
    total = sum(best.values())
    return total / (1 + total)


def reasons(matched: Sequence[tuple[ReasonKind, str, Hits]]) -> tuple[Reason, ...]:
    """The reasons to show: each filter's or topic's best first, none twice, then by field, the title first.

    `matched`: kind, filter's text or topic's slug, and hits, for each that selected the paper.
    """
    candidates = []
    for kind, name, hits in matched:
        ordered = sorted(hits, key=lambda hit: (_FIELD_ORDER[hit.field], hit.start))
        candidates += [(place, _reason(kind, name, hit)) for place, hit in enumerate(ordered)]
    candidates.sort(key=lambda pair: (pair[0], *_by_field(pair[1])))
    chosen: dict[tuple[Field | None, str], Reason] = {}
    for _, reason in candidates:
        chosen.setdefault((reason.field, (reason.term or reason.note).casefold()), reason)
    return tuple(sorted(list(chosen.values())[:MAX_REASONS], key=_by_field))


def trending(paper: Paper) -> Reason:
    """The reason of a paper that is there because it trends: the number that says so."""
    for kind in (SignalKind.UPVOTES, SignalKind.VOTES, SignalKind.STARS, SignalKind.COMMENTS):
        value = paper.latest(kind)
        if value > 0:
            return Reason(
                ReasonKind.TRENDING, note=f"{value} {kind if value > 1 else kind.removesuffix('s')}"
            )
    return Reason(ReasonKind.TRENDING, note="newly listed")


def picked(paper: Paper) -> tuple[Reason, ...]:
    """One reason where a curator picked the paper."""
    return (Reason(ReasonKind.PICK, note="picked by a curator"),) if paper.latest(SignalKind.PICK) else ()


def best_first(match: Match) -> tuple[float, int, int, float, str]:
    """The order of matches: score, then upvotes, comments, the newest publication, the id."""
    paper = match.paper
    published = paper.published_at.timestamp() if paper.published_at else float("-inf")
    return (
        -match.score,
        -paper.latest(SignalKind.UPVOTES),
        -paper.latest(SignalKind.COMMENTS),
        -published,
        paper.id,
    )


def _reason(kind: ReasonKind, name: str, hit: Hit) -> Reason:
    return Reason(kind, name, hit.term, hit.field, hit.start, hit.end, hit.note)


def _by_field(reason: Reason) -> tuple[int, int]:
    return _FIELD_ORDER[reason.field], reason.start
