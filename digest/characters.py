"""Which characters a text may hold, so that every database keeps it and gives it back. Pure.

Postgres refuses NUL, both databases refuse half a surrogate pair, and noncharacters are never text (Unicode
standard, 23.7). Controls but for tab and line ends are no text either: nobody types them, and programs do.
"""

import unicodedata

SPACES = "\t\n\r"  # the controls that texts hold


def flaw(text: str) -> str:
    """What is no text in a text, in words that follow its name ("holds U+0000, …"), or nothing."""
    if text.isascii() and text.isprintable():
        return ""
    for place, character in enumerate(text):
        kind = _kind(character)
        if kind:
            return f"holds U+{ord(character):04X}, {kind}, at character {place + 1}"
    return ""


def cleaned(text: str) -> str:
    """The text with U+FFFD for what no database keeps: NUL, and half a surrogate pair."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _kind(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" if character not in SPACES:
            return "a control character"
        case "Cs":
            return "half of a surrogate pair"
        case "Cn" if ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF:
            return "which is no character"
    return ""
