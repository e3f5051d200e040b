"""Reads a table as spreadsheets and other programs write it, with each row's line. Pure.

In: a file that can be read from its start again. Out: rows by the names of their columns, one after another:
a table of a million rows takes no more memory than one of ten. Understood: UTF-8 with or without a mark,
UTF-16, Windows-1252; commas, semicolons, tabs and bars; Excel's `sep=;` line; blank rows, and columns without
a name and without content; JSON, one object a line.

Never: a guess about quotes. What isn't closed, or goes on behind its closing quote, is an error with a line.
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Collection, Iterator, Sequence
from typing import BinaryIO, NamedTuple

from digest.errors import InputError

_LONGEST_FIELD = 1 << 16  # characters
_LOOKED_AT = 1 << 16  # bytes at a time, when the encoding is found out
_DELIMITERS = ",;\t|"
_SEP = re.compile(r'\ufeff?"?sep=(.)"?[,;\t\r\n]*', re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


class TableRow(NamedTuple):
    """A row: the line of the file on which it begins, and its fields by column, stripped."""

    line: int
    fields: dict[str, str]


def read_table(
    file: BinaryIO, names: Sequence[str], *, needed: Collection[str] = ("email",)
) -> Iterator[TableRow]:
    """Read the rows of a table. `names`: of its columns; one of those that are `needed` must be there.

    Columns have their names in small letters; which of them mean something is for the caller.
    Raises InputError, with the line, for what can't be read as a table without guessing.
    """
    lines = _Lines(io.TextIOWrapper(file, encoding=_encoding(file), newline=""))
    try:
        first = lines.first()
        if first.lstrip().startswith("{"):
            yield from _objects(lines)
        else:
            yield from _rows(lines, first, names, needed)
    except UnicodeError as error:
        raise InputError(f"line {lines.line}: the text can't be decoded", fix="save it as UTF-8") from error
    finally:
        lines.text.detach()


class _Lines:
    """The lines of a text, counted; `held`: those of the record that is being read."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.text = text
        self.line = 0
        self.held: list[str] = []
        self._first: list[str] = []

    def first(self) -> str:
        """Return the first line that isn't blank; it is read again."""
        for line in self.text:
            self.line += 1
            if line.strip(" \t\r\n,;|\ufeff"):
                self._first = [line]
                self.line -= 1
                return line
        return ""

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._first.pop() if self._first else next(self.text)
        self.line += 1
        control = _CONTROL.search(line)
        if control:
            raise InputError(f"line {self.line}: it holds a control character ({control[0]!r})")
        self.held.append(line)
        return line


def _encoding(file: BinaryIO) -> str:
    """The encoding by its mark, else UTF-8 if all of the file is, else Excel's for Western languages."""
    start = file.read(4)
    file.seek(0)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    if len(start) == 4 and start[1] == start[3] == 0:
        return "utf-16-le"
    if len(start) == 4 and start[0] == start[2] == 0:
        return "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_LOOKED_AT):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    finally:
        file.seek(0)
    return "utf-8"


def _rows(lines: _Lines, first: str, names: Sequence[str], needed: Collection[str]) -> Iterator[TableRow]:
    delimiter = ""
    declared = _SEP.fullmatch(first)
    if declared:
        next(lines)
        delimiter = declared[1]
        first = lines.first()
    reader = csv.reader(lines, delimiter=delimiter or _delimiter(first, {*names, *needed}), strict=True)
    header: list[str] = []
    is_whole = False  # whether each column has a name
    while True:
        lines.held.clear()
        begins = lines.line + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise _quoting(error, begins, lines, reader.dialect.delimiter) from error
        if row is None:
            return
        fields = [field.strip("\ufeff \t\r\n\xa0") for field in row]
        if not any(fields):
            continue
        if not header:
            header = _header(fields, begins, names, needed)
            is_whole = "" not in header
            continue
        if is_whole and len(fields) == len(header) and _is_short(lines.held):
            yield TableRow(begins, dict(zip(header, fields, strict=True)))  # almost every row of any table
        else:
            yield TableRow(begins, _named(header, fields, begins))


def _delimiter(first: str, names: Collection[str]) -> str:
    """The one that finds most of the known columns in the first line."""

    def known(delimiter: str) -> int:
        found = [cell.strip("\ufeff\" '\t\r\n").lower() for cell in first.split(delimiter)]
        return len(set(found) & set(names))

    return max(_DELIMITERS, key=known)


def _header(fields: Sequence[str], line: int, names: Sequence[str], needed: Collection[str]) -> list[str]:
    header = [" ".join(field.lower().split()) for field in fields]
    if not set(needed) & set(header):
        msg = f"line {line}: the table has no column {' or '.join(map(repr, needed))}"
        raise InputError(msg, fix=f"first line: {','.join(names)}")
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice:
        raise InputError(f"line {line}: the table has two columns {twice!r}", fix="remove one of them")
    return header


def _is_short(record: Sequence[str]) -> bool:
    """Whether a record is one line, and no field of it can be too long."""
    return len(record) == 1 and len(record[0]) <= _LONGEST_FIELD


def _named(header: Sequence[str], fields: Sequence[str], line: int) -> dict[str, str]:
    for place, field in enumerate(fields):
        name = header[place] if place < len(header) else None
        if field and name is None:
            msg = f"line {line}: more fields than columns (the last is {field[:40]!r})"
            raise InputError(msg, fix="quote fields that hold the delimiter")
        if field and not name:
            raise InputError(
                f"line {line}: field {place + 1}, {field[:40]!r}, stands in a column without name"
            )
        if len(field) > _LONGEST_FIELD:
            raise InputError(f"line {line}: the field {name!r} has more than {_LONGEST_FIELD:,} characters")
        if "\n" in field or "\r" in field:
            msg = f"line {line}: the field {name!r} goes on over several lines: is its quote closed?"
            raise InputError(msg, fix="close it, or write one line; items of a list are parted by ;")
    return {name: value for name, value in zip(header, fields, strict=False) if name}


def _quoting(error: csv.Error, begins: int, lines: _Lines, delimiter: str) -> InputError:
    """What is wrong with the quotes of a record, and how its field is written."""
    message = str(error)
    if "unexpected end" in message:
        return InputError(f"line {begins}: a quote is opened and never closed", fix='write a closing "')
    if "field larger" in message:
        return InputError(
            f"line {begins}: a field is too long: is its quote closed?", fix='write a closing "'
        )
    line = lines.held[-1].strip("\r\n") if lines.held else ""
    bare = re.search(rf'(?:^|{re.escape(delimiter)})("[^"]*"[^"{re.escape(delimiter)}][^\r\n]*)', line)
    fix = "quote the whole field, and write each quote inside it twice"
    if bare and len(lines.held) == 1:
        field = bare[1]
        doubled = field.replace('"', '""')
        fix = f'{fix}: "{doubled}"'
    where = begins if len(lines.held) <= 1 else f"{begins} to {lines.line}"
    return InputError(f"line {where}: a field goes on behind its closing quote", fix=fix)


def _objects(lines: _Lines) -> Iterator[TableRow]:
    """JSON, one object a line: texts, numbers, true and false, and lists of texts (joined by semicolons)."""
    for written in lines:
        lines.held.clear()
        if not written.strip("\ufeff \r\n\t"):
            continue
        try:
            found = json.loads(written.strip("\ufeff"))
        except (ValueError, RecursionError) as error:
            raise InputError(f"line {lines.line}: it isn't a JSON object: {error}") from error
        if not isinstance(found, dict):
            raise InputError(f"line {lines.line}: it isn't a JSON object")
        yield TableRow(lines.line, {str(name).lower(): _text(value) for name, value in found.items()})


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return "; ".join(map(str, value))
        case dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value).strip()
