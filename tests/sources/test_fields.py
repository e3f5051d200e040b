"""Values of entries are bounded, clean, and links are harmless."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources.values import fields


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("https://x.org/a?b=1#c", "https://x.org/a?b=1#c"),
        ("HTTP://X.org/", "http://x.org/"),
        (" https://x.org/ ", "https://x.org/"),
        ("https://x.org/a?utm_source=rss&a=1&UTM_Medium=x", "https://x.org/a?a=1"),
        ("https://x.org:8080/", "https://x.org:8080/"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("https://x.org/'\"><b>", "https://x.org/%27%22%3E%3Cb%3E"),
        ("https://x.org/a%20b", "https://x.org/a%20b"),
        ("https://[::1]/", "https://[::1]/"),
    ],
)
def test_a_link_over_http_is_kept_and_quoted(raw: str, safe: str) -> None:
    assert fields.link(raw) == safe


@pytest.mark.parametrize(
    "raw",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//x.org/a",
        "/a",
        "ftp://x.org/",
        "https://",
        "https://user:pass@x.org/",
        "https://user@x.org/",
        "https://x.org/a b",
        "https://x.org/\nBcc:",
        "https://x.org/\u202egpj",
        "https://[x",
        "https://x.org:99999/",
        "https://" + "a" * 3000,
        "https://a..b/",
        None,
        7,
    ],
)
def test_any_other_link_is_dropped(raw: object) -> None:
    assert fields.link(raw) == ""


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (
            "<jats:title>Abstract</jats:title><jats:p>We show <jats:italic>E. coli</jats:italic>.</jats:p>",
            "We show E. coli.",
        ),
        ("<jats:sec><jats:title>ABSTRACT</jats:title><jats:p>We see.</jats:p></jats:sec>", "We see."),
        ("<h3 class='x'> Abstract: </h3><p>We see.</p>", "We see."),
        ("<p><strong>Abstract</strong> We see.</p>", "We see."),
        ("Abstract: We see.", "We see."),
        ("Abstract. We see.", "We see."),
        ("<p>Abstractive summaries are short.</p>", "Abstractive summaries are short."),
        ("Abstraction is hard.", "Abstraction is hard."),
        ("Abstract Meaning Representation is a graph.", "Abstract Meaning Representation is a graph."),
        ("<p>See <b>abstract</b> interpretation.</p>", "See abstract interpretation."),
        ("<jats:title>Background</jats:title><jats:p>We see.</jats:p>", "Background We see."),
        ("<jats:title>Abstract</jats:title>", ""),
    ],
)
def test_the_heading_of_an_abstract_is_no_part_of_it(raw: str, kept: str) -> None:
    assert fields.abstract(raw, html=fields.is_html(raw)) == kept


@given(st.one_of(st.text(), st.text().map(lambda tail: f"https://x.org/{tail}")))
def test_a_link_is_safe_and_stays_what_it_is(raw: str) -> None:
    link = fields.link(raw)
    assert link == "" or link.startswith(("http://", "https://"))
    assert link.isascii()
    assert not set(link) & set(" <>\"'\\`\r\n\t\0")
    assert fields.link(link) == link


@pytest.mark.parametrize(
    ("raw", "when"),
    [
        ("2026-03-17T08:00:00.000Z", datetime(2026, 3, 17, 8, tzinfo=UTC)),
        ("2026-03-17T00:00:00-04:00", datetime(2026, 3, 17, 4, tzinfo=UTC)),
        ("Tue, 17 Mar 2026 00:00:00 -0400", datetime(2026, 3, 17, 4, tzinfo=UTC)),
        ("Tue, 17 Mar 2026 08:00:00", datetime(2026, 3, 17, 8, tzinfo=UTC)),
        ("2026-6-3", datetime(2026, 6, 3, tzinfo=UTC)),
        ("2026-03-17", datetime(2026, 3, 17, tzinfo=UTC)),
        ("Mon, 16 Mar 2026 08:00:00 +05:30", datetime(2026, 3, 16, 2, 30, tzinfo=UTC)),
        ("Mon, 16 Mar 2026 08:00:00 GMT-03:00", datetime(2026, 3, 16, 11, tzinfo=UTC)),
        ("Mon, 16 Mar 2026 08:00:00 -0400 (EDT)", datetime(2026, 3, 16, 12, tzinfo=UTC)),
        ("Mon, 16 Mar 2026 08:00:00 EST", datetime(2026, 3, 16, 13, tzinfo=UTC)),
        ("Mon, 16 Mar 2026 08:00:00 CET", datetime(2026, 3, 16, 7, tzinfo=UTC)),
        ("Mon, 16 March 2026 08:00 JST", datetime(2026, 3, 15, 23, tzinfo=UTC)),
        ("2026-07-16 08:00:00 Europe/Paris", datetime(2026, 7, 16, 6, tzinfo=UTC)),
        ("2026-03-16T08:00:00 Asia/Kolkata", datetime(2026, 3, 16, 2, 30, tzinfo=UTC)),
        ("Mon, 16 Mar 2026 08:00:00 Nowhere/Land", datetime(2026, 3, 16, 8, tzinfo=UTC)),
        ("16 Mar 2026", datetime(2026, 3, 16, tzinfo=UTC)),
        ("0001-01-01", None),
        ("9999-12-31T23:59:59Z", None),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2026-13-40", None),
        ("", None),
        (1742169600, None),
    ],
)
def test_times_come_out_in_utc(raw: object, when: datetime | None) -> None:
    assert fields.moment(raw) == when


@given(st.text())
def test_reading_a_time_never_raises(raw: str) -> None:
    when = fields.moment(raw)
    assert when is None or when.tzinfo is UTC


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (23, 23),
        (0, 0),
        (-4, 0),
        (10**30, fields.MAX_COUNT),
        (10**400, fields.MAX_COUNT),
        (-(10**400), 0),
        (float("nan"), None),
        (2.9, 2),
        (True, None),
        ("7", None),
        (float("inf"), None),
    ],
)
def test_counts_are_bounded_numbers(raw: object, number: int | None) -> None:
    assert fields.count(raw) == number


def test_text_is_cut_to_its_limit_with_a_mark() -> None:
    assert fields.line("word " * 1000, 20) == "word word word word…"
    assert fields.line("a\n  b", 20) == "a b"
    assert fields.line(["not text"], 20) == ""


@given(st.text(), st.integers(5, 40))
def test_text_is_one_line_within_its_limit_and_can_be_stored(raw: str, limit: int) -> None:
    for html in (False, True):
        text = fields.line(raw, limit, html=html)
        assert len(text) <= limit
        assert "\n" not in text
        assert text.encode("utf-8").decode("utf-8") == text


def test_lone_surrogates_of_json_do_no_harm() -> None:
    assert "\ud800" not in fields.line("a\ud800b", 20)
    assert "\ud800" not in fields.key("a\ud800b")


def test_a_key_is_printable_and_bounded_and_long_ones_stay_distinct() -> None:
    assert fields.key(" tag:x,2026:1\n") == "tag:x,2026:1"
    long = [fields.key("x" * 1000 + end) for end in ("1", "2")]
    assert long[0] != long[1]
    assert max(map(len, long)) <= fields.MAX_KEY


def test_categories_are_distinct_but_authors_are_not() -> None:
    assert fields.categories(["a", "b", "a", ""]) == ("a", "b")
    assert fields.authors(["Wei Wang", "Wei Wang", " "]) == ("Wei Wang", "Wei Wang")
