"""Matching: the engine beside others, on the same papers and subscribers in one run.

    python -m benchmarks.match [--data ../shared/data] [--full] [--save]

Prints, with 1,000 papers of a day: the seconds of the match stage (words of the papers, distinct filters,
subscribers; no database) for 10 k, 100 k and 1 M subscribers in plain order of trend and with the personal
fit; the same for an FTS5 query a subscriber, a Postgres tsquery a subscriber and a naive loop, each on a
sample of subscribers whose size is said (`--full`: on all of them), with the share of subscribers who get the
very same list; the memory of a fresh process that matches a million; and what `benchmarks.like` measures, for
a million too. Times are those of one processor
(so that what else runs on the machine counts little), medians of three.
`--save` keeps the figures in `benchmarks/results/match.json`, which README quotes.

FTS5 is held against the whole stage, as its time holds its index and the reading of each query. Postgres's
time is that of the queries alone, its rows, index and `tsquery` values ready before: it is held against the
engine's time for the subscribers alone, papers and filters ready before.
"""

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import day, like, peers, stage
from benchmarks.people import People, people
from digest.domain import Ranked
from digest.match import FIT_WEIGHT
from tests.postgres_server import running

SIZES = (10_000, 100_000, 1_000_000)
RUNS = 3
SAMPLES = {"fts5": 20_000, "postgres": 4_000, "naive": 20}
MOST = {"fts5": 1_000_000, "postgres": 100_000, "naive": 1_000}  # with --full
RESULTS = Path(__file__).parent / "results" / "match.json"
Figures = dict[str, Any]


def engine(ranked: Sequence[Ranked], asked: People) -> Figures:
    """Seconds by size: to prepare papers and filters, and for the subscribers, plain and personal."""
    figures: Figures = {}
    print("              subscribers   prepare   plain order   with personal fit   (s)")
    for size in SIZES:
        some = People(asked.cohort.part(slice(0, size)), asked.texts)
        plain, personal = (
            [stage.run(ranked, some, fit_weight=weight) for _ in range(RUNS)] for weight in (0.0, FIT_WEIGHT)
        )
        figures[str(size)] = {
            "prepare": statistics.median(each.prepare for each in [*plain, *personal]),
            "plain": statistics.median(each.choose for each in plain),
            "personal": statistics.median(each.choose for each in personal),
        }
        prepare, *rest = figures[str(size)].values()
        print(f"engine       {size:>12,}  {prepare:8.2f}  {rest[0]:12.2f}  {rest[1]:18.2f}")
    return figures


def compared(name: str, ranked: Sequence[Ranked], asked: People, *, full: bool) -> Figures:
    """Seconds by another way, and the share of subscribers who get the very list of the engine."""
    size = (MOST if full else SAMPLES)[name]
    some = range(size)
    runs = [_peer(name, ranked, asked, some) for _ in range(1 if full else RUNS)]
    lists, seconds = runs[0][0], statistics.median(seconds for _, seconds in runs)
    part = People(asked.cohort.part(slice(0, size)), asked.texts)
    ours = stage.run(ranked, part, fit_weight=0.0).found
    ends, items = ours.offsets.tolist(), ours.items.tolist()
    same = sum(lists[n] == items[ends[n] : ends[n + 1]] for n in some) / size
    print(f"{name:12} {size:>12,}  {seconds:8.2f}   the same list for {same:.3%}")
    return {"subscribers": size, "seconds": seconds, "same": same}


def _peer(
    name: str, ranked: Sequence[Ranked], asked: People, some: Sequence[int]
) -> tuple[peers.Lists, float]:
    if name != "postgres":
        return (peers.fts5 if name == "fts5" else peers.naive)(ranked, asked, some)
    with running() as server:
        return peers.postgres(server, ranked, asked, some)


def memory(data: Path, asked: People) -> int:
    """The most memory (MB) of a fresh process that loads the interests, matches all, and keeps the result."""
    with tempfile.TemporaryDirectory() as folder:
        stage.keep(asked, Path(folder))
        command = [sys.executable, "-m", "benchmarks.stage", folder, str(data)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout)


def ratios(figures: Figures) -> dict[str, tuple[float, str]]:
    """What is measured against its aim."""
    few, many, million = (figures["engine"][str(size)] for size in SIZES)
    whole = [each["prepare"] + each["plain"] for each in (few, many, million)]
    each = {name: peer["seconds"] / peer["subscribers"] for name, peer in figures["peers"].items()}
    personal = million["prepare"] + million["personal"]
    return {
        "FTS5 ÷ engine, 1 M": (each["fts5"] * 1e6 / whole[2], "≥ 30"),
        "FTS5 ÷ engine, 100 k": (each["fts5"] * 1e5 / whole[1], "≥ 10"),
        "Postgres ÷ engine, 100 k, both prepared": (each["postgres"] * 1e5 / many["plain"], "≥ 300"),
        "Postgres ÷ whole stage, 100 k": (each["postgres"] * 1e5 / whole[1], ""),
        "naive loop ÷ engine, 1 M": (each["naive"] * 1e6 / whole[2], ""),
        "1 M ÷ 10 k subscribers": (whole[2] / whole[0], "≤ 8"),
        "personal ÷ plain, 1 M": (personal / whole[2], "≤ 2"),
        "personal ÷ plain, 1 M, subscribers alone": (million["personal"] / million["plain"], ""),
        "the same lists as FTS5, %": (figures["peers"]["fts5"]["same"] * 100, "≥ 99.9"),
        "memory at 1 M, MB": (figures["memory_mb"], "≤ 300"),
    }


def main() -> None:
    """Run everything and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--data", type=Path, default=Path("../shared/data"))
    options.add_argument("--full", action="store_true", default=bool(os.environ.get("FULL")))
    options.add_argument("--save", action="store_true")
    chosen = options.parse_args()
    known, origin = day.papers(12_000, chosen.data)
    ranked = day.ranked(known[:1000])
    asked = people(max(SIZES), known)
    print(f"{len(ranked):,} papers ({origin}), {len(asked.texts):,} distinct filters")
    gc.collect()
    gc.freeze()  # what this script holds is no garbage of anybody's
    figures: Figures = {"papers": origin, "filters": len(asked.texts)}
    figures["memory_mb"] = memory(chosen.data, asked)
    figures["engine"] = engine(ranked, asked)
    figures["peers"] = {name: compared(name, ranked, asked, full=chosen.full) for name in SAMPLES}
    figures["ratios"] = ratios(figures)
    print()
    for what, (value, aim) in ratios(figures).items():
        print(f"{what:42} {value:10,.1f}   {aim}")
    likeness = like.measure(known, max(SIZES)) | {"origin": origin}
    if chosen.save:
        like.keep(likeness)
        RESULTS.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
