"""Citations are read back by other programs as they were written."""

import gzip
import json
import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
import rispy
from bibtexparser.entrypoint import parse_string as read_bibtex
from hypothesis import given, settings
from hypothesis import strategies as st
from pybtex.database import BibliographyData, parse_string

from digest.domain import Paper
from digest.serializers import cite
from tests.builders import paper

DATA = Path(__file__).parents[2] / "shared/data/papers/cs-12000.jsonl.gz"
_NAMES = {
    r"\textbackslash{}": "\\", r"\textbraceleft{}": "{", r"\textbraceright{}": "}",
    r"\textasciitilde{}": "~", r"\textasciicircum{}": "^", r"\&": "&", r"\%": "%", r"\$": "$", r"\#": "#",
    r"\_": "_",
}  # fmt: skip
_NAMED = re.compile("|".join(map(re.escape, _NAMES)))
# What a database keeps: no surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)

PAPERS = st.builds(
    lambda title, abstract, names: paper(title=title, abstract=abstract, authors=tuple(names)),
    TEXT,
    TEXT,
    st.lists(TEXT, max_size=4),
)


def from_tex(text: str) -> str:
    """What TeX makes of the names of special characters."""
    return _NAMED.sub(lambda found: _NAMES[found[0]], text)


def on_a_line(text: str) -> str:
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())


def check_bibtex(papers: list[Paper]) -> None:
    """Read by pybtex and bibtexparser, title, names and abstract are what they were."""
    text = cite.bibtex(papers)
    read: BibliographyData = parse_string(text, "bibtex")
    library = read_bibtex(text)
    assert library.failed_blocks == []
    assert len(read.entries) == len(library.entries) == len(papers)
    for each, (key, entry), other in zip(papers, read.entries.items(), library.entries, strict=True):
        assert key == other.key
        wanted = on_a_line(each.title)
        if wanted:
            assert from_tex(entry.fields["title"])[1:-1] == wanted
            assert from_tex(other["title"])[1:-1] == wanted
        if abstract := on_a_line(each.abstract):
            assert from_tex(entry.fields["abstract"]) == from_tex(other["abstract"]) == abstract
        people = [name for name in each.authors if on_a_line(name)]
        assert len(entry.persons.get("author", [])) == len(people)
        for name, person in zip(people, entry.persons.get("author", []), strict=True):
            parted = cite.part_name(name)
            read_family = " ".join([*person.prelast_names, *person.last_names])
            assert bare(read_family) == parted.family
            assert bare(" ".join([*person.first_names, *person.middle_names])) == parted.given
            assert bare(" ".join(person.lineage_names)) == parted.suffix


def bare(name: str) -> str:
    """A part of a name without the brackets around it."""
    inner = name[1:-1] if name.startswith("{") and name.endswith("}") else name
    return from_tex(inner)


def check_ris(papers: list[Paper]) -> None:
    read = rispy.loads(cite.ris(papers))
    assert len(read) == len(papers)
    for each, record in zip(papers, read, strict=True):
        if title := on_a_line(each.title):
            assert record["title"] == title
        if abstract := on_a_line(each.abstract):
            assert record["abstract"] == abstract
        names = [cite.part_name(name).inverted for name in each.authors if on_a_line(name)]
        assert record.get("authors", []) == names


def test_and_within_a_name_parts_nobody() -> None:
    check_bibtex([paper(authors=("Tom AND Jerry", "Salt and Pepper", "A. Others"))])


def test_a_paper_of_arxiv_is_cited_as_arxiv_does() -> None:
    cited = paper(
        "2511.05491", title="Agents & the 100% rule {of} $n_1$", categories=("cs.LG", "cs.AI"), version=2,
        authors=("Ada Lovelace", "Ludwig van Beethoven", "The ATLAS Collaboration", "Sammy Davis Jr."),
        published_at=datetime(2025, 11, 3, tzinfo=UTC), abstract="", pdf_url="https://arxiv.org/pdf/2511.05491",
    )  # fmt: skip
    assert cite.bibtex([cited]) == (
        "@misc{lovelace2025agents,\n"
        r"  title = {{Agents \& the 100\% rule \textbraceleft{}of\textbraceright{} \$n\_1\$}}," + "\n"
        "  author = {Lovelace, Ada and {van Beethoven}, Ludwig and {The ATLAS Collaboration} and "
        "Davis, Jr., Sammy},\n"
        "  year = {2025},\n  month = {11},\n  url = {https://arxiv.org/abs/2511.05491},\n"
        "  eprint = {2511.05491},\n  archiveprefix = {arXiv},\n  primaryclass = {cs.LG},\n"
        "  publisher = {arXiv}\n}\n"
    )
    assert cite.ris([cited]).splitlines() == [
        "TY  - UNPB", "ID  - lovelace2025agents", "TI  - Agents & the 100% rule {of} $n_1$",
        "AU  - Lovelace, Ada", "AU  - van Beethoven, Ludwig", "AU  - The ATLAS Collaboration",
        "AU  - Davis, Sammy, Jr.", "PY  - 2025", "DA  - 2025/11/03/", "UR  - https://arxiv.org/abs/2511.05491",
        "L1  - https://arxiv.org/pdf/2511.05491", "PB  - arXiv", "M1  - 2511.05491", "ER  - ",
    ]  # fmt: skip
    item = cite.csl([cited])[0]
    assert item["author"][2] == {"literal": "The ATLAS Collaboration"}
    assert item["issued"] == {"date-parts": [[2025, 11, 3]]}
    assert cite.plain(cited) == (
        "Lovelace, A., van Beethoven, L., The ATLAS Collaboration, Davis, S. (2025). Agents & the 100% rule "
        "{of} n₁. arXiv 2511.05491. https://arxiv.org/abs/2511.05491"
    )


def test_papers_with_the_same_key_are_told_apart() -> None:
    keys = re.findall(r"@misc\{([^,]+)", cite.bibtex([paper("2603.00001", title="Agents")] * 3))
    assert keys == ["lovelace2026agents", "lovelace2026agents-2", "lovelace2026agents-3"]


def test_a_paper_without_names_or_latin_letters_has_a_key_of_its_id() -> None:
    assert cite.citation_key(paper("2603.00001", authors=(), title="物理")) == "arxiv-2603-00001"


@settings(max_examples=300)
@given(st.lists(PAPERS, min_size=1, max_size=3))
def test_whatever_a_paper_says_is_read_back(papers: list[Paper]) -> None:
    check_bibtex(papers)
    check_ris(papers)
    json.dumps(cite.csl(papers))


@pytest.mark.corpus
def test_twelve_thousand_real_papers_are_read_back() -> None:
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    papers = [
        paper(row["id"], title=row["title"], abstract=row["summary"], authors=tuple(row["authors"]))
        for row in rows
    ]
    assert len(papers) == 12_000
    check_bibtex(papers)
    check_ris(papers)
