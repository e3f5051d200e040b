"""Every error and hint of the filter language is said in the language of its reader, with no English left."""

import re
from collections.abc import Iterator

import pytest

from digest.errors import FilterError
from digest.filters import parse, read_back
from digest.languages import CODES, ENGLISH, Deferred, extract, gettext, speaking

TOPICS = ("llm", "rag", "robotics")
SOURCES = ("arxiv-cs", "huggingface")
# At least one filter for each text that digest/filters has.
WRONG = [
    "", "a\x07b", "-a", 'mamba "state space', "a (b c", "a b)", "a ()", "a OR", "OR a", "AND a",
    "scan !recipe", "scan - recipe", "scan && recipe", "scan&&recipe", "scan || recipe", "scan NEAR recipe",
    "+scan recipe", "scan^3", '"a scan"^3', "scann~1", "sc?n", "/sc.n/", "scan%", "recipe [scan]", "scan[ti]",
    '"a scan"[tiab]', "ti=scan", 'scan"a recipe"', "'a scan' recipe", "cs.RO", "10.1016/j.cell.2024.01",
    "mamba, rwkv", "au:Dao, Tri", "tran*sform", "t*", "…", "ti:", "ti:-survey", 'au:""', "org:a\u200bb",
    "all:scan", "titel:scan", "xyzzy:scan", "year>=2024", "views>=3", "upvotes>=many", "upvotes>=0",
    'au:"."', 'cat:"Machine Learning"', "cat:xx.YY", "topic:llms", "source:…", "source:nowhere", "has:cod",
    "year:soon", "year:2026-2024", "doi:no", "id:what", "au:(a b)", "ti:(cat:cs.CL)", "w" * 2_001,
    "é" * 1_400, "(" * 60 + "a" + ")" * 60, " ".join(["ab"] * 201), "cat:cs.CL " * 210,
    "like:saved", "ti:(" + " ".join(f"word{n:04}" for n in range(199)) + ")",
]  # fmt: skip
UNUSUAL = [
    "mamba or rwkv", "au:Tri Dao", '"transform* model"', '"mamba OR rwkv"', "model?", "2509.13332", "math",
    "mamba --rwkv",
]  # fmt: skip
# Words that both languages write alike.
ALIKE = {
    "in", "filter", "text", "operator", "or", "and", "utf", "doi", "bytes", "paper", "minus", "abstract",
    "transform", "mamba", "year", "name", "cs", "cl", "cat", "id",
}  # fmt: skip


def texts_of(text: str) -> list[str]:
    """The errors of a filter, and what was expected; or its hints."""
    try:
        parse(text, topics=TOPICS, sources=SOURCES, no_saved="nobody reads here")
    except FilterError as error:
        return [error.message, error.fix, *error.expected]
    return list(read_back(text).hints)


def ids_of(text: object) -> Iterator[str]:
    """The texts of the catalogue that one is made of."""
    if isinstance(text, Deferred):
        yield text.parts[0]
        for value in text.parts[2].values():
            yield from ids_of(value)


def test_every_text_of_the_language_is_shown_by_a_filter() -> None:
    shown = {each for text in (*WRONG, *UNUSUAL) for said in texts_of(text) for each in ids_of(said)}
    listed = {
        text.english
        for text, files in extract.texts().items()
        if any(file.startswith("digest/filters/") for file in files)
    }
    assert not listed - shown


@pytest.mark.parametrize("code", [code for code in CODES if code != ENGLISH])
def test_an_error_of_a_filter_leaves_nothing_in_english(code: str) -> None:
    for text in (*WRONG, *UNUSUAL):
        for english in texts_of(text):
            patterns = " ".join(ids_of(english))
            with speaking(code):
                said = gettext(english)
            if not patterns:
                assert said == english  # a filter to type, which is no text
                continue
            assert said != english
            left = words(said) & words(re.sub(r"\{\w+\}", " ", patterns)) - words(text) - ALIKE
            assert not left, f"{said!r} of {english!r}"


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{2,}", text.lower()))


def test_an_error_is_english_for_programs() -> None:
    with speaking("de"), pytest.raises(FilterError) as raised:
        parse("a (b c")
    assert raised.value.message == "this bracket is never closed (at character 3)"
    assert raised.value.expected == (")",)
