"""Notices of withdrawal are told from papers that speak of withdrawn things."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Entry, SourceKind
from digest.sources import parse
from digest.sources.values.withdrawals import notice

ABSTRACT = "We study lamps."


@pytest.mark.parametrize(
    ("title", "abstract", "comment"),
    [
        ("Lamps", "This paper has been withdrawn by the author due to an error in Theorem 3.", ""),
        ("Lamps", "This submission has been withdrawn by arXiv administrators as plagiarism.", ""),
        ("Lamps", "This arXiv preprint was withdrawn because Section 4 is wrong.", ""),
        ("Lamps", "Withdrawn.", ""),
        ("Lamps", "The authors have withdrawn this manuscript as the data can't be shared.", ""),
        ("Lamps", "We withdraw this paper: the proof has a gap.", ""),
        ("Lamps", ABSTRACT, "This paper has been withdrawn"),
        ("Lamps", ABSTRACT, "12 pages, 3 figures. Paper withdrawn by the authors"),
        ("Lamps", ABSTRACT, "9 pages; withdrawn due to a flaw in the data"),
        ("Lamps", ABSTRACT, "This paper has been withdrawn from arXiv"),
        ("WITHDRAWN: Lamps", ABSTRACT, ""),
        ("RETRACTED ARTICLE: Lamps", ABSTRACT, ""),
    ],
)
def test_a_notice_is_one(title: str, abstract: str, comment: str) -> None:
    assert notice(title, abstract, comment) in {title, abstract, comment} - {ABSTRACT, "Lamps"}


@pytest.mark.parametrize(
    ("title", "abstract", "comment"),
    [
        ("Lamps", ABSTRACT, "Accepted at LAMPS 2026"),
        ("Withdrawn drugs and their successors", "Withdrawn drugs are studied.", ""),
        ("Lamps", "We ask why this paper has been withdrawn by its authors.", ""),
        ("Lamps", "Retracted articles are cited for years after they were withdrawn.", ""),
        ("Lamps", ABSTRACT, "This paper was withdrawn from LAMPS 2025 and sent to LIGHT 2026"),
        ("Lamps", ABSTRACT, "Supersedes arXiv:2401.00001, which has been withdrawn"),
        ("Retraction note: Lamps", ABSTRACT, ""),
    ],
)
def test_a_paper_about_withdrawn_things_is_none(title: str, abstract: str, comment: str) -> None:
    assert notice(title, abstract, comment) == ""


@given(st.text(), st.text(alphabet="this paper has been withdrawn.,; "), st.text())
def test_looking_for_a_notice_never_raises(title: str, abstract: str, comment: str) -> None:
    assert notice(title, abstract, comment) in {"", title, abstract, comment}


def one(kind: SourceKind, body: str) -> Entry:
    (entry,) = parse(kind, body.encode()).entries
    return entry


SAID = "This paper has been withdrawn by the author due to an error in Theorem 3."


def test_every_kind_that_speaks_for_works_carries_its_notices() -> None:
    feed = (
        '<rss xmlns:arxiv="http://arxiv.org/schemas/atom" version="2.0"><channel><title>cs.LG</title><item>'
        "<title>Lamps</title><guid>oai:arXiv.org:2603.91001v2</guid><description>arXiv:2603.91001v2 Announce "
        f"Type: replace \nAbstract: {SAID}</description></item></channel></rss>"
    )
    assert one(SourceKind.ARXIV, feed).withdrawn == SAID
    record = (
        "<OAI-PMH><ListRecords><record><header><identifier>oai:arXiv.org:2603.91001</identifier></header>"
        f"<metadata><arXiv><id>2603.91001</id><title>Lamps</title><comments>{SAID}</comments>"
        "<abstract>We study.</abstract></arXiv></metadata></record></ListRecords></OAI-PMH>"
    )
    assert one(SourceKind.OAIPMH, record).withdrawn == SAID
    deleted = (
        '<OAI-PMH><ListRecords><record><header status="deleted"><identifier>oai:arXiv.org:2603.91001'
        "</identifier></header></record></ListRecords></OAI-PMH>"
    )
    gone = one(SourceKind.OAIPMH, deleted)
    assert (gone.arxiv_id, bool(gone.withdrawn), gone.abstract) == ("2603.91001", True, "")
    note = {
        "id": "n1",
        "content": {"title": {"value": "Lamps"}, "venue": {"value": "LAMPS Withdrawn Submission"}},
    }
    assert one(SourceKind.OPENREVIEW, json.dumps({"notes": [note]})).withdrawn == "LAMPS Withdrawn Submission"
    row = {"doi": "10.1101/2026.03.10.000001", "title": "WITHDRAWN: Lamps", "abstract": "We study."}
    answer = json.dumps({"messages": [{"status": "ok"}], "collection": [row]})
    assert one(SourceKind.BIORXIV, answer).withdrawn == "WITHDRAWN: Lamps"
