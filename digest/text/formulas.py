"""Finds where formulas begin and end, and which `$` are money. A text and a place come in, a place goes out.

A pair of `$` is no formula when
- what it encloses has a space at one end only and holds no TeX: `$HOME and $PATH`;
- a digit follows the second one, and what is between holds no TeX and is a number or has spaces: `$5-$10`;
- it begins with a digit and holds two words in a row: `$5 per run, where $x`;
- the braces between don't balance: `$x_{ brace $`.
"""

import re

_LONGEST = 2000  # characters of one formula: bounds the search for its end

_TEX = re.compile(r"[\^_{}]|\\[A-Za-z,;:! ]")
_TWO_WORDS = re.compile(r"(?<![\w\\])[A-Za-z]{2,},? +[A-Za-z]{2,}")
_GROUP = re.compile(r"\{[^{}]*\}")


def formula_end(text: str, start: int, closing: str) -> int:
    """Return where the formula whose content begins at `start` ends, or -1 where there is none.

    `closing` is its delimiter: `$`, `$$`, `\\\\)` or `\\\\]`; the result is the place of that.
    """
    end = text.find(closing, start, start + _LONGEST)
    while end > start and _is_escaped(text, end):
        end = text.find(closing, end + 1, start + _LONGEST)
    body = text[start:end] if end >= 0 else ""
    if not body.strip() or not _is_balanced(body):
        return -1
    if closing == "$" and _is_money(body, text[end + 1 : end + 2]):
        return -1
    return end


def _is_escaped(text: str, place: int) -> bool:
    return text[place - 1] == "\\" and text[place - 2 : place] != "\\\\"


def _is_balanced(body: str) -> bool:
    body = body.replace("\\{", "").replace("\\}", "")
    return body.count("{") == body.count("}")


def _is_money(body: str, after: str) -> bool:
    """Whether a pair of `$` around `body` are two prices, or a price and the beginning of a formula."""
    is_number = body.lstrip()[0].isdigit()
    if not _TEX.search(body):
        has_price_after = after.isdigit() and (is_number or " " in body)
        if has_price_after or body[0].isspace() != body[-1].isspace():
            return True
    return is_number and _TWO_WORDS.search(_GROUP.sub("", body)) is not None
