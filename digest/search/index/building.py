"""Builds a segment. In: papers as the store gives them, and the numbers of those that are gone. Out: bytes.

A segment takes papers until its slots are used up; `build` says how many it took.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.domain import Paper
from digest.filters.names import keyword_key, name_parts
from digest.search.index.acronyms import pairs
from digest.search.index.packing import Array, pack
from digest.search.index.segment import MOST_SLOTS, SLOT, TITLE_WEIGHT
from digest.search.index.vocabulary import to_arrays
from digest.words import fold, forms, written

MOST_WORDS = 60_000  # of one text: no paper's title or abstract has more
MOST_LENGTH = (1 << 16) - 1


def build(papers: Sequence[Paper], gone: Iterable[int] = ()) -> tuple[bytes, int]:
    """Return a segment of these papers, or of the first of them, and how many it took: all, or as many as
    fit.

    `gone`: numbers of papers that aren't shown any more, whatever older segments hold of them.
    """
    read: dict[str, int] = defaultdict(count().__next__)
    streams: tuple[list[int], list[int]] = ([], [])  # words of titles, of abstracts
    sizes: tuple[list[int], list[int]] = ([], [])
    slots = fitted = 0
    for paper in papers:
        texts = [written(text)[:MOST_WORDS] for text in (paper.title, paper.abstract)]
        slots += sum(len(words) // SLOT + 1 for words in texts)
        if slots > MOST_SLOTS:
            break
        for stream, size, words in zip(streams, sizes, texts, strict=True):
            stream.extend(map(read.__getitem__, words))
            size.append(len(words))
        fitted += 1
    lengths = np.array(sizes, np.int64).reshape(2, fitted)
    places = [_places(size) for size in lengths]
    titles = int(places[0][1].size)
    slot = np.concatenate([places[0][0] // SLOT, places[1][0] // SLOT + titles])
    arrays = _words(
        list(read), np.array(streams[0] + streams[1], np.int64), slot, np.concatenate([p[0] for p in places])
    )
    arrays["slot_paper"] = np.concatenate([places[0][1], places[1][1]]).astype(np.uint16)
    arrays["titles"] = np.array([titles], np.int64)
    arrays["lengths"] = np.minimum(TITLE_WEIGHT * lengths[0] + lengths[1], MOST_LENGTH).astype(np.uint16)
    return pack(arrays | _columns(papers[:fitted], gone)), fitted


def _places(lengths: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For texts of these lengths: the place of each word, and the paper of each slot."""
    slots = lengths // SLOT + 1
    first = (np.cumsum(slots) - slots) * SLOT
    before = np.cumsum(lengths) - lengths
    places = np.arange(lengths.sum()) + np.repeat(first - before, lengths)
    return places, np.repeat(np.arange(len(lengths)), slots)


def _words(
    words: Sequence[str], stream: NDArray[np.int64], slots: NDArray[np.int64], places: NDArray[np.int64]
) -> dict[str, Array]:
    """Stems, forms and occurrences. `words`: as written, by the numbers that `stream` has of them."""
    known = [forms(word) for word in words]
    ordered = sorted(set(known))
    number_of = {pair: number for number, pair in enumerate(ordered)}
    renumbered = np.array([number_of[pair] for pair in known], np.int32)
    numbers = renumbered[stream] if len(stream) else np.empty(0, np.int32)
    order = in_order(numbers)
    return form_arrays(ordered, np.bincount(numbers, minlength=len(ordered))) | {
        "slots": slots[order].astype(np.uint16),
        "positions": (places[order] % SLOT).astype(np.uint8),
    }


def in_order(*keys: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Return the places of keys (the first one counts most), sorted; equal ones stay in order.

    All are put into one number, the place behind them: numpy sorts plain numbers many times faster.
    """
    size = len(keys[0])
    joined = np.zeros(size, np.int64)
    width = 0
    for key in (*keys, np.arange(size)):
        bits = int(key.max(initial=0)).bit_length()
        joined = (joined << bits) | key
        width += bits
    if width > 62:
        msg = "these segments are too large to be one"
        raise ValueError(msg)
    joined.sort()
    return joined & ((1 << bits) - 1)


def form_arrays(ordered: Sequence[tuple[str, str]], counts: NDArray[np.int64]) -> dict[str, Array]:
    """Return the arrays of stems and forms.

    `ordered`: stem and form, sorted; `counts`: occurrences of each.
    """
    stems: dict[str, int] = {}
    for number, (stem, _) in enumerate(ordered):
        stems.setdefault(stem, number)
    texts = [form for _, form in ordered]
    folded = [fold(text) for text in texts]
    by_fold = sorted(range(len(texts)), key=folded.__getitem__)
    return {
        **strings("stem", stems),
        "stem_first": np.array([*stems.values(), len(ordered)], np.uint32),
        **strings("form", texts),
        "form_start": np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32),
        "by_fold": np.array(by_fold, np.uint32),
    }


def strings(name: str, values: Iterable[str]) -> dict[str, Array]:
    """Return the two arrays of a vocabulary."""
    offsets, text = to_arrays(values)
    return {f"{name}_offsets": offsets, f"{name}_text": text}


def listed(name: str, papers_of: dict[str, list[int]]) -> dict[str, Array]:
    """Return sorted names, and the papers of each, as arrays."""
    ordered = sorted(papers_of)
    lists = [papers_of[each] for each in ordered]
    sizes = np.array([0, *map(len, lists)], np.int64)
    papers = np.array([paper for each in lists for paper in each], np.uint16)
    return {
        **strings(name, ordered),
        f"{name}_start": np.cumsum(sizes).astype(np.uint32),
        f"{name}_papers": papers,
    }


def counted(acronyms: Counter[tuple[str, str]]) -> dict[str, Array]:
    """Return acronyms with their long forms, as arrays."""
    ordered = sorted(acronyms)
    return {
        **strings("acronym", map("\t".join, ordered)),
        "acronym_count": np.array([acronyms[each] for each in ordered], np.uint32),
    }


@lru_cache(maxsize=1 << 16)
def author_key(name: str) -> str:
    """Return the folded parts of a name, the family name first, so that a family's are side by side.

    Empty for what is no name.
    """
    parts = name_parts(name)
    return " ".join((parts[-1], *parts[:-1])) if parts else ""


def labels_of(paper: Paper) -> Iterable[str]:
    """Yield what filters may ask of a paper beside its words, authors and ids, and what is counted of
    results.
    """
    yield from (f"cat:{category}" for category in paper.categories)
    yield from (f"source:{fold(source)}" for source in paper.sources)
    if paper.code_url:
        yield "has:code"
    if paper.project_url:
        yield "has:project"
    if paper.organization:
        yield f"org:{paper.organization}"
    yield from (f"keyword:{keyword_key(keyword)}" for keyword in paper.keywords)


def _columns(papers: Sequence[Paper], gone: Iterable[int]) -> dict[str, Array]:
    labels: dict[str, list[int]] = defaultdict(list)
    authors: dict[str, list[int]] = defaultdict(list)
    ids: dict[str, list[int]] = defaultdict(list)
    acronyms: Counter[tuple[str, str]] = Counter()
    for place, paper in enumerate(papers):
        for label in dict.fromkeys(labels_of(paper)):
            labels[label].append(place)
        for author in set(map(author_key, paper.authors)):
            if author:
                authors[author].append(place)
        for name in {paper.id.lower()} | ({f"doi:{paper.doi.lower()}"} if paper.doi else set()):
            ids[name].append(place)
        acronyms.update(set(pairs(paper.abstract)))
    return {
        "numbers": np.array([paper.pk for paper in papers], np.int32),
        "gone": np.array(sorted(gone), np.int32),
        "seen": np.array([paper.first_seen_at.timestamp() for paper in papers], np.float64).astype(np.int64),
        "years": np.array([paper.year for paper in papers], np.int16),
        **listed("label", labels),
        **listed("author", authors),
        **listed("id", ids),
        **counted(acronyms),
    }
