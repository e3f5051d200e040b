"""Reads a filter into a tree. In: the text, and the names of topics, categories and sources that it may use.
Out: a tree in normal form, or a `FilterError` with the place and the fix.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache

from lark import Lark, Token, Tree, UnexpectedToken, v_args
from lark.exceptions import VisitError
from lark.visitors import Transformer_NonRecursive

from digest.errors import FilterError
from digest.filters.categories import CATEGORIES
from digest.filters.errors import wrong
from digest.filters.other_syntax import check_other_syntax
from digest.filters.printing import canonical, normal
from digest.filters.terms import (
    TEXT_FIELDS,
    Vocabulary,
    check_field,
    comparison_leaf,
    fielded_leaf,
    text_leaf,
)
from digest.filters.tree import And, Exact, Node, Not, Or, Phrase, Prefix, Word
from digest.filters.typography import fold_typography
from digest.languages import deferred
from digest.languages.dates import deferred_number

MAX_CHARACTERS = 2_000
MAX_BYTES = 2_600  # of UTF-8: a row of an index of Postgres holds 2,704 bytes with its header
MAX_TERMS = 200
MAX_DEPTH = 50  # brackets inside brackets

END = r'\s()|"'  # what ends a word
# The lexer takes every text whose typography is folded, so that all errors are ours. Operators come before
# fields, fields before words.
GRAMMAR = rf"""
start: either
?either: both
    | either _OR both               -> either
?both: one
    | both _AND? one                -> both
?one: "(" either ")"
    | GROUP "(" either ")"          -> group
    | _NOT one                      -> negated
    | TEXT                          -> text
    | FIELDED                       -> fielded
    | COMPARISON                    -> comparison
    | UNCLOSED                      -> unclosed

_OR.5: /OR(?![^{END}])|\|/
_AND.5: /AND(?![^{END}])/
_NOT.5: /NOT(?![^{END}])|-(?=\S)/
GROUP.4: /[^\W\d][\w-]*:\s*(?=\()/
COMPARISON.4: /[^\W\d]+\s*[<>≥≤]=?\s*[^{END}]*|(?:upvotes|comments|stars)\s*=\s*[^{END}]*/i
FIELDED.3: /(?:id|doi|like):\s*(?:[^{END}]|\([^{END}]*\))+/i
    | /[^\W\d][\w-]*:\s*(?:=?"[^"]*"|[^{END}]*)/
TEXT.2: /=?"[^"]*"/ | /[^{END}]+/
UNCLOSED.1: /=?"[^"]*/
%ignore /\s+/
"""
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


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a text whose typography is folded; every text has some."""
    return list(_lexer().lex(text))


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


def _built(tokens: Sequence[Token], text: str, known: Vocabulary) -> Node:
    try:
        return _Builder(known).transform(_parsed(tokens))
    except UnexpectedToken as error:
        raise _misplaced(tokens, error.token, len(text)) from None
    except VisitError as error:
        raise error.orig_exc from None


@cache
def _lexer() -> Lark:
    return Lark(GRAMMAR, parser=None, lexer="basic")


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr")


def _parsed(tokens: Sequence[Token]) -> Tree[Token]:
    """The parse tree of tokens whose number and depth are checked already."""
    parser = _parser().parse_interactive()
    for token in tokens:
        parser.feed_token(token)
    tree: Tree[Token] = parser.feed_token(Token.new_borrow_pos("$END", "", tokens[-1]))
    return tree


def _check_limits(tokens: Sequence[Token]) -> None:
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


def _misplaced(tokens: Sequence[Token], token: Token, end: int) -> FilterError:
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


def _open_brackets(tokens: Sequence[Token]) -> list[Token]:
    opened: list[Token] = []
    for token in tokens:
        if token.type == "LPAR":
            opened.append(token)
        elif token.type == "RPAR" and opened:
            opened.pop()
    return opened


@v_args(inline=True)
class _Builder(Transformer_NonRecursive[Token, Node]):
    """Parse tree → tree of the filter, from the leaves up, without recursion."""

    def __init__(self, known: Vocabulary) -> None:
        super().__init__()
        self.known = known

    def start(self, node: Node) -> Node:
        return node

    def either(self, left: Node, right: Node) -> Node:
        return Or((*(left.parts if isinstance(left, Or) else (left,)), right))

    def both(self, left: Node, right: Node) -> Node:
        return And((*(left.parts if isinstance(left, And) else (left,)), right))

    def negated(self, node: Node) -> Node:
        return node.part if isinstance(node, Not) else Not(node)

    def group(self, token: Token, node: Node) -> Node:
        place = token.start_pos or 0
        name = check_field(token.partition(":")[0], place)
        if name not in TEXT_FIELDS:
            message = deferred("“{name}:” takes one value, no brackets", name=name)
            raise wrong(message, place, expected=("ti:( … )", "abs:( … )"))
        return _restricted(node, name, place)

    def text(self, token: Token) -> Node:
        return text_leaf(token, token.start_pos or 0)

    def fielded(self, token: Token) -> Node:
        start = token.start_pos or 0
        name, _, rest = token.partition(":")
        value = rest.lstrip()
        return fielded_leaf(name, value, start, start + len(token) - len(value), self.known)

    def comparison(self, token: Token) -> Node:
        return comparison_leaf(token, token.start_pos or 0)


def _restricted(node: Node, name: str, place: int) -> Node:
    """`node` with all its words sought in one field only."""
    match node:
        case And(parts) | Or(parts):
            return type(node)(tuple(_restricted(part, name, place) for part in parts))
        case Not(part):
            return Not(_restricted(part, name, place))
        case Word() | Phrase() | Exact() | Prefix() if node.field in (None, TEXT_FIELDS[name]):
            return replace(node, field=TEXT_FIELDS[name])
        case _:
            message = deferred("“{term}” can't stand inside {name}:( … )", term=canonical(node), name=name)
            raise wrong(message, place, expected=(deferred("words and phrases"),))


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
