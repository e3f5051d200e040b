"""arXiv's feeds and API answers become entries."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.domain import Entry, Skipped, SourceKind
from digest.errors import ParseError
from digest.sources import parse

DATA = Path(__file__).parents[1] / "data/sources"


def body(name: str) -> bytes:
    return (DATA / name).read_bytes()


def test_a_feed_item_becomes_an_entry() -> None:
    first = parse(SourceKind.ARXIV, body("arxiv.rss.xml")).entries[0]
    assert first == Entry(
        key="oai:arXiv.org:2603.91001v2",
        title="α-divergences for a < b",
        abstract="We bound the divergence by 10⁻³ if a < b.",
        authors=("Ana Prado", "Bo Lind", "Cai Ruiz Jr."),
        categories=("cs.CL", "math.ST"),
        arxiv_id="2603.91001",
        doi="10.1234/abc.2026.7",
        version=2,
        announce_type="replace-cross",
        announced_at=datetime(2026, 3, 17, 4, tzinfo=UTC),
        url="https://arxiv.org/abs/2603.91001",
        pdf_url="https://arxiv.org/pdf/2603.91001",
    )


def test_a_broken_item_is_named_and_the_rest_of_the_feed_lands() -> None:
    parsed = parse(SourceKind.ARXIV, body("arxiv.rss.xml"))
    assert [entry.arxiv_id for entry in parsed.entries] == ["2603.91001", "hep-th/9901001"]
    assert parsed.skipped == (
        Skipped("item 2", "it has no arXiv id"),
        Skipped("oai:arXiv.org:2603.91002v1", "it has no title"),
    )


def test_an_atom_feed_says_the_same_as_rss() -> None:
    (entry,) = parse(SourceKind.ARXIV, body("arxiv.atom.xml")).entries
    assert (entry.arxiv_id, entry.version, entry.announce_type) == ("2603.91003", 1, "cross")
    assert (entry.authors, entry.categories) == (("Ana Prado", "Bo Lind"), ("cs.CL", "cs.AI"))
    assert entry.abstract == "Machines play word games."
    assert entry.announced_at == datetime(2026, 3, 17, 4, tzinfo=UTC)  # not `updated`, the time of the feed


def test_an_empty_feed_is_a_quiet_day() -> None:
    text = body("arxiv.rss.xml").decode()
    empty = text[: text.index("<item>")] + text[text.rindex("</item>") + len("</item>") :]
    parsed = parse(SourceKind.ARXIV, empty.encode())
    assert parsed.quiet
    assert not parsed.entries


@pytest.mark.parametrize("status", [200, 400])
def test_a_refused_category_is_an_error_in_arxivs_own_words(status: int) -> None:
    with pytest.raises(ParseError, match=r"^arxiv: .*No such subject class") as caught:
        parse(SourceKind.ARXIV, body("arxiv-refused.rss.xml"), name="arxiv", status=status)
    assert caught.value.fix


def test_a_feed_that_breaks_off_gives_its_complete_items() -> None:
    whole = body("arxiv.rss.xml")
    parsed = parse(SourceKind.ARXIV, whole[: whole.index(b"An old paper") + 5])
    assert [entry.arxiv_id for entry in parsed.entries] == ["2603.91001"]
    assert "not well-formed" in parsed.skipped[-1].error


def test_control_characters_and_wrong_bytes_cost_only_themselves() -> None:
    damaged = body("arxiv.rss.xml").replace(b"An old paper", b"An \x0cold \xffpaper")
    assert parse(SourceKind.ARXIV, damaged).entries[1].title.startswith("An old")


def test_an_api_entry_has_its_own_times_and_all_of_arxivs_categories() -> None:
    first, old = parse(SourceKind.ARXIV, body("arxiv-api.xml")).entries
    assert first.categories == ("cs.LG", "stat.ML")  # the primary first, no ACM and MSC classes
    assert (first.arxiv_id, first.version, first.doi) == ("2202.91001", 3, "10.1109/lamps.2022.00035")
    assert first.title == "Lamps that learn"
    assert first.authors == ("Ana Prado", "Bo Lind")
    assert first.comment == "12 pages, 3 figures"
    assert first.published_at == datetime(2022, 2, 24, 15, 5, 19, tzinfo=UTC)
    assert first.announced_at is None
    assert (old.arxiv_id, old.version) == ("hep-th/9901001", 1)


@pytest.mark.parametrize("status", [200, 400])
def test_an_api_error_is_told_in_arxivs_own_words(status: int) -> None:
    with pytest.raises(ParseError, match="incorrect id format for lamp"):
        parse(SourceKind.ARXIV, body("arxiv-api-refused.xml"), status=status)


def test_an_unknown_id_gives_no_entries() -> None:
    assert parse(SourceKind.ARXIV, body("arxiv-api-none.xml")).entries == ()


def test_an_empty_page_that_promises_results_is_an_error_and_not_a_quiet_day() -> None:
    with pytest.raises(ParseError, match="214 results but sent none"):
        parse(SourceKind.ARXIV, body("arxiv-api-missing.xml"))


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"{}", b"<html><body>Bad gateway</body></html>", b"<rss/>"]
)
def test_what_is_no_feed_is_refused(content: bytes) -> None:
    with pytest.raises(ParseError):
        parse(SourceKind.ARXIV, content)
