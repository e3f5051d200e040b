"""Lists of names come out as readable names without affiliations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources.names import split_journal_names, split_names, split_surnames_first, without_parentheses


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ana Prado, Bo Lind", ["Ana Prado", "Bo Lind"]),
        ("Ana Prado (Univ A, Dept (North), Univ B), Bo Lind (C)", ["Ana Prado", "Bo Lind"]),
        ("Ana Prado (1 and 2), Bo Lind (2) ((1) Univ A, (2) Univ B)", ["Ana Prado", "Bo Lind"]),
        ("Cai Ruiz, Jr., Bo Lind III", ["Cai Ruiz Jr.", "Bo Lind III"]),
        (
            "The Belle and Belle II Collaborations, Ana Prado",
            ["The Belle and Belle II Collaborations", "Ana Prado"],
        ),
        ("Wei Wang, Wei Wang", ["Wei Wang", "Wei Wang"]),
        ("Ana Prado (never closed, Bo Lind", ["Ana Prado", "Bo Lind"]),
        ("Ana Prado, et al.", ["Ana Prado"]),
        ("", []),
        (" , ,", []),
    ],
)
def test_names_of_arxiv_lose_their_affiliations(text: str, names: list[str]) -> None:
    assert split_names(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Prado, A. B.; Lind, B.", ["A. B. Prado", "B. Lind"]),
        ("Prado, A. B., Lind, B., de la Ruiz, C.", ["A. B. Prado", "B. Lind", "C. de la Ruiz"]),
        ("Ana Prado, Bo Lind and Cai Ruiz", ["Ana Prado", "Bo Lind", "Cai Ruiz"]),
        ("ana@example.org (Ana Prado)", ["Ana Prado"]),
        ("ana@example.org", []),
        ("Prado, Ana; The Frog Consortium", ["Ana Prado", "The Frog Consortium"]),
    ],
)
def test_names_of_journals_are_turned_round(text: str, names: list[str]) -> None:
    assert split_journal_names(text) == names


def test_a_single_author_of_biorxiv_is_one_person() -> None:
    assert split_surnames_first("Prado, Ana") == ["Ana Prado"]
    assert split_surnames_first("Ruiz, C., Jr.; Lind, Bo") == ["C. Ruiz Jr.", "Bo Lind"]


@given(st.text(alphabet="ab (),;@.\n"))
def test_splitting_never_raises_and_leaves_no_empty_name(text: str) -> None:
    for split in (split_names, split_journal_names, split_surnames_first):
        assert all(name.strip() for name in split(text))


@given(st.text(alphabet="a()"))
def test_balanced_parentheses_go_and_nothing_else(text: str) -> None:
    left = without_parentheses(text)
    assert ")" not in left.partition("(")[2]  # whatever opens never closes
    if "(" not in text:
        assert left == text
