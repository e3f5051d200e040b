"""The daily list of Hugging Face becomes entries."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from digest.domain import Parsed, SignalKind, SourceKind
from digest.errors import ParseError
from digest.sources import parse
from digest.sources.values import fields

DATA = Path(__file__).parents[1] / "data/sources"


@pytest.fixture
def parsed() -> Parsed:
    return parse(SourceKind.HUGGINGFACE, (DATA / "huggingface.json").read_bytes())


def test_a_paper_of_the_list_becomes_an_entry(parsed: Parsed) -> None:
    first = parsed.entries[0]
    assert (first.arxiv_id, first.title) == ("2603.91001", "Lamps that α-learn")
    assert first.abstract == "We study lamps over hard line breaks."
    assert first.announced_at == datetime(2026, 3, 17, tzinfo=UTC)
    assert first.signals == {SignalKind.UPVOTES: 23, SignalKind.COMMENTS: 4, SignalKind.STARS: 41}
    assert (first.code_url, first.summary) == ("https://github.com/example/lamps", "Lamps learn.")
    assert first.discussion_url == "https://huggingface.co/papers/2603.91001"
    assert first.url == "https://arxiv.org/abs/2603.91001"


def test_what_only_hugging_face_knows_of_a_paper_is_kept(parsed: Parsed) -> None:
    first = parsed.entries[0]
    assert first.organization == "Lamp Lab"
    assert first.keywords == ("lamps", "α-learning")
    assert first.project_url == "https://lamps.example.org/"
    assert first.thumbnail == "https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/2603.91001.png"


def test_keywords_and_organization_are_bounded() -> None:
    paper: dict[str, Any] = {
        "id": "2603.91001",
        "title": "x",
        "ai_keywords": [f"{'k' * 900}{n}" for n in range(99)],
    }
    paper |= {"organization": {"fullname": "o" * 9_000}, "projectPage": "https://x.org/" + "p" * 9_000}
    (entry,) = parse(SourceKind.HUGGINGFACE, json.dumps([{"paper": paper}]).encode()).entries
    assert max(map(len, entry.keywords)) <= fields.MAX_KEYWORD
    assert len(entry.keywords) <= fields.MAX_KEYWORDS
    assert len(entry.organization) == fields.MAX_NAME
    assert entry.project_url == ""


def test_the_inner_time_counts_because_the_outer_one_is_an_eastern_clock(parsed: Parsed) -> None:
    assert parsed.entries[0].published_at == datetime(2026, 3, 15, 18, 30, tzinfo=UTC)


def test_a_hidden_author_stays_hidden(parsed: Parsed) -> None:
    assert parsed.entries[0].authors == ("Ana Prado", "Cai Ruiz")


def test_the_least_that_can_be_counted_on_is_enough(parsed: Parsed) -> None:
    least = parsed.entries[1]
    assert least.signals == {SignalKind.UPVOTES: 0, SignalKind.COMMENTS: 0}
    assert (least.code_url, least.summary, least.announced_at) == ("", "", None)


def test_odd_values_are_left_out_one_by_one(parsed: Parsed) -> None:
    odd = parsed.entries[2]
    assert odd.title == "Odd values"
    assert (odd.authors, odd.signals, odd.code_url, odd.published_at) == ((), {}, "", None)
    assert (odd.keywords, odd.project_url, odd.thumbnail) == ((), "", "")
    assert odd.organization == "lamp-lab"  # of the outer object, which has no other name for people


def test_broken_papers_are_named_and_the_rest_lands(parsed: Parsed) -> None:
    assert len(parsed.entries) == 3
    assert [(s.entry, s.error) for s in parsed.skipped] == [
        ("2603.91003", "it has no title"),
        ("../../etc/passwd", "its id is no arXiv id"),
        ("item 5", "it has no object `paper`"),
    ]


def test_an_empty_list_is_a_quiet_day() -> None:
    assert parse(SourceKind.HUGGINGFACE, b"[]").quiet


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (["{'paper': {'id': '2603.91001'}}"], "list of strings"),
        ({"status": "success", "count": 1, "data": []}, r"one object \(status, count, data\)"),
        ({"error": "Invalid date"}, "Invalid date"),
        ("papers", "a string"),
        (None, "null"),
        (7, "a number"),
    ],
)
def test_wrong_shapes_are_refused_with_their_reason(answer: object, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        parse(SourceKind.HUGGINGFACE, json.dumps(answer).encode())


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"[", b"[" * 100_000, b'"\xff"', b"[1" + b"0" * 5000 + b"]"]
)
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(ParseError, match="not JSON"):
        parse(SourceKind.HUGGINGFACE, content)
