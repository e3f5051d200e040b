"""Ids in every usual spelling come out in one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ids import aliases, arxiv_id, doi, first_doi, is_category, paper_id
from tests import builders


@pytest.mark.parametrize(
    ("spelling", "read"),
    [
        ("2509.13332", ("2509.13332", None)),
        (" arXiv:2509.13332v2 ", ("2509.13332", 2)),
        ("https://arxiv.org/abs/2509.13332v12", ("2509.13332", 12)),
        ("http://export.arxiv.org/pdf/0704.0001v1.pdf", ("0704.0001", 1)),
        ("https://arxiv.org/abs/2509.13332?context=cs", ("2509.13332", None)),
        ("oai:arXiv.org:2509.13332v1", ("2509.13332", 1)),
        ("https://doi.org/10.48550/arXiv.2509.13332", ("2509.13332", None)),
        ("10.48550/ARXIV.2509.13332", ("2509.13332", None)),
        ("https://huggingface.co/papers/2509.13332", ("2509.13332", None)),
        ("hep-th/9901001", ("hep-th/9901001", None)),
        ("http://arxiv.org/abs/hep-th/9901001v3", ("hep-th/9901001", 3)),
        ("math.GT/0309136v1", ("math/0309136", 1)),
    ],
)
def test_an_arxiv_id_is_read_in_every_usual_spelling(spelling: str, read: tuple[str, int | None]) -> None:
    assert arxiv_id(spelling) == read


@pytest.mark.parametrize(
    "text",
    ["", "abc", "2513.12345", "2509.133", "2509.13332v0", "10.1101/2509.13332", "see 2509.13332", "9" * 5000],
)
def test_what_only_looks_like_an_arxiv_id_is_none(text: str) -> None:
    assert arxiv_id(text) is None


@pytest.mark.parametrize(
    "spelling",
    [
        "10.1101/AB.1",
        "doi:10.1101/ab.1",
        "doi: 10.1101/ab.1",
        "https://doi.org/10.1101/Ab.1",
        "http://dx.doi.org/10.1101%2Fab.1",
        "https://doi.org/10.1101/ab.1?ref=x",
        " 10.1101/ab.1. ",
    ],
)
def test_a_doi_has_one_spelling(spelling: str) -> None:
    assert doi(spelling) == "10.1101/ab.1"


@pytest.mark.parametrize(
    "text", ["", "NA", "10.11/x", "pmid:123", "10.1101/a b", "10.1101/<script>", "10.1101/" + "a" * 400]
)
def test_what_is_no_doi_is_none(text: str) -> None:
    assert doi(text) is None


def test_the_first_of_several_dois_counts() -> None:
    assert first_doi("see 10.1101/AB.1 10.1101/AB.2") == "10.1101/ab.1"
    assert first_doi("none") is None


def test_classes_of_other_schemes_are_no_categories_of_arxiv() -> None:
    assert all(map(is_category, ["cs.CL", "hep-th", "cond-mat.mtrl-sci", "q-bio.NC", "astro-ph"]))
    assert not any(map(is_category, ["I.2.6", "68T05", "68T05, 62H30", "", "Primary: 68T05"]))


@given(st.text())
def test_reading_ids_never_raises_and_is_stable(text: str) -> None:
    read = arxiv_id(text)
    if read:
        assert arxiv_id(read[0]) == (read[0], None)
    name = doi(text)
    if name:
        assert doi(name) == name


@pytest.mark.parametrize(
    ("spelling", "read"),
    [
        ("https://arxiv.org/abs/2509.13332v2", "arxiv:2509.13332"),
        ("math.GT/0309136", "arxiv:math/0309136"),
        ("doi:10.48550/arXiv.2509.13332", "arxiv:2509.13332"),
        ("10.1016/S0140-6736(05)67889-X", "doi:10.1016/s0140-6736(05)67889-x"),
        ("nature:s41586-1", None),
        ("12345", None),
    ],
)
def test_a_papers_id_says_what_kind_of_id_it_is(spelling: str, read: str | None) -> None:
    assert paper_id(spelling) == read
    assert read is None or paper_id(read) == read


def test_an_entry_gives_its_paper_every_id_that_it_has_the_strongest_first() -> None:
    both = builders.entry("2509.13332", doi="10.1101/AB.1", key="k")
    assert aliases(both, "x") == ("arxiv:2509.13332", "doi:10.1101/ab.1", "x:k")
    by_doi = replace(both, arxiv_id=None, doi="10.48550/arXiv.2509.13332")
    assert aliases(by_doi, "x") == ("arxiv:2509.13332", "doi:10.48550/arxiv.2509.13332", "x:k")
