"""A day's papers: real ones from a folder that is given, or invented ones from the samples that come along.

In: the number of papers. Out: papers with invented upvotes for one in twelve, ranked as an issue ranks them.
"""

import gzip
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import islice
from pathlib import Path

from digest.domain import Paper, Ranked, Signal, SignalKind, SourceKind
from digest.sources import parse
from digest.trend import rank

NOW = datetime(2026, 3, 17, 8, tzinfo=UTC)
REAL = Path("papers") / "cs-12000.jsonl.gz"


def papers(count: int, data: Path) -> tuple[list[Paper], str]:
    """This many papers, and where they come from."""
    chance = random.Random(1)
    real = data / REAL
    bare = _real(real, count) if real.exists() else _invented(count, chance)
    return [
        _noticed(paper, chance) for paper in bare
    ], real.name if real.exists() else "invented from samples"


def ranked(found: list[Paper]) -> list[Ranked]:
    """The papers as an issue of `NOW` ranks them."""
    return rank(found, NOW)


def _real(path: Path, count: int) -> list[Paper]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in islice(lines, count)]
    return [
        Paper(
            id=f"arxiv:{row['id']}",
            title=row["title"],
            abstract=row["summary"],
            authors=tuple(row["authors"]),
            categories=tuple(row["categories"]),
            first_seen_at=NOW,
            pk=number,
        )
        for number, row in enumerate(rows, 1)
    ]


def _invented(count: int, chance: random.Random) -> list[Paper]:
    """Papers whose sentences and halves of titles come from different samples."""
    samples = files("digest") / "samples"
    entries = [
        entry
        for file in sorted(samples.iterdir(), key=lambda file: file.name)
        if file.name.startswith("arxiv")
        for entry in parse(SourceKind.ARXIV, file.read_bytes()).entries
    ]
    sentences = [part for entry in entries for part in entry.abstract.split(". ")]
    invented = []
    for number in range(1, count + 1):
        one, other = chance.sample(entries, 2)
        half = len(one.title.split()) // 2
        title = " ".join(one.title.split()[:half] + other.title.split()[half:])
        invented.append(
            Paper(
                id=f"arxiv:2603.{number:05}",
                title=title,
                abstract=". ".join(chance.sample(sentences, 6)),
                authors=other.authors,
                categories=one.categories,
                first_seen_at=NOW,
                pk=number,
            )
        )
    return invented


def _noticed(paper: Paper, chance: random.Random) -> Paper:
    seen = NOW - timedelta(hours=chance.randrange(72))
    votes = int(chance.paretovariate(1) * 5) if chance.random() < 1 / 12 else 0
    signals = (Signal(SignalKind.UPVOTES, "huggingface", votes, NOW),) if votes else ()
    return replace(paper, first_seen_at=seen, published_at=seen, signals=signals)
