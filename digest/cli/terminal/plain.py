"""Prepares output where not every letter can be shown: in the locale C, and in encodings that lack some.

What commands draw with has a likeness in ASCII, other letters become question marks. JSON and whole documents
are never changed so: see `output.emit` and `output.document`.
"""

import codecs
import io
from collections.abc import Mapping
from typing import TextIO

_ERRORS = "digest-likeness"
_C = frozenset({"C", "POSIX"})
_LIKE = {
    **dict(zip("▁▂▃▄▅▆▇█", "12345678", strict=True)),
    **dict.fromkeys("─━╸╺–—−‑", "-"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’‚", "'"),
    "·": ".",
    "…": "~",
    "×": "x",
    "→": ">",
    "←": "<",
    "\u00a0": " ",
    "\u202f": " ",
    "≥": ">=",
    "≤": "<=",
}


class AsciiStream(io.TextIOWrapper):
    """A stream that gets nothing but ASCII; one with that encoding Click would take for a mistake."""

    def write(self, text: str) -> int:
        """Write a text by its likeness in ASCII."""
        return super().write(text if text.isascii() else _in_ascii(text))


def set_up(stream: TextIO, environ: Mapping[str, str]) -> TextIO:
    """Return a stream that shows what it can't encode by its likeness; in the locale C, nothing but ASCII.

    Only a locale that is chosen says so: a container in which none is set has a terminal of UTF-8, too.
    """
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    chosen = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    if chosen in _C or codecs.lookup(stream.encoding).name == "ascii":
        return AsciiStream(stream.buffer, encoding="utf-8", line_buffering=stream.line_buffering)
    codecs.register_error(_ERRORS, _likeness)
    stream.reconfigure(errors=_ERRORS)
    return stream


def is_utf8(stream: TextIO) -> bool:
    """Return whether a stream can show every letter."""
    encoding = (stream.encoding or "").lower().replace("-", "")
    return encoding == "utf8" and not isinstance(stream, AsciiStream)


def _likeness(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return _in_ascii(error.object[error.start : error.end]), error.end


def _in_ascii(text: str) -> str:
    return "".join(letter if letter.isascii() else _LIKE.get(letter, "?") for letter in text)
