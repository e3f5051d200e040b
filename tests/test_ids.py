"""Ids in every usual spelling come out in one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ids import (
    aliases,
    arxiv_id,
    doi,
    doi_in_address,
    first_doi,
    is_category,
    named_arxiv_id,
    paper_id,
)
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
        ("arXiv:2509.13332v2 [cs.CL]", ("2509.13332", 2)),
        ("https://www.alphaxiv.org/abs/2509.13332v1", ("2509.13332", 1)),
        ("https://scirate.com/arxiv/2509.13332", ("2509.13332", None)),
        ("https://ar5iv.labs.arxiv.org/html/2509.13332", ("2509.13332", None)),
        ("https://papers.cool/arxiv/2509.13332", ("2509.13332", None)),
        ("https://ui.adsabs.harvard.edu/abs/arXiv:2509.13332", ("2509.13332", None)),
        ("https://www.doi.org/10.48550/arXiv.2509.13332", ("2509.13332", None)),
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
        "info:doi/10.1101/ab.1",
        "urn:doi:10.1101/ab.1",
        "https://www.doi.org/10.1101/ab.1",
        "doi: https://doi.org/10.1101/AB.1",
        "DOI 10.1101/ab.1",
        "https://hdl.handle.net/10.1101/ab.1",
    ],
)
def test_a_doi_has_one_spelling(spelling: str) -> None:
    assert doi(spelling) == "10.1101/ab.1"


@pytest.mark.parametrize(
    "text", ["", "NA", "10.11/x", "pmid:123", "10.1101/a b", "10.1101/<script>", "10.1101/" + "a" * 400]
)
def test_what_is_no_doi_is_none(text: str) -> None:
    assert doi(text) is None


SICI = "10.1002/(sici)1097-0000(199901)1:2<3::aid-abc4>3.0.co;2-x"


@pytest.mark.parametrize(
    "spelling",
    [SICI, SICI.upper(), "https://doi.org/10.1002/(SICI)1097-0000(199901)1:2%3C3::AID-ABC4%3E3.0.CO;2-X"],
)
def test_a_sici_is_a_doi_with_angle_brackets(spelling: str) -> None:
    assert doi(spelling) == SICI


@pytest.mark.parametrize(
    "text",
    [
        "10.1101/2026.03.10.000003v2",
        "https://doi.org/10.1101/2026.03.10.000003v12",
        "https://www.biorxiv.org/content/10.1101/2026.03.10.000003v2.full.pdf+html",
        "https://www.biorxiv.org/content/10.1101/2026.03.10.000003v1.full#sec-2",
        "https://www.medrxiv.org/content/10.1101/2026.03.10.000003v1.full-text",
        "https://www.biorxiv.org/content/10.1101/2026.03.10.000003v1.supplementary-material",
        "https://www.biorxiv.org/content/biorxiv/early/2026/03/10/2026.03.10.000003.full.pdf",
    ],
)
def test_a_preprint_has_one_doi_whatever_version_or_view_is_named(text: str) -> None:
    assert paper_id(text) == "doi:10.1101/2026.03.10.000003"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://link.springer.com/article/10.1007/s11111-026-00001-2", "10.1007/s11111-026-00001-2"),
        (
            "https://link.springer.com/content/pdf/10.1007/s11111-026-00001-2.pdf",
            "10.1007/s11111-026-00001-2",
        ),
        ("https://journals.plos.org/plosone/article?id=10.1371/journal.pone.9", "10.1371/journal.pone.9"),
        ("https://www.frontiersin.org/articles/10.3389/fx.2026.1/full", "10.3389/fx.2026.1"),
        ("http://link.aps.org/doi/10.1103/PhysRevX.1.1", "10.1103/physrevx.1.1"),
        ("https://journals.aps.org/prx/abstract/10.1103/PhysRevX.1.1", "10.1103/physrevx.1.1"),
        ("https://iopscience.iop.org/article/10.1088/1748-0001/ad1/meta", "10.1088/1748-0001/ad1"),
        ("https://www.tandfonline.com/doi/full/10.1080/1.2026.3?af=R", "10.1080/1.2026.3"),
        ("https://dl.acm.org/doi/pdf/10.1145/11.22", "10.1145/11.22"),
        ("https://academic.oup.com/x/article/doi/10.1093/x/abc1/7654321", "10.1093/x/abc1"),
        ("https://pubs.aip.org/a/j/article/doi/10.1063/5.01/123/A-title", "10.1063/5.01"),
        ("https://www.nature.com/articles/s41586-026-00001-1.pdf", "10.1038/s41586-026-00001-1"),
        ("https://elifesciences.org/articles/99999", "10.7554/elife.99999"),
        ("https://x.example.org/files/10.pdf", None),
        ("https://x.example.org/?id=7", None),
        ("10.1007/s11111-026-00001-2", None),
        ("https://[x/10.1007/s1", None),
    ],
)
def test_the_address_of_a_publisher_names_its_doi(address: str, name: str | None) -> None:
    assert doi_in_address(address) == name


def test_a_bare_number_names_an_arxiv_paper_only_where_one_is_asked_for() -> None:
    assert arxiv_id("2401.00001") == ("2401.00001", None)
    assert named_arxiv_id("2401.00001") is None
    assert named_arxiv_id("arXiv:2401.00001") == ("2401.00001", None)


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


@given(st.text(alphabet="10./(sici)<>:;v%3Cfulpdhtm?#-"))
def test_reading_addresses_never_raises_and_gives_well_formed_dois(tail: str) -> None:
    name = doi_in_address(f"https://x.example.org/doi/10.1000/{tail}")
    assert name is None or doi(name) == name


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
