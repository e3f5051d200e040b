"""Shows the arithmetic of a score, and why a paper isn't there, for people and as JSON."""

from typing import TYPE_CHECKING, Any

from digest.cli.terminal.output import emit, say
from digest.serializers import match_object, ranked_object

if TYPE_CHECKING:
    from digest.domain import Match
    from digest.match import Arithmetic
    from digest.match.arithmetic import FilterFit
    from digest.pipeline.issues.explain import WhyNot


def explained_object(match: "Match", place: int, sums: "Arithmetic") -> dict[str, Any]:
    """Return a paper with the arithmetic of its score = trend + weight × fit; `place`: 1 is the first."""
    return {
        **match_object(match),
        "place": place,
        "trend": round(sums.trend.score, 6),
        "parts": ranked_object(sums.trend)["parts"],
        "weight": sums.weight,
        "fit": {
            "value": round(sums.fit, 6),
            "points": sums.points,
            "filters": [
                {"kind": f.kind, "filter": f.filter, "points": f.points, "terms": f.terms}
                for f in sums.filters
            ],
        },
    }


def why_not_object(found: "WhyNot") -> dict[str, Any]:
    """Return a paper, and what keeps it out."""
    return {
        "id": found.paper.id,
        "title": found.paper.title,
        "matches": not found.reasons,
        "why_not": list(found.reasons),
    }


def show_arithmetic(place: int, match: "Match", sums: "Arithmetic") -> None:
    """Print how one paper's score comes about, the parts of its trend and of its fit a line each."""
    say(f"\n{place}. {match.paper.title} · {match.paper.id}")
    say(f"   score {match.score:.4f} = trend {sums.trend.score:.4f} + {sums.weight:g} × fit {sums.fit:.4f}")
    for part in sums.trend.parts:
        value = f"{part.value:g} days" if part.signal == "new" else f"{part.value:g}"
        say(f"   trend  {part.points:.4f}  {part.signal}: {value}")
    for each in sums.filters:
        say(f"   points {each.points}       {each.kind} {each.filter}: {_terms(each)}")
    if sums.filters:
        say(f"   fit    {sums.fit:.4f}  of {sums.points} points; 7 are the most")


def show_why_not(found: "WhyNot", *, as_json: bool) -> None:
    """Print what keeps a paper out, a reason a line."""
    if as_json:
        emit(why_not_object(found))
        return
    say(f"{found.paper.title} · {found.paper.id}")
    for reason in found.reasons:
        say(f"   {reason}")
    if not found.reasons:
        say("   it is there")


def show_read_back(text: str) -> None:
    """Print on stderr how a filter that can be read was read, and hints where it is often meant otherwise."""
    from digest.filters import read_back

    shown = read_back(text)
    say(f"read as: {shown.canonical}", err=True)
    for hint in shown.hints:
        say(f"hint: {hint}", err=True)


def _terms(each: "FilterFit") -> str:
    """The terms with their points: of those that are all needed the weakest counts, of others the
    strongest."""
    terms = [
        f"“{term.written}” in {term.field} {term.points}" if term.field else f"{term.written} {term.points}"
        for term in each.terms
    ]
    return ", ".join(terms) or "what it excludes is not there"
