"""Draws counts by day as one self-contained page with plots: no script, no request, light and dark.

In: `Chart`s, `Bars` and numbers. Out: HTML. Never: asks a database or reads a clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING

from digest.bundled import folder
from digest.render.colors import Colors

if TYPE_CHECKING:
    from jinja2 import Environment

HEIGHT = 100  # units of a plot, which the page stretches
_GAP = 0.2  # of the width of a bar


@dataclass(frozen=True, slots=True)
class Part:
    """One colour of a chart: `tone` names it (a class of the page), `counts` by day."""

    label: str
    tone: str
    counts: Mapping[date, int]

    @property
    def total(self) -> int:
        """The sum of all days."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle, in units of the plot."""

    tone: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars by day, their parts on top of one another, the first at the bottom."""

    title: str
    note: str
    days: Sequence[date]
    parts: Sequence[Part]

    @property
    def most(self) -> int:
        """The height of the highest bar, as a count; at least 1."""
        return max((sum(part.counts.get(day, 0) for part in self.parts) for day in self.days), default=0) or 1

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(part.total for part in self.parts)

    @property
    def shown(self) -> list[date]:
        """The days that have something, the newest first."""
        return [day for day in reversed(self.days) if any(part.counts.get(day) for part in self.parts)]

    @property
    def bars(self) -> list[Bar]:
        """Return the rectangles: a day is one unit wide, the plot `HEIGHT` units high."""
        bars: list[Bar] = []
        for place, day in enumerate(self.days):
            top = float(HEIGHT)
            for part in self.parts:
                height = HEIGHT * part.counts.get(day, 0) / self.most
                top -= height
                if height:
                    bars.append(Bar(part.tone, place + _GAP / 2, round(top, 3), 1 - _GAP, round(height, 3)))
        return bars


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table with a bar: `share` of the whole, 0 to 1."""

    name: str
    count: int
    share: float
    note: str = ""


def statistics_page(
    *,
    name: str,
    made_at: datetime,
    days: Sequence[date],
    numbers: Mapping[str, int],
    charts: Sequence[Chart],
    topics: Sequence[Row],
    sources: Sequence[Row],
    colors: Colors,
) -> str:
    """Return the page of an installation's numbers. `numbers`: by their labels, in their order."""
    page = _environment().get_template("statistics.html")
    return page.render(
        name=name,
        made_at=made_at,
        days=days,
        numbers=numbers,
        charts=charts,
        topics=topics,
        sources=sources,
        colors=colors,
        height=HEIGHT,
    )


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - most ask for no page

    made = Environment(
        loader=FileSystemLoader(folder("templates") / "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["number"] = "{:,}".format
    return made
