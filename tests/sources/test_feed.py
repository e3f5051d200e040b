"""Feeds of every format, and of publishers with habits, become entries."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.domain import Entry, Parsed, SourceKind
from digest.errors import ParseError
from digest.sources import parse

DATA = Path(__file__).parents[1] / "data/sources"


def read(name: str) -> Parsed:
    return parse(SourceKind.FEED, (DATA / name).read_bytes())


def feed(item: str) -> Entry:
    (entry,) = parse(SourceKind.FEED, f"<rss><channel><item>{item}</item></channel></rss>".encode()).entries
    return entry


def test_pubmed_gives_the_whole_abstract_and_its_doi() -> None:
    (entry,) = read("pubmed.rss.xml").entries
    assert entry.title == "Lamps and sleep: a randomised trial"
    assert entry.abstract == "BACKGROUND: Lamps keep people awake. RESULTS: They do, p < 0.05."
    assert entry.doi == "10.1000/lamps.2026.1"
    assert entry.authors == ("Ana Prado", "Bo Lind")
    assert entry.url == "https://pubmed.ncbi.nlm.nih.gov/99000001/?fc=2026&v=2.18"
    assert entry.published_at == datetime(2026, 3, 16, 10, tzinfo=UTC)


def test_the_doi_of_nature_is_the_end_of_its_address() -> None:
    article, news = read("nature.rdf.xml").entries
    assert article.doi == "10.1038/s41586-026-09999-1"
    assert article.abstract == "Fish carry lamps & use them."
    assert (news.doi, news.abstract) == ("10.1038/d41586-026-00001-x", "")


def test_the_rss_of_biorxiv_is_a_feed_too() -> None:
    (entry,) = read("biorxiv.rdf.xml").entries
    assert entry.doi == "10.1101/2026.03.10.000003"
    assert entry.authors == ("A. B. Prado", "B. Lind", "C. de la Ruiz")
    assert entry.announced_at == datetime(2026, 3, 16, tzinfo=UTC)


def test_a_feed_with_every_usual_fault_is_read_as_far_as_it_goes() -> None:
    parsed = read("journal.rss.xml")
    (entry,) = parsed.entries
    assert entry.title == "Bare & simple — café"
    assert entry.abstract == "x < y & &boom; z"  # an entity of the document's own is never expanded
    assert entry.doi == "10.5555/jour.7"
    assert entry.authors == ("Ana Prado", "Bo Lind")
    assert entry.url == "https://journal.example.org/doi/full/10.5555/JOUR.7"
    assert entry.discussion_url == "https://journal.example.org/talk/7"
    assert entry.announced_at == datetime(2026, 3, 16, 8, tzinfo=UTC)
    assert "not well-formed" in parsed.skipped[0].error


def test_atom_says_which_texts_are_html() -> None:
    post, linked = read("atom.xml").entries
    assert post.title == "Lamps explained"
    assert post.abstract == "First. Second."
    assert post.authors == ("Ana Prado", "Bo Lind")
    assert post.url == "https://lab.example.org/posts/1?a=1"
    assert post.pdf_url == "https://lab.example.org/1.pdf"
    assert post.categories == ("lamps",)
    assert (linked.arxiv_id, linked.version, linked.url) == ("2603.91001", 2, "")


def test_json_feeds_are_feeds() -> None:
    parsed = read("jsonfeed.json")
    secret, bright = parsed.entries
    assert (secret.key, secret.url, secret.abstract) == ("7", "", "a < b & c")
    assert (bright.title, bright.abstract) == ("Lamps bright", "Bright & warm")
    assert (bright.authors, bright.categories) == (("Ana Prado",), ("lamps",))
    assert [s.entry for s in parsed.skipped] == ["9", "item 4", "item 5"]


def test_an_arxiv_feed_of_the_wrong_kind_is_still_read_as_one() -> None:
    entry = read("arxiv.rss.xml").entries[0]
    assert (entry.arxiv_id, entry.announce_type) == ("2603.91001", "replace-cross")


@pytest.mark.parametrize(
    ("encoding", "declaration"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", '<?xml version="1.0" encoding="utf-16"?>'),
        ("utf-16-le", ""),
        ("utf-32", ""),
        ("iso-8859-1", '<?xml version="1.0" encoding="ISO-8859-1"?>'),
        ("cp1252", ""),
        ("cp1252", '<?xml version="1.0" encoding="utf-8"?>'),
        ("cp1252", '<?xml version="1.0" encoding="no-such-set"?>'),
        ("utf-8", '<?xml version="1.0" encoding="unicode_escape"?>'),
    ],
)
def test_the_encoding_is_found(encoding: str, declaration: str) -> None:
    text = f"{declaration}<rss><channel><item><title>Café Šabac</title></item></channel></rss>"
    if encoding == "iso-8859-1":
        text = text.replace("Š", "S")
    (entry,) = parse(SourceKind.FEED, text.encode(encoding)).entries
    assert entry.title in ("Café Šabac", "Café Sabac")


def test_cdata_and_references_are_text() -> None:
    entry = feed(
        "<title><![CDATA[R&D <3 &amp; more]]></title><description>&#945; &nbsp;&alpha; &bogus;</description>"
    )
    assert entry.title == "R&D <3 & more"
    assert entry.abstract == "α α &bogus;"


def test_comparisons_survive() -> None:
    assert feed("<title>If a &lt; b and c &gt; d</title>").title == "If a < b and c > d"


def test_undeclared_prefixes_do_no_harm() -> None:
    entry = feed("<title>A</title><dc:creator>Ana Prado</dc:creator><prism:doi>10.5555/X.1</prism:doi>")
    assert (entry.authors, entry.doi) == (("Ana Prado",), "10.5555/x.1")


def test_a_summary_that_is_cut_off_gives_way_to_the_content() -> None:
    entry = feed(
        "<title>A</title><description>Long…</description><content:encoded>Long story</content:encoded>"
    )
    assert entry.abstract == "Long story"


def test_an_item_without_any_id_gets_a_stable_one() -> None:
    assert (
        feed("<title>A</title>").key
        == feed("<title>A</title><link>ftp://x</link>").key
        != feed("<title>B</title>").key
    )


def test_a_guid_that_is_a_link_stands_in_for_the_link() -> None:
    assert feed("<title>A</title><guid>https://x.org/1</guid>").url == "https://x.org/1"


def test_the_doi_is_found_in_a_journals_address() -> None:
    assert (
        feed("<title>A</title><link>https://j.example/doi/abs/10.5555/Ab.7?af=R</link>").doi == "10.5555/ab.7"
    )
    assert (
        feed("<title>A</title><link>https://j.example/content/10.1101/2026.01.02.3v2.full</link>").doi
        == "10.1101/2026.01.02.3"
    )


def test_the_doi_that_arxiv_gives_is_an_arxiv_id() -> None:
    entry = feed("<title>A</title><identifier>doi:10.48550/arXiv.2603.91001</identifier>")
    assert (entry.arxiv_id, entry.doi) == ("2603.91001", None)


def test_scripts_and_handlers_are_gone_from_every_field() -> None:
    evil = "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"
    entry = feed(
        f"<title>A {evil}</title><description>B {evil}</description><author>C {evil}</author>"
        f"<category>D {evil}</category><guid>javascript:alert(1)</guid><link>javascript:alert(1)</link>"
    )
    assert (entry.title, entry.abstract, entry.authors, entry.categories) == ("A", "B", ("C",), ("D",))
    assert entry.url == ""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no XML element"),
        (b"not a feed", "no XML element"),
        (b"<!DOCTYPE html><html><body>Hello</body></html>", "a web page"),
        (b"<opml/>", "its root is"),
        (b"{}", "not a JSON Feed"),
        (b"[1, 2]", "not a JSON Feed"),
        (b"<rss><channel><item><title>cut", "not well-formed"),
    ],
)
def test_what_is_no_feed_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        parse(SourceKind.FEED, content)


def test_an_endless_feed_is_cut_and_says_so() -> None:
    items = b"<item><title>x</title></item>" * 5_001
    parsed = parse(SourceKind.FEED, b"<rss><channel>" + items + b"</channel></rss>")
    assert len(parsed.entries) == 5_000
    assert "more than 5,000 items" in parsed.skipped[-1].error


# ---------------------------------------------------------------- faults of sources that cost no paper


def test_one_guid_for_all_items_loses_no_paper_and_is_noted() -> None:
    parsed = read("one-guid.rss.xml")
    titles = {entry.key: entry.title for entry in parsed.entries}
    assert sorted(titles.values()) == [
        "Talk on Friday", "Talk on Monday", "Why dunes sing", "Why rivers bend", "With an id of its own"
    ]  # fmt: skip
    assert titles["https://group.example.org/r/10"] == "Why rivers bend"
    assert titles["own"] == "With an id of its own"
    (note,) = parsed.notes
    assert "4 papers" in note
    assert "'group'" in note
    assert {entry.key for entry in read("one-guid.rss.xml").entries} == set(titles)


def test_one_id_for_all_items_of_a_json_feed_loses_no_paper() -> None:
    items = [{"id": 1, "title": f"Paper {n}", "url": f"https://x.example.org/{n}"} for n in range(3)]
    parsed = parse(SourceKind.FEED, json.dumps({"items": items}).encode())
    assert len({entry.key for entry in parsed.entries}) == 3
    assert parsed.notes


def test_ids_that_each_name_one_paper_stay_and_nothing_is_noted() -> None:
    parsed = read("journal.rss.xml")
    assert parsed.notes == ()


def test_captions_of_pictures_and_notes_of_podcasts_are_no_abstracts() -> None:
    entries = read("pictures.rss.xml").entries
    assert [(e.title, e.abstract) for e in entries] == [
        ("How herons wait", "We watch herons wait."),
        ("How herons land", "We watch herons land."),
        ("How herons call", "We hear herons call."),
    ]


ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom" {}>{}<entry><title>A</title><link href="{}"/></entry></feed>'
)
RSS = "<rss><channel>{}<item><title>A</title><link>fog</link></item></channel></rss>"
ADDRESS = "https://lab.example.org/news/feed.xml"


@pytest.mark.parametrize(
    ("document", "url"),
    [
        (ATOM.format("", '<link href="/"/>', "fog/"), "https://lab.example.org/news/fog/"),
        (ATOM.format("", '<link rel="self" href="/news/feed.xml"/>', "/fog"), "https://lab.example.org/fog"),
        (
            ATOM.format('xml:base="https://other.example.org/a/"', "", "fog"),
            "https://other.example.org/a/fog",
        ),
        (ATOM.format('xml:base="/a/"', "", "fog"), "https://lab.example.org/a/fog"),
        (RSS.format("<link>https://group.example.org/x/</link>"), "https://group.example.org/x/fog"),
        (RSS.format("<link>/x/</link>"), "https://lab.example.org/x/fog"),
        (RSS.format(""), "https://lab.example.org/news/fog"),
        ('{"items": [{"id": 1, "title": "A", "url": "fog"}]}', "https://lab.example.org/news/fog"),
    ],
)
def test_relative_links_hang_at_the_address_that_the_feed_came_from(document: str, url: str) -> None:
    (entry,) = parse(SourceKind.FEED, document.encode(), address=ADDRESS).entries
    assert entry.url == url


@pytest.mark.parametrize(
    ("label", "codec", "title"),
    [
        ("gb2312", "gbk", "朱镕與镕"),
        ("GB_2312-80", "gb18030", "朱镕㐀"),
        ("ISO-8859-1", "cp1252", "“Café” – 5 €"),
        ("us-ascii", "cp1252", "“Café”"),
        ("iso-8859-9", "cp1254", "“Işık”"),
        ("euc-kr", "cp949", "똠방각하"),
        ("ks_c_5601-1987", "cp949", "똠방각하"),
        ("shift_jis", "cp932", "①～髙"),
        ("x-sjis", "cp932", "①髙"),
        ("big5", "big5hkscs", "嘅𠝹"),
        ("windows-874", "cp874", "สวัสดี…"),
        ("x-cp1251", "cp1251", "Привет"),
        ("koi8-r", "koi8-r", "Привет"),
        ("utf-16", "utf-8", "Café"),  # what reads as ASCII isn't UTF-16
    ],
)
def test_a_label_means_what_browsers_read_under_it(label: str, codec: str, title: str) -> None:
    declared = f'<?xml version="1.0" encoding="{label}"?>'
    text = f"{declared}<rss><channel><item><title>{title}</title></item></channel></rss>"
    (entry,) = parse(SourceKind.FEED, text.encode(codec)).entries
    assert entry.title == title


def test_a_broken_byte_costs_itself_and_not_the_rest() -> None:
    start = '<?xml version="1.0" encoding="gb2312"?><rss><channel><item><title>朱镕'.encode("gbk")
    (entry,) = parse(
        SourceKind.FEED, start + b"\xff" + "的</title></item></channel></rss>".encode("gbk")
    ).entries
    assert entry.title == "朱镕\ufffd的"
