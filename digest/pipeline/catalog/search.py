"""Searches papers, for the web, the API, feeds and the command line: one engine, one order.

In: what somebody typed. Out: one frozen value with all that a page shows. Changes nothing.
"""

import base64
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from digest.domain import Paper
from digest.errors import FilterError, InputError
from digest.filters import (
    And,
    AtLeast,
    Has,
    Leaf,
    Like,
    LikeSaved,
    Node,
    Not,
    Or,
    TopicRef,
    Word,
    asks_for_saved,
    canonical,
    leaves,
    parse,
    with_saved,
    words_of,
)
from digest.filters.tree import TextLeaf
from digest.match import Library
from digest.pipeline.catalog.ranking.meaning import PaperMeanings
from digest.pipeline.catalog.ranking.signals import Signals
from digest.pipeline.catalog.search_index import Reading, SearchIndex
from digest.pipeline.catalog.similar import Similar, SimilarPaper
from digest.pipeline.installation import Installation
from digest.pipeline.issues.candidates import library_of
from digest.search import (
    Engine,
    Found,
    Known,
    Meaning,
    Order,
    Pieces,
    Place,
    Wanted,
    corrected,
    mark,
    nothing_alike,
    read,
    snippet,
)
from digest.store import papers, session
from digest.store.subscriptions import interests
from digest.text import clean
from digest.words import fold, forms, written

MOST = 100  # papers on one page
NO_TOPICS = Library(())
NO_READER = "it means the papers that a reader saved, and nobody is signed in here"
MOST_PARTS = 10  # parts of a query that are tried alone where nothing was found


@dataclass(frozen=True, slots=True)
class Item:
    """A paper that was found. `title`, `snippet`: with the words of the search marked."""

    paper: Paper
    score: float
    title: Pieces
    snippet: Pieces


class Facet(NamedTuple):
    """How many results have a value of a kind (`cat`, `year`, `source`)."""

    value: str
    papers: int
    kind: str

    @property
    def filter(self) -> str:
        """The filter that selects it."""
        quoted = f'"{self.value}"' if " " in self.value or '"' in self.value else self.value
        return f"{self.kind}:{quoted}"


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A page of results, and what to say of them.

    `canonical`: what was searched for. `mistake`: why the text is no filter, where it was read as the words
    of a title or a question, else empty. `corrected_from`: what was typed, where words of it that no paper
    has were corrected, else empty. `total`: papers on all pages; `complete`: those with every word.
    `expanded`: words, and the other form that was searched for too. `unknown`: words that no paper has. Where
    nothing was found, `nearest`: the words that look like those; `parts`: what each part of the query alone
    would find. `next`: the cursor of the next page, or empty. `behind`: changed papers that the index doesn't
    know yet. `is_own`: it asks for `like:saved`, and finds other papers for each reader.
    """

    typed: str
    canonical: str
    mistake: str
    order: Order
    items: tuple[Item, ...]
    total: int
    complete: int
    corrected_from: str
    corrections: tuple[tuple[str, str], ...]
    expanded: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]
    nearest: tuple[tuple[str, tuple[str, ...]], ...]
    parts: tuple[tuple[str, int], ...]
    categories: tuple[Facet, ...]
    years: tuple[Facet, ...]
    sources: tuple[Facet, ...]
    with_code: int
    next: str
    behind: int
    is_own: bool


class Search:
    """The search of one installation; made once in a process, used from many threads."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._index = SearchIndex(installation)
        self._meanings = PaperMeanings(installation)
        self.similar = Similar(installation, self._index, self._meanings)
        self._signals = Signals(installation)

    def __call__(
        self,
        text: str,
        now: datetime,
        *,
        limit: int = 20,
        cursor: str = "",
        order: Order = Order.RELEVANCE,
        as_typed: bool = False,
        saved: Sequence[int] | None = None,
    ) -> SearchResult:
        """Search all papers. `cursor`: where the page before ended; `as_typed`: correct and expand nothing;
        `saved`: what `like:saved` means, the papers that a reader saved (`Paper.pk`), None where nobody is
        known.

        Raises FilterError for a query that can't be read, InputError for a limit or cursor of no use.
        """
        if not 1 <= limit <= MOST:
            raise InputError(f"limit: {limit} is not between 1 and {MOST}")
        after = _read_cursor(cursor, order) if cursor else None
        with session.reading(self._installation.engine) as db:
            no_saved = NO_READER if saved is None else ""
            tree, library, mistake = _read_query(db, text, no_saved)
            if saved is not None and asks_for_saved(tree):
                tree = with_saved(tree, list(papers.canonical_ids(db, saved).values()))
            reading = self._index.read(db)
            known = self._known(db, tree, library, reading, now)
            query = read(tree, tuple(fold(forms(word)[1]) for word in written(clean(text))))
            found = reading.engine.search(
                query,
                known,
                limit=limit,
                after=after,
                order=order,
                trend=self._signals.trend(db, now) if order is Order.TREND else None,
                as_typed=as_typed,
                meaning=self._meaning(db, tree, text, reading),
            )
            shown = papers.by_pks(db, [hit.number for hit in found.hits], until=now, picked=False)
        return _result(
            text,
            tree,
            found,
            mistake=mistake,
            order=order,
            shown=shown,
            engine=reading.engine,
            known=known,
            behind=reading.behind,
        )

    def _meaning(self, db: session.Session, tree: Node, text: str, reading: Reading) -> Meaning | None:
        """What ranks beside words: likeness where nothing but filters is asked, else what the text means."""
        parts = tree.parts if isinstance(tree, And) else (tree,)
        liked = _liked(parts)
        if liked and not any(isinstance(part, TextLeaf) for part in parts):
            return self.similar.likeness(db, reading, liked)
        ranks = any(isinstance(part, Word) and part.field is None for part in parts)
        return self._meanings.of(db, clean(text)) if ranks else None

    def _known(
        self, db: session.Session, tree: Node, library: Library, reading: Reading, now: datetime
    ) -> Known:
        asked = set(_all_leaves(tree, library))
        counted = any(isinstance(leaf, AtLeast) or leaf == Has("pick") for leaf in asked)
        liked = sorted(set(_liked(asked)))
        return Known(
            library.topics,
            self._signals.latest(db, now) if counted else {},
            self.similar.alike(db, reading, liked) if liked else nothing_alike,
        )


def _read_query(db: session.Session, text: str, no_saved: str) -> tuple[Node, Library, str]:
    """What was typed, the topics where it names one (slow to read), and why a title is no filter."""
    try:
        tree = parse(text, topics=None, no_saved=no_saved)
    except FilterError as error:
        words = words_of(text)
        if words is None:
            raise
        return words, NO_TOPICS, error.message
    if not any(isinstance(leaf, TopicRef) for leaf in leaves(tree)):
        return tree, NO_TOPICS, ""
    library = library_of(tuple(interests.topics(db)))
    return parse(text, topics=library.topics, no_saved=no_saved), library, ""


def _liked(nodes: Iterable[Node]) -> list[str]:
    """The canonical ids of the papers that these leaves ask for the like of."""
    found: list[str] = []
    for node in nodes:
        if isinstance(node, Like | LikeSaved):
            found += node.ids if isinstance(node, LikeSaved) else [node.id]
    return found


def _all_leaves(tree: Node, library: Library) -> Iterator[Leaf]:
    """The leaves of a tree and of the topics that it names, in turn."""
    wanted, seen = [tree], set()
    while wanted:
        for leaf in leaves(wanted.pop()):
            yield leaf
            if isinstance(leaf, TopicRef) and leaf.slug in library.topics and leaf.slug not in seen:
                seen.add(leaf.slug)
                wanted.append(library.topics[leaf.slug])


def _result(
    text: str,
    tree: Node,
    found: Found,
    *,
    mistake: str,
    order: Order,
    shown: dict[int, Paper],
    engine: Engine,
    known: Known,
    behind: int,
) -> SearchResult:
    searched = corrected(tree, dict(found.corrected)) if found.corrected else tree
    stems = {forms(word)[0] for word in found.words}
    wanted = Wanted(stems | {forms(word)[0] for word in read(searched).further} | found.idfs.keys())
    items = tuple(
        Item(
            paper=shown[hit.number],
            score=hit.score,
            title=mark(clean(shown[hit.number].title), wanted),
            snippet=snippet(shown[hit.number].abstract, wanted, lambda stem: found.idfs.get(stem, 1.0)),
        )
        for hit in found.hits
        if hit.number in shown
    )
    facets = _facets(found.counts)
    return SearchResult(
        typed=text,
        canonical=canonical(searched),
        mistake=mistake,
        order=order,
        items=items,
        total=found.total,
        complete=found.complete,
        corrected_from=text if found.corrected else "",
        corrections=found.corrected,
        expanded=found.expanded,
        unknown=found.unknown,
        nearest=() if found.total else _nearest(found.unknown, engine),
        parts=() if found.total else _parts(tree, engine, known),
        categories=facets["cat"],
        years=tuple(sorted(facets["year"], key=lambda facet: facet.value, reverse=True)),
        sources=facets["source"],
        with_code=found.counts.get("has:code", 0),
        next=_cursor(found.hits[-1].place, order) if found.more else "",
        behind=behind,
        is_own=asks_for_saved(tree),
    )


def _facets(counts: Mapping[str, int]) -> dict[str, tuple[Facet, ...]]:
    """The values of each kind (`cat`, `year`, `source`) with their counts, most first."""
    values: dict[str, list[tuple[int, str]]] = {"cat": [], "year": [], "source": []}
    for label, count in counts.items():
        kind, _, value = label.partition(":")
        if kind in values:
            values[kind].append((-count, value))
    return {
        kind: tuple([Facet(value, -count, kind) for count, value in sorted(found)])
        for kind, found in values.items()
    }


def _nearest(unknown: Sequence[str], engine: Engine) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The words that look most like each word that no paper has, where there are any."""
    near = [(word, engine.nearest(word)) for word in unknown[:MOST_PARTS]]
    return tuple(each for each in near if each[1])


def _parts(tree: Node, engine: Engine, known: Known) -> tuple[tuple[str, int], ...]:
    """What each part of a query finds alone, most first."""
    parts = tree.parts if isinstance(tree, And | Or) else (tree,)
    alone = [part for part in parts if not isinstance(part, Not)][:MOST_PARTS]
    counts = [(canonical(part), engine.count(part, known)) for part in alone]
    return tuple(sorted((each for each in counts if each[1]), key=lambda each: -each[1]))


def result_object(result: SearchResult) -> dict[str, Any]:
    """Return a page of results as a JSON object (keys may be added, never renamed)."""
    return {
        "items": [item_object(item) for item in result.items],
        "next": result.next or None,
        "query": {
            "canonical": result.canonical,
            "mistake": result.mistake or None,
            "corrected_from": result.corrected_from or None,
            "expanded": [{"words": words, "other": other} for words, other in result.expanded],
            "unknown": list(result.unknown),
            "nearest": [{"word": word, "words": list(near)} for word, near in result.nearest],
        },
        "total": result.total,
        "parts": [{"query": part, "papers": count} for part, count in result.parts],
        "facets": {
            name: [{"value": facet.value, "papers": facet.papers} for facet in facets]
            for name, facets in (
                ("categories", result.categories),
                ("years", result.years),
                ("sources", result.sources),
            )
        },
        "behind": result.behind,
    }


def similar_object(similar: SimilarPaper) -> dict[str, Any]:
    """Return a paper that is like another as a JSON object."""
    return {
        "id": similar.paper.id,
        "title": similar.paper.title,
        "score": similar.score,
        "shared": list(similar.shared),
    }


def item_object(item: Item) -> dict[str, Any]:
    """Return a paper that was found as a JSON object."""
    return {
        "id": item.paper.id,
        "title": item.paper.title,
        "score": round(item.score, 6),
        "snippets": [
            {"field": name, "text": "".join(piece.text for piece in pieces), "marks": _marks(pieces)}
            for name, pieces in (("title", item.title), ("abstract", item.snippet))
            if any(piece.marked for piece in pieces)
        ],
    }


def _marks(pieces: Pieces) -> list[tuple[int, int]]:
    """From … to before which character of their text the marked pieces stand."""
    found, start = [], 0
    for piece in pieces:
        if piece.marked:
            found.append((start, start + len(piece.text)))
        start += len(piece.text)
    return found


def _cursor(place: Place, order: Order) -> str:
    packed = json.dumps([order, place.key, place.seen, place.number]).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _read_cursor(cursor: str, order: Order) -> Place:
    """The place that a cursor names. Raises InputError."""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True)
        name, key, seen, number = json.loads(packed)
        place = Place(float(key), int(seen), int(number))
        if name != order or not math.isfinite(place.key) or max(abs(place.seen), abs(place.number)) >= 2**62:
            raise ValueError
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        msg = "this cursor isn't one of a page of this search"
        raise InputError(msg, fix="begin with the first page") from error
    return place
