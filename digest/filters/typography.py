"""Fold full-width forms, quotes and dashes of a filter. In: text. Out: text of the same length.

Equal length, so that a place in the folded text is the same place in what was typed. It never drops or adds a
character, and raises `FilterError` for characters that no database keeps.
"""

from digest.filters.errors import wrong
from digest.languages import deferred
from digest.words.characters import UNSTORABLE

_FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # ！ to ～, letters and digits too
_QUOTES = "“”„‟«»‹›「」『』《》〝〞〟﹁﹂﹃﹄｢｣"
_DASHES = "‐‑‒–—―−⁃﹘﹣"
_OTHERS = dict(zip("、﹐﹑﹔﹕︰﹖﹗﹙﹚【】〔〕﹡﹢﹤﹥﹦", ",,,;::?!()[][]*+<>=", strict=True))
_FOLDED = str.maketrans(
    _FULL_WIDTH | dict.fromkeys(map(ord, _QUOTES), '"') | dict.fromkeys(map(ord, _DASHES), "-")
    | {ord(typed): meant for typed, meant in _OTHERS.items()}
)  # fmt: skip


def fold_typography(text: str) -> str:
    """Return the text with full-width forms, quotes and dashes as the grammar writes them.

    `cat：cs.CL` → `cat:cs.CL`, `「a b」` → `"a b"`, `—survey` → `-survey`. Raises `FilterError`
    for a control character, a lone surrogate or a noncharacter.
    """
    if unstorable := UNSTORABLE.search(text):
        code = f"U+{ord(unstorable.group()):04X}"
        message = deferred("the filter holds {code}, a character that can't be stored", code=code)
        raise wrong(message, unstorable.start(), expected=(deferred("text without control characters"),))
    return text.translate(_FOLDED)
