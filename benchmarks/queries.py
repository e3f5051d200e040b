"""The searches that benchmarks make: known papers looked for by what somebody may remember of them.

In: the papers of the test data. Out: sets of queries, each with the number of its paper; the same for the
same papers and seed. `benchmarks.search` says what the sets are.
"""

import gzip
import json
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from digest.domain import Paper
from digest.text import clean
from digest.words import fold, forms, written

HERE = Path(__file__).parent
QUESTIONS = {"c": HERE / "search-queries.tsv", "h": HERE / "search-queries-heldout.tsv"}
SIZE = 299
SEED = 1
WORDS = ("a", "b", "t", "d1", "d")
SHORTEST, COMMON, LONG = 4, 0.35, 6
Sets = dict[str, list[tuple[int, str]]]  # name → number of the paper, query


def read_papers(data: Path) -> list[Paper]:
    """The 12,000 papers, numbered from 1."""
    with gzip.open(data / "papers" / "cs-12000.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Paper(
            id=f"arxiv:{row['id']}",
            title=clean(row["title"]),
            abstract=clean(row["summary"]),
            first_seen_at=datetime.fromisoformat(row["first_day"]).replace(tzinfo=UTC),
            authors=tuple(row["authors"]),
            categories=tuple(row["categories"]),
            sources=("arxiv",),
            pk=number,
        )
        for number, row in enumerate(rows, 1)
    ]


def query_sets(papers: Sequence[Paper], seed: int = SEED) -> Sets:
    """All sets; the same for the same papers and seed (questions for any)."""
    holding: Counter[str] = Counter()
    for paper in papers:
        holding.update({forms(word)[0] for word in written(f"{paper.title} {paper.abstract}")})
    most = COMMON * len(papers)

    def memorable(text: str) -> list[str]:
        words = dict.fromkeys(map(fold, written(text)))
        return [
            w
            for w in words
            if len(w) >= SHORTEST and w.isalpha() and w.isascii() and holding[forms(w)[0]] <= most
        ]

    rng = random.Random(seed)
    sets: Sets = {name: [] for name in WORDS}
    while len(sets["a"]) < SIZE:
        paper = rng.choice(papers)
        abstract, title = memorable(paper.abstract), memorable(paper.title)
        of_title = {forms(word)[0] for word in written(paper.title)}
        others = [word for word in abstract if forms(word)[0] not in of_title]
        if len(others) < 5 or len(title) < 3:
            continue
        five = _some(rng, abstract, 5)
        long = [word for word in five if len(word) >= LONG]
        if not long:
            continue
        wrong = {word: misspelt(rng, word) for word in long}
        one = rng.choice(long)
        sets["a"].append((paper.pk, " ".join(five)))
        sets["b"].append((paper.pk, " ".join(_some(rng, others, 5))))
        sets["t"].append((paper.pk, " ".join(_some(rng, title, 3))))
        sets["d1"].append((paper.pk, " ".join(wrong[word] if word == one else word for word in five)))
        sets["d"].append((paper.pk, " ".join(wrong.get(word, word) for word in five)))
    numbers = {paper.id.removeprefix("arxiv:"): paper.pk for paper in papers}
    for of_set, path in QUESTIONS.items():
        lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        sets[of_set] = [(numbers[name], question) for name, question in lines]
    return sets


def _some(rng: random.Random, words: Sequence[str], count: int) -> list[str]:
    return [words[place] for place in sorted(rng.sample(range(len(words)), count))]


def misspelt(rng: random.Random, word: str) -> str:
    """A word with a letter left out, put in, changed, or swapped with its neighbour; the first one stays."""
    place = rng.randrange(1, len(word) - 1)
    before, letter, behind = word[:place], word[place], word[place + 1 :]
    other = rng.choice([each for each in "abcdefghijklmnopqrstuvwxyz" if each != letter])
    kind = rng.randrange(4)
    if kind == 3 and word[place - 1] != letter:
        return before[:-1] + letter + before[-1] + behind
    return (before + behind, before + other + letter + behind, before + other + behind, before + behind)[kind]
