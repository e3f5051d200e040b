"""Reads one term of a filter. In: the term's text and place, and the names that are known.
Out: a leaf, or a `FilterError`. It knows nothing of how terms are joined.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from digest.domain import Field, SignalKind
from digest.filters.categories import CATEGORIES, category_key
from digest.filters.errors import nearest_field, wrong
from digest.filters.names import name_parts
from digest.filters.tree import (
    AtLeast,
    Author,
    Category,
    Exact,
    Has,
    Keyword,
    Leaf,
    Like,
    LikeSaved,
    Organization,
    PaperId,
    Phrase,
    Prefix,
    SourceName,
    TextLeaf,
    TopicRef,
    Word,
    Year,
)
from digest.ids import doi, paper_id
from digest.languages import deferred
from digest.text import clean
from digest.words import fold, forms, without_case, written
from digest.words.nearest import nearest

OPERATORS = {"AND", "OR", "NOT"}
ANY_FIELD = {"all", "any", "anywhere", "everything", "fulltext", "text", "tiab", "word", "words", "content"}
TEXT_FIELDS = {"ti": Field.TITLE, "abs": Field.ABSTRACT}
SIGNALS = {kind.value: kind for kind in (SignalKind.UPVOTES, SignalKind.COMMENTS, SignalKind.STARS)}
COMPARISON = re.compile(r"(?P<name>[^\W\d]+)\s*(?P<sign>[<>=≥≤]+)\s*(?P<number>.*)", re.DOTALL)
SUGGESTIONS = 5  # codes that an error names for a category in words
SHORTEST_TITLE = 4  # letters: shorter ones are rather a code with a slip
SHORTEST_PREFIX = 2  # one letter and a star would select nearly everything

YEARS = re.compile(r"([0-9]{4})(?:(-)([0-9]{4})?)?")
SOME_YEARS = ("year:2025", "year:2024-2026", deferred("year:2024- (from then on)"))
WITH = ("code", "project", "pick")  # what a paper may come with

SOURCE_ID = re.compile(r"[\w.-]+:\S+")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that a filter may use; None: any name will do.

    `no_saved`: why `like:saved` can't stand here, or empty where it can.
    """

    topics: Collection[str] | None
    categories: Collection[str] | None
    sources: Collection[str] | None
    no_saved: str = ""


def text_leaf(raw: str, position: int, field: Field | None = None) -> TextLeaf:
    """Return a word, phrase, exact form or prefix, with or without `=` and quotes.

    Hyphens, slashes, TeX and the like are read as in the texts of papers, so that `mixture-of-experts` is a
    phrase of three words.
    """
    exact = raw.startswith("=")
    body = raw[exact:]
    quoted = body.startswith('"')
    inner = body[1:-1] if quoted else body
    if "*" in inner and not quoted:
        return _prefix(inner, position, field, exact=exact)
    found = _words(inner, raw, position)
    if exact:
        return Exact(found, field)
    folded = tuple(without_case(word) for word in found)
    return Word(folded[0], field) if len(folded) == 1 else Phrase(folded, field)


def _words(text: str, raw: str, position: int) -> tuple[str, ...]:
    """The words of a term in their exact forms; none at all is an error that quotes the term as it stands."""
    found = " ".join(_exact(clean(text)))
    if not found:
        message = deferred("“{term}” holds no word to search for", term=raw)
        raise wrong(message, position, expected=(deferred("a word with letters or digits"),))
    # Folding makes letters of some signs (㆒ → 一), so more words of one: read them as they will be stored.
    return tuple(_exact(found))


def _exact(text: str) -> list[str]:
    return [forms(word)[1] for word in written(text)]


def _prefix(raw: str, position: int, field: Field | None, *, exact: bool) -> Prefix:
    """`transform*`: one word, the star at its end."""
    found = _words(raw.removesuffix("*"), raw, position)
    if "*" in raw.removesuffix("*") or len(found) > 1 or exact:
        message = deferred(
            "“{term}”: a star stands at the end of one word; put it in quotes to search for it as it is",
            term=raw,
        )
        raise wrong(message, position, expected=(deferred("a prefix such as transform*"),))
    prefix = fold(found[0])
    if len(prefix) < SHORTEST_PREFIX:
        message = deferred(
            "“{term}” would select nearly everything: a prefix has two letters or more", term=raw
        )
        in_quotes = f'"{raw}"'
        the_word = deferred("the word: {term}", term=in_quotes)
        raise wrong(message, position, expected=(deferred("a longer prefix such as transform*"), the_word))
    return Prefix(prefix, field)


def fielded_leaf(name: str, raw: str, start: int, position: int, known: Vocabulary) -> Leaf:
    """Read `name:raw`; the field's name stands at `start`, its value at `position`."""
    field = check_field(name, start, raw)
    if not raw or raw in OPERATORS:
        message = deferred("“{field}:” needs a value right after it", field=field)
        raise wrong(message, position, expected=(EXAMPLES[field],))
    if raw[0] == "-":
        message = deferred("“{term}”: the minus stands before the field", term=raw)
        raise wrong(message, position, expected=(f"-{field}:{raw[1:]}",))
    if field in TEXT_FIELDS:
        return text_leaf(raw, position, TEXT_FIELDS[field])
    value = raw.strip('"').strip()
    if not value:
        message = deferred("“{field}:” needs a value between its quotes", field=field)
        raise wrong(message, position, expected=(EXAMPLES[field],))
    if field != "au" and not value.isprintable():
        message = deferred("the value of “{field}:” holds a character that nobody sees", field=field)
        raise wrong(message, position, expected=(EXAMPLES[field],))
    return READERS[field](value, position, known)


def check_field(name: str, position: int, value: str = "( … )") -> str:
    """Return the field of this name, in small letters; an unknown one is an error with the nearest."""
    field = name.lower()
    if field in EXAMPLES:
        return field
    if field in ANY_FIELD:
        message = deferred(
            "“{name}:” is not a field: a word without one is found in title and abstract", name=name
        )
        raise wrong(message, position, nearest=value)
    message = deferred("“{name}:” is not a field; put text that holds a colon in quotes", name=name)
    near = nearest_field(name, [*EXAMPLES, *SIGNALS])
    near = f"{near}>=" if near in SIGNALS else near and f"{near}:"
    raise wrong(message, position, expected=[f"{each}:" for each in EXAMPLES], nearest=near)


def comparison_leaf(raw: str, position: int) -> AtLeast:
    """Read `upvotes>=20`; “at least” is the only comparison."""
    found = COMPARISON.fullmatch(raw)
    name, sign, number = found.group("name", "sign", "number") if found else (raw, "", "")
    expected = [f"{each}>=20" for each in SIGNALS]
    if name.lower() in {"year", "date", "published"}:
        message = deferred("“{term}”: years stand behind a colon", term=raw.strip())
        raise wrong(message, position, expected=SOME_YEARS)
    signal = SIGNALS.get(name.lower())
    if signal is None:
        message = deferred(
            "“{name}” can't be counted; put text that holds {sign} in quotes", name=name, sign=sign
        )
        near = nearest_field(name, SIGNALS)
        raise wrong(message, position, expected=expected, nearest=near and f"{near}>={number}")
    if sign not in (">=", "≥") or not re.fullmatch(r"[0-9]{1,9}", number.strip()):
        message = deferred(
            "“{term}”: {signal} are compared with {sign} and a whole number",
            term=raw.strip(), signal=signal.value, sign=">=",
        )  # fmt: skip
        raise wrong(message, position, expected=(f"{signal}>=20",))
    if int(number) == 0:
        message = deferred("“{term}” holds for every paper", term=raw.strip())
        raise wrong(message, position, expected=(f"{signal}>=1",))
    return AtLeast(signal, int(number))


def _author(value: str, position: int, _: Vocabulary) -> Author:
    parts = name_parts(value)
    if not parts:
        message = deferred("“{term}” holds no name", term=value)
        raise wrong(message, position, expected=(EXAMPLES["au"],))
    return Author(" ".join(parts))


def _category(value: str, position: int, known: Vocabulary) -> Category:
    if known.categories is None:
        return Category(value)
    for name in known.categories:
        if category_key(name) == category_key(value):
            return Category(name)
    exactly, partly = _codes_titled(value, known.categories)
    if exactly or partly:
        message = deferred("“{term}” names a category in words; its code is needed", term=value)
        codes = [f"cat:{code}" for code in (*exactly, *partly)][:SUGGESTIONS]
        raise wrong(message, position, expected=codes, nearest=codes[0] if exactly else "")
    near = nearest(value, known.categories)
    expected = (
        deferred("an archive such as cs"),
        deferred("a class such as cs.CL"),
        deferred("a subject such as {subject}", subject='"cell biology"'),
    )
    message = deferred("“{term}” is not a category", term=value)
    raise wrong(message, position, expected=expected, nearest=near)


def _codes_titled(title: str, known: Collection[str]) -> tuple[list[str], list[str]]:
    """The categories with this name in words, and those whose name holds all of its words and more."""
    titles = {code: category_key(CATEGORIES[code]) for code in sorted(known) if code in CATEGORIES}
    wanted = category_key(title)
    words = set(wanted.split())
    exactly = [code for code, name in titles.items() if name == wanted]
    partly = [code for code, name in titles.items() if name != wanted and words <= set(name.split())]
    return exactly, partly if len(wanted) > SHORTEST_TITLE else []


def _topic(value: str, position: int, known: Vocabulary) -> TopicRef:
    slug = value.lower()
    if known.topics is not None and slug not in known.topics:
        near = nearest(slug, known.topics)
        message = deferred("“{term}” is not a topic", term=value)
        raise wrong(message, position, expected=sorted(known.topics), nearest=near)
    return TopicRef(slug)


def _source(value: str, position: int, known: Vocabulary) -> SourceName:
    name, message = fold(value), deferred("“{term}” is not a source", term=value)
    if not name:
        raise wrong(message, position, expected=(EXAMPLES["source"],))
    if known.sources is not None and name not in map(fold, known.sources):
        near = nearest(value, known.sources)
        raise wrong(message, position, expected=sorted(known.sources), nearest=near)
    return SourceName(name)


def _has(value: str, position: int, _: Vocabulary) -> Has:
    what = value.lower()
    if what not in WITH:
        near = nearest(what, WITH)
        message = deferred("“has:{value}” is not known", value=value)
        raise wrong(
            message, position, expected=[f"has:{each}" for each in WITH], nearest=near and f"has:{near}"
        )
    return Has(what)


def _organization(value: str, position: int, _: Vocabulary) -> Organization:
    return Organization(_folded_words(value, position))


def _keyword(value: str, position: int, _: Vocabulary) -> Keyword:
    return Keyword(_folded_words(value, position))


def _folded_words(value: str, position: int) -> str:
    return " ".join(fold(word) for word in _words(value, value, position))


def _year(value: str, position: int, _: Vocabulary) -> Year:
    found = YEARS.fullmatch(value)
    if not found:
        message = deferred("“{term}” is neither a year nor two years", term=value)
        raise wrong(message, position, expected=SOME_YEARS)
    first, dash, last = found.groups()
    years = Year(int(first), int(last or first) if last or not dash else None)
    if years.last is not None and years.last < years.first:
        message = deferred("“{term}” ends before it begins", term=value)
        raise wrong(message, position, nearest=f"year:{last}-{first}")
    return years


def _doi(value: str, position: int, _: Vocabulary) -> PaperId:
    name = doi(value)
    if name is None:
        message = deferred("“{term}” is not a DOI", term=value)
        raise wrong(message, position, expected=(EXAMPLES["doi"],))
    return PaperId(paper_id(name) or name)


def _paper(value: str, position: int, _: Vocabulary) -> PaperId:
    return PaperId(_canonical_id(value, position, (EXAMPLES["id"], EXAMPLES["doi"])))


def _like(value: str, position: int, known: Vocabulary) -> Like | LikeSaved:
    if value.lower() == "saved":
        if known.no_saved:
            message = deferred("“{term}”: {reason}", term="like:saved", reason=known.no_saved)
            raise wrong(message, position, expected=(EXAMPLES["like"],))
        return LikeSaved()
    expected = (EXAMPLES["like"], "like:doi:10.1101/2024.01.02.573904", "like:saved")
    return Like(_canonical_id(value, position, expected))


def _canonical_id(value: str, position: int, expected: tuple[str, ...]) -> str:
    """The canonical id that a value names: any spelling of an arXiv id or DOI, or `<source>:<id>`."""
    if name := paper_id(value):
        return name
    if SOURCE_ID.fullmatch(value) and not value.lower().startswith(("arxiv:", "doi:", "http:", "https:")):
        return value
    raise wrong(deferred("“{term}” is not the id of a paper", term=value), position, expected=expected)


READERS: dict[str, Callable[[str, int, Vocabulary], Leaf]] = {
    "au": _author,
    "cat": _category,
    "topic": _topic,
    "id": _paper,
    "doi": _doi,
    "like": _like,
    "has": _has,
    "source": _source,
    "org": _organization,
    "keyword": _keyword,
    "year": _year,
}
EXAMPLES = {
    "ti": "ti:mamba",
    "abs": 'abs:"state space"',
    "au": 'au:"Tri Dao"',
    "cat": "cat:cs.CL",
    "topic": "topic:llm",
    "id": "id:2509.13332",
    "doi": "doi:10.1101/2024.01.02.573904",
    "like": "like:2509.13332",
    "org": 'org:"Example Lab"',
    "keyword": 'keyword:"world model"',
    "year": "year:2024-2026",
    "has": "has:code",
    "source": "source:huggingface",
}
