"""Values → JSON or tables on stdout. Rich is imported only when something is printed for people."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import click

from digest.serializers import as_json


def emit(value: Any) -> None:
    """Print a value as JSON: dataclasses as objects, times as ISO 8601 in UTC, dates as YYYY-MM-DD."""
    click.echo(as_json(value))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str = "nothing") -> None:
    """Print rows for people: aligned columns, no wrapping of the first one; `empty` where there are none."""
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
        console.width = 160
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        shown.add_column(name, overflow="fold")
    for row in listed:
        shown.add_row(*(Text(cell) for cell in row))
    console.print(shown)


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
