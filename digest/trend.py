"""Ranks papers by the attention that their signals show, best first.

In: papers with every observation known, the time, and what is usual for each source. Out: `Ranked`, whose
parts add up to the score. Never: reads a clock or a database, knows a subscriber, or counts what was observed
later than `now`.

    score  = (BASE + Σ over kinds  WEIGHTS[kind] · share) · ½^(age / HALF_LIFE)
    share  = value / (value + usual)          0 … 1, a half where the value is the usual one
    age    = now − first seen, never negative

A share saturates, and is relative to what is usual for its own source, so that a source with bigger numbers
doesn't drown another. Of several sources that count the same thing the largest share counts, not the sum: a
paper isn't better for being listed twice. Stars and citations count as gained lately, not as owned: that is
momentum. Both say that others build on a paper, so they share one weight, and the larger share counts.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from math import fsum
from operator import itemgetter

from digest.domain import Paper, Part, Ranked, SignalKind

BASE = 0.05  # for being new: orders papers without any signal by recency
WEIGHTS: Mapping[SignalKind, float] = {  # with BASE they sum to 1, which no score exceeds
    SignalKind.UPVOTES: 0.45,
    SignalKind.VOTES: 0.15,
    SignalKind.STARS: 0.15,
    SignalKind.COMMENTS: 0.10,
    SignalKind.PICK: 0.10,
}
_BUILT_ON = (SignalKind.STARS, SignalKind.CITATIONS)
HALF_LIFE = timedelta(days=2)
GAINED_WITHIN = timedelta(days=7)
NOTHING_LEFT = 31 * HALF_LIFE  # the age from which on every score is 0, to the decimals that are kept

# What a paper usually gets, for sources that the caller knows nothing about. Upvotes: the median of a Hugging
# Face daily list on its first day; the others are set by judgement, one step above "somebody noticed".
DEFAULT_USUAL: Mapping[SignalKind, float] = {
    SignalKind.UPVOTES: 6,
    SignalKind.VOTES: 2,
    SignalKind.STARS: 20,
    SignalKind.CITATIONS: 1,
    SignalKind.COMMENTS: 2,
    SignalKind.PICK: 1,
}

Usual = Mapping[tuple[str, SignalKind], float]

PLACES = 9  # decimals of points: C libraries differ in the last bits of a power, the order must not


def rank(
    papers: Iterable[Paper], now: datetime, usual: Usual | None = None, *, aging: bool = True
) -> list[Ranked]:
    """Return all papers, best first, in an order that doesn't depend on the order given.

    `aging`: older papers lose points; without it papers of one past period are compared by attention alone.
    `usual`: (name of the source, kind of signal) → the value that a paper of that source usually reaches;
    `DEFAULT_USUAL` where missing, and never less than 1. Ties: upvotes, comments, newest publication, id.
    """
    keyed = [_score(paper, now, usual or {}, aging=aging) for paper in papers]
    keyed.sort(key=itemgetter(0))
    return [ranked for _, ranked in keyed]


def is_noticed(ranked: Ranked) -> bool:
    """Return whether a paper that was ranked without aging comes before all those that nobody noticed.

    Those have no points but `BASE`, and are in the order of their publication, the newest first, then by id.
    """
    return ranked.score > BASE


_Key = tuple[float, int, int, float, str]


def _score(paper: Paper, now: datetime, usual: Usual, *, aging: bool) -> tuple[_Key, Ranked]:
    """What a paper is sorted by, and the paper with its score."""
    age = max(now - paper.first_seen_at, timedelta())
    decay = 0.5 ** (age / HALF_LIFE) if aging else 1.0
    parts = [Part("new", round(age / timedelta(days=1), 2), round(BASE * decay, PLACES))]
    published = paper.published_at.timestamp() if paper.published_at else float("-inf")
    if not paper.signals:  # most papers of a day
        ranked = Ranked(paper, parts[0].points, tuple(parts))
        return (-ranked.score, 0, 0, -published, paper.id), ranked
    observed = _observed(paper, now)
    for kind, weight in WEIGHTS.items():
        alike = [each for each in (_BUILT_ON if kind in _BUILT_ON else (kind,)) if each in observed]
        if not alike:  # most kinds of most papers
            continue
        share, value, which = max((*_best(each, observed, now, usual), each.value) for each in alike)
        if value:
            parts.append(Part(which, value, round(weight * share * decay, PLACES)))
    ranked = Ranked(paper, round(fsum(part.points for part in parts), PLACES), tuple(parts))
    upvotes, comments = (
        max(map(_latest, observed[kind].values()), default=0) if kind in observed else 0
        for kind in (SignalKind.UPVOTES, SignalKind.COMMENTS)
    )
    return (-ranked.score, -upvotes, -comments, -published, paper.id), ranked


_Values = list[tuple[datetime, int]]


def _observed(paper: Paper, now: datetime) -> dict[SignalKind, dict[str, _Values]]:
    """What was observed of a paper until `now`, by kind and source."""
    found: dict[SignalKind, dict[str, _Values]] = {}
    for signal in paper.signals:
        if signal.observed_at <= now:
            by_source = found.setdefault(signal.kind, {})
            by_source.setdefault(signal.source, []).append((signal.observed_at, signal.value))
    return found


def _best(
    kind: SignalKind, observed: Mapping[SignalKind, Mapping[str, _Values]], now: datetime, usual: Usual
) -> tuple[float, int]:
    """The largest share that one source gives for a kind, and the value behind it; of stars and citations
    those gained lately count."""
    best = (0.0, 0)
    for source, values in observed.get(kind, {}).items():
        value = _gained(values, now) if kind in _BUILT_ON else _latest(values)
        best = max(best, (_share(value, usual.get((source, kind), DEFAULT_USUAL[kind])), value))
    return best


def _share(value: int, usual: float) -> float:
    return value / (value + max(usual, 1.0)) if value > 0 else 0.0


def _latest(values: _Values) -> int:
    return max(values)[1]


def _gained(values: _Values, now: datetime) -> int:
    lately = [each for each in values if each[0] > now - GAINED_WITHIN]
    return max(lately)[1] - min(lately)[1] if lately else 0
