"""Which requests a source asks for, and what holds for the answers of every kind."""

from datetime import UTC, datetime

import pytest

from digest.domain import Source, SourceKind
from digest.errors import ParseError
from digest.sources import MAX_BODY, Request, default_sources, parse, requests

NOW = datetime(2026, 3, 17, 8, tzinfo=UTC)


def urls(kind: SourceKind, url: str) -> list[str]:
    return [request.url for request in requests(Source("a", kind, url), NOW)]


def test_the_sources_that_come_along_ask_for_todays_lists() -> None:
    asked = [request for source in default_sources() for request in requests(source, NOW)]
    assert asked == [
        Request("https://huggingface.co/api/daily_papers?limit=100"),
        Request("https://rss.arxiv.org/rss/cs.AI+cs.CL+cs.CV+cs.LG+stat.ML"),
    ]


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (
            "https://mirror.example/papers?date=2026-03-16",
            "https://mirror.example/papers?date=2026-03-16&limit=100",
        ),
        ("https://mirror.example/papers?limit=20", "https://mirror.example/papers?limit=20"),
    ],
)
def test_what_the_operator_wrote_into_a_url_stays(given: str, asked: str) -> None:
    assert urls(SourceKind.HUGGINGFACE, given) == [asked]


@pytest.mark.parametrize("kind", [SourceKind.ARXIV, SourceKind.FEED])
def test_a_feed_is_asked_at_its_own_url(kind: SourceKind) -> None:
    assert urls(kind, "https://x.example/feed?a=1") == ["https://x.example/feed?a=1"]


@pytest.mark.parametrize("kind", list(SourceKind))
def test_an_answer_that_is_too_large_is_refused_before_it_is_read(kind: SourceKind) -> None:
    with pytest.raises(ParseError, match="16 MiB"):
        parse(kind, b" " * (MAX_BODY + 1))


@pytest.mark.parametrize(
    ("kind", "body"), [(SourceKind.HUGGINGFACE, b"[]"), (SourceKind.FEED, b"<rss><channel/></rss>")]
)
def test_an_error_status_is_an_error_even_if_the_body_reads_well(kind: SourceKind, body: bytes) -> None:
    with pytest.raises(ParseError, match=r"^mine: HTTP 400"):
        parse(kind, body, name="mine", status=400)
