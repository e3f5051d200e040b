"""How much a paper is about what a filter asks for: the points of a term, and of terms together."""

import pytest

from digest.domain import Interests, Paper, Ranked
from digest.filters import parse
from digest.match import Corpus, Library
from digest.match.document import Document
from digest.match.evaluate import points
from digest.match.fit import FITS, MOST_POINTS, fit
from tests.builders import paper

LIBRARY = Library(())
BEGIN, MIDDLE, END = "We read maps.", "Some say more of it.", "That is all."


def about(text: str, **fields: object) -> int:
    """The points of a paper for a filter."""
    tree = parse(text, topics=LIBRARY.topics)
    return points(tree, Document.of(paper(**fields)), LIBRARY.topics)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("title", "abstract", "expected"),
    [
        ("x", f"{BEGIN} A word of mamba. {END}", 1),
        ("x", f"{BEGIN} Mamba, and mambas. {END}", 2),
        ("x", f"We read mamba. {MIDDLE} {END}", 2),
        ("x", f"{BEGIN} {MIDDLE} That is mamba.", 2),
        ("x", f"We read mamba. Mamba is fast. {END}", 3),
        ("Mamba", f"{BEGIN} {MIDDLE} {END}", 4),
        ("Mamba", f"{BEGIN} A word of mamba. {END}", 5),
        ("Mamba", f"{BEGIN} Mamba, and mambas. {END}", 6),
        ("x", f"{BEGIN} {MIDDLE} {END}", 0),
    ],
)
def test_a_term_has_points_by_where_it_stands(title: str, abstract: str, expected: int) -> None:
    assert about("mamba", title=title, abstract=abstract) == expected


def test_a_dot_inside_a_sentence_does_not_end_it() -> None:
    abstract = "We use Qwen2.5 vs. mamba, i.e. state. Then more. The end."
    assert about("state", title="x", abstract=abstract) == 2


def test_of_terms_that_are_all_needed_the_weakest_counts() -> None:
    fields = {"title": "Distillation", "abstract": f"{BEGIN} An LLM is used. {END}"}
    assert about("distillation", **fields) == 4
    assert about("distillation LLM", **fields) == 1


def test_of_alternatives_the_strongest_counts_and_a_second_one_adds_a_point() -> None:
    fields = {"title": "Mamba", "abstract": f"{BEGIN} An RNN is used. {END}"}
    assert about("mamba OR absent", **fields) == 4
    assert about("mamba OR rnn", **fields) == 5


def test_what_no_text_shows_says_nothing_beside_a_word() -> None:
    fields = {"title": "Mamba", "abstract": "", "categories": ("cs.LG", "cs.CL")}
    assert about("mamba cat:cs.CL", **fields) == about("mamba (cat:cs.CL OR cat:cs.SI)", **fields) == 4
    assert about("mamba -vision", **fields) == 4


def test_a_first_category_is_what_a_paper_is_about_and_another_is_not() -> None:
    fields = {"title": "x", "abstract": "", "categories": ("cs.LG", "cs.CL")}
    assert about("cat:cs.LG -vision", **fields) == 4
    assert about("cat:cs.CL -vision", **fields) == 1


def day(*papers: Paper) -> Corpus:
    return Corpus([Ranked(each, 0.0) for each in papers], LIBRARY)


PASSING = paper("2603.00001", title="Avatars", abstract=f"{BEGIN} Trained with RLHF. {END}")
CENTRAL = paper("2603.00002", title="RLHF without reward models", abstract="")


def test_what_is_about_an_interest_comes_before_what_mentions_it() -> None:
    assert [match.paper for match in day(PASSING, CENTRAL).one.match(Interests(filters=("rlhf",)))] == [
        CENTRAL,
        PASSING,
    ]


def test_a_popular_paper_that_only_mentions_it_still_comes_after_a_quiet_one_about_it() -> None:
    corpus = Corpus([Ranked(PASSING, 0.55), Ranked(CENTRAL, 0.05)], LIBRARY)
    assert corpus.one.match(Interests(filters=("rlhf",)))[0].paper is CENTRAL


def test_a_reader_may_leave_out_what_only_mentions_a_term() -> None:
    corpus = day(PASSING, CENTRAL)
    kept = corpus.one.match(Interests(filters=("rlhf",), about_only=True))
    assert [match.paper for match in kept] == [CENTRAL]
    assert len(corpus.one.match(Interests(about_only=True))) == 2  # who asked for nothing gets what trends


def test_more_points_never_fit_worse() -> None:
    assert list(FITS) == sorted(FITS)
    assert len(FITS) == MOST_POINTS + 1
    assert fit([1, 2]) == FITS[3]
    assert fit([6, 6]) == FITS[-1]
