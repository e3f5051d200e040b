"""Tells which characters a text may hold, so that every database keeps it and gives it back. Pure.

Postgres refuses NUL, both databases refuse half a surrogate pair, and noncharacters are never text (Unicode
standard, 23.7). Controls but for tab and line ends are no text either: nobody types them, and programs do.
"""

import re
import unicodedata

from digest.languages import deferred

_NONCHARACTERS = "".join(f"\\U{plane << 16 | 0xFFFE:08x}\\U{plane << 16 | 0xFFFF:08x}" for plane in range(17))
# Controls but for tabs and line ends, halves of surrogate pairs, and code points that are no characters.
UNSTORABLE = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]")

_KINDS = {"Cc": deferred("a control character"), "Cs": deferred("half of a surrogate pair")}
_NONE = deferred("which is no character")


def flaw(text: str) -> str:
    """Return what is no text in a text, in words that follow its name ("holds U+0000, …"), or ""."""
    found = None if text.isascii() and text.isprintable() else UNSTORABLE.search(text)
    if found is None:
        return ""
    character = found.group()
    code = f"U+{ord(character):04X}"
    kind = _KINDS.get(unicodedata.category(character), _NONE)
    return deferred(
        "holds {code}, {kind}, at character {place}",
        code=code, kind=kind, place=found.start() + 1,
    )  # fmt: skip


def cleaned(text: str) -> str:
    """Return the text with U+FFFD for what no database keeps: NUL, and half a surrogate pair."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
