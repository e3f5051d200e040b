"""Reads a filter into a tree. In: the text, and the names of topics, categories and sources that it may use.
Out: a tree in normal form, or a `FilterError` with the place and the fix.
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from digest.errors import FilterError
from digest.filters.categories import CATEGORIES
from digest.filters.errors import wrong
from digest.filters.other_syntax import check_other_syntax
from digest.filters.printing import canonical, normal
from digest.filters.terms import Vocabulary
from digest.filters.tree import And, Node, Not, Or
from digest.filters.typography import fold_typography
from digest.languages import deferred
from digest.languages.dates import deferred_number

if TYPE_CHECKING:
    from lark import Token

MAX_CHARACTERS = 2_000
MAX_BYTES = 2_600  # of UTF-8: a row of an index of Postgres holds 2,704 bytes with its header
MAX_TERMS = 200
MAX_DEPTH = 50  # brackets inside brackets

TERMS = {"TEXT", "FIELDED", "COMPARISON"}
OPERATORS = {"_OR", "_AND", "_NOT"}


def parse(
    text: str,
    *,
    topics: Collection[str] | None = (),
    categories: Collection[str] | None = CATEGORIES,
    sources: Collection[str] | None = None,
    no_saved: str = "",
) -> Node:
    """Return the tree of a filter, in normal form (`parse(canonical(tree)) == tree`).

    `topics`, `categories`, `sources`: the names that the filter may use; None: any. `no_saved`: why it can't
    ask for `like:saved`, where there is no reader whose papers that could mean. Raises `FilterError` for
    what can't be read, for what other search languages read in another way, for unknown names, for characters
    that can't be stored, for a filter that is empty or only excludes, and for one of more than 2,000
    characters, 2,600 bytes of UTF-8, 200 terms or 50 brackets inside one another, as typed or as canonical
    text.
    """
    try:
        read = _read(text, Vocabulary(topics, categories, sources, no_saved))
        _check_length(canonical(read), deferred("written out in full, the filter"))
    except FilterError as error:
        error.text = text
        raise
    return read


def parse_stored(text: str) -> Node:
    """Return the tree of a canonical text that `parse` accepted once, whatever names and limits hold today.

    A topic or category that is gone since then selects nothing. Raises `FilterError` for what the grammar
    can't read.
    """
    return normal(_built(tokens_of(text), text, Vocabulary(None, None, None)))


def tokens_of(text: str) -> "list[Token]":
    """Return the tokens of a text whose typography is folded; every text has some."""
    from digest.filters.grammar import lexer  # noqa: PLC0415 - brings Lark, slow to import

    return list(lexer().lex(text))


def _check_length(text: str, name: str) -> None:
    if len(text) > MAX_CHARACTERS:
        message = deferred(
            "{name} has {size} characters; a filter has at most {most} characters",
            name=name, size=deferred_number(len(text)), most=deferred_number(MAX_CHARACTERS),
        )  # fmt: skip
        raise wrong(message, 0)
    if (size := len(text.encode())) > MAX_BYTES:
        message = deferred(
            "{name} has {size} bytes of UTF-8; a filter has at most {most}",
            name=name, size=deferred_number(size), most=deferred_number(MAX_BYTES),
        )  # fmt: skip
        raise wrong(message, 0)


def _read(text: str, known: Vocabulary) -> Node:
    if not text.strip():
        raise wrong(deferred("the filter is empty"), 0, expected=(deferred("a word, such as mamba"),))
    text = fold_typography(text)
    _check_length(text, deferred("this one"))
    tokens = tokens_of(text)
    _check_limits(tokens)
    check_other_syntax(tokens, text)
    tree = normal(_built(tokens, text, known))
    if not _selects(tree):
        # The first NOT is where a reader should look: no filter without one fails here.
        place = next((token.start_pos or 0 for token in tokens if token.type == "_NOT"), 0)
        message = deferred("this filter only excludes, so that it would select nearly every paper")
        raise wrong(message, place, expected=(deferred("what to select, beside what to leave out"),))
    return tree


def _built(tokens: "Sequence[Token]", text: str, known: Vocabulary) -> Node:
    from digest.filters.grammar import Builder, UnexpectedToken, VisitError, parsed  # noqa: PLC0415 - as above

    try:
        return Builder(known).transform(parsed(tokens))
    except UnexpectedToken as error:
        raise _misplaced(tokens, error.token, len(text)) from None
    except VisitError as error:
        raise error.orig_exc from None


def _check_limits(tokens: "Sequence[Token]") -> None:
    terms = depth = 0
    for token in tokens:
        place = token.start_pos or 0
        terms += token.type in TERMS
        depth += (token.type == "LPAR") - (token.type == "RPAR")
        if token.type == "UNCLOSED":
            message = deferred("this quote is never closed")
            raise wrong(message, place + token.startswith("="), expected=('"',))
        if terms > MAX_TERMS:
            raise wrong(deferred("a filter has at most {most} terms", most=MAX_TERMS), place)
        if depth > MAX_DEPTH:
            message = deferred("a filter has at most {most} brackets inside one another", most=MAX_DEPTH)
            raise wrong(message, place)


def _misplaced(tokens: "Sequence[Token]", token: "Token", end: int) -> FilterError:
    """The error for a token (or the end of the text) where the grammar allows none such."""
    at_end = token.type == "$END"
    place = end if at_end else token.start_pos or 0
    before = [each for each in tokens if at_end or (each.start_pos or 0) < place]
    last = before[-1] if before else None
    a_term = deferred("a term")
    expected = (a_term, "(")
    if last is not None and last.type in OPERATORS:
        message = deferred("“{term}” has nothing after it; in quotes it is a word", term=str(last))
        return wrong(message, place, expected=expected)
    opened = _open_brackets(before)
    if at_end:
        return wrong(deferred("this bracket is never closed"), opened[-1].start_pos or 0, expected=(")",))
    if token.type == "RPAR" and opened:
        return wrong(deferred("there is nothing between these brackets"), place, expected=expected)
    if token.type == "RPAR":
        return wrong(deferred("this bracket was never opened"), place, expected=("(", a_term))
    message = deferred("“{term}” has nothing before it; in quotes it is a word", term=str(token))
    return wrong(message, place, expected=expected)


def _open_brackets(tokens: "Sequence[Token]") -> "list[Token]":
    opened: list[Token] = []
    for token in tokens:
        if token.type == "LPAR":
            opened.append(token)
        elif token.type == "RPAR" and opened:
            opened.pop()
    return opened


def _selects(node: Node, wanted: bool = True) -> bool:
    """Whether a tree selects by something that a paper has, not only by what it lacks."""
    match node:
        case Not(part):
            return _selects(part, not wanted)
        case And(parts) | Or(parts):
            # What isn't both is either not the one or not the other (De Morgan).
            some = isinstance(node, And) == wanted
            return (any if some else all)(_selects(part, wanted) for part in parts)
        case _:
            return wanted
