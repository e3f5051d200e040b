"""What a text may hold: what passes is kept by every database; what does not is named with its place."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.words.characters import cleaned, flaw


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\0b", "holds U+0000, a control character, at character 2"),
        ("\x85", "holds U+0085, a control character, at character 1"),
        ("ab\ud800", "holds U+D800, half of a surrogate pair, at character 3"),
        ("\ufdd0", "holds U+FDD0, which is no character, at character 1"),
        ("\U0010ffff", "holds U+10FFFF, which is no character, at character 1"),
        ("plain, 中文, 𝒱\ttab\r\nline", ""),
    ],
)
def test_a_flaw_is_named_with_its_place(text: str, words: str) -> None:
    assert flaw(text) == words


@given(st.text(st.characters(codec=None, exclude_categories=[])))
def test_text_without_flaw_can_be_written_and_read_back(text: str) -> None:
    if not flaw(text):
        assert text.encode("utf-8").decode("utf-8") == text
        assert not {"Cs"} & {unicodedata.category(character) for character in text}
    assert cleaned(cleaned(text)) == cleaned(text)
    assert not {"\0", "\ud800"} & set(cleaned(text))
