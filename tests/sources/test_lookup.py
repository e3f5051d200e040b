"""What somebody types to name a paper, and what sites answer about it."""

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import InputError, ParseError
from digest.sources.lookup.crossref import parse_work
from digest.sources.lookup.page import parse_page
from digest.sources.lookup.questions import questions
from digest.sources.lookup.sites import Sites
from digest.sources.lookup.subject import Subject, SubjectKind, read_subject

ARXIV, DOI, OPENREVIEW, PAGE, TITLE = SubjectKind


@pytest.mark.parametrize(
    ("typed", "kind", "value"),
    [
        ("2509.13332", ARXIV, "2509.13332"),
        (" arXiv:2509.13332v2 ", ARXIV, "2509.13332"),
        ("https://huggingface.co/papers/2509.13332", ARXIV, "2509.13332"),
        ("https://doi.org/10.48550/arXiv.2509.13332", ARXIV, "2509.13332"),
        ("math.GT/0309136", ARXIV, "math/0309136"),
        ("doi:10.1234/ABC.1", DOI, "10.1234/abc.1"),
        (
            "https://www.biorxiv.org/content/10.1101/2024.01.02.573904v1.full",
            DOI,
            "10.1101/2024.01.02.573904",
        ),
        ("https://openreview.net/forum?id=aB3_dEf9Hi&noteId=x", OPENREVIEW, "aB3_dEf9Hi"),
        ("openreview.net/pdf?id=aB3_dEf9Hi", OPENREVIEW, "aB3_dEf9Hi"),
        ("https://lab.example.org/papers/7?utm_source=x#top", PAGE, "https://lab.example.org/papers/7"),
        ("lab.example.org/papers/7", PAGE, "https://lab.example.org/papers/7"),
        ("Attention  is all\nyou need", TITLE, "Attention is all you need"),
        ("Scaling: laws for transfer", TITLE, "Scaling: laws for transfer"),
    ],
)
def test_what_is_typed_names_a_paper_in_one_spelling(typed: str, kind: SubjectKind, value: str) -> None:
    assert read_subject(typed) == Subject(kind, value)


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "Mamba", "12345", "x" * 2_001, "file:///etc/passwd", "ftp://example.org/paper.pdf",
     "javascript:alert(1)", "https://user:secret@example.org/p", "https://", "http://[::1",
     "a\x00b title of it", "gopher://127.0.0.1:25/_MAIL", "word " * 100],
)  # fmt: skip
def test_what_names_no_paper_is_refused(typed: str) -> None:
    with pytest.raises(InputError):
        read_subject(typed)


@given(st.text(max_size=300))
def test_anything_typed_is_read_or_refused(typed: str) -> None:
    try:
        subject = read_subject(typed)
    except InputError:
        return
    assert read_subject(subject.value).kind is subject.kind or subject.kind is OPENREVIEW
    assert questions(subject, Sites())


def test_each_subject_is_asked_about_where_it_is_known() -> None:
    def urls(typed: str) -> list[str]:
        return [each.url for each in questions(read_subject(typed), Sites())]

    assert urls("2509.13332") == ["https://export.arxiv.org/api/query?id_list=2509.13332"]
    assert urls("10.1101/2024.01.02.573904")[:2] == [
        "https://api.biorxiv.org/details/biorxiv/10.1101/2024.01.02.573904",
        "https://api.biorxiv.org/details/medrxiv/10.1101/2024.01.02.573904",
    ]
    assert urls("10.1234/a b".replace(" ", "")) == [
        "https://api.crossref.org/works/10.1234%2Fab",
        "https://doi.org/10.1234/ab",
    ]
    assert urls("openreview.net/forum?id=aB3_dEf9Hi") == ["https://api2.openreview.net/notes?id=aB3_dEf9Hi"]
    assert urls('A title with "quotes" OR all:x in it') == [
        (
            "https://export.arxiv.org/api/query?search_query=ti%3A%22A+title+with+quotes+OR+all+x+in+it%22"
            "&max_results=5"
        )
    ]


def work(**fields: object) -> bytes:
    message = {"DOI": "10.1234/ABC.1", "title": ["Bounds on growth"]} | fields
    return json.dumps({"status": "ok", "message": message}).encode()


def test_a_work_of_crossref_is_read_without_its_markup() -> None:
    maths = "<mml:math><mml:msup><mml:mi>x</mml:mi><mml:mn>2</mml:mn></mml:msup></mml:math>"
    entry = parse_work(
        work(
            title=[f"Bounds on {maths} growth"],
            abstract="<jats:title>Abstract</jats:title><jats:p>We show <jats:italic>E. coli</jats:italic>."
            "</jats:p>",
            author=[{"given": "Ada", "family": "Li"}, {"name": "The Example Group"}, {"family": 7}, "x"],
            issued={"date-parts": [[2026, 3]]},
            relation={"has-preprint": [{"id": "10.48550/arXiv.2509.13332"}]},
            **{"container-title": ["Journal of Examples"]},
        )
    )
    assert entry.title == "Bounds on x² growth"
    assert entry.abstract == "We show E. coli."
    assert entry.authors == ("Ada Li", "The Example Group")
    assert (entry.doi, entry.arxiv_id, entry.comment) == (
        "10.1234/abc.1",
        "2509.13332",
        "Journal of Examples",
    )
    assert entry.published_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert entry.url == "https://doi.org/10.1234/abc.1"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"not json",
        work(title=[]),
        work(DOI="no doi"),
        work(title=[None]),
        b'{"message": 7}',
    ],
)
def test_what_is_no_work_is_told(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse_work(body)


_NAMES = st.sampled_from(["date-parts", "given", "family", "name", "has-preprint", "id"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner),
)


@given(_VALUES)
def test_fields_of_any_shape_cost_no_more_than_themselves(value: object) -> None:
    fields = ("abstract", "author", "issued", "relation", "container-title", "subject", "posted")
    assert parse_work(work(**dict.fromkeys(fields, value))).title == "Bounds on growth"


PAGE_TEXT = """<!doctype html><html><head><title>Site</title>
<meta name="citation_title" content="Growth &amp; bounds">
<META NAME='citation_author' CONTENT='Li, Ada'><meta name=citation_author content="Turing, Alan">
<meta content="2026/03/15" name="citation_publication_date"/>
<meta name="citation_doi" content="doi:10.1234/abc.1"><meta name="citation_pdf_url" content="javascript:x">
<meta property="og:description" content="We bound it.">
</head><body><meta name="citation_title" content="Another"></body></html>"""


def test_the_citation_tags_of_a_page_are_read() -> None:
    entry = parse_page(PAGE_TEXT.encode(), "https://lab.example.org/papers/7")
    assert (entry.title, entry.authors[0], entry.abstract) == ("Growth & bounds", "Ada Li", "We bound it.")
    assert (entry.doi, entry.pdf_url) == ("10.1234/abc.1", "")
    assert entry.published_at == datetime(2026, 3, 15, tzinfo=UTC)
    assert entry.key == entry.url == "https://lab.example.org/papers/7"


def test_a_page_without_citation_tags_is_no_paper() -> None:
    with pytest.raises(ParseError, match="no citation tags"):
        parse_page(b"<html><title>A paper</title></html>", "https://lab.example.org/")


@pytest.mark.parametrize(
    "hostile", [b"<meta " * 200_000, b"<meta " + b"a" * 1_000_000, b'<meta content="' * 70_000,
                b"<meta name='citation_title' content='x'>" * 30_000, b"<meta " + b"content " * 2_500 + b">"]
)  # fmt: skip
def test_a_hostile_page_is_read_in_a_moment(hostile: bytes) -> None:
    import time

    began = time.process_time()
    with contextlib.suppress(ParseError):
        parse_page(hostile, "https://lab.example.org/")
    assert time.process_time() - began < 2
