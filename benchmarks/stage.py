"""The match stage, timed: from papers and filters as text to the papers of each subscriber. No database.

`python -m benchmarks.stage FOLDER DATA` is the fresh process whose memory `benchmarks.match` measures.
"""

import json
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import day
from benchmarks.people import People
from digest.domain import Ranked
from digest.match import FIT_WEIGHT, Cohort, Corpus, Library, Likeness, Lists


@dataclass(frozen=True, slots=True)
class Stage:
    """What was chosen, and seconds of a processor: for papers and distinct filters, for the subscribers."""

    found: Lists
    prepare: float
    choose: float

    @property
    def seconds(self) -> float:
        """Of the whole stage."""
        return self.prepare + self.choose


def run(
    ranked: Sequence[Ranked], asked: People, *, fit_weight: float, likeness: Likeness | None = None
) -> Stage:
    """Match all these subscribers; nothing is left from an earlier run."""
    start = time.process_time()
    corpus = Corpus(ranked, Library([]), fit_weight=fit_weight, likeness=likeness)
    corpus.many.read(corpus.many.unread(asked.cohort), asked.texts)
    ready = time.process_time()
    found = corpus.many.choose(asked.cohort, Lists.empty(len(asked.cohort)))
    return Stage(found, ready - start, time.process_time() - ready)


def keep(asked: People, folder: Path) -> None:
    """Lay subscribers into a folder for a fresh process."""
    cohort = asked.cohort
    lists = {"wanted": cohort.wanted, "excluded": cohort.excluded}
    for name, each in lists.items():
        np.save(folder / f"{name}_items.npy", each.items.astype(np.int32))
        np.save(folder / f"{name}_offsets.npy", each.offsets)
    np.save(
        folder / "limits.npy", np.array([cohort.min_upvotes, cohort.top, cohort.max_papers, cohort.least])
    )
    (folder / "texts.json").write_text(json.dumps(list(asked.texts.values())), encoding="utf-8")


def _kept(folder: Path) -> People:
    wanted, excluded = (
        Lists(np.load(folder / f"{name}_offsets.npy"), np.load(folder / f"{name}_items.npy"))
        for name in ("wanted", "excluded")
    )
    cohort = Cohort(wanted, excluded, *np.load(folder / "limits.npy"))
    return People(cohort, dict(enumerate(json.loads((folder / "texts.json").read_text("utf-8")), 1)))


def main() -> None:
    """Match what `keep` kept, with the personal fit; print the most memory (MB) that this process had."""
    folder, data = map(Path, sys.argv[1:])
    papers, _ = day.papers(1000, data)
    stage = run(day.ranked(papers), _kept(folder), fit_weight=FIT_WEIGHT)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 if len(stage.found.items) else 0)


if __name__ == "__main__":
    main()
