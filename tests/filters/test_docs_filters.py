"""docs/filters.md is true: its filters select what it says, errors read so, texts are kept so."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.config import load
from digest.domain import Paper, Ranked, Signal, SignalKind, Topic
from digest.errors import FilterError
from digest.filters import (
    MAX_BYTES,
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_TERMS,
    canonical,
    parse,
    read_back,
    render_error,
)
from digest.match import Corpus, Library
from digest.match.fit import FITS, MOST_POINTS, term_points
from tests.builders import NOW, paper

PAGE = (Path(__file__).parents[2] / "docs" / "filters.md").read_text(encoding="utf-8")
TOPICS = tuple(Topic(*found) for found in re.findall(r"`topic:((\w+))` +(?:stands +)?for\s+`([^`]+)`", PAGE))
LIBRARY = Library(TOPICS)

Row = list[str]


def tables(*heads: str) -> Iterator[Row]:
    """The rows of all tables of the page that have these columns."""
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, flags=re.MULTILINE):
        head, _, *rows = (re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines())
        if tuple(cell.strip() for cell in head) == heads:
            yield from ([cell.strip().replace(r"\|", "|") for cell in row] for row in rows)


def said_in(extras: Row, name: str) -> str:
    """What the last column of the page's table says behind a name; empty where it says nothing."""
    return next((extra.removeprefix(name) for extra in extras if extra.startswith(name)), "")


def paper_of(row: Row) -> Paper:
    """A paper of the page's table; its last column holds code, sources, a DOI and numbers."""
    name, title, abstract, authors, categories, more = row
    number = "ABCD".index(name) + 1
    extras = [extra.strip() for extra in more.split(";")]
    signals = [extra.split() for extra in extras if extra[:1].isdigit()]
    return paper(
        f"2603.{number:05}",
        title=title,
        abstract=abstract,
        authors=tuple(each.strip() for each in authors.split(";")),
        categories=tuple(each.strip() for each in categories.split(",")),
        code_url="https://github.com/x/y" if "code" in extras else "",
        doi=next((extra.removeprefix("doi:") for extra in extras if extra.startswith("doi:")), None),
        sources=tuple(extra for extra in extras if extra in {"arxiv", "huggingface"}),
        organization=said_in(extras, "org:"),
        keywords=(said_in(extras, "keyword:"),),
        published_at=NOW.replace(year=int(said_in(extras, "year:") or NOW.year)),
        signals=tuple(Signal(SignalKind(kind), "huggingface", int(value), NOW) for value, kind in signals),
    )


PAPERS = {
    row[0]: paper_of(row) for row in tables("paper", "title", "abstract", "authors", "categories", "more")
}
DAY = Corpus([Ranked(each, 0.0) for each in PAPERS.values()], LIBRARY)
FILTERS = [(row[0].strip("`"), row[1]) for row in tables("filter", "papers", "why")]
KEPT = [(row[0].strip("`"), row[1].strip("`")) for row in tables("typed", "kept as")]
ERRORS = re.findall(r"^```error\n(.*?)\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def selected(text: str) -> str:
    """The names of the papers that a filter selects, as the page writes them."""
    found = {match.paper.id for match in DAY.search(parse(text, topics=LIBRARY.topics))}
    return ", ".join(name for name, each in PAPERS.items() if each.id in found) or "none"


def test_the_page_was_read() -> None:
    assert set(PAPERS) == set("ABCD")
    assert {topic.slug for topic in TOPICS} == {"llm", "cooking"}
    assert len(FILTERS) > 50
    assert len(KEPT) > 6
    assert len(ERRORS) > 8


@pytest.mark.parametrize(("text", "names"), FILTERS, ids=[text for text, _ in FILTERS])
def test_a_filter_selects_the_papers_that_the_page_says(text: str, names: str) -> None:
    assert selected(text) == names


def test_filters_that_the_page_calls_the_same_are_the_same() -> None:
    same = re.findall(r"\| `([^`]+)` \|[^|]*\|[^|`]*`([^`]+)` is the same", PAGE.replace(r"\|", "│"))
    assert len(same) >= 3
    for one, other in same:
        assert parse(one) == parse(other.replace("│", "|"))
    assert parse("mixture-of-experts") == parse('"mixture of experts"')


@pytest.mark.parametrize(("text", "shown"), ERRORS, ids=[text for text, _ in ERRORS])
def test_an_error_reads_as_the_page_shows_it(text: str, shown: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text, topics=LIBRARY.topics)
    assert render_error(caught.value) == shown.rstrip("\n")


@pytest.mark.parametrize(("typed", "kept"), KEPT)
def test_a_filter_is_kept_in_the_text_that_the_page_shows(typed: str, kept: str) -> None:
    assert canonical(parse(typed)) == kept
    assert parse(kept) == parse(typed)


def test_a_hint_reads_as_the_page_shows_it() -> None:
    shown = read_back("mamba or robots")
    assert f"read as: {shown.canonical}\nhint: {shown.hints[0]}\n" in PAGE
    assert all(read_back(text).hints for text in ("au:Tri Dao", '"mamba OR robots"'))


def test_each_sign_of_another_language_that_the_page_names_is_an_error() -> None:
    (section,) = re.findall(r"### From other search languages\n\n(.*?)\n\n", PAGE, flags=re.DOTALL)
    signs = re.findall(r"`([^`]+)`", section.replace("[ … ]", "[a]"))
    assert len(signs) > 12
    for sign in signs:
        with pytest.raises(FilterError):
            parse(f"robots {sign} mamba")


def test_the_first_example_and_those_in_the_text_hold() -> None:
    (first,) = re.findall(r"```text\n(\"mixture.*)\n```", PAGE)
    assert selected(first) == "A"
    assert selected('"NOT"') == "none"
    for one, other in (("agentic", "agent"), ("factuality", "factual"), ("modeling", "model")):
        assert not _finds(one, other)
    assert _finds("matrix", "matrices")
    assert not _finds("=matrix", "matrices")
    for one in ("multimodal", "multi-modal", '"multi modal"'):
        assert _finds(one, "multimodal")
        assert _finds(one, "Multi-Modal")
    assert _finds("finetuned", "fine-tuned")
    assert _finds("fine-tuned", "finetuned")
    assert DAY.why.misses(parse("mamba -cook"), PAPERS["B"].id) == ("has cook",)
    assert DAY.why.misses(parse("mamba -cook"), PAPERS["A"].id) == ("no mamba",)


def _finds(text: str, title: str) -> bool:
    return bool(Corpus([Ranked(paper(title=title, abstract=""), 0.0)], LIBRARY).search(parse(text)))


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    settings = load()
    limits = f"{MAX_CHARACTERS:,} characters, {MAX_TERMS} terms, {MAX_DEPTH} brackets"
    assert limits in PAGE
    assert f"{MAX_BYTES:,} bytes of UTF-8" in PAGE
    assert f"{MAX_BYTES // 3 + 1} characters takes up" in PAGE.replace("\n", " ")
    assert f"for {settings.window_days} days (`DIGEST_WINDOW_DAYS`)" in PAGE
    assert f"score = trend + {settings.fit_weight:g} × fit" in PAGE
    assert f"at most {MOST_POINTS} points" in PAGE.replace("\n", " ")
    fits = ", ".join(f"{each:g}" for each in FITS[1:-1])
    assert f"from 1 to {MOST_POINTS} points the fit is {fits} and {FITS[-1]:g}" in PAGE.replace("\n", " ")
    for found, points in (
        ("once in its abstract", {"in_abstract": True}),
        ("more than once there, or in its first or last sentence", {"in_abstract": True, "repeated": True}),
        ("both", {"in_abstract": True, "repeated": True, "at_edge": True}),
        ("in its title; an author; its first category; its id, organization or keyword", {"in_title": True}),
        ("in title and abstract", {"in_title": True, "in_abstract": True}),
        (
            "in the title, and in the abstract as for 2",
            {"in_title": True, "in_abstract": True, "at_edge": True},
        ),
    ):
        nowhere = {"in_title": False, "in_abstract": False, "repeated": False, "at_edge": False}
        assert f"| {term_points(**(nowhere | points))} | {found} |" in PAGE


def test_readme_leads_to_the_page() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert "(docs/filters.md)" in readme
