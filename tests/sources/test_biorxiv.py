"""Pages of the bioRxiv API become entries."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.domain import Source, SourceKind
from digest.errors import ParseError
from digest.sources import Request, next_request, parse, requests

DATA = Path(__file__).parents[1] / "data/sources"
PAGE = (DATA / "biorxiv.json").read_bytes()
NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)


def source(url: str) -> Source:
    return Source("biorxiv", SourceKind.BIORXIV, url)


def test_only_the_highest_version_of_a_preprint_counts() -> None:
    first, _ = parse(SourceKind.BIORXIV, PAGE).entries
    assert (first.doi, first.version, first.title) == (
        "10.1101/2026.06.01.000001",
        3,
        "Frogs and ponds, revised",
    )
    assert first.url == "https://www.biorxiv.org/content/10.1101/2026.06.01.000001v3"
    assert first.published_at is None  # the row tells when version 3 was posted


def test_names_dates_and_categories_are_read_as_they_write_them() -> None:
    second = parse(SourceKind.BIORXIV, PAGE).entries[1]
    assert second.authors == ("C. Ruiz Jr.",)
    assert second.announced_at == second.published_at == datetime(2026, 6, 29, tzinfo=UTC)
    assert second.categories == ("ecology",)
    assert second.url == "https://doi.org/10.1101/2026.06.02.000002"  # it doesn't say on which server it is


def test_an_unpadded_date_is_a_date() -> None:
    answer = json.loads(PAGE)
    answer["collection"] = answer["collection"][:1]
    (entry,) = parse(SourceKind.BIORXIV, json.dumps(answer).encode()).entries
    assert entry.published_at == datetime(2026, 6, 30, tzinfo=UTC)
    assert entry.title == "Frogs & ponds in vivo"
    assert entry.authors == ("A. B. Prado", "B. Lind", "Frog Consortium")


def test_a_row_without_a_doi_is_named() -> None:
    (skipped,) = parse(SourceKind.BIORXIV, PAGE).skipped
    assert skipped.error == "it has no DOI"


def test_a_day_without_preprints_is_quiet() -> None:
    assert parse(SourceKind.BIORXIV, b'{"messages":[{"status":"no posts found"}],"collection":[]}').quiet


def test_an_error_is_told_in_their_own_words() -> None:
    with pytest.raises(ParseError, match="interval is not valid"):
        parse(SourceKind.BIORXIV, b'{"messages":[{"status":"interval is not valid"}],"collection":[]}')


@pytest.mark.parametrize("content", [b"[]", b"{}", b'{"collection": "none"}', b"<rss/>"])
def test_what_is_no_page_is_refused(content: bytes) -> None:
    with pytest.raises(ParseError):
        parse(SourceKind.BIORXIV, content)


def test_a_bare_url_asks_for_the_days_until_now() -> None:
    (request,) = requests(source("https://api.biorxiv.org/details/medrxiv/"), NOW)
    assert request == Request("https://api.biorxiv.org/details/medrxiv/2026-06-29/2026-07-01/0")


def test_a_url_that_names_days_stays_as_the_operator_wrote_it() -> None:
    url = "https://api.biorxiv.org/details/biorxiv/7d/0?category=ecology"
    assert requests(source(url), NOW) == (Request(url),)


def test_the_next_page_starts_after_the_rows_that_came() -> None:
    made = Request("https://api.biorxiv.org/details/biorxiv/2026-06-29/2026-06-30/0")
    following = next_request(source(made.url), made, PAGE)
    assert following == Request("https://api.biorxiv.org/details/biorxiv/2026-06-29/2026-06-30/5")


def test_an_empty_page_or_the_total_ends_the_pages() -> None:
    base = "https://api.biorxiv.org/details/biorxiv/2026-06-29/2026-06-30"
    assert next_request(source(base), Request(f"{base}/5"), PAGE) is None  # 5 + 5 rows of 9
    empty = b'{"messages":[{"status":"ok","total":"9"}],"collection":[]}'
    assert next_request(source(base), Request(f"{base}/0"), empty) is None


def test_other_kinds_have_one_page() -> None:
    made = Request("https://rss.arxiv.org/rss/cs.CL")
    assert next_request(Source("arxiv", SourceKind.ARXIV, made.url), made, b"") is None
