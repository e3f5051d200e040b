"""Makes reasons of hits, and orders matches. In: what matched, by filter. Out: `Reason`s, keys to sort by."""

from collections.abc import Sequence

from digest.domain import Field, Match, Paper, Reason, ReasonKind, SignalKind
from digest.match.evaluate import Hit, Hits
from digest.match.notes import NEWLY_LISTED, PICKED, counted

MAX_REASONS = 4  # terms shown for a paper; popularity and picks come beside them

TieBreak = tuple[int, int, float, str]

_POPULARITY = (  # of what trends; the first that there is says why
    SignalKind.UPVOTES,
    SignalKind.VOTES,
    SignalKind.STARS,
    SignalKind.COMMENTS,
    SignalKind.CITATIONS,
)
_FIELD_ORDER = {field: order for order, field in enumerate([*Field, None])}


def reasons(matched: Sequence[tuple[ReasonKind, str, Hits]]) -> tuple[Reason, ...]:
    """Return the reasons to show: each filter's or topic's best first, none twice, then by field, the title
    first.

    A term inside a longer one says nothing new (“model” in “language model”): the longest stays.
    `matched`: kind, filter's text or topic's slug, and hits, for each that selected the paper.
    """
    candidates = []
    for kind, name, hits in matched:
        ordered = sorted(hits, key=lambda hit: (_FIELD_ORDER[hit.field], hit.start))
        candidates += [(place, _reason(kind, name, hit)) for place, hit in enumerate(ordered)]
    if len(candidates) == 1:
        return (candidates[0][1],)
    candidates.sort(key=lambda pair: (pair[0], *_by_field(pair[1])))
    chosen: dict[tuple[Field | None, str], Reason] = {}
    for _, reason in candidates:
        chosen.setdefault((reason.field, (reason.term or reason.note).casefold()), reason)
    longest = [one for one in chosen.values() if not any(_inside(one, other) for other in chosen.values())]
    return tuple(sorted(longest[:MAX_REASONS], key=_by_field))


def trending(paper: Paper) -> Reason:
    """Return the reason of a paper that is there because it trends: the number that says so."""
    for kind in _POPULARITY:
        value = paper.latest(kind)
        if value > 0:
            return Reason(ReasonKind.TRENDING, note=counted(kind, value))
    return Reason(ReasonKind.TRENDING, note=NEWLY_LISTED)


def picked(paper: Paper) -> tuple[Reason, ...]:
    """Return one reason where a curator picked the paper."""
    return (Reason(ReasonKind.PICK, note=PICKED),) if paper.latest(SignalKind.PICK) else ()


def best_first(match: Match) -> tuple[float, TieBreak]:
    """Return the order of matches: by score, then as `tie_break` says."""
    return -match.score, tie_break(match.paper)


def tie_break(paper: Paper) -> TieBreak:
    """Return the order of papers with equal scores: upvotes, comments, the newest publication, the id."""
    published = paper.published_at.timestamp() if paper.published_at else float("-inf")
    return -paper.latest(SignalKind.UPVOTES), -paper.latest(SignalKind.COMMENTS), -published, paper.id


def _reason(kind: ReasonKind, name: str, hit: Hit) -> Reason:
    return Reason(kind, name, hit.term, hit.field, hit.start, hit.end, hit.note)


def _inside(reason: Reason, other: Reason) -> bool:
    """Whether a reason's place is a part of another's."""
    length, longer = reason.end - reason.start, other.end - other.start
    around = other.start <= reason.start and reason.end <= other.end
    return reason.field is other.field and around and length < longer


def _by_field(reason: Reason) -> tuple[int, int]:
    return _FIELD_ORDER[reason.field], reason.start
