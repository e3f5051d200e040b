"""JSON lines, one paper a line: what a line says, what a broken one stops, and files of any size."""

import gzip
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import SourceKind
from digest.errors import ParseError
from digest.pipeline.ingest import open_files
from digest.sources import parse
from digest.sources.kinds import jsonl


def line(**fields: Any) -> bytes:
    return json.dumps({"id": "2603.00001", "title": "On lines", **fields}).encode()


def test_what_a_line_says_is_what_the_entry_says() -> None:
    (entry,) = parse(
        SourceKind.JSONL,
        line(
            summary="We read\nlines.", authors=["Ada Lovelace", "Alan Turing"], categories=["cs.CL", "cs.DL"],
            comment="8 pages", first_day="2026-03-17", published="2026-03-16T12:00:00Z", doi="10.5555/ABC",
        ),
    ).entries  # fmt: skip
    assert (entry.key, entry.arxiv_id, entry.doi) == ("2603.00001", "2603.00001", "10.5555/abc")
    assert (entry.title, entry.abstract, entry.comment) == ("On lines", "We read lines.", "8 pages")
    assert (entry.authors, entry.categories) == (("Ada Lovelace", "Alan Turing"), ("cs.CL", "cs.DL"))
    assert entry.announced_at == datetime(2026, 3, 17, tzinfo=UTC)
    assert entry.published_at == datetime(2026, 3, 16, 12, tzinfo=UTC)
    assert entry.url == "https://arxiv.org/abs/2603.00001"


def test_abstract_and_summary_are_two_names_of_one_field() -> None:
    for fields in (
        {"abstract": "Lines."},
        {"summary": "Lines."},
        {"abstract": "Lines.", "summary": "Short."},
    ):
        (entry,) = parse(SourceKind.JSONL, line(**fields)).entries
        assert entry.abstract == "Lines."


def test_arxivs_abstracts_are_plain_and_those_of_publishers_may_be_html() -> None:
    (arxiv,) = parse(SourceKind.JSONL, line(abstract="Salt &amp; ice, and a < b.")).entries
    assert arxiv.abstract == "Salt &amp; ice, and a < b."
    (published,) = parse(
        SourceKind.JSONL, line(id="10.5555/x", abstract="<p>Salt &amp; <b>ice</b></p>")
    ).entries
    assert published.abstract == "Salt & ice"


def test_a_line_may_name_its_paper_by_a_doi_or_by_an_id_of_its_own() -> None:
    body = b"\n".join(
        [line(id="https://doi.org/10.5555/Abc"), line(id="report-7", url="https://lab.example/7")]
    )
    named, own = parse(SourceKind.JSONL, body).entries
    assert (named.doi, named.arxiv_id) == ("10.5555/abc", None)
    assert (own.key, own.doi, own.url) == ("report-7", None, "https://lab.example/7")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"{", "not JSON"), (b"[1]", "not an object but an array"), (b'{"title": "x"}', "no id"),
        (b'{"id": "1"}', "no title"), (b'{"id": 7, "title": "x"}', "no id"), (b"\xff\xfe\x00", "not JSON"),
        (b'{"a":' * 100_000, "not JSON"), (b" " * 7 + b'"' + b"x" * (2**20), "longer than 1024 KiB"),
    ],
)  # fmt: skip
def test_a_broken_line_is_named_by_its_number_and_stops_only_itself(broken: bytes, reason: str) -> None:
    parsed = parse(SourceKind.JSONL, b"\n".join([line(), b"", broken, line(id="2603.00002")]))
    assert [entry.key for entry in parsed.entries] == ["2603.00001", "2603.00002"]
    (skipped,) = parsed.skipped
    assert skipped.entry == "line 3"
    assert reason in skipped.error


def test_a_file_of_something_else_is_refused_as_a_whole() -> None:
    with pytest.raises(ParseError, match="no line of it is a paper"):
        parse(SourceKind.JSONL, b"<rss>\n</rss>")


@pytest.mark.parametrize("fields", [{"authors": "Ada"}, {"categories": None}, {"summary": 7}, {"doi": ["x"]}])
def test_a_field_of_the_wrong_shape_is_left_out(fields: dict[str, Any]) -> None:
    (entry,) = parse(SourceKind.JSONL, line(**fields)).entries
    assert (entry.authors, entry.categories, entry.abstract, entry.doi) == ((), (), "", None)


@given(
    contents=st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b" ")), max_size=20),
    packed=st.booleans(),
    members=st.integers(1, 3),
)
def test_a_file_is_read_line_by_line_whatever_way_it_is_packed(
    contents: list[bytes], packed: bool, members: int
) -> None:
    body = b"\n".join(contents)
    if packed:
        cut = len(body) // members + 1
        body = b"".join(gzip.compress(body[i : i + cut]) for i in range(0, max(len(body), 1), cut))
    elif body.startswith(b"\x1f\x8b"):
        return
    numbered = list(open_files.lines(io.BytesIO(body), longest=1_000))
    while contents and not contents[-1]:
        contents.pop()  # the file ends with a line break, or with several
    assert [each for _, each in numbered][: len(contents)] == contents
    assert [number for number, _ in numbered] == list(range(1, len(numbered) + 1))


def test_of_a_line_without_end_only_its_start_is_kept() -> None:
    bomb = gzip.compress(b"x" * 30_000_000 + b"\nnext")
    assert [(number, len(text)) for number, text in open_files.lines(io.BytesIO(bomb), longest=100)] == [
        (1, 101), (2, 4),
    ]  # fmt: skip
    assert len(next(iter(jsonl.parse_lines([(1, b"x" * (jsonl.MAX_LINE + 1))]).skipped)).error) < 100


def test_gzip_that_is_cut_off_or_broken_is_said_so() -> None:
    packed = gzip.compress(b"x\n" * 100_000)
    with pytest.raises(ParseError, match="cut off"):
        list(open_files.lines(io.BytesIO(packed[:-20]), longest=100))
    with pytest.raises(ParseError, match="not a readable gzip"):
        list(open_files.lines(io.BytesIO(packed[:20] + b"?" * 40), longest=100))
