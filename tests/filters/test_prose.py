"""Titles in a search: read as words where the filter language refuses them, never where it is a filter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import FilterError
from digest.filters import canonical, parse, words_of

TITLES = [
    ("BERT: Pre-training of Deep Transformers", "bert deep of pre training transformers"),
    ("What is attention, really?", "attention is really what"),
    ("Hi-ALPS -- An Experiment", "alps an experiment hi"),
    ("Peepers & Pixels: Faces", "faces peepers pixels"),
    ("CAT: A Conditional Tailor", "a cat conditional tailor"),
    ("MSCA-Net:Multi-Scale Context", "context msca multi net scale"),
    ("CFG-Zero*: Guidance", "cfg guidance zero"),
    ("Significant at p < 0.05", "0.05 at p significant"),
    ('Why "Smart" Models: a Study', "a models smart study why"),
    ("How do robots learn (without labels)?", "do how labels learn robots without"),
]
FILTERS = [
    "",
    "\x85",  # white space of Unicode that can't be stored: empty for whoever reads it, as for `parse`
    "...",
    '"open',
    'robots "open',
    "au:Hinton, Geoffrey",
    "cat:cs.CL, cs.AI",
    "ca:cs.CL robots",
    "cat: cs.XX",
    "title: mamba, rwkv",
    "robots: arms OR legs",
    "robots: | legs",
    "a: -video",
    "=RAG, agents",
    "upvotes>=many",
    "NOT robots",
    "https://arxiv.org/abs/2603.00001",
    "word, " * 500,
]


@pytest.mark.parametrize(("title", "words"), TITLES)
def test_a_title_is_read_as_its_words(title: str, words: str) -> None:
    with pytest.raises(FilterError):
        parse(title)
    tree = words_of(title)
    assert tree is not None
    assert canonical(tree) == words


@pytest.mark.parametrize("text", FILTERS)
def test_what_has_a_sign_of_the_filter_language_is_never_read_as_words(text: str) -> None:
    with pytest.raises(FilterError):
        parse(text, topics=None)
    assert words_of(text) is None


def test_what_stands_in_quotes_stays_a_phrase() -> None:
    tree = words_of('The "large language" question: answered')
    assert tree is not None
    assert canonical(tree) == '"large language" answered question the'


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["ab", "C:", ",", "-", "--", '"x y"', "(", ")", "É?"])).map(" ".join)
)
def test_words_that_are_read_are_a_filter(text: str) -> None:
    try:
        parse(text)
    except FilterError as error:
        if "can't be stored" in error.message:
            with pytest.raises(FilterError, match="can't be stored"):
                words_of(text)
            return
    tree = words_of(text)
    if tree is not None:
        assert parse(canonical(tree)) == tree
