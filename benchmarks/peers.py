"""Other ways to find the papers of a subscriber, over the same words, in plain order of trend.

Each takes the day's papers in order of trend and some subscribers, and gives the places of their papers and
the seconds of a processor that it took. All read the words as Digest does (folded, stemmed), so that lists
can be compared.
"""

import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.people import People
from digest.domain import Ranked
from digest.filters import And, Category, Node, Phrase, Word
from digest.match import Library
from digest.words import readings, stems
from tests.naive_match import NaiveCorpus
from tests.postgres_server import PostgresServer

Lists = list[list[int]]
LIBRARY = Library([])


def fts5(day: Sequence[Ranked], people: People, some: Sequence[int]) -> tuple[Lists, float]:
    """SQLite's full-text search in memory: a MATCH for each subscriber; a row's id is its place."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE day USING fts5(title, abstract, categories, tokenize = 'ascii')")
    queries = [_fts5_query(people, index) for index in some]
    start = time.process_time()
    rows = [
        (place, _stems(each.paper.title), _stems(each.paper.abstract), _names(each.paper.categories))
        for place, each in enumerate(day)
    ]
    database.executemany("INSERT INTO day (rowid, title, abstract, categories) VALUES (?, ?, ?, ?)", rows)
    select = "SELECT rowid FROM day WHERE day MATCH ? ORDER BY rowid LIMIT ?"
    most = people.cohort.max_papers.tolist()
    found = [
        [row[0] for row in database.execute(select, (query, most[index]))]
        for index, query in zip(some, queries, strict=True)
    ]
    return found, time.process_time() - start


def postgres(
    server: PostgresServer, day: Sequence[Ranked], people: People, some: Sequence[int]
) -> tuple[Lists, float]:
    """Postgres: a `tsquery` for each subscriber over a GIN index, all in one statement, so without trips."""
    server.execute("CREATE DATABASE bench_match")
    with psycopg.connect(server.url("bench_match"), autocommit=True) as connection:
        connection.execute("CREATE TABLE day (place int PRIMARY KEY, words tsvector)")
        connection.execute("CREATE TABLE people (id int PRIMARY KEY, wanted tsquery, most int)")
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO day VALUES (%s, %s::tsvector)",
                [(place, _tsvector(each)) for place, each in enumerate(day)],
            )
            cursor.executemany(
                "INSERT INTO people VALUES (%s, %s::tsquery, %s)",
                [(index, _tsquery(people, index), int(people.cohort.max_papers[index])) for index in some],
            )
        connection.execute("CREATE INDEX ON day USING gin (words)")
        connection.execute("ANALYZE")
        before = seconds_of(connection)
        rows = connection.execute(
            "SELECT ARRAY(SELECT place FROM day WHERE words @@ wanted ORDER BY place LIMIT most)"
            " FROM people ORDER BY id"
        ).fetchall()
        return [row[0] for row in rows], seconds_of(connection) - before


def naive(day: Sequence[Ranked], people: People, some: Sequence[int]) -> tuple[Lists, float]:
    """A loop in Python over subscribers, papers and filters; the papers are tokenised before."""
    place = {each.paper.id: number for number, each in enumerate(day)}
    corpus = NaiveCorpus(day, LIBRARY, fit_weight=0.0)
    asked = [people.interests(index) for index in some]
    start = time.process_time()
    found = [[place[paper.id] for paper, _ in corpus.match(interests)] for interests in asked]
    return found, time.process_time() - start


def seconds_of(connection: "psycopg.Connection[Any]") -> float:
    """The processor's time that the server's process of this connection has had (Linux)."""
    stat = Path(f"/proc/{connection.info.backend_pid}/stat").read_text(encoding="ascii")
    ticks = stat.rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _stems(text: str) -> str:
    return " ".join(stems(text))


def _names(categories: Sequence[str]) -> str:
    return " ".join(map(_name, categories))


def _name(category: str) -> str:
    """A category as one word, for tokenisers that part words at dots."""
    return category.replace(".", "").replace("-", "").lower()


def _filters(people: People, index: int) -> tuple[list[Node], list[Node]]:
    one = people.cohort.part(slice(index, index + 1))
    return (
        [LIBRARY.tree(people.texts[number]) for number in one.wanted.items.tolist()],
        [LIBRARY.tree(people.texts[number]) for number in one.excluded.items.tolist()],
    )


def _fts5_query(people: People, index: int) -> str:
    wanted, excluded = _filters(people, index)
    query = " OR ".join(map(_fts5, wanted))
    return f"({query}) NOT ({' OR '.join(map(_fts5, excluded))})" if excluded else query


def _fts5(node: Node) -> str:
    match node:
        case And(parts):
            return f"({' AND '.join(map(_fts5, parts))})"
        case Category(name):
            return f'categories : "{_name(name)}"'
        case Word(word):
            return _fts5_phrases(readings((word,)))
        case Phrase(words):
            return _fts5_phrases(readings(words))
    raise NotImplementedError(node)


def _fts5_phrases(ways: Sequence[Sequence[str]]) -> str:
    """A term in each way in which it may be written."""
    phrases = " OR ".join(f'"{" ".join(stems)}"' for stems in ways)
    return f"{{title abstract}} : ({phrases})"


def _tsquery_phrases(ways: Sequence[Sequence[str]]) -> str:
    phrases = (" <-> ".join(f"'{stem}'" for stem in stems) for stems in ways)
    return "(" + " | ".join(f"({phrase})" for phrase in phrases) + ")"


def _tsvector(each: Ranked) -> str:
    """Words with their places; the abstract begins so far behind the title that no phrase goes across."""
    title = stems(each.paper.title)
    abstract = stems(each.paper.abstract)
    placed = [*enumerate(title, 1), *enumerate(abstract, len(title) + 10)]
    names = [f"'{_name(category)}:cat'" for category in each.paper.categories]
    return " ".join([*(f"'{stem}':{place}" for place, stem in placed), *names])


def _tsquery(people: People, index: int) -> str:
    wanted, excluded = _filters(people, index)
    query = " | ".join(map(_tsquery_of, wanted))
    return f"({query}) & !({' | '.join(map(_tsquery_of, excluded))})" if excluded else query


def _tsquery_of(node: Node) -> str:
    match node:
        case And(parts):
            return f"({' & '.join(map(_tsquery_of, parts))})"
        case Category(name):
            return f"'{_name(name)}:cat'"
        case Word(word):
            return _tsquery_phrases(readings((word,)))
        case Phrase(words):
            return _tsquery_phrases(readings(words))
    raise NotImplementedError(node)
