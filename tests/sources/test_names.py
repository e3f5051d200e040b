"""Lists of names come out as readable names without affiliations."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources.values.names import people, split_names, without_parentheses


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
    ("elements", "names"),
    [
        (["Prado, A. B.; Lind, B."], ["A. B. Prado", "B. Lind"]),
        (["Prado, A. B., Lind, B., de la Ruiz, C."], ["A. B. Prado", "B. Lind", "C. de la Ruiz"]),
        (["Ana Prado, Bo Lind and Cai Ruiz"], ["Ana Prado", "Bo Lind", "Cai Ruiz"]),
        (["ana@example.org (Ana Prado)"], ["Ana Prado"]),
        (["ana@example.org"], []),
        (["Prado, Ana; The Frog Consortium"], ["Ana Prado", "The Frog Consortium"]),
        (["Prado, Ana", "Lind, Bo"], ["Ana Prado", "Bo Lind"]),
        (["Prado, Ana", "The Frog Collaboration"], ["Ana Prado", "The Frog Collaboration"]),
        (["Prado, Ana"], ["Ana Prado"]),
        (["Prado, Ana, Lind, Bo"], ["Ana Prado", "Bo Lind"]),
        (["Ruiz, C., Jr.; Lind, Bo"], ["C. Ruiz Jr.", "Bo Lind"]),
        (["Ruiz Gomez, Carla"], ["Carla Ruiz Gomez"]),
        (["van den Lind, Bo Henrik", "de Prado, Ana"], ["Bo Henrik van den Lind", "Ana de Prado"]),
        (["Ana Prado, Bo Lind"], ["Ana Prado", "Bo Lind"]),
        (["Prado AB, Lind C, the FROG Consortium"], ["Prado AB", "Lind C", "the FROG Consortium"]),
        (["The Frog and Toad Collaborations, Ana Prado"], ["The Frog and Toad Collaborations", "Ana Prado"]),
        (["Plato"], ["Plato"]),
        ([None, 7, "", "Ana Prado"], ["Ana Prado"]),
    ],
)
def test_an_element_is_one_person_or_a_list(elements: list[object], names: list[str]) -> None:
    assert people(elements) == names


@pytest.mark.parametrize(
    ("elements", "names"),
    [
        (["Ana Prado, M.D., Bo Lind, M.D., Ph.D."], ["Ana Prado", "Bo Lind"]),
        (["Ana Prado, PhD", "Bo Lind, MD"], ["Ana Prado", "Bo Lind"]),
        (["Prado, Ana, PhD", "Lind, Bo, M.D."], ["Ana Prado", "Bo Lind"]),
        (["Dr. Ana Prado", "Prof. Bo Lind PhD"], ["Ana Prado", "Bo Lind"]),
        (["Prado, MD"], ["MD Prado"]),  # initials, as PubMed writes them
        (["Ana Prado, Department of Light, Bo Lind, Lamp Institute"], ["Ana Prado", "Bo Lind"]),
        (["Department of Light and Lamps, University of Prado"],
         ["Department of Light and Lamps, University of Prado"]),
        (["University of Prado, Institute of Light", "Ana Prado"],
         ["University of Prado, Institute of Light", "Ana Prado"]),
    ],
)  # fmt: skip
def test_degrees_and_affiliations_are_no_people(elements: list[object], names: list[str]) -> None:
    assert people(elements) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("王五，赵六", ["王五", "赵六"]),
        ("山田 太郎、鈴木 花子", ["山田 太郎", "鈴木 花子"]),
        ("王五；赵六", ["王五", "赵六"]),
    ],
)
def test_chinese_and_japanese_commas_part_names(text: str, names: list[str]) -> None:
    assert people([text]) == names


@pytest.mark.parametrize(
    "text",
    ["Ana Prado and 12 others", "Ana Prado et al.", "Ana Prado, et al", "Ana Prado and others",
     "Ana Prado + 3 more", "Ana Prado, and 1,204 other authors"],
)  # fmt: skip
def test_those_who_are_only_counted_are_no_people(text: str) -> None:
    assert people([text]) == ["Ana Prado"]


def test_endless_lists_are_cut_whoever_writes_them() -> None:
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield "Ana Prado, " * 1_000

    assert len(people(endless())) < 100_000
    assert read < 100


@given(st.text(alphabet="ab MD.(),;@，and\n"))
def test_splitting_never_raises_and_leaves_no_empty_name(text: str) -> None:
    for names in (split_names(text), people([text]), people([text, "Ana Prado"])):
        assert all(name.strip() for name in names)


@given(st.text(alphabet="a()"))
def test_balanced_parentheses_go_and_nothing_else(text: str) -> None:
    left = without_parentheses(text)
    assert ")" not in left.partition("(")[2]  # whatever opens never closes
    if "(" not in text:
        assert left == text
