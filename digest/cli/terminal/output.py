"""Prints values as JSON or as tables on stdout."""

import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from unicodedata import combining, east_asian_width

import click

from digest.cli.terminal.plain import is_utf8
from digest.serializers import as_json

_GAP = "  "
_LONG = 24
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")
_NUMBER = re.compile(r"\d[\d,.]*%?|–?")
_ADDRESS = re.compile(r"[^\s=/:]+@[^\s=/:@]+")


def emit(value: Any) -> None:
    """Print a value as JSON: dataclasses as objects, times as ISO 8601 in UTC, dates as YYYY-MM-DD.

    Where stdout isn't UTF-8, other letters than ASCII are escaped, which is the same JSON.
    """
    click.echo(as_json(value, only_ascii=not is_utf8(sys.stdout)))


def document(text: str | bytes) -> None:
    """Print a whole file: its bytes, text in UTF-8, whatever the terminal can show."""
    click.echo(text.encode() if isinstance(text, str) else text, nl=False)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    empty: str = "nothing",
    optional: Sequence[str] = (),
) -> None:
    """Print rows for people, aligned; `empty` where there are none.

    Only text is wrapped, between words: never a date, an id or a state. Addresses are shortened in the middle
    where room is short. Where all of it is still too wide for the terminal, `optional` columns are left out,
    the first ones first, which is said on stderr; where that doesn't help, each row becomes a paragraph.
    """
    listed = [[_cell(cell) for cell in row] for row in rows]
    if not listed:
        say(empty)
        return
    lines, missing = without_optional(columns, listed, _width(), optional)
    click.echo("\n".join(line.rstrip() for line in lines).rstrip("\n"))
    if missing:
        say(f"no room for {', '.join(missing)}: a wider terminal shows it, or --json", err=True)


def paragraph(text: str) -> None:
    """Print a text in lines of the terminal, broken between words; nothing where it is empty."""
    plain = " ".join(_cell(text).split())
    if plain:
        click.echo("\n".join(_wrapped(plain, _width())))


def say(text: str, *, err: bool = False) -> None:
    """Print lines for people; on a terminal for which one is too wide, it goes on below between words."""
    if not (sys.stderr if err else sys.stdout).isatty():
        click.echo(text, err=err)
        return
    width = shutil.get_terminal_size((80, 24)).columns
    for line in text.split("\n"):
        lead = " " * (len(line) - len(line.lstrip()))
        first, *others = _wrapped(line.lstrip(), max(width - len(lead) - 2, 20))
        click.echo("\n".join([f"{lead}{first}", *(f"{lead}  {other}" for other in others)]), err=err)


def without_optional(
    columns: Sequence[str], rows: Sequence[Sequence[str]], width: int, optional: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Lay out a table, without as many of the optional columns as it needs; returns its lines, and those."""
    for count in range(len(optional) + 1):
        kept = [place for place, name in enumerate(columns) if name not in optional[:count]]
        lines = _aligned([columns[p] for p in kept], [[row[p] for p in kept] for row in rows], width)
        if lines:
            return lines, list(optional[:count])
    return laid_out(columns, rows, width), []


def laid_out(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Lay out a table within `width` columns of a terminal, as lines."""
    return _aligned(columns, rows, width) or _paragraphs(columns, rows, width)


def _aligned(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """The lines of a table; none where it doesn't fit."""
    least = [max(_longest_word(cell) for cell in column) for column in zip(columns, *rows, strict=True)]
    wished = [max(map(cell_len, column)) for column in zip(columns, *rows, strict=True)]
    room = width - len(_GAP) * (len(columns) - 1)
    if sum(least) > room:
        short = [[_shortened(cell) for cell in row] for row in rows]
        least = [max(_longest_word(cell) for cell in column) for column in zip(columns, *short, strict=True)]
        if sum(least) > room:
            return []
        rows = short
    widths = _shared(least, wished, room)
    right = [
        any(column) and all(map(_NUMBER.fullmatch, column)) for column in zip(*rows, strict=True)
    ]  # numbers end under one another
    underlines = ["─" * each for each in widths]
    head = [*_line(columns, widths, right), _GAP.join(underlines)] if any(columns) else []
    return [*head, *(line for row in rows for line in _line(row, widths, right))]


def _shared(least: Sequence[int], wished: Sequence[int], room: int) -> list[int]:
    """The widths of columns: what each needs, and of the room that is left a share for what it would take."""
    widths = list(least)
    left = room - sum(widths)
    while left > 0:
        short = [place for place, width in enumerate(widths) if width < wished[place]]
        if not short:
            break
        for place in short[:left]:
            widths[place] += 1
        left -= min(len(short), left)
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    wrapped = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    deepest = max(map(len, wrapped))
    return [
        _GAP.join(
            _padded(lines[depth] if depth < len(lines) else "", width, ends=ends)
            for lines, width, ends in zip(wrapped, widths, right, strict=True)
        )
        for depth in range(deepest)
    ]


def _paragraphs(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Each row as lines `name: value`, without its empty fields."""
    label = max(map(cell_len, columns)) + 2
    lines: list[str] = []
    for row in rows:
        for name, cell in zip(columns, row, strict=True):
            if not cell:
                continue
            room = max(width - label, 20)
            first, *others = _wrapped(_shortened(cell) if cell_len(cell) > room else cell, room)
            lines.append(_padded(f"{name}:" if name else "", label) + first)
            lines += [" " * label + other for other in others]
        lines.append("")
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    """Text in lines between words; a word that is wider than a line stays whole."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and cell_len(lines[-1]) + 1 + cell_len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return lines


def _longest_word(text: str) -> int:
    """Of a date with its hour, the whole is one word."""
    return cell_len(text) if _MOMENT.fullmatch(text) else max(map(cell_len, text.split(" ")), default=0)


def _padded(text: str, width: int, *, ends: bool = False) -> str:
    room = " " * (width - cell_len(text))
    return room + text if ends else text + room


def _shortened(cell: str) -> str:
    """An address of more than 24 characters, with the middle of its local part left out, and of a long domain
    the names before its last ones."""
    local, _, domain = cell.rpartition("@")
    if len(cell) <= _LONG or not _ADDRESS.fullmatch(cell):
        return cell
    if len(domain) > _LONG:
        whole, names = domain, domain.split(".")
        while len(names) > 2 and len(".".join(names)) > _LONG - 4:
            names = names[1:]
        domain = whole if ".".join(names) == whole else f"….{'.'.join(names)}"
    kept = max(_LONG - len(domain) - 2, 3)
    return f"{local[:kept]}…@{domain}" if len(local) > kept + 1 else f"{local}@{domain}"


def cell_len(text: str) -> int:
    """Return how many columns of a terminal a text takes: letters of East Asia take two, combining marks
    none.
    """
    if text.isascii():
        return len(text)
    return sum(0 if combining(char) else 2 if east_asian_width(char) in {"W", "F"} else 1 for char in text)


def _width() -> int:
    """The width of the terminal; piped, wide enough for everything."""
    if not sys.stdout.isatty():
        return int(os.environ.get("COLUMNS") or 160)
    return shutil.get_terminal_size((80, 24)).columns


def tell_if_cut(shown: int, limit: int) -> None:
    """Say on stderr that a list may go on."""
    if shown == limit:
        click.echo(f"the first {limit}; say --limit for more", err=True)


def _cell(cell: Any) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M} UTC"
    return "".join(char if char.isprintable() else " " for char in str(cell))
