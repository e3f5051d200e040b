"""Reads topics and filters once. In: topics, canonical texts. Out: trees, or the `FilterError` of a topic."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from digest.domain import Topic
from digest.errors import FilterError
from digest.filters import (
    CATEGORIES,
    And,
    Category,
    Like,
    LikeSaved,
    Node,
    Phrase,
    TopicRef,
    Word,
    asks_for_saved,
    leaves,
    parse,
    parse_stored,
)

PLAIN_PART = re.compile(
    r'"[a-z0-9]+(?: [a-z0-9]+)+"|cat:[A-Za-z]+(?:[.-][A-Za-z]+)*'
    r"|like:(?:[0-9]{4}\.[0-9]{4,5}|saved)|[a-z0-9]+"
)
FILTERS_KEPT = 50_000  # trees of distinct filters that are kept; a tree is about 1 kB


class Topics(Mapping[str, Node]):
    """The trees of topics by slug. Each is read when it is first asked for, with the topics that it names:
    all together take a tenth of a second, and one reader has a few.

    Asking raises `FilterError`, with the topic's slug, for an expression that can't be read, that names an
    unknown topic, or that leads back to itself (`a → b → a`). `get` takes such a topic as one that isn't
    there: what selects by it selects nothing, and all else goes on.
    """

    def __init__(self, topics: Iterable[Topic]) -> None:
        self._by_slug = {topic.slug: topic for topic in topics}
        self._trees: dict[str, Node] = {}  # of topics that are read, and found to be sound
        self._errors: dict[str, FilterError] = {}  # of those that can't be

    def __getitem__(self, slug: str) -> Node:
        if slug in self._errors:
            raise self._errors[slug]
        if slug not in self._trees:
            try:
                self._read(slug)
            except FilterError as error:
                self._errors[slug] = error
                raise
        return self._trees[slug]

    def get(self, slug: str, default: Any = None, /) -> Any:
        """Return the tree of a topic; the default where it isn't there or can't be read."""
        try:
            return self[slug]
        except (KeyError, FilterError):
            return default

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_slug)

    def __len__(self) -> int:
        return len(self._by_slug)

    def __contains__(self, slug: object) -> bool:
        return slug in self._by_slug

    def _read(self, slug: str) -> None:
        """Read a topic, and those that it names. Raises KeyError for a slug that isn't there."""
        new: dict[str, Node] = {}
        waiting = deque([slug])
        while waiting:
            each = waiting.popleft()
            if each not in new and each not in self._trees:
                new[each] = _read(self._by_slug[each], self._by_slug)
                waiting += _named(new[each])
        _refuse_cycles(new, self._by_slug)
        self._trees |= new


class Library:
    """The topics by slug, and the trees of filters by canonical text."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        """Take topics; each is read when it is first asked for (see `Topics`)."""
        self.topics = Topics(topics)
        self._stored_tree = lru_cache(maxsize=FILTERS_KEPT)(_stored_tree)

    def tree(self, text: str) -> Node:
        """Return the tree of a stored filter.

        Names in it are not checked again: they were known when it was stored, and a topic or category that is
        gone since then selects nothing, rather than making a subscriber's other filters fail. For text that
        somebody types, call `digest.filters.parse(text, topics=library.topics)`.
        """
        return self._stored_tree(text)

    def asks_for_saved(self, text: str) -> bool:
        """Tell whether a stored filter means something else for each reader (`like:saved`)."""
        return "like:saved" in text and asks_for_saved(self.tree(text))


def _stored_tree(text: str) -> Node:
    """Most filters are plain words, phrases, categories and `like:`: they take a twentieth of the time."""
    parts = PLAIN_PART.findall(text)
    if parts and " ".join(parts) == text:
        nodes = tuple(_plain(part) for part in parts)
        return And(nodes) if len(nodes) > 1 else nodes[0]
    return parse_stored(text)


@lru_cache(maxsize=FILTERS_KEPT)
def _plain(part: str) -> Node:
    if part[0] == '"':
        return Phrase(tuple(part[1:-1].split(" ")))
    if part.startswith("like:"):
        name = part.removeprefix("like:")
        return LikeSaved() if name == "saved" else Like(f"arxiv:{name}")
    return Category(part.removeprefix("cat:")) if part.startswith("cat:") else Word(part)


def _read(topic: Topic, slugs: Iterable[str]) -> Node:
    try:
        return parse(topic.expression, topics=frozenset(slugs), categories=CATEGORIES)
    except FilterError as error:
        raise _of_topic(topic, error.message, error) from error


def _named(tree: Node) -> list[str]:
    """The topics that a tree names, in the order of the alphabet."""
    return sorted({leaf.slug for leaf in leaves(tree) if isinstance(leaf, TopicRef)})


def _refuse_cycles(trees: Mapping[str, Node], topics: Mapping[str, Topic]) -> None:
    """Raise for trees of which one leads back to itself; others that they name are known to be sound."""
    refers = {slug: _named(tree) for slug, tree in trees.items()}
    sound: set[str] = set()
    for slug in trees:
        cycle = _cycle(slug, refers, (), sound)
        if cycle:
            topic = topics[cycle[0]]
            where = topic.expression.lower().find(f"topic:{cycle[1]}")
            error = FilterError("", position=max(where, 0), text=topic.expression)
            raise _of_topic(topic, f"it refers back to itself ({' → '.join(cycle)})", error)


def _cycle(
    slug: str, refers: Mapping[str, Sequence[str]], path: tuple[str, ...], sound: set[str]
) -> list[str]:
    """The first way from `slug` back onto `path` or itself, or nothing; what has none joins `sound`."""
    if slug in path:
        return [*path[path.index(slug) :], slug]
    if slug in sound:
        return []
    for other in refers.get(slug, ()):
        found = _cycle(other, refers, (*path, slug), sound)
        if found:
            return found
    sound.add(slug)
    return []


def _of_topic(topic: Topic, message: str, error: FilterError) -> FilterError:
    return FilterError(
        f"topic {topic.slug}: {message}",
        position=error.position,
        text=topic.expression,
        expected=error.expected,
        nearest=error.nearest,
    )
