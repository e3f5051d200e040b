"""Templates rendered once, with places that each message fills for its reader.

In: rendered text with the marks of `Slot`s. Out: a `Form`, encoded for the wire. Never: a value of a
reader, or a mark that a paper's text brought along: `printable` takes U+FDD0 and its like out of all texts.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NoReturn, Self

from jinja2 import TemplateRuntimeError

from digest.render.mime import quoted

_MARK = re.compile("\ufdd0([a-z]+)\ufdd1")  # noncharacters: no text holds them (Unicode 17, section 23.7)

Values = dict[str, bytes]  # what slots hold, by name, encoded as `quoted` does


class Placeholder:
    """A place for a text that differs from reader to reader; it never stands for an empty text.

    A template can print it, and ask whether it is there. Whatever else it does with it is an error, for the
    text isn't known yet.
    """

    __slots__ = ("mark", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.mark = f"\ufdd0{name}\ufdd1"

    def __str__(self) -> NoReturn:
        msg = f"{self.name} differs from reader to reader: it can be printed, and nothing else"
        raise TemplateRuntimeError(msg)

    __html__ = __len__ = __iter__ = __str__

    def __bool__(self) -> bool:
        return True


class EncodedTemplate:
    """Lines encoded for the wire, with gaps where slots are: a line, a gap, a line, …, a line."""

    __slots__ = ("names", "parts")

    def __init__(self, parts: Sequence[bytes], names: Sequence[str]) -> None:
        """`parts`: lines, and something between each two of them, which stands for the gap of that name."""
        self.parts = list(parts)
        self.names = tuple(names)

    @classmethod
    def of(cls, rendered: str) -> Self:
        """Encode the lines of rendered text."""
        parts = _MARK.split(rendered)
        return cls([quoted(part) if at % 2 == 0 else b"" for at, part in enumerate(parts)], parts[1::2])

    @classmethod
    def joined(cls, forms: Iterable[Self]) -> Self:
        """Return one behind the other."""
        parts, names = [b""], list[str]()
        for form in forms:
            first, *others = form.parts
            parts[-1] += first
            parts += others
            names += form.names
        return cls(parts, names)

    def parted(self, name: str) -> tuple[Self, Self]:
        """Return what stands before a slot and what behind it; without such a slot all stands before it."""
        at = self.names.index(name) if name in self.names else len(self.names)
        behind = self.parts[2 * at + 2 :] or [b""]
        return (
            type(self)(self.parts[: 2 * at + 1], self.names[:at]),
            type(self)(behind, self.names[at + 1 :]),
        )

    def with_some(self, values: Values) -> Self:
        """Return the same with some of the gaps filled for good, so that fewer are left for each reader's
        mail.
        """
        line: list[bytes] = self.parts[:1]
        parts, names = list[bytes](), list[str]()
        for name, behind in zip(self.names, self.parts[2::2], strict=True):
            if name in values:
                line += values[name], behind
            else:
                parts += b"".join(line), b""
                names.append(name)
                line = [behind]
        return type(self)([*parts, b"".join(line)], names)

    def filled(self, values: Values) -> list[bytes]:
        """Return the lines with the slots' values among them, to be joined.

        Raises KeyError where one is missing.
        """
        parts = self.parts.copy()
        parts[1::2] = map(values.__getitem__, self.names)  # both in C: this runs for each card of each mail
        return parts
