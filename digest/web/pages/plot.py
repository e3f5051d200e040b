"""Computes the points of a small plot. Pure; the template draws it, classes colour it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from digest.domain import SignalKind

WIDTH, HEIGHT = 280, 64
_INSET = 4  # the line is two units thick


@dataclass(frozen=True, slots=True)
class Plot:
    """A line that steps up and down: its points as SVG has them, and what a reader of screens is told."""

    kind: SignalKind
    points: str
    first: tuple[date, int]
    last: tuple[date, int]

    @property
    def is_line(self) -> bool:
        """Whether there is more than one day to draw."""
        return self.first[0] != self.last[0]


def plots(history: Mapping[SignalKind, Mapping[date, int]]) -> tuple[Plot, ...]:
    """Make a plot for each kind that anybody counted, in the order of `SignalKind`."""
    return tuple(
        _plot(kind, dict(sorted(history[kind].items())))
        for kind in SignalKind
        if any(history.get(kind, {}).values())
    )


def _plot(kind: SignalKind, days: Mapping[date, int]) -> Plot:
    dated = list(days.items())
    begin, end = dated[0][0], dated[-1][0]
    span, most = max((end - begin).days, 1), max(days.values()) or 1
    points: list[str] = []
    height = _y(dated[0][1], most)
    for day, value in dated:
        x = _INSET + (WIDTH - 2 * _INSET) * (day - begin).days / span
        points += [f"{x:.1f},{height:.1f}", f"{x:.1f},{_y(value, most):.1f}"]
        height = _y(value, most)
    return Plot(kind, " ".join(dict.fromkeys(points)), dated[0], dated[-1])


def _y(value: int, most: int) -> float:
    return HEIGHT - _INSET - (HEIGHT - 2 * _INSET) * value / most
