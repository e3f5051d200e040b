"""The grammar of the filter language, and what makes a tree of tokens.

It imports Lark, which is slow: `reading` asks for it when the first filter is read.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from lark import Lark, Token, Tree, UnexpectedToken, v_args
from lark.exceptions import VisitError
from lark.visitors import Transformer_NonRecursive

from digest.filters.errors import wrong
from digest.filters.printing import canonical
from digest.filters.terms import (
    TEXT_FIELDS,
    Vocabulary,
    check_field,
    comparison_leaf,
    fielded_leaf,
    text_leaf,
)
from digest.filters.tree import And, Exact, Node, Not, Or, Phrase, Prefix, Word
from digest.languages import deferred

__all__ = ["Builder", "UnexpectedToken", "VisitError", "lexer", "parsed"]

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


@cache
def lexer() -> Lark:
    """Return what parts a text into tokens."""
    return Lark(GRAMMAR, parser=None, lexer="basic")


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr")


def parsed(tokens: Sequence[Token]) -> Tree[Token]:
    """Return the parse tree of tokens whose number and depth are checked already; raises UnexpectedToken."""
    parser = _parser().parse_interactive()
    for token in tokens:
        parser.feed_token(token)
    tree: Tree[Token] = parser.feed_token(Token.new_borrow_pos("$END", "", tokens[-1]))
    return tree


@v_args(inline=True)
class Builder(Transformer_NonRecursive[Token, Node]):
    """Makes the tree of a filter of a parse tree, from the leaves up, without recursion."""

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
