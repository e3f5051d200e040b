"""Recognises other search languages. In: the tokens of a filter. Out: a `FilterError` with the answer.

Nothing here changes what a filter means: these texts would be read as plain words, and mean something else
than what was typed. Terms in quotes are not looked at, so that quotes always search for the text itself.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from digest.errors import FilterError
from digest.filters.categories import CATEGORIES, category_key
from digest.filters.commas import check_commas
from digest.filters.errors import OTHER_NAMES, wrong
from digest.languages import Deferred, deferred, fill

if TYPE_CHECKING:
    from lark import Token

OPERATORS_ELSEWHERE = {
    "ANDNOT": "NOT",
    "BUTNOT": "NOT",
    "&&": "AND",
    "&": "AND",
    "∧": "AND",
    "∨": "OR",
    "XOR": "(a OR b) -(a b)",
}
EXCLUDING = "!¬~"
FIELDS = {"ti", "abs", "au", "cat", "topic", "id", "doi", "has", "source", "org", "keyword", "year"}
FIELD_WITH_EQUALS = re.compile(r"([A-Za-z]{2,10})=(?=[^=])(.+)", re.DOTALL)
DOI = re.compile(r"10\.\d{4,9}/\S+")
A_PREFIX = deferred("a prefix such as transform*")
SINGLE_QUOTES = "'‘’‚‛`´"

# What an unquoted term looks like → what is wrong with it, and what to write. `{term}` is the term, `{stem}`
# its first group.
SHAPES = tuple(
    (re.compile(pattern, re.DOTALL), message, expected)
    for pattern, message, expected in (
        (r"-", deferred("a minus stands right before what it excludes"), ("-survey", "NOT survey")),
        (r"[\[{].*", deferred("only round brackets group terms"), ("( … )",)),
        (
            r".*\w\[[A-Za-z][\w/ -]*\]",
            deferred("“{term}”: a field stands before its term"),
            ("ti:mamba", "abs:mamba", "au:dao"),
        ),
        (
            r"(?:NEAR|ADJ)(?:/?\d{0,3})|(?:W|N|PRE|NEAR|ADJ)/\w{1,3}",
            deferred("“{term}”: a filter can't ask for words near each other; in quotes it is text"),
            ("AND", deferred("a phrase in quotes"), '"{term}"'),
        ),
        (r".*\w&&\w.*", deferred("“{term}”: “{sign}” is not an operator"), ("AND", '"{term}"')),
        (
            r"/.+/[a-z]?",
            deferred("“{term}”: a filter can't hold a regular expression"),
            (A_PREFIX,),
        ),
        (
            r"(.*[^\W_])\^\d+(?:\.\d+)?",
            deferred("“{term}”: a term can't be given a weight; in quotes it is text"),
            ("{stem}", '"{term}"'),
        ),
        (
            r"(.*[^\W\d_])~\d*(?:\.\d+)?",
            deferred("“{term}”: a filter can't ask for similar spellings"),
            ("{stem}*", "{stem}", '"{term}"'),
        ),
        (
            r".*[^\W_]\?+[^\W_].*",
            deferred("“{term}”: “?” doesn't stand for a letter"),
            (A_PREFIX, deferred("both words with OR between them")),
        ),
        (r"([^\W\d_]{2,})[%$]", deferred("“{term}”: a star stands for any ending"), ("{stem}*", '"{term}"')),
    )
)


def check_other_syntax(tokens: "Sequence[Token]", text: str) -> None:
    """Raise `FilterError` for the first term that another search language would read in another way."""
    check_commas(tokens, text)
    _check_single_quotes(tokens, text)
    from lark import Token  # noqa: PLC0415 - slow to import; whoever has tokens has imported it

    for token, following in pairwise([*tokens, Token("$END", "")]):
        joined = following.type != "$END" and following.start_pos == token.end_pos
        if joined:
            _check_joined(token, following)
        if token.type == "TEXT" and token[0] not in '"=':
            for error in _errors(
                str(token), token.start_pos or 0, with_next=str(following) if joined else ""
            ):
                raise error


def _errors(raw: str, place: int, *, with_next: str) -> Iterator[FilterError]:
    """The errors of one unquoted term; `with_next` is what stands right behind it, without a space."""
    if answer := OPERATORS_ELSEWHERE.get(raw):
        message = deferred("“{term}” is not an operator; in quotes it is text", term=raw)
        yield wrong(message, place, expected=(answer, f'"{raw}"'))
    rest = raw[1:] or ("( … )" if with_next.startswith("(") else with_next)
    if raw[0] in EXCLUDING and (rest[:1].isalpha() or rest[:1] in {"(", '"', "="}):
        message = deferred("“{sign}” doesn't exclude, a minus does", sign=raw[0])
        yield wrong(message, place, nearest=f"-{rest}")
    if raw[0] == "+" and rest:
        message = deferred("“+” isn't needed: terms side by side must all be found")
        yield wrong(message, place, nearest=rest)
    for pattern, problem, shape_answers in SHAPES:
        if found := pattern.fullmatch(raw):
            values = {"term": raw, "stem": (found.groups() or ("",))[0], "sign": "&&"}
            answers = [each if isinstance(each, Deferred) else fill(each, values) for each in shape_answers]
            yield wrong(deferred(problem, **values), place, expected=answers)
    yield from _errors_of_names(raw, place)


def _errors_of_names(raw: str, place: int) -> Iterator[FilterError]:
    """The errors of a category, a DOI or a field that is written without its colon."""
    if code := category_code(raw):
        message = deferred("“{term}” is a category; in quotes it is text", term=raw)
        yield wrong(message, place, expected=(f"cat:{code}", f'"{raw}"'), nearest=f"cat:{code}")
    if DOI.fullmatch(raw):
        message = deferred("“{term}” is a DOI; in quotes it is text", term=raw)
        yield wrong(message, place, nearest=f"doi:{raw}")
    if (found := FIELD_WITH_EQUALS.fullmatch(raw)) and (field := _field(found.group(1))):
        message = deferred("“{term}”: a field is followed by a colon", term=raw)
        yield wrong(message, place + found.end(1), nearest=f"{field}:{found.group(2)}")


def category_code(raw: str) -> str:
    """Return the category that a bare term spells with a dot or a hyphen (`cs.CL`, `hep-th`); else empty."""
    if not re.fullmatch(r"[A-Za-z]+(?:[.-][A-Za-z]+)+", raw):
        return ""
    key = category_key(raw)
    coded = (name for name in CATEGORIES if name != name.lower() or "-" in name)  # not bioRxiv's subjects
    return next((name for name in coded if category_key(name) == key), "")


def _field(name: str) -> str:
    """The field that a name means; empty where it means none."""
    name = name.lower()
    return name if name in FIELDS else OTHER_NAMES.get(name, "")


def _check_joined(token: "Token", following: "Token") -> None:
    """Raise for two terms without a space between them, one in quotes: `"x"~3`, `abs"state space"`."""
    if token.type == following.type == "_OR":
        raise wrong(deferred("“||” is not an operator"), token.start_pos or 0, expected=("|", "OR"))
    if token.type not in {"TEXT", "FIELDED"} or following.type not in {"TEXT", "FIELDED"}:
        return
    place = following.start_pos or 0
    if token.endswith('"') and re.fullmatch(r"[~^]\d*(?:\.\d+)?", following):
        message = deferred(
            "“{term}”: a phrase is its words one after the other, with no distance and no weight",
            term=str(following),
        )
        words = str(token).strip('="').split()
        apart = (" ".join(words),) if token.type == "TEXT" and len(words) > 1 else ()
        raise wrong(message, place, expected=(str(token), *apart))
    if token.endswith('"') and re.fullmatch(r"\[[\w/ -]+\]?", following):
        message = deferred("“{term}”: a field stands before its term", term=str(following))
        raise wrong(message, place, expected=(f"ti:{token}",))
    if token[-1] in "!¬~+" and len(token) == 1:
        return  # an operator of another language, which `_errors` names
    if token.endswith('"') and re.match(r"[^\w=\"]*$", following):
        return  # punctuation behind a phrase
    field = _field(token)
    expected = (f"{field}:{following}",) if field else ()
    message = deferred("a space is missing between these two")
    raise wrong(message, place, expected=(*expected, f"{token} {following}"))


def _check_single_quotes(tokens: "Sequence[Token]", text: str) -> None:
    """Raise for a phrase in single quotes, which would be read as words that stand anywhere."""
    opened: Token | None = None
    for token in tokens:
        if token.type != "TEXT" or token[0] == '"':
            opened = None
        elif token[0] in SINGLE_QUOTES and token[-1] not in SINGLE_QUOTES:
            opened = token
        elif opened is not None and token[-1] in SINGLE_QUOTES:
            start, end = opened.start_pos or 0, token.end_pos or 0
            phrase = text[start:end].strip(SINGLE_QUOTES)
            message = deferred("a phrase stands in double quotes")
            raise wrong(message, start, expected=(f'"{phrase}"',), nearest=f'"{phrase}"')
