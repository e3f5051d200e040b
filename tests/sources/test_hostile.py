"""Whatever bytes come, `parse` gives bounded entries or raises ParseError, and it doesn't take long."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.domain import Entry, SourceKind
from digest.errors import ParseError
from digest.sources import parse
from digest.sources.values import fields

DATA = Path(__file__).parents[1] / "data/sources"
FILES = {path.name: path.read_bytes() for path in sorted(DATA.iterdir())}
KINDS = st.sampled_from(list(SourceKind))


def entries(kind: SourceKind, body: bytes) -> tuple[Entry, ...]:
    try:
        return parse(kind, body).entries
    except ParseError:
        return ()


def assert_bounded(entry: Entry) -> None:
    assert entry.title
    assert len(entry.title) <= fields.MAX_TITLE
    assert len(entry.abstract) <= fields.MAX_ABSTRACT
    assert len(entry.key) <= fields.MAX_KEY
    assert len(entry.authors) <= fields.MAX_AUTHORS
    assert len(entry.keywords) <= fields.MAX_KEYWORDS
    assert len(entry.organization) <= fields.MAX_NAME
    for url in (
        entry.url, entry.pdf_url, entry.code_url, entry.project_url, entry.discussion_url, entry.thumbnail
    ):  # fmt: skip
        assert url == "" or url.startswith(("http://", "https://"))
        assert len(url) <= fields.MAX_LINK


@given(KINDS, st.binary(max_size=400))
def test_random_bytes_never_break_anything(kind: SourceKind, body: bytes) -> None:
    for entry in entries(kind, body):
        assert_bounded(entry)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid file with a piece cut out, doubled or overwritten, a few times."""
    body = FILES[draw(st.sampled_from(sorted(FILES)))]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 300)))
        piece = draw(st.one_of(st.just(b""), st.just(body[start:end] * 2), st.binary(max_size=8)))
        body = body[:start] + piece + body[end:]
    return body


@settings(max_examples=300, deadline=None)
@given(KINDS, mutated())
def test_damaged_files_never_break_anything(kind: SourceKind, body: bytes) -> None:
    for entry in entries(kind, body):
        assert_bounded(entry)


@pytest.mark.parametrize(
    "body",
    [
        b"<a>" * 300_000,
        b"<rss><channel>" + b"<item>" * 300_000,
        b"<rss " + b"".join(b'a%d="" ' % n for n in range(50_000)) + b"/>",
        b"<rss><channel><item><title>x</title><author>"
        + b"a" * 1_000_000
        + b"</author></item></channel></rss>",
        b"<rss><channel><item><title>x</title><author>"
        + b"(" * 500_000
        + b"</author></item></channel></rss>",
        b"<rss><channel><item><title>x</title>"
        + b"<category>c</category>" * 100_000
        + b"</item></channel></rss>",
        b"<rss><channel><item><title>" + b"<" * 500_000,
        b"<rss>" + b"<![CDATA[" * 100_000,
        b"<!--" * 300_000,
        b"<!DOCTYPE " * 100_000,
        b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><rss><channel><item><title>&b;',
        b"<rss>" + b"&" * 500_000,
        b"[" * 1_000_000,
        b'{"items":[' + b'{"title":"x"},' * 50_000 + b"{}]}",
    ],
    ids=lambda body: str(body[:30]),
)
def test_a_bomb_of_a_megabyte_takes_no_time_to_speak_of(body: bytes) -> None:
    started = time.process_time()
    for kind in SourceKind:
        for entry in entries(kind, body):
            assert_bounded(entry)
    assert time.process_time() - started < 5  # of all kinds together; a quadratic reader takes minutes
