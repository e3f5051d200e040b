"""A withdrawn paper keeps its text, is no candidate any more, and comes back only with a later version."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from digest.domain import Entry, Source, SourceKind
from digest.store import papers, session
from digest.store.papers import Why
from tests.builders import NOW, entry

ARXIV = Source("arxiv", SourceKind.ARXIV, "https://rss.arxiv.org/rss/cs.CL")
OAI = Source("oai", SourceKind.OAIPMH, "https://oaipmh.arxiv.org/oai")
FEED = Source("journal", SourceKind.FEED, "https://journal.example/feed")
HUGGINGFACE = Source("huggingface", SourceKind.HUGGINGFACE, "https://huggingface.co/api/daily_papers")
DAY = timedelta(days=1)
SAID = "This paper has been withdrawn."

FIRST = entry(abstract="We study things, and this is all that we found.")
NOTICE = entry(key="v2", version=2, abstract=SAID, withdrawn=SAID, announce_type="replace")
THIRD = entry(key="v3", version=3, abstract="We study things again.", announce_type="replace")


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    with session.transaction(engine) as opened:
        yield opened


def candidates(db: Session) -> list[str]:
    return [p.id for p in papers.candidates(db, since=NOW - 30 * DAY, until=NOW + 30 * DAY)]


def test_a_withdrawn_paper_keeps_its_text_and_is_no_candidate(db: Session) -> None:
    papers.store_entries(db, ARXIV, [FIRST], seen_at=NOW)
    stored = papers.store_entries(db, ARXIV, [NOTICE], seen_at=NOW + DAY)
    assert (stored.new, stored.updated) == (0, 1)
    paper = papers.find(db, "2603.00001")
    assert (paper.withdrawn_at, paper.withdrawal, paper.version) == (NOW + DAY, SAID, 2)
    assert paper.abstract == FIRST.abstract
    assert candidates(db) == []
    assert papers.store_entries(db, ARXIV, [NOTICE], seen_at=NOW + 2 * DAY).updated == 0


@pytest.mark.parametrize("order", list(permutations([FIRST, NOTICE])))
def test_the_order_of_landing_does_not_matter(db: Session, order: tuple[Entry, ...]) -> None:
    for each in order:
        papers.store_entries(db, ARXIV, [each], seen_at=NOW)
    paper = papers.find(db, "2603.00001")
    assert (paper.abstract, paper.version, paper.withdrawal) == (FIRST.abstract, 2, SAID)


@pytest.mark.parametrize("order", list(permutations([FIRST, NOTICE, THIRD])))
def test_a_later_version_brings_a_paper_back(db: Session, order: tuple[Entry, ...]) -> None:
    for each in order:
        papers.store_entries(db, ARXIV, [each], seen_at=NOW)
    paper = papers.find(db, "2603.00001")
    assert (paper.abstract, paper.version, paper.withdrawn_at) == (THIRD.abstract, 3, None)


def test_a_copy_elsewhere_neither_withdraws_nor_brings_back(db: Session) -> None:
    papers.store_entries(db, ARXIV, [FIRST], seen_at=NOW)
    for source in (FEED, HUGGINGFACE):
        papers.store_entries(
            db, source, [entry(key="x", version=9, abstract=SAID, withdrawn=SAID)], seen_at=NOW
        )
    assert papers.find(db, "2603.00001").withdrawn_at is None
    papers.store_entries(db, ARXIV, [NOTICE], seen_at=NOW)
    papers.store_entries(db, HUGGINGFACE, [entry(key="y", version=None)], seen_at=NOW)
    assert papers.find(db, "2603.00001").withdrawn_at == NOW


def test_a_deleted_record_withdraws_a_known_paper_and_makes_no_unknown_one(db: Session) -> None:
    papers.store_entries(db, ARXIV, [FIRST], seen_at=NOW)
    gone = entry(key="oai:arXiv.org:2603.00001", title="oai:arXiv.org:2603.00001", abstract="", version=None,
                 withdrawn="The repository has deleted its record.")  # fmt: skip
    unknown = entry("2603.00002", key="oai:arXiv.org:2603.00002", abstract="", withdrawn="deleted")
    stored = papers.store_entries(db, OAI, [gone, unknown], seen_at=NOW)
    assert (stored.new, stored.updated, stored.unchanged) == (0, 1, 1)
    paper = papers.find(db, "2603.00001")
    assert (paper.title, paper.withdrawn_at) == (FIRST.title, NOW)
    assert papers.count(db) == 1


def test_a_withdrawn_part_withdraws_the_whole_until_it_is_split_off(db: Session) -> None:
    preprint = replace(FIRST, key="p", arxiv_id=None, doi="10.5555/abc", version=None)
    papers.store_entries(db, FEED, [preprint], seen_at=NOW)
    papers.store_entries(db, ARXIV, [FIRST], seen_at=NOW)
    papers.merge(db, "10.5555/abc", "2603.00001", Why("one work", "operator", NOW))
    papers.store_entries(db, ARXIV, [NOTICE], seen_at=NOW)
    assert papers.find(db, "10.5555/abc").withdrawn_at == NOW
    papers.split(db, "10.5555/abc", NOW)
    assert papers.find(db, "10.5555/abc").withdrawn_at is None
    assert papers.find(db, "2603.00001").withdrawn_at == NOW
