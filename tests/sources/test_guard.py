"""However a feed is written to hurt, it costs the process that reads feeds, and little of that."""

import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from digest.domain import SourceKind
from digest.errors import ParseError
from digest.sources import parse
from digest.sources.formats import guard
from digest.sources.formats.feed_process import FeedProcess

RSS, RSS_END = "<rss version='2.0'><channel>", "</channel></rss>"
ITEM, ITEM_END = f"{RSS}<item><title>x</title>", f"</item>{RSS_END}"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><title>f</title><entry><title>x</title><id>1</id>"
ATOM_END = "</entry></feed>"
ATTRIBUTES = " ".join(f"a{n}=''" for n in range(50))
DOUBLED = "a='b' " * 700
QUOTES = "<a b='x" * 999
TAGS = "".join(f"<category>{n}</category>" for n in range(100))


def filled(start: str, unit: str, end: str) -> Callable[[int], str]:
    """A body of about so many characters; `#` in the unit is its number."""

    def of_size(size: int) -> str:
        pieces: list[str] = []
        left = size - len(start) - len(end)
        for number in count():
            if left <= 0:
                break
            pieces.append(unit.replace("#", str(number)))
            left -= len(pieces[-1])
        return f"{start}{''.join(pieces)}{end}"

    return of_size


def names_searched_again(start: str, unit: str) -> Callable[[int], str]:
    """Half of the body is a list of names, the other half makes feedparser look through it again."""
    return lambda size: filled(f"{start}{'Ann Li, ' * (size // 16)}</dc:creator>", unit, ITEM_END)(size)


SHAPES = {
    "a name without a space": filled(f"{ITEM}<author>", "a" * 50, f"</author>{ITEM_END}"),
    "an editor without a space": filled(f"{RSS}<managingEditor>", "a" * 50, f"</managingEditor>{RSS_END}"),
    "names": filled(f"{ITEM}<dc:creator>", "Ann Li, ", f"</dc:creator>{ITEM_END}"),
    "names of 100 letters": filled(f"{ITEM}<author>", f"{'a' * 99} ", f"</author>{ITEM_END}"),
    "addresses": filled(f"{ITEM}<author>", "a@b.", f"</author>{ITEM_END}"),
    "names and owners": names_searched_again(f"{ITEM}<dc:creator>", "<itunes:owner/>"),
    "names and deeper names": names_searched_again(f"{ITEM}<dc:creator>", "<x><author/></x>"),
    "attributes of one tag": filled(f"{ITEM}<a ", "a#='' ", f"/>{ITEM_END}"),
    "attributes of each tag": filled(ITEM, f"<a {ATTRIBUTES}/>", ITEM_END),
    "tags of an item": filled(ITEM, "<category>#</category>", ITEM_END),
    "tags of each item": filled(RSS, f"<item><title>#</title>{TAGS}</item>", RSS_END),
    "tags between items": filled(RSS, "<item/><category>#</category>", RSS_END),
    "tags in one element": filled(f"{ITEM}<itunes:keywords>", "#,", f"</itunes:keywords>{ITEM_END}"),
    "links": filled(ATOM, "<link href='http://a.example/#'/>", ATOM_END),
    "contents": filled(ATOM, "<content>x</content>", ATOM_END),
    "markup as elements": filled(f"{ATOM}<content type='xhtml'>", "<b>x</b>", f"</content>{ATOM_END}"),
    "blank pieces": filled(f"{ATOM}<content type='xhtml'>", "<?a?>\n", f"</content>{ATOM_END}"),
    "bases on bases": filled(ATOM + "<x xml:base='a/a/a/a/'>" * 99, "<y/>", "</x>" * 99 + ATOM_END),
    "prefixes": filled("<rss ", "xmlns:p#='u#' ", f"><channel><item><title>x</title>{ITEM_END}"),
    "unclosed elements": filled("<rss>", "<a>", ""),
    "unclosed items": filled(RSS, "<item>", ""),
    "broken items": filled(RSS, "<item><title>x<br></title></item>", RSS_END),
    "a broken item": filled(ITEM, "<a \"x<a '", f"<br>{ITEM_END}"),
    "broken items full of quotes": filled(RSS, f"<item><title>x</title>{QUOTES}</item>", RSS_END),
    "broken items with a long root": filled(f"<rss {DOUBLED}>", "<item><title>x<br></title></item>", RSS_END),
    "items that break off": filled(RSS, "<item><title>x</title></item>", ""),
    "empty items": filled(RSS, "<item/>", RSS_END),
    "escaped brackets": filled(f"{ITEM}<description>", "&lt;/a", f"</description>{ITEM_END}"),
    "ampersands": filled(ITEM, "&", ITEM_END),
    "digits of a date": filled(f"{ITEM}<pubDate>", "1", f"</pubDate>{ITEM_END}"),
    "steps of a link": filled(f"{ITEM}<link>http://a.example/", "a/../", f"</link>{ITEM_END}"),
    "a comment": filled(f"{ITEM}<!--", "a", f"-->{ITEM_END}"),
    "comments": filled(f"{ITEM}<description>", "<!--a--> ", f"</description>{ITEM_END}"),
    "unclosed comments": filled("", "<!--", ""),
    "unclosed CDATA": filled(ITEM, "<![CDATA[", ""),
    "doctypes": filled("", "<!DOCTYPE a>", ITEM + ITEM_END),
    "entities": filled("<!DOCTYPE a [", "<!ENTITY a# '&a;&a;'>", f"]>{ITEM}&a1;{ITEM_END}"),
    "undeclared prefixes": filled(ITEM, "<p#:a/>", ITEM_END),
    "parentheses": filled(f"{ITEM}<dc:creator>", "(", f"</dc:creator>{ITEM_END}"),
    "blank lines": filled("<rss>", "\n", "</rss>"),
}


GOOD = f"{RSS}<item><title>good</title></item>{RSS_END}"


@pytest.mark.parametrize("shape", SHAPES)
def test_however_a_feed_is_written_to_hurt_it_costs_us_little_and_the_next_is_read(shape: str) -> None:
    body = SHAPES[shape](30_000).encode()
    started = time.process_time()  # of this process: the reader's own is limited by the system
    with suppress(ParseError):
        parse(SourceKind.FEED, body)
    assert time.process_time() - started < 3
    assert [entry.title for entry in parse(SourceKind.FEED, GOOD.encode()).entries] == ["good"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (f"{ITEM}<a b='{'x' * 20_000}'/>{ITEM_END}", "a tag or a comment of more than"),
        (SHAPES["a comment"](20_000), "a tag or a comment of more than"),
        (SHAPES["blank pieces"](20_000), "processing instructions"),
        (f"{ITEM}{'<a>' * 300}{'</a>' * 300}{ITEM_END}", "inside one another"),
    ],
)
def test_what_no_feed_needs_is_refused_with_the_reason(body: str, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        guard.check(body)


@pytest.fixture
def reader() -> Iterator[FeedProcess]:
    process = FeedProcess()
    yield process
    process.close()


def test_a_document_that_takes_too_long_is_given_up_and_the_next_is_read(reader: FeedProcess) -> None:
    slow = SHAPES["a name without a space"](400_000)
    with pytest.raises(ParseError, match="takes too long or too much memory"):
        reader.read(slow, 0.2)
    assert [item["title"] for item in reader.read(GOOD).items] == ["good"]


def test_a_reader_that_dies_is_started_anew(reader: FeedProcess) -> None:
    reader.read(GOOD)
    assert reader._process is not None
    reader._process.kill()
    reader._process.wait()
    assert reader.read(GOOD).version == "rss20"


def test_the_reader_gets_no_secret_and_ends_with_its_owner(
    reader: FeedProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGEST_SECRET_KEY", "a key that only tests use")
    reader.read(GOOD)
    process = reader._process
    assert process is not None
    environment = Path(f"/proc/{process.pid}/environ")
    if environment.exists():
        assert b"DIGEST_" not in environment.read_bytes()
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=30) == 0


def test_several_threads_share_one_reader(reader: FeedProcess) -> None:
    bodies = [f"{RSS}<item><title>{n}</title></item>{RSS_END}" for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(reader.read, bodies))
    assert [read.items[0]["title"] for read in found] == [str(n) for n in range(40)]


def test_one_hostile_item_costs_only_itself() -> None:
    bad = f"<item><title>bad</title><author>{'a' * 200_000}</author></item>"
    good = "<item><title>good</title></item>"
    parsed = parse(SourceKind.FEED, f"{RSS}{good}{bad}{good}{RSS_END}".encode())
    assert [entry.title for entry in parsed.entries] == ["good", "good"]
    assert [(skipped.entry, skipped.error[:8]) for skipped in parsed.skipped] == [("item 2", "reading ")]


def test_a_broken_item_is_still_read_and_so_is_what_comes_after_it() -> None:
    items = "<item><title>one<br></title></item><item><title>two</title></item>"
    parsed = parse(SourceKind.FEED, f"{RSS}{items}{RSS_END}".encode())
    assert [entry.title for entry in parsed.entries] == ["one", "two"]
    assert "not well-formed" in parsed.skipped[0].error


def test_the_largest_collaborations_are_let_through() -> None:
    listed = ", ".join(f"Firstname M. Lastname{n} (University of Somewhere {n})" for n in range(3_000))
    each = "".join(f"<dc:creator>Firstname Lastname{n}</dc:creator>" for n in range(3_000))
    keywords = "".join(f"<category>some keyword {n}</category>" for n in range(100))
    for inside in (f"<dc:creator>{listed}</dc:creator>", each, keywords):
        document = f"<rss xmlns:dc='d'><channel><item><title>x</title>{inside}</item></channel></rss>"
        (entry,) = parse(SourceKind.FEED, document.encode()).entries
        assert len(entry.authors) + len(entry.categories) >= 50


def test_a_body_that_names_a_file_or_an_address_is_only_text() -> None:
    for body in (b"/etc/hostname", b"file:///etc/hostname", b"http://127.0.0.1:9/feed", b"feed://x"):
        with pytest.raises(ParseError, match="no XML element"):
            parse(SourceKind.FEED, body)


def test_reading_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parse(SourceKind.FEED, f"{ITEM}<pubDate>Mon, 16 Mar 2026 06:00:00 GMT</pubDate>{ITEM_END}".encode())
