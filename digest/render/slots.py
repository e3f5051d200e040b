"""Templates rendered once, with places that each message fills for its reader.

In: rendered text with the marks of `Slot`s. Out: its `Pieces`, encoded for the wire. Never: a value of a
reader, or a mark that a paper's text brought along: `printable` takes U+FDD0 and its like out of all texts.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NoReturn

from jinja2 import TemplateRuntimeError

from digest.render.mime import quoted

_MARK = re.compile("\ufdd0([a-z]+)\ufdd1")  # noncharacters: no text holds them (Unicode 17, section 23.7)

Pieces = tuple[bytes | str, ...]  # quoted-printable lines, and between them the names of slots


class Slot:
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


def pieces(rendered: str) -> Pieces:
    """Rendered text as encoded lines and the names of the slots between them."""
    parts = _MARK.split(rendered)
    encoded = (name if at % 2 else quoted(name) for at, name in enumerate(parts))
    return tuple(piece for piece in encoded if piece)


def joined(parts: Pieces, values: Mapping[str, Pieces]) -> Pieces:
    """The pieces with some of the slots filled, encoded lines that meet made one piece."""
    found: list[bytes | str] = []
    for part in parts:
        for piece in values.get(part, (part,)) if isinstance(part, str) else (part,):
            if isinstance(piece, bytes) and found and isinstance(found[-1], bytes):
                found[-1] += piece
            else:
                found.append(piece)
    return tuple(found)


def filled(parts: Iterable[bytes | str], values: Mapping[str, bytes]) -> list[bytes]:
    """The pieces with the slots' values, each encoded as `quoted` does."""
    return [part if type(part) is bytes else values[part] for part in parts]  # type: ignore[index]  # a name
