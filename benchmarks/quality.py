"""Quality: how many papers topics select, and how many of an interest's first ten are what its reader wants.

    python -m benchmarks.quality [--data ../shared/data] [--interests ../shared/cases/interests.tsv] [--save]

Two tables, over real papers: the 65 days of Hugging Face's list and 12,000 papers of 2025.

- Each shipped topic: papers a day on Hugging Face (median, 90th percentile) and its share of both sets.
- Twenty interests of invented readers (`quality-judgements.toml`) and the real ones of `interests.tsv` beside
  the data (judged in `interests-judgements.toml`): the precision of the first ten among all these papers,
  listed as if on one day, with some weights of the fit. A person judged title and abstract against what the
  reader wants. Papers that came up since, and that nobody judged, are counted apart: they are neither right
  nor wrong, so judge them before comparing.

`--save` keeps the figures in `benchmarks/results/quality.json`.
"""

import argparse
import csv
import gzip
import json
import math
import statistics
import sys
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digest.domain import Entry, Interests, Paper, Ranked, Signal, SourceKind, Topic
from digest.filters import canonical, parse
from digest.match import FIT_WEIGHT, Corpus, Library
from digest.sources import parse as parse_source
from digest.text import clean
from digest.topics import shipped
from digest.trend import rank

NOW = datetime(2026, 1, 1, 8, tzinfo=UTC)
FIRST = 10
WEIGHTS = (0.0, 0.5, FIT_WEIGHT, 2.0)
HERE = Path(__file__).parent
JUDGEMENTS = HERE / "quality-judgements.toml"
REAL_JUDGEMENTS = HERE / "interests-judgements.toml"
RESULTS = HERE / "results" / "quality.json"
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """An interest, and which papers (canonical ids) its reader wants or doesn't."""

    name: str
    interests: Interests
    judged: Mapping[str, bool]


# ---------------------------------------------------------------- what is read


def readers(library: Library, path: Path = JUDGEMENTS) -> tuple[Reader, ...]:
    """The readers of the file of judgements. Raises `FilterError` for a filter that can't be read."""
    listed = tomllib.loads(path.read_text("utf-8"))
    return tuple(_reader(name, asked, library) for name, asked in listed.items())


def _reader(name: str, asked: Mapping[str, Any], library: Library) -> Reader:
    def stored(key: str) -> tuple[str, ...]:
        return tuple(canonical(parse(text, topics=library.topics)) for text in asked.get(key, ()))

    interests = Interests(
        topics=tuple(asked.get("topics", ())),
        filters=stored("filters"),
        exclude=stored("exclude"),
        max_papers=FIRST,
    )
    return Reader(name, interests, {f"arxiv:{id_}": wanted for id_, (wanted, _) in asked["judged"].items()})


def real_readers(listed: Path, library: Library, path: Path = REAL_JUDGEMENTS) -> tuple[Reader, ...]:
    """The interests of a table (number, tab, filter) that found papers which were judged."""
    known = tomllib.loads(path.read_text("utf-8"))
    rows = csv.reader(listed.read_text("utf-8").splitlines()[1:], delimiter="\t", quoting=csv.QUOTE_NONE)
    return tuple(
        Reader(
            f"real {number}",
            Interests(filters=(canonical(parse(text, topics=library.topics)),), max_papers=FIRST),
            {f"arxiv:{id_}": key == "right" for key in ("right", "wrong") for id_ in known[number][key]},
        )
        for number, text in rows
        if number in known
    )


def huggingface(data: Path) -> dict[str, tuple[Paper, ...]]:
    """Date → the papers that Hugging Face listed on it."""
    return {
        file.name.partition(".")[0]: tuple(
            _listed(entry) for entry in _entries(SourceKind.HUGGINGFACE, file) if entry.arxiv_id
        )
        for file in sorted((data / "huggingface").glob("*.json.gz"))
    }


def _entries(kind: SourceKind, file: Path) -> tuple[Entry, ...]:
    return parse_source(kind, gzip.decompress(file.read_bytes())).entries


def _listed(entry: Entry) -> Paper:
    signals = tuple(Signal(kind, "huggingface", value, NOW) for kind, value in entry.signals.items())
    return Paper(
        id=f"arxiv:{entry.arxiv_id}",
        title=entry.title,
        abstract=entry.abstract,
        authors=entry.authors,
        published_at=entry.published_at,
        code_url=entry.code_url,
        sources=("huggingface",),
        signals=signals,
        first_seen_at=NOW,
    )


def arxiv(data: Path) -> Iterator[Paper]:
    """The 12,000 papers, without upvotes as nobody counted any."""
    with gzip.open(data / "papers" / "cs-12000.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            yield Paper(
                id=f"arxiv:{row['id']}",
                title=clean(row["title"]),
                abstract=clean(row["summary"]),
                authors=tuple(row["authors"]),
                categories=tuple(row["categories"]),
                sources=("arxiv",),
                first_seen_at=NOW,
            )


# ---------------------------------------------------------------- what is counted


def topics_of_papers() -> tuple[Topic, ...]:
    """Return the shipped topics that a paper's own words decide: nobody has picked the real papers."""
    return tuple(topic for topic in shipped() if topic.slug != "picks")


def topics(library: Library, days: Mapping[str, Sequence[Paper]], papers: Sequence[Paper]) -> Figures:
    """For each topic: papers a day (median, 90th percentile), its shares of these and of other papers."""
    daily = {paper.id: paper for listed in days.values() for paper in listed}
    listed, others = _unranked(daily.values(), library), _unranked(papers, library)
    figures: Figures = {}
    for slug, tree in library.topics.items():
        selected = {match.paper.id for match in listed.search(tree)}
        counts = sorted(sum(paper.id in selected for paper in day) for day in days.values())
        figures[slug] = {
            "median": statistics.median_low(counts),
            "p90": counts[math.ceil(0.9 * len(counts)) - 1],
            "share_huggingface": round(len(selected) / len(daily), 4),
            "share_arxiv": round(len(others.search(tree)) / len(papers), 4),
        }
    return figures


def _unranked(papers: Iterable[Paper], library: Library) -> Corpus:
    return Corpus([Ranked(paper, 0.0) for paper in papers], library)


def precision(found: Sequence[str], judged: Mapping[str, bool]) -> Figures:
    """Of the first papers (canonical ids): how many are wanted among those judged; how many nobody judged."""
    known = [judged[id_] for id_ in found if id_ in judged]
    return {
        "papers": len(found),
        "wanted": sum(known),
        "unjudged": len(found) - len(known),
        "precision": round(sum(known) / len(known), 3) if known else None,
    }


def interests(
    asked: Collection[Reader], library: Library, ranked: Sequence[Ranked], weights: Iterable[float] = WEIGHTS
) -> dict[str, dict[str, Figures]]:
    """Reader's name → weight of the fit → the precision of their first ten."""
    figures: dict[str, dict[str, Figures]] = {reader.name: {} for reader in asked}
    for weight in sorted(set(weights)):
        corpus = Corpus(ranked, library, fit_weight=weight)
        for reader in asked:
            found = [match.paper.id for match in corpus.one.match(reader.interests)]
            figures[reader.name][str(weight)] = {**precision(found, reader.judged), "ids": found}
    return figures


def share(figures: Mapping[str, Mapping[str, Figures]], weight: str) -> float:
    """Of all papers among the first ten that were judged, how many are wanted."""
    each = [by_weight[weight] for by_weight in figures.values()]
    judged = sum(int(figure["papers"]) - int(figure["unjudged"]) for figure in each)
    return round(sum(int(figure["wanted"]) for figure in each) / judged, 3)


def mean(figures: Mapping[str, Mapping[str, Figures]], weight: str) -> float:
    """The mean of all readers' precisions."""
    each = [float(f[weight]["precision"]) for f in figures.values() if f[weight]["precision"] is not None]
    return round(statistics.mean(each), 3)


# ---------------------------------------------------------------- what is printed


def show_topics(figures: Figures) -> None:
    """Print the first table."""
    print(f"{'topic':24}{'a day':>7}{'p90':>5}{'of HF':>8}{'of arXiv':>10}")
    for slug, f in figures.items():
        print(
            f"{slug:24}{f['median']:>7}{f['p90']:>5}{f['share_huggingface']:>8.1%}{f['share_arxiv']:>10.1%}"
        )


def show_interests(figures: Mapping[str, Mapping[str, Figures]]) -> None:
    """Print the second table: precision of the first ten by weight; a star for each paper nobody judged."""
    weights = list(next(iter(figures.values())))
    print(f"\n{'precision of the first ten':36}" + "".join(f"{f'fit {weight}':>12}" for weight in weights))
    for name, by_weight in figures.items():
        cells = [f"{f['wanted']}/{f['papers']}{'*' * f['unjudged']}" for f in by_weight.values()]
        print(f"{name:36}" + "".join(f"{cell:>12}" for cell in cells))
    print(f"{'share of all':36}" + "".join(f"{share(figures, weight):>12.3f}" for weight in weights))
    print(f"{'mean':36}" + "".join(f"{mean(figures, weight):>12.3f}" for weight in weights))


def main() -> int:
    """Measure, print, and keep if asked."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--data", type=Path, default=Path("../shared/data"), help="the real papers")
    options.add_argument(
        "--interests", type=Path, default=Path("../shared/cases/interests.tsv"), help="real interests"
    )
    options.add_argument("--save", action="store_true", help=f"keep the figures in {RESULTS.name}")
    given = options.parse_args()
    if not (given.data / "papers").is_dir() or not (given.data / "huggingface").is_dir():
        print(
            f"no real papers in {given.data}: quality can't be measured; name a folder: --data",
            file=sys.stderr,
        )
        return 3
    library = Library(topics_of_papers())
    days, papers = huggingface(given.data), list(arxiv(given.data))
    all_papers = {paper.id: paper for paper in [*papers, *(p for day in days.values() for p in day)]}
    by_topic = topics(library, days, papers)
    show_topics(by_topic)
    ranked = rank(all_papers.values(), NOW)
    by_reader = interests(readers(library), library, ranked)
    show_interests(by_reader)
    real = {}
    if given.interests.is_file():
        real = interests(real_readers(given.interests, library), library, ranked)
        show_interests(real)
    if given.save:
        weights = list(next(iter(by_reader.values())))
        kept = {
            "topics": by_topic,
            "interests": by_reader,
            "real": real,
            "mean": {weight: mean(by_reader, weight) for weight in weights},
            "share": {weight: [share(by_reader, weight), share(real, weight)] for weight in weights},
            "default": FIT_WEIGHT,
        }
        RESULTS.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
