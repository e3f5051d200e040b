"""The example that `digest.match` tells in words comes out as it says, and many prefixes cost little."""

import time
from itertools import product
from string import ascii_lowercase

import pytest

from digest.domain import Interests, Ranked
from digest.filters import Word, canonical, parse
from digest.match import Corpus, Library
from digest.match.bits.index import Index
from digest.match.bits.rows import points
from tests.builders import paper

LIBRARY = Library(())
BEGIN, END = "We begin.", "We end."
PAPERS = (
    paper(
        "2603.00000",
        title="Avatars that talk",
        abstract=f"{BEGIN} We render faces. They are tuned with RLHF. {END}",
    ),
    paper(
        "2603.00001",
        title="RLHF without a reward model",
        abstract=f"RLHF needs no reward. It learns. {END}",
    ),
    paper("2603.00002", title="State space models", abstract=f"{BEGIN} They scan. Mamba is fast."),
)
DAY = Corpus([Ranked(*pair) for pair in zip(PAPERS, (0.4, 0.2, 0.1), strict=True)], LIBRARY)


def test_terms_are_the_sets_of_papers_that_the_example_shows() -> None:
    index = Index(PAPERS)
    assert index.find(Word("rlhf")) == (0b010, 0b011, 0b000, 0b010, 0)
    assert index.find(Word("mamba")) == (0b000, 0b100, 0b000, 0b100, 0)
    assert points(parse("rlhf"), index, {}) == [0b001, 0b010, 0b010]
    assert points(parse("rlhf OR mamba"), index, {}) == [0b001, 0b110, 0b010]


def test_readers_get_the_papers_and_scores_that_the_example_shows() -> None:
    first = DAY.one.match(Interests(filters=("rlhf",)))
    assert [(match.paper, round(match.score, 6)) for match in first] == [(PAPERS[1], 1.1), (PAPERS[0], 0.5)]
    second = DAY.one.match(Interests(filters=("mamba OR rlhf",), exclude=("avatar",)))
    assert [(match.paper, round(match.score, 6)) for match in second] == [(PAPERS[1], 1.1), (PAPERS[2], 0.35)]


@pytest.mark.parametrize("letters", [2, 3])
def test_three_hundred_prefixes_cost_less_than_three_tenths_of_a_second(letters: int) -> None:
    """Of 3,000 papers of 150 words; the papers are tokenised before, as they are once for all requests."""
    words = ["".join(each) for each in product(ascii_lowercase[:12], repeat=4)]
    many = [
        paper(
            f"2603.{n:05}",
            title=" ".join(words[n : n + 8]),
            abstract=" ".join(words[(n * 7 + k * 13) % len(words)] for k in range(150)),
        )
        for n in range(3000)
    ]
    day = Corpus([Ranked(each, 0.1) for each in many], LIBRARY)
    day.one.match(Interests(filters=("nothing*",)))
    prefixes = ["".join(each) for each in product(ascii_lowercase[:18], repeat=letters)][:300]
    lines = [" OR ".join(f"{each}*" for each in prefixes[n : n + 30]) for n in range(0, 300, 30)]
    filters = tuple(canonical(parse(line)) for line in lines)
    began = time.process_time()
    assert len(day.one.match(Interests(filters=filters, max_papers=20))) == 20
    assert time.process_time() - began < 0.3
