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

from digest.domain import Paper, Part, Ranked, Signal, SignalKind

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
    ranked = [_score(paper, now, usual or {}, aging=aging) for paper in papers]
    return sorted(ranked, key=lambda one: _order(one, now))


def _score(paper: Paper, now: datetime, usual: Usual, *, aging: bool) -> Ranked:
    age = max(now - paper.first_seen_at, timedelta())
    decay = 0.5 ** (age / HALF_LIFE) if aging else 1.0
    parts = [Part("new", round(age / timedelta(days=1), 2), round(BASE * decay, PLACES))]
    if not paper.signals:  # most papers of a day
        return Ranked(paper, parts[0].points, tuple(parts))
    for kind, weight in WEIGHTS.items():
        alike = _BUILT_ON if kind in _BUILT_ON else (kind,)
        share, value, which = max((*_best(each, paper, now, usual), each.value) for each in alike)
        if value:
            parts.append(Part(which, value, round(weight * share * decay, PLACES)))
    return Ranked(paper, round(fsum(part.points for part in parts), PLACES), tuple(parts))


def _best(kind: SignalKind, paper: Paper, now: datetime, usual: Usual) -> tuple[float, int]:
    """The largest share that one source gives for a kind, and the value behind it."""
    return max(
        (_share(value, usual.get((source, kind), DEFAULT_USUAL[kind])), value)
        for source, value in [("", 0), *_values(kind, paper, now).items()]
    )


def _share(value: int, usual: float) -> float:
    return value / (value + max(usual, 1.0)) if value > 0 else 0.0


def _values(kind: SignalKind, paper: Paper, now: datetime) -> dict[str, int]:
    """For each source, the value of a kind of signal at `now`; of stars and citations those gained lately."""
    by_source: dict[str, list[Signal]] = {}
    for signal in paper.signals:
        if signal.kind is kind and signal.observed_at <= now:
            by_source.setdefault(signal.source, []).append(signal)
    value = _gained if kind in _BUILT_ON else _latest
    return {source: value(signals, now) for source, signals in by_source.items()}


def _latest(signals: list[Signal], _now: datetime) -> int:
    return max((s.observed_at, s.value) for s in signals)[1]


def _gained(signals: list[Signal], now: datetime) -> int:
    observed = [(s.observed_at, s.value) for s in signals if s.observed_at > now - GAINED_WITHIN]
    return max(observed)[1] - min(observed)[1] if observed else 0


def _order(ranked: Ranked, now: datetime) -> tuple[float, int, int, float, str]:
    paper = ranked.paper
    published = paper.published_at.timestamp() if paper.published_at else float("-inf")
    if not paper.signals:  # most papers of a day
        return (-ranked.score, 0, 0, -published, paper.id)
    upvotes = max(_values(SignalKind.UPVOTES, paper, now).values(), default=0)
    comments = max(_values(SignalKind.COMMENTS, paper, now).values(), default=0)
    return (-ranked.score, -upvotes, -comments, -published, paper.id)
