"""Selects the papers of a segment. In: a filter's tree. Out: a truth for each paper of a segment.

The same as `digest.match.evaluate` says of one paper. Never looks at a score.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from digest.domain import Field, SignalKind
from digest.filters import (
    And,
    AtLeast,
    Author,
    Category,
    Exact,
    Has,
    Keyword,
    Like,
    LikeSaved,
    Node,
    Not,
    Or,
    Organization,
    PaperId,
    Phrase,
    Prefix,
    SourceName,
    TopicRef,
    Word,
    Year,
)
from digest.filters.categories import holds
from digest.filters.names import keyword_key, names_agree, names_organization
from digest.filters.tree import TextLeaf
from digest.search.index.segment import Marks, Numbers, Segment, Slice
from digest.words import forms, readings

MAX_YEAR = 9999
Values = tuple[NDArray[np.int64], NDArray[np.float64]]  # numbers of papers, ascending, and a value for each


def nothing_alike(_id: str, segment: Segment) -> Marks:
    """Return no paper of a segment, for searches that ask for no likeness."""
    return np.zeros(len(segment), np.bool_)


@dataclass(frozen=True, slots=True)
class Known:
    """What filters ask for that no segment holds: the trees of topics, the latest values of signals.

    `alike`: marks the papers of a segment that are like the one of a canonical id.
    """

    topics: Mapping[str, Node] = field(default_factory=dict)
    signals: Mapping[SignalKind, Values] = field(default_factory=dict)
    alike: Callable[[str, Segment], Marks] = nothing_alike


def select(node: Node, segment: Segment, known: Known) -> Marks:  # noqa: PLR0911 - a return for each kind of node
    """Return the papers of a segment that a tree selects."""
    match node:
        case Not(part):
            return ~select(part, segment, known)
        case And(parts):
            return reduce(np.logical_and, (select(part, segment, known) for part in parts))
        case Or(parts):
            nothing = np.zeros(len(segment), np.bool_)
            return reduce(np.logical_or, (select(part, segment, known) for part in parts), nothing)
        case TopicRef(slug):
            # A topic that is no longer there selects nothing.
            return select(known.topics.get(slug, Or(())), segment, known)
        case Word() | Phrase() | Exact() | Prefix():
            return _text(node, segment)
        case Author(name):
            return _author(name, segment)
        case AtLeast() | Year() | Has("pick"):
            return _counted(node, segment, known)
        case PaperId() | Like() | LikeSaved():
            return _by_id(node, segment, known)
        case Category() | Organization() | Keyword() | Has() | SourceName():
            return _labelled(node, segment)


def to_values(by_paper: Mapping[int, float]) -> Values:
    """Return values by the numbers of papers, as arrays."""
    numbers = sorted(by_paper)
    return np.array(numbers, np.int64), np.array([by_paper[number] for number in numbers], np.float64)


def put_values(found: NDArray[np.float64], segment: Segment, values: Values | None) -> NDArray[np.float64]:
    """Write the values of a segment's papers, where there are any, into an array over its papers."""
    if values is not None and len(values[0]):
        places = np.minimum(np.searchsorted(values[0], segment.numbers), len(values[0]) - 1)
        there = values[0][places] == segment.numbers
        found[there] = values[1][places[there]]
    return found


def runs_of(leaf: Word | Phrase | Exact, segment: Segment) -> list[list[Slice]]:
    """Return the occurrences of each word of a leaf, in each reading of it that the segment can hold.

    `fine tuning` is also `finetuning`: the same readings as for a digest (`words.readings`).
    """
    match leaf:
        case Word(word):
            every = [[segment.stem(stem) for stem in stems] for stems in readings((word,))]
        case Phrase(words):
            every = [[segment.stem(stem) for stem in stems] for stems in readings(words)]
        case Exact(words):
            every = [[segment.form(forms(word)[0], word) for word in words]]
    return [runs for runs in every if all(end > start for start, end in runs)]


def follow(segment: Segment, runs: Sequence[Slice], among: Marks | None = None) -> NDArray[np.int32]:
    """Return the places of first words where these words follow one another; of papers in `among` only."""
    order = sorted(range(len(runs)), key=lambda each: runs[each][1] - runs[each][0])
    found: NDArray[np.int32] | None = None
    for number in order:
        places = segment.places_of(runs[number], among) - np.int32(number)
        found = places if found is None else _common(found, places)
        if not len(found):
            break
        if len(found) < len(segment) // 8:
            among = np.zeros(len(segment), np.bool_)
            among[segment.slot_paper[found >> 8]] = True
    return found if found is not None else np.empty(0, np.int32)


def _common(few: NDArray[np.int32], many: NDArray[np.int32]) -> NDArray[np.int32]:
    """The places that stand in both; neither has one twice."""
    both = np.sort(np.concatenate([few, many]))
    twice: NDArray[np.int32] = both[:-1][both[1:] == both[:-1]]
    return twice


def _text(leaf: TextLeaf, segment: Segment) -> Marks:
    slots: list[Numbers]
    if isinstance(leaf, Prefix):
        slots = [segment.slots[start:end] for start, end in segment.prefix(leaf.prefix)]
    else:
        slots = [
            segment.slots[slice(*runs[0])] if len(runs) == 1 else follow(segment, runs) >> 8
            for runs in runs_of(leaf, segment)
        ]
    papers = [segment.slot_paper[_of_field(each, leaf.field, segment)] for each in slots]
    return _marked(segment, papers)


def _of_field(slots: Numbers, wanted: Field | None, segment: Segment) -> Numbers:
    if wanted is None:
        return slots
    of_field: Numbers = slots[(slots < segment.titles) == (wanted is Field.TITLE)]
    return of_field


def _author(name: str, segment: Segment) -> Marks:
    wanted = tuple(name.split(" "))
    family = wanted[-1]
    first, end = segment.authors.starting(family)
    # Most of a large family have other initials: those needn't be parted into names.
    begin = f"{family} {wanted[0][0]}" if len(wanted) > 1 else family
    found = []
    for number, text in enumerate(segment.authors.some(first, end), first):
        if text.startswith(begin) or wanted[0] in text:
            last, *given = text.split(" ")
            if last == family and names_agree(wanted, (*given, last)):
                found.append(segment.written_by(number))
    return _marked(segment, found)


def _by_id(leaf: PaperId | Like | LikeSaved, segment: Segment, known: Known) -> Marks:
    if isinstance(leaf, Like):
        return known.alike(leaf.id, segment)
    if isinstance(leaf, LikeSaved):
        nothing = np.zeros(len(segment), np.bool_)
        return reduce(np.logical_or, (known.alike(each, segment) for each in leaf.ids), nothing)
    return _marked(segment, [segment.identified(leaf.id.lower())])


def _labelled(leaf: Category | Organization | Keyword | Has | SourceName, segment: Segment) -> Marks:
    match leaf:
        case Category(name):
            numbers = [number for number, value in segment.labels_of("cat:") if holds(name, value)]
        case Organization(name):
            numbers = [
                number for number, value in segment.labels_of("org:") if names_organization(name, value)
            ]
        case Keyword(name):
            numbers = [segment.labels.find(f"keyword:{keyword_key(name)}")]
        case Has(what):
            numbers = [segment.labels.find(f"has:{what}")]
        case SourceName(name):
            numbers = [segment.labels.find(f"source:{name}")]
    return _marked(segment, [segment.labelled(number) for number in numbers if number >= 0])


def _counted(leaf: AtLeast | Year | Has, segment: Segment, known: Known) -> Marks:
    match leaf:
        case Year(first, last):
            among: Marks = (segment.years >= first) & (segment.years <= (MAX_YEAR if last is None else last))
            return among
        case AtLeast(kind, least):
            return _at_least(segment, known.signals.get(kind), least)
        case Has():
            return _at_least(segment, known.signals.get(SignalKind.PICK), 1)


def _at_least(segment: Segment, values: Values | None, least: int) -> Marks:
    marks: Marks = put_values(np.zeros(len(segment)), segment, values) >= least
    return marks


def _marked(segment: Segment, papers: Sequence[Numbers]) -> Marks:
    marks = np.zeros(len(segment), np.bool_)
    for each in papers:
        marks[each] = True
    return marks
