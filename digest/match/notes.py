"""Leaf × paper → what holds, in words: what a paper comes with, its year, its signals."""

from digest.domain import Paper, SignalKind
from digest.filters import AtLeast, Has, Year


def note(leaf: Has | Year | AtLeast, paper: Paper) -> str:
    """Return what the paper has of what the leaf asks for, in words; empty where it has it not."""
    match leaf:
        case Has(what):
            has, words = {
                "code": (bool(paper.code_url), "code available"),
                "project": (bool(paper.project_url), "project page"),
                "pick": (paper.latest(SignalKind.PICK) > 0, "picked by a curator"),
            }.get(what, (False, ""))
            return words if has else ""
        case Year():
            return f"published in {paper.year}" if leaf.holds(paper.year) else ""
        case AtLeast(signal, least):
            value = paper.latest(signal)
            return f"{value} {signal}" if value >= least else ""
