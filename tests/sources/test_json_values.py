"""One odd value in a source's JSON costs that entry at most: what is left can always be stored."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from digest.domain import Entry, Source, SourceKind
from digest.errors import ParseError
from digest.sources import Request, next_request, parse
from digest.store import papers, session
from digest.store.papers.storable import unstorable
from tests.builders import NOW

PAPER: dict[str, Any] = {
    "id": "2603.91001", "title": "Lamps", "summary": "We study lamps.", "upvotes": 3, "githubStars": 4,
    "authors": [{"name": "Ana Prado", "hidden": False}], "publishedAt": "2026-03-15T18:30:00.000Z",
    "submittedOnDailyAt": "2026-03-17T00:00:00.000Z", "githubRepo": "https://github.com/example/lamps",
    "projectPage": "https://lamps.example.org", "ai_summary": "Lamps learn.", "ai_keywords": ["lamps"],
    "organization": {"name": "lamp-lab", "fullname": "Lamp Lab"},
}  # fmt: skip
PREPRINT: dict[str, Any] = {
    "doi": "10.1101/2026.03.10.000001", "title": "Lamps", "authors": "Prado, A.; Lind, B.", "version": "1",
    "date": "2026-03-10", "category": "optics", "abstract": "We study lamps.", "server": "biorxiv",
}  # fmt: skip
NOTE: dict[str, Any] = {
    "id": "n1", "forum": "n1", "cdate": 1_767_225_600_000, "pdate": 1_767_225_600_000, "replyto": None,
    "content": {"title": {"value": "Lamps"}, "abstract": {"value": "We study lamps."},
                "authors": {"value": ["Ana Prado"]}, "keywords": {"value": ["lamps"]},
                "venue": {"value": "Conf 2026"}, "pdf": {"value": "/pdf/x.pdf"}, "TLDR": {"value": "Lamps."}},
}  # fmt: skip
ITEM: dict[str, Any] = {
    "id": 7, "title": "Lamps", "url": "https://lab.example.org/7", "content_html": "<p>We study lamps.</p>",
    "summary": "Lamps.", "authors": [{"name": "Ana Prado"}], "tags": ["lamps"],
    "date_published": "2026-03-16T08:00:00Z", "date_modified": "2026-03-16T08:00:00Z",
}  # fmt: skip
LINE: dict[str, Any] = {
    "id": "2603.91001", "title": "Lamps", "abstract": "We study lamps.", "authors": ["Ana Prado"],
    "comment": "8 pages", "categories": ["cs.CL"], "keywords": ["lamps"], "organization": "Lamp Lab",
    "first_day": "2026-03-16", "published": "2026-03-15", "doi": "10.5555/x", "url": "https://x.example.org",
}  # fmt: skip
DOCUMENTS: list[tuple[SourceKind, Any]] = [
    (
        SourceKind.HUGGINGFACE,
        [{"paper": PAPER, "numComments": 4, "thumbnail": "https://x.example.org/1.png"}],
    ),
    (SourceKind.BIORXIV, {"messages": [{"status": "ok", "total": 9, "cursor": 0}], "collection": [PREPRINT]}),
    (SourceKind.OPENREVIEW, {"notes": [NOTE], "count": 9}),
    (SourceKind.FEED, {"version": "https://jsonfeed.org/version/1.1", "items": [ITEM]}),
    (SourceKind.JSONL, LINE),
]
ODD: list[Any] = [
    10**400, -(10**400), 2**63, 2**31, -1, 0, 1e308, float("inf"), float("nan"), -0.5, True, False, None,
    "12", "", "\x00", "a\x00b", "\ud800", "a\udfffb", "x" * 60_000, "朱" * 2_000, "\u202e", [], {}, [[]],
    [None], [7], {"value": 7}, {"name": 7}, [{"name": "\x00"}], ["\ud800"], "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "0001-01-01", "10.1101/" + "a" * 290, "https://[x", 253_402_300_799_999,
    -62_135_596_800_000,
]  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(exclude_categories=()))
)
VALUES = st.one_of(
    st.sampled_from(ODD),
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
        max_leaves=6,
    ),
)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The way to every value within a JSON value, its own first."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for name, inner in pairs for found in paths(inner, (*path, name)))]


def replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """The same JSON value with another one at the end of a path."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@st.composite
def documents(draw: st.DrawFn) -> tuple[SourceKind, Any]:
    """An answer of a source in which one to three values are odd."""
    kind, document = draw(st.sampled_from(DOCUMENTS))
    for _ in range(draw(st.integers(1, 3))):
        document = replaced(document, draw(st.sampled_from(paths(document))), draw(VALUES))
    return kind, document


def entries(kind: SourceKind, document: Any) -> tuple[Entry, ...]:
    body = json.dumps(document).encode()
    source = Source("s", kind, "https://api.example.org/details/biorxiv")
    with suppress(ParseError):
        next_request(source, Request(f"{source.url}/2026-03-10/2026-03-10/0"), body)
    try:
        return parse(kind, body).entries
    except ParseError:
        return ()


@settings(max_examples=400, deadline=None)
@given(documents())
def test_whatever_a_source_says_can_be_stored_or_is_its_own_failure(given: tuple[SourceKind, Any]) -> None:
    for entry in entries(*given):
        assert unstorable(entry) == ""


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize(("kind", "document"), DOCUMENTS, ids=lambda value: str(value)[:12])
def test_each_field_of_each_kind_bears_each_odd_value(kind: SourceKind, document: Any, value: object) -> None:
    for path in paths(document):
        for entry in entries(kind, replaced(document, path, value)):
            assert unstorable(entry) == ""


@pytest.mark.parametrize(("kind", "document"), DOCUMENTS, ids=lambda value: str(value)[:12])
def test_what_is_left_of_odd_values_comes_back_from_the_database(
    engine: Engine, kind: SourceKind, document: Any
) -> None:
    odd = {
        repr(entry): entry
        for path in paths(document)
        for value in ODD
        for entry in entries(kind, replaced(document, path, value))
    }
    with session.transaction(engine) as db:
        for entry in odd.values():
            with db.begin_nested() as savepoint:
                source = Source("s", kind, "https://api.example.org")
                assert papers.store_entries(db, source, [entry], seen_at=NOW).skipped == ()
                paper = papers.find(db, f"s:{entry.key}")
                for name in (
                    "title",
                    "abstract",
                    "authors",
                    "keywords",
                    "organization",
                    "published_at",
                    "url",
                ):
                    assert getattr(paper, name) == getattr(entry, name)
                assert {signal.kind: signal.value for signal in paper.signals} == entry.signals
                savepoint.rollback()


@pytest.mark.parametrize("value", [10**400, float("nan"), -1, True, "12", 1e400])
def test_odd_upvotes_cost_neither_the_paper_nor_its_neighbours(value: object) -> None:
    odd = {"paper": PAPER | {"id": "2603.91002", "upvotes": value}}
    parsed = parse(SourceKind.HUGGINGFACE, json.dumps([odd, {"paper": PAPER}]).encode())
    assert [entry.arxiv_id for entry in parsed.entries] == ["2603.91002", "2603.91001"]
