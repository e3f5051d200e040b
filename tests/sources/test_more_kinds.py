"""OAI-PMH and OpenReview: what an answer says, what a broken one stops, and which request comes next."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Parsed, Source, SourceKind
from digest.errors import ParseError
from digest.sources import Request, next_request, parse, past, requests
from digest.sources.calendar import is_open, open_days
from digest.sources.guess import kind_of
from digest.sources.kinds.arxiv_past import is_settled, window
from tests.builders import NOW

OAI, OPENREVIEW = SourceKind.OAIPMH, SourceKind.OPENREVIEW
ARXIV = Source("arxiv", SourceKind.ARXIV, "https://rss.arxiv.org/rss/cs.CL")
BIORXIV = Source("biorxiv", SourceKind.BIORXIV, "https://api.biorxiv.org/details/biorxiv")
DAY = timedelta(days=1)

ARXIV_RECORD = """<record><header><identifier>oai:arXiv.org:2603.00001</identifier>
<datestamp>2026-03-17</datestamp><setSpec>cs:cs:CL</setSpec></header>
<metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>2603.00001</id><created>2026-03-16</created>{updated}
<authors><author><keyname>Lovelace</keyname><forenames>Ada</forenames><affiliation>Lab</affiliation></author>
<author><keyname>Turing</keyname><forenames>Alan M.</forenames><suffix>Jr</suffix></author></authors>
<title>On $\\alpha$-machines</title><categories>cs.CL stat.ML</categories><comments>8 pages</comments>
<doi>10.5555/ABC 10.5555/xyz</doi><abstract>  We study
machines. </abstract></arXiv></metadata></record>"""
DUBLIN_CORE = """<record><header><identifier>oai:lab.example:7</identifier>
<datestamp>2026-03-17T08:00:00Z</datestamp></header><metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A thesis</dc:title>
<dc:creator>Lovelace, Ada</dc:creator>
<dc:subject>machines</dc:subject><dc:description>What it says.</dc:description><dc:date>2026-03-15</dc:date>
<dc:identifier>https://lab.example/7</dc:identifier><dc:identifier>doi:10.5555/thesis</dc:identifier>
</oai_dc:dc></metadata></record>"""


def answer(*records: str, tail: str = "") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f"<responseDate>2026-03-17T08:00:00Z</responseDate><ListRecords>{''.join(records)}{tail}</ListRecords>"
        "</OAI-PMH>"
    ).encode()


# ---------------------------------------------------------------- OAI-PMH


def test_a_record_in_arxivs_format_is_read_whole() -> None:
    (entry,) = parse(OAI, answer(ARXIV_RECORD.format(updated=""))).entries
    assert (entry.arxiv_id, entry.version, entry.doi) == ("2603.00001", 1, "10.5555/abc")
    assert (entry.title, entry.abstract, entry.comment) == ("On α-machines", "We study machines.", "8 pages")
    assert entry.authors == ("Ada Lovelace", "Alan M. Turing Jr")
    assert entry.categories == ("cs.CL", "stat.ML")
    assert entry.published_at == datetime(2026, 3, 16, tzinfo=UTC)
    assert (entry.announce_type, entry.announced_at) == (None, None)  # a datestamp is the last change


def test_a_record_that_changed_long_after_it_was_made_is_a_replacement() -> None:
    old = ARXIV_RECORD.format(updated="<updated>2026-03-16</updated>").replace(
        "<created>2026-03", "<created>2025-03"
    )
    (entry,) = parse(OAI, answer(old)).entries
    assert (entry.announce_type, entry.version) == ("replace", None)


def test_a_record_in_dublin_core_is_read_by_its_identifiers() -> None:
    (entry,) = parse(OAI, answer(DUBLIN_CORE)).entries
    assert (entry.key, entry.doi, entry.url) == (
        "oai:lab.example:7",
        "10.5555/thesis",
        "https://lab.example/7",
    )
    assert (entry.title, entry.authors, entry.abstract) == ("A thesis", ("Ada Lovelace",), "What it says.")
    assert entry.categories == ("machines",)


def test_deleted_records_say_so_and_broken_ones_are_named() -> None:
    deleted = ARXIV_RECORD.format(updated="").replace("<header>", '<header status="deleted">')
    broken = "<record><header><identifier>oai:x:9</identifier></header></record>"
    parsed = parse(OAI, answer(deleted, broken, DUBLIN_CORE))
    assert [(entry.key, bool(entry.withdrawn)) for entry in parsed.entries] == [
        ("oai:arXiv.org:2603.00001", True),
        ("oai:lab.example:7", False),
    ]
    assert [(s.entry, s.error) for s in parsed.skipped] == [("oai:x:9", "it has no title")]


def test_no_records_is_a_quiet_answer_and_an_error_is_told_in_its_own_words() -> None:
    def refused(code: str) -> bytes:
        return f'<OAI-PMH><error code="{code}">what is wrong</error></OAI-PMH>'.encode()

    assert parse(OAI, refused("noRecordsMatch")).quiet
    with pytest.raises(ParseError, match="badArgument: what is wrong"):
        parse(OAI, refused("badArgument"))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not well-formed"), (b"<rss/>", "root is <rss>"), (b"<OAI-PMH><ListRecords>", "not well"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><OAI-PMH>&b;</OAI-PMH>', "document type"),
        (b"\xff\xfe\x00", "not well"),
        (b'<?xml version="1.0" encoding="rot13"?><OAI-PMH/>', "not well-formed|character set"),
    ],
)  # fmt: skip
def test_what_is_no_answer_of_oai_pmh_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        parse(OAI, body)


def test_records_are_asked_for_since_the_last_success_page_by_page() -> None:
    source = Source("lab", OAI, "https://lab.example/oai?set=theses", last_success_at=NOW)
    (first,) = requests(source, NOW + 5 * DAY)
    assert parse_qs(urlsplit(first.url).query) == {
        "verb": ["ListRecords"], "metadataPrefix": ["oai_dc"], "set": ["theses"], "from": ["2026-03-15"],
    }  # fmt: skip
    token = "<resumptionToken cursor='0'>a|b c</resumptionToken>"
    following = next_request(source, first, answer(DUBLIN_CORE, tail=token))
    assert following == Request("https://lab.example/oai?verb=ListRecords&resumptionToken=a%7Cb+c")
    assert next_request(source, first, answer(DUBLIN_CORE, tail="<resumptionToken/>")) is None


@given(body=st.binary(max_size=200) | st.text(alphabet="<>/ &;OAI-PMHrecordx", max_size=100).map(str.encode))
def test_any_bytes_are_entries_or_a_reason(body: bytes) -> None:
    for kind in (OAI, OPENREVIEW, SourceKind.JSONL):
        with suppress(ParseError):
            assert isinstance(parse(kind, body), Parsed)


# ---------------------------------------------------------------- OpenReview


def note(**fields: Any) -> dict[str, Any]:
    content = {
        "title": {"value": "Routing"}, "abstract": {"value": "Experts\nroute."},
        "authors": {"value": ["Ada", "Alan"]}, "TLDR": {"value": "Short."},
        "keywords": {"value": ["experts"]}, "primary_area": {"value": "learning"},
        "pdf": {"value": "/pdf/abc.pdf"}, "venue": {"value": "Submitted to CONF 2026"},
    }  # fmt: skip
    return {
        "id": "n1",
        "forum": "n1",
        "cdate": 1773561600000,
        "content": content | fields.pop("content", {}),
        **fields,
    }


def notes(*listed: Any, count: int = 1) -> bytes:
    return json.dumps({"notes": listed, "count": count}).encode()


def test_a_submission_is_read_whole() -> None:
    (entry,) = parse(OPENREVIEW, notes(note())).entries
    assert (entry.key, entry.title, entry.abstract, entry.summary) == (
        "n1",
        "Routing",
        "Experts route.",
        "Short.",
    )
    assert (entry.authors, entry.categories) == (("Ada", "Alan"), ("learning", "experts"))
    assert (entry.url, entry.pdf_url) == (
        "https://openreview.net/forum?id=n1",
        "https://openreview.net/pdf/abc.pdf",
    )
    assert entry.published_at == entry.announced_at == datetime(2026, 3, 15, 8, tzinfo=UTC)


def test_reviews_are_left_out_withdrawn_submissions_say_so_and_broken_notes_are_named() -> None:
    withdrawn = note(content={"venue": {"value": "CONF 2026 Conference Withdrawn Submission"}})
    parsed = parse(
        OPENREVIEW, notes(note(replyto="n0"), withdrawn, {"id": "bad"}, 7, note(content={"title": "Plain"}))
    )
    assert [(entry.title, bool(entry.withdrawn)) for entry in parsed.entries] == [
        ("Routing", True),
        ("Plain", False),
    ]  # as the first API wrote it
    assert [s.entry for s in parsed.skipped] == ["bad", "item 3"]


def test_an_error_of_openreview_is_told_in_its_words() -> None:
    with pytest.raises(ParseError, match="OpenReview refused the request: Invitation not found"):
        parse(OPENREVIEW, b'{"name": "NotFoundError", "message": "Invitation not found"}', status=400)


def test_notes_are_asked_for_by_pages_since_the_last_success() -> None:
    source = Source("conf", OPENREVIEW, "https://api2.openreview.net/notes?invitation=C/-/Submission&limit=2")
    (first,) = requests(source, NOW)
    asked = parse_qs(urlsplit(first.url).query)
    since = int((NOW - 2 * DAY).timestamp() * 1000)
    assert (asked["limit"], asked["mintcdate"]) == (["2"], [f"{since}"])
    second = next_request(source, first, notes(note(), note(), count=3))
    assert second is not None
    assert parse_qs(urlsplit(second.url).query) == asked | {"offset": ["2"]}
    assert next_request(source, second, notes(note(), count=3)) is None


@pytest.mark.parametrize(
    ("url", "body", "kind"),
    [
        ("https://oaipmh.arxiv.org/oai", b"", OAI), ("https://lab.example/oai", answer(), OAI),
        ("https://api2.openreview.net/notes", b"", OPENREVIEW),
        ("https://x.example/n", notes(note()), OPENREVIEW),
        ("https://x.example/p.jsonl", b'{"id": "1", "title": "A"}\n{"id": "2"}\n', SourceKind.JSONL),
    ],
)  # fmt: skip
def test_each_kind_is_known_by_its_host_or_its_answer(url: str, body: bytes, kind: SourceKind) -> None:
    assert kind_of(url, body) is kind


# ---------------------------------------------------------------- past days


@given(day=st.dates(date(2026, 1, 6), date(2026, 12, 31)).filter(lambda d: is_open(SourceKind.ARXIV, d)))
def test_the_windows_of_announcements_meet_without_gap_or_overlap(day: date) -> None:
    before = open_days(SourceKind.ARXIV, day - 6 * DAY, day - DAY)[-1]
    assert window(before)[1] == window(day)[0]
    assert window(day)[0] < window(day)[1] < datetime(day.year, day.month, day.day, tzinfo=UTC)


def test_the_window_of_a_monday_ends_on_friday_and_the_change_of_clocks_is_minded() -> None:
    assert window(date(2026, 3, 9)) == (
        datetime(2026, 3, 5, 19, tzinfo=UTC), datetime(2026, 3, 6, 19, tzinfo=UTC),
    )  # fmt: skip
    assert window(date(2026, 3, 10)) == (
        datetime(2026, 3, 6, 19, tzinfo=UTC), datetime(2026, 3, 9, 18, tzinfo=UTC),
    )  # fmt: skip


def test_a_day_is_settled_when_its_api_can_lag_no_more() -> None:
    midnight = datetime(2026, 3, 17, 4, tzinfo=UTC)
    hours = [(20, 5), (40, 5), (40, 0), (97, 0)]
    assert [is_settled(date(2026, 3, 17), midnight + timedelta(hours=h), n) for h, n in hours] == [
        False, True, False, True,
    ]  # fmt: skip


def test_missing_days_follow_from_what_is_known() -> None:
    known = [date(2026, 3, 10), date(2026, 3, 12)]
    assert past.missing(ARXIV, known, NOW) == [date(2026, 3, 11), date(2026, 3, 13), date(2026, 3, 16)]
    assert past.missing(ARXIV, [], NOW) == []
    assert past.missing(ARXIV, [date(2025, 1, 2)], NOW)[0] >= NOW.date() - past.MOST_DAYS * DAY
    assert past.missing(BIORXIV, known, NOW) == []
    away = Source("biorxiv", SourceKind.BIORXIV, BIORXIV.url, last_success_at=NOW - 5 * DAY)
    assert past.missing(away, [], NOW) == [date(2026, 3, 12), date(2026, 3, 13), date(2026, 3, 14)]
