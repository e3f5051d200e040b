"""Matching with `like:`, beside the same subscribers without it, in one run.

    python -m benchmarks.like [--data ../shared/data] [--subscribers 1000000] [--save]

Over 1,000 papers of a day: how long the bits of 10,000 named papers take, their vectors and thresholds ready;
how long those take; and the whole match stage (papers, distinct filters, subscribers; personal fit) for the
same subscribers as `benchmarks.match` without `like:`, with a filter `like:ID` of 10,000 more for a third of
them, and with `like:saved` for a third of them, who saved one to twenty of the 10,000 papers. Seconds of one
processor; of the three ways the medians of three runs in turn. `make bench-match` runs it too, for a million.
`--save` keeps the figures in `benchmarks/results/like.json`, which README quotes.
"""

import argparse
import json
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import day, stage
from benchmarks.people import People, people
from benchmarks.search import segments_of
from digest.domain import Paper, Ranked
from digest.match import FIT_WEIGHT, Liked, Lists
from digest.match.bits.likes import Likes
from digest.match.likeness import Vectors
from digest.search import folded, lsa

NAMED = 10_000
OF_A_DAY = 1_000
SHARE = 3  # every so many-th subscriber asks for likeness
MOST_SAVED = 20
RUNS = 3
RESULTS = Path(__file__).parent / "results" / "like.json"
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Likeness whose vectors and thresholds are ready, by canonical id."""

    of_day: Vectors
    named: Mapping[str, Liked]
    names: Sequence[str]  # canonical ids by number

    def ids(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return the canonical ids of papers by number."""
        return {number: self.names[number] for number in numbers}

    def vectors(self, papers: Sequence[Paper]) -> Vectors:  # noqa: ARG002 - they are those of the day
        """Return the vectors of the day's papers."""
        return self.of_day

    def liked(self, ids: Sequence[str]) -> dict[str, Liked]:
        """Return named papers."""
        return {each: self.named[each] for each in ids}


def prepared(ranked: Sequence[Ranked], named: Sequence[Paper]) -> tuple[Prepared, float]:
    """Fit a basis on all papers; return likeness, and the seconds that vectors and thresholds took."""
    papers = [each.paper for each in ranked]
    basis = lsa.fit(
        *lsa.standing(segments_of([replace(p, pk=n) for n, p in enumerate([*papers, *named], 1)]))
    )
    if basis is None:
        raise SystemExit("too few papers for a basis")
    of_day = folded(papers, basis)
    start = time.process_time()
    vectors = folded(named, basis)
    least = lsa.least_alike(vectors, basis).tolist()
    seconds = time.process_time() - start
    liked = {
        paper.id: Liked(paper.title, vector, threshold) if vector.any() else Liked(lacks="no words")
        for paper, vector, threshold in zip(named, vectors, least, strict=True)
    }
    return Prepared(of_day, liked, [paper.id for paper in named]), seconds


def with_like(asked: People, named: Sequence[Paper], chance: np.random.Generator) -> People:
    """The same subscribers; a third of them have one filter more, `like:` one of the named papers."""
    first = max(asked.texts) + 1
    names = {first + n: f"like:{paper.id.removeprefix('arxiv:')}" for n, paper in enumerate(named)}
    return _more(asked, first + chance.integers(len(named), size=_third(asked)), names)


def with_saved(asked: People, named: Sequence[Paper], chance: np.random.Generator) -> People:
    """The same subscribers; a third of them ask for `like:saved`, and saved some of the named papers."""
    number = max(asked.texts) + 1
    more = _more(asked, np.full(_third(asked), number), {number: "like:saved"})
    counts = np.zeros(len(asked.cohort), np.int64)
    counts[::SHARE] = chance.integers(1, MOST_SAVED + 1, _third(asked))
    saved = Lists.of(counts, chance.integers(len(named), size=int(counts.sum())).astype(np.int32))
    return People(replace(more.cohort, saved=saved), more.texts)


def _third(asked: People) -> int:
    return len(range(0, len(asked.cohort), SHARE))


def _more(asked: People, filters: NDArray[np.int64], texts: Mapping[int, str]) -> People:
    """The same subscribers; every third has one filter more."""
    counts = np.zeros(len(asked.cohort), np.int64)
    counts[::SHARE] = 1
    wanted = asked.cohort.wanted.joined(Lists.of(counts, filters.astype(np.int32)))
    return People(replace(asked.cohort, wanted=wanted), asked.texts | dict(texts))


def measure(known: list[Paper], size: int) -> Figures:
    """Measure everything with these papers (the first are those of the day), and print it."""
    ranked = day.ranked(known[:OF_A_DAY])
    named = known[OF_A_DAY : OF_A_DAY + NAMED]
    likeness, vectors = prepared(ranked, named)
    likes = Likes([each.paper for each in ranked], likeness)
    start = time.process_time()
    likes.look_up([paper.id for paper in named])
    bits = time.process_time() - start
    asked, chance = people(size, known), np.random.default_rng(2)
    ways = {
        "without": asked,
        "like:ID": with_like(asked, named, chance),
        "like:saved": with_saved(asked, named, chance),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(RUNS):
        for name, way in ways.items():
            seconds[name].append(stage.run(ranked, way, fit_weight=FIT_WEIGHT, likeness=likeness).seconds)
    figures: Figures = {"named": len(named), "papers": len(ranked), "subscribers": size}
    figures |= {"bits": bits, "vectors": vectors}
    figures["seconds"] = {name: statistics.median(each) for name, each in seconds.items()}
    print(f"bits of {len(named):,} named papers over {len(ranked):,}: {bits:.3f} s (≤ 0.1)")
    print(f"their vectors and thresholds: {vectors:.2f} s, once in a process")
    bare = figures["seconds"]["without"]
    for name, each in figures["seconds"].items():
        print(f"{size:,} subscribers, {name:10}  {each:6.2f} s   {each / bare:.2f} times (≤ 1.2)")
    return figures


def keep(figures: Figures) -> None:
    """Keep figures for README."""
    RESULTS.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """Run everything."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    options.add_argument("--subscribers", type=int, default=1_000_000)
    options.add_argument("--save", action="store_true")
    chosen = options.parse_args()
    known, origin = day.papers(OF_A_DAY + NAMED, chosen.data)
    figures = measure(known, chosen.subscribers) | {"origin": origin}
    if chosen.save:
        keep(figures)


if __name__ == "__main__":
    main()
