"""Matching: what a filter selects, what interests select, in which order, and that each reason is true."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import (
    Field,
    Interests,
    Match,
    Paper,
    Ranked,
    Reason,
    ReasonKind,
    Signal,
    SignalKind,
    Topic,
)
from digest.errors import FilterError
from digest.filters import canonical, parse
from digest.match import Corpus, Library
from tests.builders import NOW, paper, upvotes

TOPICS = (
    Topic("llm", "Language models", '"language model" OR =LLM'),
    Topic("efficiency", "Efficiency", "quantization OR pruning"),
    Topic("small", "Small models", "topic:llm topic:efficiency"),
)
LIBRARY = Library(TOPICS)


def corpus(*papers: Paper, scores: tuple[float, ...] = (), fit_weight: float = 0.5) -> Corpus:
    """Papers with trend scores (0.5 where none is given)."""
    filled = scores + (0.5,) * (len(papers) - len(scores))
    return Corpus(
        [Ranked(*pair) for pair in zip(papers, filled, strict=True)], LIBRARY, fit_weight=fit_weight
    )


def reasons_of(text: str, of: Paper) -> tuple[Reason, ...] | None:
    """The reasons why a filter selects one paper, None where it doesn't."""
    matches = corpus(of).search(parse(text, topics=LIBRARY.topics))
    return matches[0].reasons if matches else None


def ids(matches: tuple[Match, ...]) -> list[str]:
    return [match.paper.id.removeprefix("arxiv:") for match in matches]


# ---------------------------------------------------------------- what a filter selects


PAPER = paper(
    "2603.00007",
    title="Quantized Mixture-of-Experts for RAG",
    abstract="We prune state space models. Transformers, à la Gödel, are retrieved with great speed.",
    authors=("Tri Dao", "Kurt Gödel"),
    categories=("cs.CL", "stat.ML"),
    doi="10.1101/2024.01.02",
    code_url="https://github.com/x/y",
    sources=("arxiv", "HuggingFace"),
    signals=(upvotes(25), Signal(SignalKind.COMMENTS, "huggingface", 5, NOW)),
)


@pytest.mark.parametrize(
    "text",
    [
        "quantization",
        '"mixture of experts"',
        "mixture-of-expert",
        "ti:rag",
        "=RAG",
        "transf*",
        "abs:godel",
        'abs:"state space model"',
        "au:dao",
        'au:"K. Godel"',
        "cat:cs",
        "cat:stat.ML",
        "id:2603.00007",
        "doi:10.1101/2024.01.02",
        "has:code",
        "source:huggingface",
        "upvotes>=25",
        "comments>=5",
        "topic:efficiency",
        "quantize -diffusion",
        "diffusion OR pruning",
        "-(-rag OR -prune)",
    ],
)
def test_a_filter_selects_what_it_says(text: str) -> None:
    assert reasons_of(text, PAPER)


@pytest.mark.parametrize(
    "text",
    [
        "dao",  # an author isn't text
        '"experts mixture"',
        '"rag we"',  # from the title into the abstract
        "=rag",
        "=Quantize",
        "ti:transformers",
        "abs:rag",
        "transformz*",
        "au:tri",
        "cat:cs.CV",
        "cat:stat.ML cat:math",
        "id:2603.00008",
        "upvotes>=26",
        "stars>=1",
        "topic:llm",
        "source:nature",
        "quantization -rag",
        "diffusion OR (rag diffusion)",
    ],
)
def test_a_filter_selects_nothing_more(text: str) -> None:
    assert reasons_of(text, PAPER) is None


def test_an_archive_holds_its_classes_but_no_archive_that_begins_alike() -> None:
    assert reasons_of("cat:math", paper(categories=("math.GT",)))
    assert reasons_of("cat:math", paper(categories=("math-ph",))) is None


def test_has_code_needs_a_repository() -> None:
    assert reasons_of("has:code", paper()) is None


def test_reasons_name_the_term_as_the_paper_writes_it_and_its_place() -> None:
    found = reasons_of("quantization au:godel cat:cs abs:transformer", PAPER)
    assert found is not None
    assert [(reason.field, reason.term, reason.start, reason.end) for reason in found] == [
        (Field.TITLE, "Quantized", 0, 9),
        (Field.ABSTRACT, "Transformers", 29, 41),
        (Field.AUTHOR, "Kurt Gödel", 1, 2),
        (Field.CATEGORY, "cs.CL", 0, 1),
    ]


def test_a_phrase_is_shown_whole_from_its_first_word_to_its_last() -> None:
    found = reasons_of('"mixture of experts"', PAPER)
    assert found is not None
    assert [reason.term for reason in found] == ["Mixture-of-Experts"]


def test_what_is_true_by_absence_gives_no_reason() -> None:
    found = reasons_of("rag -diffusion", PAPER)
    assert found is not None
    assert [reason.term for reason in found] == ["RAG"]


def test_what_no_text_shows_has_a_note() -> None:
    found = reasons_of("upvotes>=20 has:code", PAPER)
    assert found is not None
    assert {reason.note for reason in found} == {"25 upvotes", "code available"}
    assert {reason.field for reason in found} == {None}


def test_a_paper_that_is_not_selected_says_why() -> None:
    day = corpus(PAPER)
    assert day.why.misses(parse("rag mamba -(gödel OR x)"), PAPER.id) == ("no mamba", "has godel")
    assert day.why.misses(parse("rag"), PAPER.id) == ()
    with pytest.raises(KeyError):
        day.why.misses(parse("rag"), "arxiv:0000.00000")


# ---------------------------------------------------------------- what interests select


A = paper("2603.00001", title="Language models that reason", abstract="", signals=(upvotes(30),))
B = paper("2603.00002", title="Pruning trees", abstract="", signals=(upvotes(3),))
C = paper("2603.00003", title="Cooking", abstract="A language model cooks.", signals=(upvotes(9),))
D = paper("2603.00004", title="Weather", abstract="It rains.", signals=(upvotes(90),))
DAY = corpus(A, B, C, D, scores=(0.3, 0.1, 0.2, 0.9))


@pytest.mark.parametrize(
    ("interests", "expected"),
    [
        (Interests(), ["4", "1", "3", "2"]),
        (Interests(topics=("llm",)), ["1", "3"]),
        (Interests(topics=("llm",), filters=("weather",)), ["4", "1", "3"]),
        (Interests(topics=("llm",), exclude=("cook*",)), ["1"]),
        (Interests(exclude=("weather", "topic:llm")), ["2"]),
        (Interests(topics=("llm",), min_upvotes=10), ["1"]),
        (Interests(min_upvotes=10), ["4", "1"]),
        (Interests(topics=("llm",), top=1), ["4", "1", "3"]),
        (Interests(topics=("llm",), top=1, exclude=("weather",)), ["1", "3"]),
        (Interests(topics=("llm",), top=1, min_upvotes=99), ["4"]),
        (Interests(filters=("prun*",), top=2, max_papers=2), ["4", "1"]),
        (Interests(filters=("prun*", "cooking"), top=1, max_papers=2), ["4", "3"]),
        (Interests(topics=("llm",), max_papers=1), ["1"]),
        (Interests(max_papers=0), []),
        (Interests(filters=("nothing",)), []),
        (Interests(topics=("gone",), filters=("topic:gone",)), []),
        (Interests(topics=("llm",), exclude=("topic:gone",)), ["1", "3"]),
    ],
)
def test_interests_select(interests: Interests, expected: list[str]) -> None:
    assert ids(DAY.one.match(interests)) == [f"2603.0000{number}" for number in expected]


def test_a_paper_that_was_sent_does_not_come_again_and_the_next_takes_its_place_at_the_top() -> None:
    assert ids(DAY.one.match(Interests(), sent={D.id})) == [p.id.removeprefix("arxiv:") for p in (A, C, B)]
    assert ids(DAY.one.match(Interests(filters=("prun*",), top=1), sent={D.id})) == [
        "2603.00002",
        "2603.00001",
    ]


def test_without_filters_the_reason_is_the_number_that_trends() -> None:
    notes = [match.reasons[0] for match in DAY.one.match(Interests(max_papers=1))]
    assert notes == [Reason(ReasonKind.TRENDING, note="90 upvotes")]
    assert corpus(paper()).one.match(Interests())[0].reasons == (
        Reason(ReasonKind.TRENDING, note="newly listed"),
    )
    once = corpus(paper(signals=(upvotes(1),))).one.match(Interests())[0].reasons
    assert once == (Reason(ReasonKind.TRENDING, note="1 upvote"),)


def test_a_paper_at_the_top_that_also_matches_says_both() -> None:
    (match,) = DAY.one.match(Interests(filters=("weather",), top=1))
    assert [reason.kind for reason in match.reasons] == [ReasonKind.FILTER, ReasonKind.TRENDING]


def test_a_curators_pick_is_said_beside_the_rest() -> None:
    picked = paper(title="Weather", signals=(Signal(SignalKind.PICK, "curator", 1, NOW),))
    (match,) = corpus(picked).one.match(Interests(filters=("weather",)))
    assert [reason.kind for reason in match.reasons] == [ReasonKind.FILTER, ReasonKind.PICK]


def test_a_topics_reason_names_the_topic_and_a_filters_reason_the_filter() -> None:
    (match,) = DAY.one.match(Interests(topics=("llm",), filters=("cooking",)), sent={A.id})
    assert [(reason.kind, reason.filter, reason.term) for reason in match.reasons] == [
        (ReasonKind.FILTER, "cooking", "Cooking"),
        (ReasonKind.TOPIC, "llm", "language model"),
    ]


def test_reasons_are_few_none_twice_and_each_filter_has_its_own_first() -> None:
    words = ("alpha", "beta", "gamma", "delta", "epsilon")
    wordy = paper(title="Alpha beta gamma delta", abstract="Epsilon and alpha, Alpha.")
    interests = Interests(filters=(" OR ".join(words), "alpha", "epsilon"))
    (match,) = corpus(wordy).one.match(interests)
    terms = [reason.term for reason in match.reasons]
    assert len(terms) == len(set(map(str.casefold, terms))) == 4
    assert {"Alpha", "Epsilon"} <= set(terms)
    assert terms[-1] == "Epsilon"


def test_a_term_inside_a_longer_one_is_no_reason_of_its_own() -> None:
    nested = paper(title="Large language models", abstract="A language model, small.")
    (match,) = corpus(nested).one.match(
        Interests(filters=('"language model" OR "large language model" OR large', "model", "abs:model"))
    )
    assert [(reason.field, reason.term) for reason in match.reasons] == [
        (Field.TITLE, "Large language models"),
        (Field.ABSTRACT, "model"),
    ]


# ---------------------------------------------------------------- score and order


def test_the_score_is_trend_and_fit_with_their_weight() -> None:
    assert [match.score for match in DAY.one.match(Interests(topics=("llm",)))] == pytest.approx(
        [0.3 + 0.5 * 0.7, 0.2 + 0.5 * 0.25]  # a title; an abstract of one sentence
    )
    plain = corpus(A, scores=(0.3,), fit_weight=0.0)
    assert [match.score for match in plain.one.match(Interests(topics=("llm",)))] == [0.3]


def test_a_title_fits_better_than_an_abstract_and_more_terms_better_than_one() -> None:
    titled = paper("2603.00001", title="Mamba", abstract="")
    abstracted = paper("2603.00002", title="x", abstract="mamba")
    both = paper("2603.00003", title="Mamba", abstract="vision")
    matches = corpus(titled, abstracted, both).one.match(Interests(filters=("mamba OR vision",)))
    assert ids(matches) == ["2603.00003", "2603.00001", "2603.00002"]


def test_ties_break_by_upvotes_comments_publication_and_id() -> None:
    base = paper("2603.00009", signals=(upvotes(1),))
    papers = [
        replace(base, id="arxiv:1", signals=(upvotes(2),)),
        replace(base, id="arxiv:2", signals=(upvotes(1), Signal(SignalKind.COMMENTS, "x", 1, NOW))),
        replace(base, id="arxiv:3", published_at=NOW + timedelta(hours=1)),
        replace(base, id="arxiv:4"),
        replace(base, id="arxiv:5"),
        replace(base, id="arxiv:6", published_at=None),
    ]
    assert ids(corpus(*reversed(papers)).one.match(Interests())) == list("123456")


# ---------------------------------------------------------------- laws


VOCABULARY = (
    "mamba",
    "Vision",
    "quantized",
    "LLM",
    "state",
    "space",
    "naïve",
    "robot-arm",
    "GPT-4",
    "M³",
    "C++",
)
TEXTS = st.lists(st.sampled_from(VOCABULARY), max_size=8).map(" ".join)
FILTERS = st.lists(
    st.sampled_from(
        [
            "mamba",
            "ti:vision",
            '"state space"',
            "=LLM",
            "quant*",
            "naive",
            "cat:cs.CL",
            "upvotes>=5",
            "robot",
            "au:dao",
        ]
    ),
    min_size=1,
    max_size=3,
    unique=True,
).flatmap(lambda terms: st.sampled_from([" ".join(terms), " OR ".join(terms), " -".join(terms)]))
STORED = FILTERS.map(lambda text: canonical(parse(text)))
PAPERS = st.lists(
    st.builds(
        paper,
        st.integers(1, 99).map("2603.{:05}".format),
        title=TEXTS,
        abstract=TEXTS,
        authors=st.sampled_from([(), ("Tri Dao",), ("Ada Lovelace", "T. Dao")]),
        categories=st.sampled_from([(), ("cs.CL",), ("math.GT", "cs.CV")]),
        signals=st.integers(0, 9).map(lambda value: (upvotes(value),)),
    ),
    unique_by=lambda each: each.id,
    max_size=8,
)
INTERESTS = st.builds(
    Interests,
    topics=st.sets(st.sampled_from(["llm", "efficiency", "small"]), max_size=2).map(tuple),
    filters=st.lists(STORED, max_size=3).map(tuple),
    exclude=st.lists(STORED, max_size=1).map(tuple),
    min_upvotes=st.integers(0, 5),
    top=st.integers(0, 3),
    max_papers=st.integers(0, 5),
)


def ranked(papers: list[Paper]) -> list[Ranked]:
    return [Ranked(each, each.latest(SignalKind.UPVOTES) % 3 / 3) for each in papers]


@given(PAPERS, INTERESTS, st.data())
def test_what_comes_keeps_all_promises(
    papers: list[Paper], interests: Interests, data: st.DataObject
) -> None:
    sent = frozenset(data.draw(st.sets(st.sampled_from([p.id for p in papers])))) if papers else frozenset()
    matches = Corpus(ranked(papers), LIBRARY).one.match(interests, sent)
    assert len(matches) <= interests.max_papers
    assert not sent & {match.paper.id for match in matches}
    assert len({match.paper.id for match in matches}) == len(matches)
    excluded = {
        match.paper.id
        for text in interests.exclude
        for match in Corpus(ranked(papers), LIBRARY).search(LIBRARY.tree(text))
    }
    assert not excluded & {match.paper.id for match in matches}
    shuffled = data.draw(st.permutations(papers))
    assert Corpus(ranked(shuffled), LIBRARY).one.match(interests, sent) == matches
    assert [match.score for match in matches] == sorted((match.score for match in matches), reverse=True)


@given(PAPERS, INTERESTS)
def test_every_reason_stands_where_it_says(papers: list[Paper], interests: Interests) -> None:
    for match in Corpus(ranked(papers), LIBRARY).one.match(interests):
        assert match.reasons
        places = {
            Field.TITLE: match.paper.title,
            Field.ABSTRACT: match.paper.abstract,
        }
        lists = {Field.AUTHOR: match.paper.authors, Field.CATEGORY: match.paper.categories}
        for reason in match.reasons:
            if reason.field in places:
                assert reason.term
                assert places[reason.field][reason.start : reason.end] == reason.term
            elif reason.field in lists:
                assert lists[reason.field][reason.start] == reason.term
            else:
                assert reason.note
            if reason.kind is ReasonKind.FILTER:
                assert reason.filter in interests.filters
            if reason.kind is ReasonKind.TOPIC:
                assert reason.filter in interests.topics


@given(PAPERS, STORED)
def test_a_filter_and_its_opposite_part_the_papers(papers: list[Paper], text: str) -> None:
    every = ("upvotes>=1", text)
    day = Corpus(ranked(papers), LIBRARY)
    selected, rest = (set(ids(day.search(parse(f"upvotes>=1 {sign}({every[1]})")))) for sign in ("", "-"))
    assert not selected & rest
    assert selected | rest == set(ids(day.search(parse(every[0]))))


@given(PAPERS, STORED)
def test_what_misses_nothing_is_selected(papers: list[Paper], text: str) -> None:
    day = Corpus(ranked(papers), LIBRARY)
    selected = {match.paper.id for match in day.search(LIBRARY.tree(text))}
    for each in papers:
        assert (each.id in selected) is (day.why.misses(LIBRARY.tree(text), each.id) == ())


# ---------------------------------------------------------------- the library


def test_topics_may_stand_on_other_topics() -> None:
    both = paper(title="Quantization of language models")
    matches = corpus(both, A).one.match(Interests(topics=("small",)))
    assert [match.paper for match in matches] == [both]


@pytest.mark.parametrize(
    ("expressions", "said"),
    [
        ({"a": "topic:a OR x"}, "topic a: it refers back to itself (a → a)"),
        (
            {"a": "topic:b", "b": "x -topic:c", "c": "topic:b"},
            "topic b: it refers back to itself (b → c → b)",
        ),
        ({"a": "topic:bb", "b": "x"}, "topic a: “bb” is not a topic"),
        ({"a": "(x"}, "topic a: this bracket is never closed"),
        ({"a": ""}, "topic a: the filter is empty"),
    ],
)
def test_a_topic_that_can_not_be_is_refused_by_name(expressions: dict[str, str], said: str) -> None:
    library = Library(Topic(slug, slug, expression) for slug, expression in expressions.items())
    for _ in range(2):
        with pytest.raises(FilterError) as caught:
            library.topics["a"]
        assert caught.value.message.startswith(said)


def test_a_topic_is_read_with_those_that_it_names_and_without_others() -> None:
    expressions = [("a", "topic:b"), ("b", "x"), ("c", "(never closed")]
    library = Library(Topic(slug, slug, text) for slug, text in expressions)
    assert library.topics["a"] == parse("topic:b", topics={"b"})
    assert library.topics.get("gone") is None
    assert "c" in library.topics
    with pytest.raises(FilterError, match="topic c"):
        library.topics["c"]
    assert library.topics.get("c") is None


def test_topics_may_share_a_topic() -> None:
    library = Library(
        Topic(slug, slug, text) for slug, text in [("a", "topic:c"), ("b", "topic:c topic:a"), ("c", "x")]
    )
    assert set(dict(library.topics)) == {"a", "b", "c"}


def test_a_topic_that_can_not_be_read_selects_nothing_and_stops_no_other() -> None:
    topics = [Topic("broken", "Broken", "(x"), Topic("models", "Models", "models OR topic:broken")]
    found = Corpus(
        ranked([paper(title="Small models")]), Library([*topics, Topic("small", "Small", "small")])
    )
    assert {slug: len(papers) for slug, papers in found.of_topics().items()} == {
        "broken": 0,
        "models": 0,
        "small": 1,
    }
    assert len(found.one.match(Interests(topics=("broken", "small")))) == 1


def test_a_stored_filter_is_read_though_its_topic_or_category_is_gone() -> None:
    assert LIBRARY.tree("cat:old.XX OR topic:gone") is LIBRARY.tree("cat:old.XX OR topic:gone")


@given(interests=st.builds(Interests, filters=st.lists(STORED, max_size=3).map(tuple)), papers=PAPERS)
def test_the_arithmetic_that_is_shown_is_that_of_the_score(interests: Interests, papers: list[Paper]) -> None:
    day = corpus(*papers)
    for match in day.one.match(interests):
        sums = day.why.arithmetic(interests, match.paper.id)
        assert sums.score == match.score
        assert all(1 <= each.points <= 7 for each in sums.filters)
