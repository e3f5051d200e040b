"""Wraps texts into lines of a mail's plain part, measured by the columns that they take on a screen.

In: text of one language or of several. Out: lines. Never: breaks a URL, or begins a line with a comma.

Chinese, Japanese and Korean put no spaces between words and take two columns a character (Unicode Standard
Annex 11): a line may end between any two of them but before closing and after opening punctuation (Annex 14).
"""

import unicodedata

WIDTH = 76  # of text parts (RFC 2045, section 6.7: encoded lines have no more)
_FIRST_WIDE = "\u1100"  # everything before takes one column
_NOT_FIRST = frozenset("，。、；：？！）》〉」』】〕〗”’…—～·％,.;:?!)]}%")
_NOT_LAST = frozenset("（《〈「『【〔〖“‘([{")


def width(text: str) -> int:
    """Return how many columns a text takes."""
    if text.isascii() or max(text) < _FIRST_WIDE:
        return len(text)
    return sum([1 + _is_wide(character) for character in text])


def word_count(text: str) -> int:
    """Return how many words of reading a text is; a word of Chinese or Japanese has a character and a half
    (Brysbaert 2019, doi:10.1016/j.jml.2019.104047).
    """
    words = len(text.split())
    if text.isascii() or max(text) < _FIRST_WIDE:
        return words
    wide = sum(map(_is_wide, text))
    return round(wide / 1.5) + len([word for word in text.split() if not any(map(_is_wide, word))])


def underlined(text: str) -> str:
    """Return a heading in lines, with a line below as long as its longest."""
    lines = wrap(text)
    return f"{lines}\n{'-' * max(width(line) for line in lines.splitlines())}"


def wrap(text: str, indent: int = 0, first: str = "") -> str:
    """Wrap a text into lines of at most 76 columns, URLs whole; the first line begins with `first`."""
    margin = " " * indent
    line = first.rjust(indent) + " ".join(text.split())
    is_narrow = line.isascii() or max(line, default="") < _FIRST_WIDE
    lines: list[str] = []
    while (len(line) if is_narrow else width(line)) > WIDTH:
        start = max(indent, len(first)) if not lines else indent
        end = _end(line, start) if is_narrow else _wide_end(line, start)
        lines.append(line[:end].rstrip(" ") if not is_narrow else line[:end])
        line = margin + line[end:].removeprefix(" ")
        if line == margin:
            break
    else:
        lines.append(line)
    return "\n".join(lines)


def _end(line: str, start: int) -> int:
    """Where an overlong line is broken: behind its last word that fits, else in its first, behind a URL."""
    space = line.rfind(" ", start, WIDTH + 1)
    if space >= 0:
        return space
    word = line.find(" ", WIDTH)
    end = len(line) if word < 0 else word
    return end if "://" in line[start:end] else WIDTH


def _wide_end(line: str, start: int) -> int:
    """The same where characters of two columns are in the line, between which it may be broken too."""
    columns, last, fits = 0, 0, len(line)
    for at, character in enumerate(line):
        if at > start and (character == " " or _may_break(line[at - 1], character)):
            if columns <= WIDTH:
                last = at
            elif not last and "://" in line[start:at]:
                return at  # behind the URL
        columns += 1 + _is_wide(character)
        if columns > WIDTH and fits == len(line):
            fits = at
        if columns > WIDTH + 1 and last:
            break
    if last:
        return last
    return len(line) if "://" in line[start:] and " " not in line[start:] else max(fits, start + 1)


def _may_break(before: str, after: str) -> bool:
    return (
        (_is_wide(before) or _is_wide(after))
        and before != " "
        and after not in _NOT_FIRST
        and before not in _NOT_LAST
    )


def _is_wide(character: str) -> bool:
    return character >= _FIRST_WIDE and unicodedata.east_asian_width(character) in "WF"
