"""Says in words what of a leaf holds for a paper: what it comes with, its year, its signals."""

from collections.abc import Mapping

from digest.domain import Paper, SignalKind
from digest.filters import AtLeast, Has, Year
from digest.languages import Deferred, deferred, ndeferred

NEWLY_LISTED = deferred("newly listed")
PICKED = deferred("picked by a curator")
_HAS: Mapping[str, Deferred] = {
    "code": deferred("code available"),
    "project": deferred("project page"),
    "pick": PICKED,
}


def note(leaf: Has | Year | AtLeast, paper: Paper) -> str:
    """Return what the paper has of what the leaf asks for, in words; empty where it has it not."""
    match leaf:
        case Has(what):
            has = {
                "code": bool(paper.code_url),
                "project": bool(paper.project_url),
                "pick": paper.latest(SignalKind.PICK) > 0,
            }.get(what, False)
            return _HAS[what] if has else ""
        case Year():
            return deferred("published in {year}", year=paper.year) if leaf.holds(paper.year) else ""
        case AtLeast(signal, least):
            value = paper.latest(signal)
            return counted(signal, value) if value >= least else ""


def counted(kind: SignalKind, value: int) -> Deferred:
    """Return a measure of attention in words: `45 upvotes`."""
    match kind:
        case SignalKind.UPVOTES:
            return ndeferred("{number} upvote", "{number} upvotes", value)
        case SignalKind.COMMENTS:
            return ndeferred("{number} comment", "{number} comments", value)
        case SignalKind.STARS:
            return ndeferred("{number} star", "{number} stars", value)
        case SignalKind.CITATIONS:
            return ndeferred("{number} citation", "{number} citations", value)
        case SignalKind.VOTES | SignalKind.VOTERS:
            return ndeferred("{number} vote", "{number} votes", value)
        case SignalKind.PICK:
            return ndeferred("{number} pick", "{number} picks", value)
