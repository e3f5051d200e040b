"""Invented subscribers: what a million of them ask for, as numbers of filters.

In: a vocabulary of papers, a number of subscribers. Out: a `Cohort`, the same each time. Everybody has 1 … 8
terms, which follow Zipf's law over the 20,000 words and pairs of words that stand in most titles (but in no
more than a twentieth: nobody asks for `model`). 20 % exclude a term. 30 % have a category: two thirds of them
follow it whole, one third only together with a term of theirs.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digest.domain import Interests, Paper
from digest.match import Cohort, Lists
from digest.words import written

TERMS = 20_000
CATEGORIES = 12
FUNCTION_WORDS = frozenset(
    [
        "and",
        "are",
        "for",
        "from",
        "how",
        "into",
        "its",
        "not",
        "the",
        "this",
        "that",
        "toward",
        "towards",
        "via",
        "what",
        "when",
        "with",
        "without",
        "your",
        "over",
        "under",
        "using",
        "based",
        "between",
        "through",
        "beyond",
        "more",
        "than",
        "can",
    ]
)


@dataclass(frozen=True, slots=True)
class People:
    """Subscribers, and the canonical texts of their filters by number, from 1."""

    cohort: Cohort
    texts: dict[int, str]

    def interests(self, index: int) -> Interests:
        """What one of them asks for, as a subscriber has it."""
        one = self.cohort.part(slice(index, index + 1))
        return Interests(
            filters=tuple(self.texts[number] for number in one.wanted.items.tolist()),
            exclude=tuple(self.texts[number] for number in one.excluded.items.tolist()),
            max_papers=int(one.max_papers[0]),
        )


def vocabulary(papers: Sequence[Paper]) -> list[str]:
    """Terms of titles as canonical filters, the most frequent first."""
    counts: Counter[str] = Counter()
    for paper in papers:
        words = [word.lower() for word in written(paper.title)]
        plain = [w.isascii() and w.isalnum() and len(w) > 2 and w not in FUNCTION_WORDS for w in words]
        found = {word for word, good in zip(words, plain, strict=True) if good and len(word) > 3}
        pairs = zip(words, words[1:], plain, plain[1:], strict=False)
        counts.update(found | {f'"{one} {other}"' for one, other, *good in pairs if all(good)})
    rare = [(-count, term) for term, count in counts.items() if count <= len(papers) / 20]
    return [term for _, term in sorted(rare)[:TERMS]]


def people(count: int, papers: Sequence[Paper], *, seed: int = 1) -> People:
    """This many subscribers with the vocabulary of these papers."""
    chance = np.random.default_rng(seed)
    terms = vocabulary(papers)
    categories = Counter(category for paper in papers for category in paper.categories)
    common = [category for category, _ in categories.most_common(CATEGORIES)]
    texts = [*terms, *(f"cat:{category}" for category in common)]
    sizes = chance.integers(1, 9, count)
    wanted = _zipf(chance, len(terms), int(sizes.sum()))
    first = np.cumsum(sizes) - sizes
    followers = chance.permutation(count)[: count * 3 // 10]
    wanted[first[followers]] = len(terms) + chance.integers(len(common), size=len(followers))
    excluding = (chance.random(count) < 0.2).astype(np.int64)
    excluded = _zipf(chance, len(terms), int(excluding.sum()))
    cohort = Cohort(
        wanted=Lists.of(sizes, wanted + 1),
        excluded=Lists.of(excluding, excluded + 1),
        min_upvotes=np.zeros(count, np.int32),
        top=np.zeros(count, np.int32),
        max_papers=np.full(count, Interests().max_papers, np.int32),
        least=np.ones(count, np.int32),
    )
    return People(cohort, dict(enumerate(texts, 1)))


def _zipf(chance: np.random.Generator, size: int, count: int) -> NDArray[np.int32]:
    """Numbers below `size`, the n-th as frequent as 1/n."""
    shares = np.cumsum(1 / np.arange(1, size + 1))
    numbers: NDArray[np.int32] = np.searchsorted(shares, chance.random(count) * shares[-1]).astype(np.int32)
    return numbers
