"""What an email of a digest showed ⇄ the bytes that its row of the ledger keeps.

A reader's old digest on the web is the one that they got, whatever they choose now: the papers in the order
of the email under its headings, why each came, and what stood beside them. Numbers are written seven bits to
a byte (as in LEB128); texts stand once, behind their lengths, and are numbered, those of `KNOWN` first. Ten
papers that trend are 140 bytes, ten with a topic and a filter each 250 (tests/test_shown.py).
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import TypeVar

from digest.domain import Field, Reason, ReasonKind, Shown, ShownPaper, ShownSection
from digest.languages import Deferred, deferred, ndeferred
from digest.languages.dates import deferred_day

# Texts that stand in many digests. A number once given stays: append only.
KNOWN = (
    *("", "number", "newly listed", "picked by a curator", "code available", "project page", "year"),
    *("published in {year}", "{number} upvote", "{number} upvotes", "{number} vote", "{number} votes"),
    *("{number} comment", "{number} comments", "{number} star", "{number} stars", "{number} citation"),
    *("{number} citations", "{number} pick", "{number} picks", "title", "like: {title}", "source", "name"),
    *("carried by {source}", "listed by {name}", "word", "keyword {word}"),
)
_Item = TypeVar("_Item")
LONGEST = 200  # characters of a filter or a term that are kept; far fewer are shown
_VERSION = 1
_NUMBER_OF = {text: number for number, text in enumerate(KNOWN)}
_KINDS, _FIELDS = tuple(ReasonKind), (None, *Field)
_KIND_OF = {kind: number for number, kind in enumerate(_KINDS)}
_FIELD_OF = {field: number for number, field in enumerate(_FIELDS)}
# A reason's first number: two bits for its kind, three for its field, one for each text that it has.
_FIELD_AT, _FILTER, _TERM, _NOTE = 2, 32, 64, 128


def encode(shown: Shown) -> bytes:
    """Pack what an email showed. Places in papers aren't kept, and of long texts the beginning."""
    writer = _Writer()
    for sections in (shown.front, shown.brief):
        writer.add(len(sections))
        for heading, papers in sections:
            writer.text(heading)
            writer.add(len(papers))
            for pk, reasons in papers:
                writer.numbers += (pk, len(reasons))
                for reason in reasons:
                    writer.reason(reason)
    for pks in (shown.withdrawn, shown.also_trending):
        writer.add(len(pks))
        writer.numbers += pks
    writer.add(len(shown.notes))
    for note in shown.notes:
        writer.note(note)
    return writer.packed()


def decode(packed: bytes) -> Shown:
    """Read what `encode` packed. Raises ValueError where it is cut short or of another version."""
    try:
        reader = _Reader(packed)
        front, brief = reader.sections(), reader.sections()
        withdrawn, also_trending = reader.pks(), reader.pks()
        return Shown(front, brief, withdrawn, also_trending, tuple(reader.several(reader.note)))
    except (IndexError, StopIteration, UnicodeDecodeError) as error:
        raise ValueError("what a digest showed can't be read back") from error


class _Writer:
    """Collects numbers, and the texts that they name."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.add = self.numbers.append
        self._texts: dict[str, int] = {}

    def text(self, text: str) -> None:
        number = _NUMBER_OF.get(text)
        if number is None:
            number = self._texts.setdefault(text, len(KNOWN) + len(self._texts))
        self.add(number)

    def reason(self, reason: Reason) -> None:
        code = _KIND_OF[reason.kind] | _FIELD_OF[reason.field] << _FIELD_AT
        if reason.filter:
            code |= _FILTER
        if reason.term:
            code |= _TERM
        if reason.note:
            code |= _NOTE
        self.add(code)
        if reason.filter:
            self.text(reason.filter if len(reason.filter) <= LONGEST else _cut(reason.filter))
        if reason.term:
            self.text(reason.term[:LONGEST])
        if reason.note:
            self.note(reason.note)

    def note(self, note: str) -> None:
        """A text that says the same in another language keeps its parts: how many values, then each."""
        if not isinstance(note, Deferred):
            self.add(0)
            self.text(note)
            return
        singular, plural, values = note.parts
        self.add(1 + len(values))
        self.text(singular)
        self.text(plural)
        for name, value in values.items():
            self.text(name)
            self._value(value)

    def _value(self, value: object) -> None:
        if isinstance(value, int) and value >= 0:
            self.numbers += (0, value)
        else:
            self.add(1)
            self.note(value if isinstance(value, str) else str(value))

    def packed(self) -> bytes:
        texts = [text.encode("utf-8", "replace") for text in self._texts]
        head = _in_sevens([_VERSION, len(texts), *map(len, texts)])
        return b"".join((head, *texts, _in_sevens(self.numbers)))


class _Reader:
    """Reads the numbers, and the texts that they name."""

    def __init__(self, packed: bytes) -> None:
        numbers, at = _numbers(packed, 0, 2)
        version, count = numbers
        if version != _VERSION:
            raise ValueError(f"what a digest showed is of version {version}, not {_VERSION}")
        lengths, at = _numbers(packed, at, count)
        texts: list[str] = []
        for length in lengths:
            if at + length > len(packed):
                raise IndexError
            texts.append(packed[at : at + length].decode())
            at += length
        self._texts = (*KNOWN, *texts)
        self._numbers = _all_numbers(packed, at)

    def next(self) -> int:
        return next(self._numbers)

    def text(self) -> str:
        return self._texts[self.next()]

    def several(self, read: Callable[[], _Item]) -> list[_Item]:
        return [read() for _ in range(self.next())]

    def sections(self) -> tuple[ShownSection, ...]:
        return tuple(self.several(lambda: ShownSection(self.text(), tuple(self.several(self.paper)))))

    def paper(self) -> ShownPaper:
        return ShownPaper(self.next(), tuple(self.several(self.reason)))

    def pks(self) -> tuple[int, ...]:
        return tuple(self.several(self.next))

    def reason(self) -> Reason:
        code = self.next()
        return Reason(
            _KINDS[code & 3],
            self.text() if code & _FILTER else "",
            self.text() if code & _TERM else "",
            _FIELDS[code >> _FIELD_AT & 7],
            note=self.note() if code & _NOTE else "",
        )

    def note(self) -> str:
        parts = self.next()
        singular = self.text()
        if not parts:
            return singular
        plural = self.text()
        values = {self.text(): self.value() for _ in range(parts - 1)}
        if not singular:
            return deferred_day(date.fromisoformat(str(values["day"])))
        if plural and "number" in values:
            number = int(str(values.pop("number")))
            return ndeferred(singular, plural, number, **values)
        return deferred(singular, **values)

    def value(self) -> object:
        return self.note() if self.next() else self.next()


def _cut(text: str) -> str:
    """Return the beginning of a long text, and what tells it from another that begins so."""
    return f"{text[: LONGEST - 10]} {zlib.crc32(text.encode('utf-8', 'replace')):08x}"


def _in_sevens(numbers: Iterable[int]) -> bytes:
    """Write numbers of 0 or more, seven bits to a byte, the lowest first; the last byte is below 128."""
    out = bytearray()
    for number in numbers:
        rest = number
        while rest > 127:
            out.append(rest & 127 | 128)
            rest >>= 7
        out.append(rest)
    return bytes(out)


def _numbers(packed: bytes, at: int, count: int) -> tuple[list[int], int]:
    """Read `count` numbers from a place on; returns them and the place behind them."""
    numbers: list[int] = []
    for _ in range(count):
        number = shift = 0
        while packed[at] > 127:
            number |= (packed[at] & 127) << shift
            at, shift = at + 1, shift + 7
        numbers.append(number | packed[at] << shift)
        at += 1
    return numbers, at


def _all_numbers(packed: bytes, at: int) -> Iterator[int]:
    while at < len(packed):
        (number,), at = _numbers(packed, at, 1)
        yield number
