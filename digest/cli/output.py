"""Values → JSON or tables on stdout. Rich is imported only when something is printed for people."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import click

from digest.serializers import as_json

FOR_FILES = 160  # columns of what isn't printed on a terminal
GAP = 3  # between two columns
EDGE = 1  # before the first and after the last
LONGEST_WHOLE = 32  # characters of a word that is never broken; longer ones are addresses of pages, mostly
SHORTEST_ADDRESS = 16  # characters that stay of an address
LONGEST_WORD = 16  # of text, that stays whole where there is little room
_ADDRESS = re.compile(r"\S+@\S+")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC")


def emit(value: Any) -> None:
    """Print a value as JSON: dataclasses as objects, times as ISO 8601 in UTC, dates as YYYY-MM-DD."""
    click.echo(as_json(value))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str = "nothing") -> None:
    """Print rows for people; `empty` where there are none.

    Dates, numbers, ids and states are never broken or cut; addresses may be shortened, only text is wrapped.
    Where the columns don't fit beside one another, each row is printed as lines of `name: value`.
    """
    listed = [[_cell(cell) for cell in row] for row in rows]
    if not listed:
        click.echo(empty)
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console.width = FOR_FILES
    kinds = [_Column(name, [row[n] for row in listed]) for n, name in enumerate(columns)]
    widths = _widths(kinds, console.width - 2 * EDGE - GAP * (len(kinds) - 1))
    if not widths:
        _print_lines(columns, listed)
        return
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for kind, width in zip(kinds, widths, strict=True):
        overflow: Any = "ellipsis" if kind.is_address else "fold"
        shown.add_column(kind.name, overflow=overflow, no_wrap=not kind.is_text, width=width)
    for row in listed:
        shown.add_row(*(Text(cell) for cell in row))
    console.print(shown)


class _Column:
    """What a column holds, and the least width at which nothing of it is broken that must stay whole."""

    def __init__(self, name: str, cells: Sequence[str]) -> None:
        self.name = name
        self.is_address = any(_ADDRESS.fullmatch(cell) for cell in cells)
        self.is_text = not self.is_address and not all(_is_whole(cell) for cell in cells)
        parts = [part for cell in cells for part in (cell.split() if self.is_text else [cell])]
        longest = max((len(part) for part in parts), default=0)
        most = SHORTEST_ADDRESS if self.is_address else LONGEST_WORD if self.is_text else longest
        self.least = max(len(name), min(longest, most))
        self.wanted = max(self.least, max(map(len, cells), default=0))


def _widths(kinds: Sequence[_Column], room: int) -> list[int]:
    """The width of each column, none where there is too little room; what is over goes to who wants it."""
    widths = [kind.least for kind in kinds]
    spare = room - sum(widths)
    if spare < 0:
        return []
    while spare:
        short = [n for n, kind in enumerate(kinds) if widths[n] < kind.wanted][:spare]
        if not short:
            break
        for n in short:
            widths[n] += 1
        spare -= len(short)
    return widths


def _is_whole(cell: str) -> bool:
    return bool(_TIME.fullmatch(cell)) or (len(cell) <= LONGEST_WHOLE and not re.search(r"\s", cell))


def _print_lines(columns: Sequence[str], listed: Sequence[Sequence[str]]) -> None:
    width = max(map(len, columns))
    for number, row in enumerate(listed):
        if number:
            click.echo()
        for name, cell in zip(columns, row, strict=True):
            if cell:
                click.echo(f"{name:<{width}}  {cell}")


def tell_if_cut(shown: int, limit: int) -> None:
    """Say on stderr that a list may go on."""
    if shown == limit:
        click.echo(f"the first {limit}; say --limit for more", err=True)


def _cell(cell: Any) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M} UTC"
    return str(cell)
