"""The docstrings of our code, and what is wrong with the form of their first paragraphs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]

# What public functions do. A new verb of the field may be added; first look whether one of these says it.
VERBS = frozenset(
    re.findall(
        r"\w+",
        """
        accept act add answer apply ask back begin bring build carry cast change check choose claim
        clean close collect compare confirm connect copy count create cut decide decode define delete
        deliver dial divide do draw drop email empty encode end erase evaluate examine exit explain
        export fetch fill find finish fit fix fold follow forget format give go greet guess hand handle
        hide hold import index insert join judge keep land lay leave let lift limit list load lock look
        mail make mark match measure merge move mute name note notify offer open order pack parse pass
        pause pick plan play prepare preview print process propose put queue raise rank read rebuild
        record refuse register reject release remove render repair replace report resolve restore resume
        return revoke run save say search see select send serve set settle shorten show sign slow sort
        speak split start stop store subscribe suppress take tell tokenise translate try undo unpack
        unsubscribe update use verify vote wait walk work wrap write yield
        """,
    )
)
MODULES = ("digest/cli/", "digest/pipeline/")  # whose own docstrings begin so, too


def _third_person(verb: str) -> str:
    """What a thing does: `carries` of `carry`."""
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}es" if verb.endswith(("ss", "sh", "ch", "x", "o")) else f"{verb}s"


THIRD_PERSON = frozenset(map(_third_person, VERBS))
_NOUN = re.compile(  # "List of papers", "Count that …": words that are verbs too
    r"(change|count|draw|email|filter|index|limit|list|mark|match|name|order|process|rank|record|report|run|set"
    r"|sign|start|store|vote|work) (of|that|which|who|is|are)\b",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(r"\([^()]*\)|`[^`]*`")


class Docstring(NamedTuple):
    """A docstring's first paragraph on one line, and what it is of: module, class, function, property."""

    where: str
    kind: str
    text: str


def read(path: Path) -> Iterator[Docstring]:
    """Yield the docstrings of a module and of what is public in it; commands' groups count as properties."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name = str(path.relative_to(ROOT))
    yield Docstring(name, "module", _paragraph(tree))
    yield from _below(tree, name)


def flaw(docstring: Docstring) -> str:
    """Return what is wrong with a docstring in words, or an empty text."""
    where, kind, text = docstring
    first, *_ = text.split(" ")
    verb = first.strip(",:;.")
    if not text.endswith((".", ":")):
        return "doesn't end with a full stop"
    if "→" in _EXAMPLE.sub("", text):
        return "has an arrow instead of a verb"
    if not first.startswith("`") and not verb[:1].isupper() and verb not in {"arXiv's", "kombu's"}:
        return "begins with a small letter"
    if kind == "module" and where.startswith(MODULES) and verb.lower() not in THIRD_PERSON:
        return f"begins with {verb!r}, which is no verb (in the third person) that tests/docstrings.py knows"
    if kind == "function" and verb.lower() not in VERBS:
        return f"begins with {verb!r}, which is no verb that tests/docstrings.py knows"
    if kind == "function" and _NOUN.match(text):
        return f"uses {verb!r} as a noun"
    return ""


def _below(node: ast.AST, where: str) -> Iterator[Docstring]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if child.name.startswith("_"):
                continue
            place = f"{where}:{child.name}"
            if isinstance(child, ast.ClassDef):
                yield from (Docstring(place, "class", text) for text in [_paragraph(child)] if text)
                yield from _below(child, place)
            elif text := _paragraph(child):
                names = {name for decorator in child.decorator_list for name in _names(decorator)}
                is_noun = names & {"property", "cached_property", "group"}
                yield Docstring(place, "property" if is_noun else "function", text)


def _names(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr


def _paragraph(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    text = ast.get_docstring(node) or ""
    return " ".join(re.split(r"\n\s*\n", text, maxsplit=1)[0].split())
