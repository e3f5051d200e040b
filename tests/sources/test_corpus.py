"""Real answers of every source, and feeds written to hurt, compared with an independent reading of them."""

import gzip
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from digest.domain import Entry, SourceKind
from digest.errors import ParseError
from digest.sources import parse

SHARED = Path(__file__).resolve().parents[3] / "shared/data"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the corpus isn't beside this clone"),
]

DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
ARXIV = "{http://arxiv.org/schemas/atom}"
ATOM = "{http://www.w3.org/2005/Atom}"
ACTIVE = re.compile(r"<script|<[a-z][^<>]*\son\w+\s*=|javascript:", re.IGNORECASE)


def content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def feeds() -> list[Path]:
    return sorted((SHARED / "arxiv/feed").glob("*.rss.xml.gz")) if SHARED.is_dir() else []


def text(element: ElementTree.Element, tag: str) -> str:
    return element.findtext(tag) or ""


def test_every_stored_day_of_hugging_face_reads_whole() -> None:
    days = sorted((SHARED / "huggingface").glob("*.json.gz"))
    assert len(days) == 65
    total = 0
    for day in days:
        served = json.loads(content(day))
        parsed = parse(SourceKind.HUGGINGFACE, content(day))
        assert parsed.skipped == ()
        assert [e.arxiv_id for e in parsed.entries] == [item["paper"]["id"] for item in served]
        assert all(e.announced_at and e.published_at and e.authors and e.abstract for e in parsed.entries)
        total += len(parsed.entries)
    assert total == 1251


@pytest.mark.parametrize(
    ("name", "reason"),
    [("2024-12-11", "list of strings"), ("2024-12-12", "list of strings"), ("2025-01-10", "one object")],
)
def test_a_day_stored_in_a_wrong_shape_is_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        parse(SourceKind.HUGGINGFACE, content(SHARED / f"huggingface/broken/{name}.json"))


@pytest.mark.parametrize("path", feeds(), ids=lambda path: path.name)
def test_an_arxiv_feed_reads_as_an_independent_reading_of_it_says(path: Path) -> None:
    items = ElementTree.fromstring(content(path)).findall("channel/item")
    parsed = parse(SourceKind.ARXIV, content(path))
    assert parsed.skipped == ()
    assert parsed.quiet == (not items)
    assert len(parsed.entries) == len(items)
    for entry, item in zip(parsed.entries, items, strict=True):
        assert_same(entry, item)


def assert_same(entry: Entry, item: ElementTree.Element) -> None:
    guid = re.fullmatch(r"oai:arXiv\.org:(.+)v(\d+)", text(item, "guid"))
    assert guid is not None
    assert (entry.arxiv_id, entry.version) == (guid[1], int(guid[2]))
    assert entry.announce_type == text(item, f"{ARXIV}announce_type")
    assert list(entry.categories) == [category.text for category in item.findall("category")]
    creator = text(item, f"{DUBLIN_CORE}creator")
    if not set(creator) & set("()\\$"):  # without affiliations and TeX: simply what stands between commas
        names = [" ".join(name.split()).removeprefix("and ") for name in creator.split(",")]
        assert list(entry.authors) == names
    assert not any("(" in name or ")" in name for name in entry.authors)
    assert entry.abstract
    assert "Announce Type" not in entry.abstract


def test_weekends_are_quiet() -> None:
    quiet = [path.name[:10] for path in feeds() if parse(SourceKind.ARXIV, content(path)).quiet]
    assert quiet == ["2026-04-18", "2026-04-19", "2026-04-25"]


def test_recorded_feeds_read_whole() -> None:
    atom = parse(SourceKind.ARXIV, content(SHARED / "arxiv/feed/recorded-atom-cs.AI-2025-08-20.xml"))
    assert Counter(e.announce_type for e in atom.entries) == {"cross": 5, "new": 2}
    assert all(e.abstract and e.authors and e.categories and e.announced_at for e in atom.entries)
    rss = parse(SourceKind.ARXIV, content(SHARED / "arxiv/feed/recorded-rss-2026-09-24.xml"))
    assert [(e.arxiv_id, e.version, e.announce_type) for e in rss.entries] == [
        ("2205.06398", 2, "cross"),
        ("2009.13987", 3, "replace"),
    ]
    assert rss.entries[0].doi == "10.1093/bioinformatics/btac431"
    assert rss.entries[1].authors == ("Michael Joswig", "Marek Kaluba", "Lukas Ruff")


def test_recorded_api_answers_read_as_an_independent_reading_of_them_says() -> None:
    answers = [json.loads(content(path)) for path in sorted((SHARED / "arxiv/api").glob("*.json.gz"))]
    assert len(answers) == 20
    for answer in answers:
        body = answer["body"].encode()
        if answer["status_code"] == 400:
            with pytest.raises(ParseError, match="incorrect id format for abc"):
                parse(SourceKind.ARXIV, body, status=400)
            continue
        items = ElementTree.fromstring(body).findall(f"{ATOM}entry")
        parsed = parse(SourceKind.ARXIV, body)
        assert parsed.skipped == ()
        assert [f"http://arxiv.org/abs/{e.arxiv_id}v{e.version}" for e in parsed.entries] == [
            text(item, f"{ATOM}id") for item in items
        ]
        for entry, item in zip(parsed.entries, items, strict=True):
            primary = item.find(f"{ARXIV}primary_category")
            assert primary is not None
            assert entry.categories[0] == primary.get("term")
            assert len(entry.authors) == len(item.findall(f"{ATOM}author"))


def hostile(archive: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(SHARED / f"hostile/{archive}.tar.gz") as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            if file is not None and member.name.endswith((".xml", ".json")):
                yield member.name, file.read()


@pytest.mark.parametrize(
    ("archive", "files", "read", "with_entries"),
    # Most of feedparser's feeds have no item, or one without a title: each tests one element. Refused are
    # feeds that end in the middle of a tag, web pages. Every other one is read.
    [("feedparser", 2242, 2210, 180), ("miniflux", 255, 240, 145)],
)
def test_hostile_feeds_are_read_or_refused_and_nothing_in_them_acts(
    archive: str, files: int, read: int, with_entries: int
) -> None:
    outcomes: Counter[str] = Counter()
    for name, body in hostile(archive):
        outcomes["files"] += 1
        try:
            parsed = parse(SourceKind.FEED, body)
        except ParseError:
            continue
        outcomes["read"] += 1
        outcomes["with entries"] += bool(parsed.entries)
        for entry in parsed.entries:
            for field in Entry.__slots__:
                assert not ACTIVE.search(str(getattr(entry, field))), (name, field)
    assert outcomes["files"] >= files
    assert outcomes["read"] >= read
    assert outcomes["with entries"] >= with_entries
