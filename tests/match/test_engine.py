"""The engine for many subscribers at once selects what the naive loop does: same papers, order and scores."""

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Interests, Paper, Ranked, Signal, SignalKind, Topic
from digest.errors import FilterError
from digest.filters import TopicRef, canonical, parse, parse_stored
from digest.match import Cohort, Corpus, Library, Lists, unpack, unpack_sent
from digest.match.bits.index import Index
from digest.match.bits.rows import points as points_of_all
from digest.match.document import Document
from digest.match.evaluate import points
from digest.packed import encode, filters_of
from digest.store.columns import pack
from tests.builders import NOW, paper, upvotes
from tests.likeness import LikenessById, comparing
from tests.naive_match import NaiveCorpus

LIBRARY = Library(
    [
        Topic("llm", "Language models", '"language model" OR =LLM OR ti:mamba'),
        Topic("small", "Small models", "(quantized OR prun*) -vision"),
        Topic("both", "Both", "topic:llm topic:small"),
    ]
)
WORDS = (
    "mamba",
    "Vision",
    "quantized",
    "pruning",
    "LLM",
    "state",
    "space",
    "naïve",
    "robot-arm",
    "C++",
    "強化",
)
LEAVES = (
    *("mamba", "vision", "=LLM", "=llm", "quant*", "prun*", "naive", "robot", "c++", "強化", "absent"),
    *('"state space"', '"robot arm"', '"language model"', '="State space"', "ti:vision", "abs:state"),
    *("cat:cs", "cat:cs.CL", "au:dao", 'au:"tri dao"', "id:2603.00001", "has:code", "source:huggingface"),
    *("org:lab", 'org:"example lab"', 'keyword:"world model"', "keyword:robots", "has:project", "has:pick"),
    *("year:2025", "year:2024-2025", "year:2026-"),
    *("upvotes>=5", "comments>=1", "topic:llm", "topic:both", "topic:gone"),
    *("like:2603.00001", "like:2603.00500", "like:2603.00042", "like:2603.99999"),
    *("like:saved", "like:saved", "like:saved"),
    *("realm", "re-alm", "robotarm", "re*", "ro*", "go"),
)
TEXTS = st.lists(
    st.sampled_from(
        [*WORDS, "language", "models", "statespace", "robotarm", "realm", "re", "Alm. Go", "End."]
    ),
    max_size=14,
).map(" ".join)
PAPER = st.builds(
    paper,
    st.integers(1, 999).map("2603.{:05}".format),
    title=TEXTS,
    abstract=TEXTS,
    authors=st.sampled_from([(), ("Tri Dao",), ("Ada Lovelace", "T. Dao")]),
    categories=st.sampled_from([(), ("cs.CL",), ("math.GT", "cs.CV")]),
    code_url=st.sampled_from(["", "https://github.com/x/y"]),
    project_url=st.sampled_from(["", "https://x.example.org"]),
    organization=st.sampled_from(["", "Example Lab", "The Example Lab of Robots", "Labour"]),
    keywords=st.sampled_from([(), ("World Models",), ("robot", "world-model"), ("world",)]),
    published_at=st.sampled_from([None, NOW, NOW.replace(year=2025), NOW.replace(year=2023)]),
    sources=st.sampled_from([("arxiv",), ("arxiv", "HuggingFace")]),
    signals=st.integers(0, 9).map(
        lambda value: (upvotes(value), Signal(SignalKind.PICK, "curator", value % 2, NOW))
    ),
)
DAYS = st.lists(PAPER, unique_by=lambda each: each.id, max_size=12)


def _joined(parts: Sequence[str]) -> st.SearchStrategy[str]:
    inside = [f"({part})" for part in parts]
    return st.sampled_from([" ".join(inside), " OR ".join(inside), " -".join(inside), f"-(-{inside[0]})"])


FILTERS = st.recursive(
    st.sampled_from(LEAVES),
    lambda part: st.lists(part, min_size=1, max_size=3).flatmap(_joined),
    max_leaves=6,
).map(lambda text: canonical(parse(text, topics=None)))
OWN = st.recursive(
    st.sampled_from(["like:saved", "like:saved", "mamba", "cat:cs.CL", "like:2603.00042", "upvotes>=5"]),
    lambda part: st.lists(part, min_size=1, max_size=3).flatmap(_joined),
    max_leaves=6,
).map(lambda text: canonical(parse(text)))
INTERESTS = st.builds(
    Interests,
    topics=st.sets(st.sampled_from(["llm", "small", "both", "gone"]), max_size=2).map(tuple),
    filters=st.lists(FILTERS, max_size=4).map(tuple),
    exclude=st.lists(FILTERS, max_size=1).map(tuple),
    min_upvotes=st.integers(0, 10),
    top=st.sampled_from([0, 0, 1, 3]),
    max_papers=st.integers(0, 6),
    about_only=st.booleans(),
)
SAVED = st.lists(
    st.sampled_from([1, 14, 42, 137, 500, 555, 731, 99_999]), unique=True, max_size=5
)  # papers by number
WEIGHTS = st.sampled_from([0.0, 0.3, 0.5, 7.0])


def ids_of(saved: Sequence[int]) -> list[str]:
    """The canonical ids of saved papers; the last isn't there."""
    likeness = LikenessById().ids(saved)
    return [likeness[number] for number in saved if number in likeness]


def ranked(papers: Sequence[Paper]) -> list[Ranked]:
    """Trend scores with many ties, also of sums with the fit."""
    return [Ranked(each, each.latest(SignalKind.UPVOTES) % 4 / 4) for each in papers]


class Numbers:
    """Filters by number, as the store gives them."""

    def __init__(self) -> None:
        self.of_text: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.of_text.setdefault(text, len(self.of_text) + 1)

    @property
    def texts(self) -> dict[int, str]:
        return {number: text for text, number in self.of_text.items()}

    def packed(self, interests: Interests) -> bytes:
        return pack(encode(interests, {text: self.number(text) for text in filters_of(interests)}))


def chosen(
    corpus: Corpus,
    people: Sequence[Interests],
    sent: Sequence[frozenset[str]] = (),
    saved: Sequence[Sequence[int]] = (),
) -> list[list[str]]:
    """The ids of the papers of each, by the engine, all at once."""
    numbers = Numbers()
    cohort = unpack([numbers.packed(interests) for interests in people], [pack(each) for each in saved])
    corpus.many.read(corpus.many.unread(cohort), numbers.texts)
    place = {each.id: number for number, each in enumerate(corpus.papers)}
    history = [
        [place[id_] for id_ in ids if id_ in place] for ids in sent or [frozenset[str]()] * len(people)
    ]
    gone = Lists.of(
        np.array([len(each) for each in history], np.int64), np.array([*chain(*history)], np.int64)
    )
    found = corpus.many.choose(cohort, gone)
    ends = found.offsets.tolist()
    ids = [corpus.papers[number].id for number in found.items.tolist()]
    return [ids[start:end] for start, end in pairwise(ends)]


@given(DAYS, st.lists(INTERESTS, max_size=8), WEIGHTS, st.data())
def test_the_engine_and_the_naive_loop_agree(
    papers: list[Paper], people: list[Interests], weight: float, data: st.DataObject
) -> None:
    histories = st.frozensets(st.sampled_from([*(p.id for p in papers), "arxiv:old"]))
    sent = [data.draw(histories) for _ in people]
    saved = [data.draw(SAVED) for _ in people]
    naive = NaiveCorpus(ranked(papers), LIBRARY, fit_weight=weight, comparing=comparing)
    corpus = Corpus(ranked(papers), LIBRARY, fit_weight=weight, likeness=LikenessById())
    expected = [
        naive.match(interests, gone, ids_of(liked))
        for interests, gone, liked in zip(people, sent, saved, strict=True)
    ]
    assert chosen(corpus, people, sent, saved) == [[p.id for p, _ in papers] for papers in expected]
    for interests, gone, liked, papers_of in zip(people, sent, saved, expected, strict=True):
        matches = corpus.one.match(interests, gone, liked)
        assert [(match.paper, match.score) for match in matches] == papers_of


@given(DAYS, st.lists(OWN, min_size=1, max_size=2), SAVED, WEIGHTS)
def test_like_saved_is_the_or_of_like_for_each_saved_paper(
    papers: list[Paper], filters: list[str], saved: list[int], weight: float
) -> None:
    """`like:saved` replaced by `(like:A OR like:B)` in the text; a filter that names A beside it counts A
    twice, so such papers aren't drawn."""
    ids = [each.removeprefix("arxiv:") for each in ids_of(saved)]
    ids = [each for each in ids if f"like:{each}" not in " ".join(filters)]
    either = " OR ".join(f"like:{each}" for each in ids or ["2603.99999"])
    spelled = [canonical(parse_stored(text.replace("like:saved", f"({either})"))) for text in filters]
    corpus = Corpus(ranked(papers), LIBRARY, fit_weight=weight, likeness=LikenessById())
    numbers = [int(each[-5:]) for each in ids]
    for interests, same in (
        (Interests(filters=tuple(filters)), Interests(filters=tuple(spelled))),
        (Interests(exclude=tuple(filters)), Interests(exclude=tuple(spelled))),
    ):
        alike, expected = corpus.one.match(interests, saved=numbers), corpus.one.match(same)
        assert [(m.paper, m.score) for m in alike] == [(m.paper, m.score) for m in expected]


@given(DAYS, FILTERS)
def test_the_points_of_all_papers_are_those_of_each(papers: list[Paper], text: str) -> None:
    tree = LIBRARY.tree(text)
    planes = points_of_all(tree, Index(papers, LikenessById()), LIBRARY.topics)
    for number, each in enumerate(papers):
        counted = sum((plane >> number & 1) << digit for digit, plane in enumerate(planes))
        assert counted == points(tree, Document.of(each, comparing(each)), LIBRARY.topics)
    assert all(plane >> len(papers) == 0 for plane in planes)


@given(DAYS, FILTERS, WEIGHTS)
def test_a_search_finds_what_a_filter_alone_selects(papers: list[Paper], text: str, weight: float) -> None:
    corpus = Corpus(ranked(papers), LIBRARY, fit_weight=weight, likeness=LikenessById())
    found = corpus.search(LIBRARY.tree(text))
    alone = corpus.one.match(Interests(filters=(text,), max_papers=99))
    assert [(match.paper, match.score) for match in found] == [(m.paper, m.score) for m in alone]
    assert corpus.search(LIBRARY.tree(text), 2) == found[:2]


@given(DAYS, WEIGHTS)
def test_the_papers_of_all_topics_are_those_that_a_search_for_each_finds(
    papers: list[Paper], weight: float
) -> None:
    corpus = Corpus(ranked(papers), LIBRARY, fit_weight=weight)
    searched = {slug: corpus.search(TopicRef(slug)) for slug in LIBRARY.topics}
    found = Corpus(ranked(papers), LIBRARY, fit_weight=weight).of_topics()
    assert found == {slug: tuple(match.paper for match in matches) for slug, matches in searched.items()}


@pytest.mark.parametrize("papers", [0, 1, 63, 64, 65, 200])
def test_any_number_of_papers(papers: int) -> None:
    day = [paper(f"2603.{n:05}", title="Mamba" if n % 3 else "Vision", abstract="") for n in range(papers)]
    people = [
        Interests(filters=("mamba",), max_papers=150),
        Interests(max_papers=1),
        Interests(filters=("mamba OR vision",), exclude=("mamba",), top=70, max_papers=200),
        Interests(filters=("mamba", "vision"), exclude=("mamba", "vision")),
    ]
    naive = NaiveCorpus(ranked(day), LIBRARY, fit_weight=0.3)
    corpus = Corpus(ranked(day), LIBRARY, fit_weight=0.3)
    expected = [[p.id for p, _ in naive.match(interests)] for interests in people]
    assert chosen(corpus, people) == expected
    assert len(expected[0]) == min(papers - len(range(0, papers, 3)), 150)
    assert expected[3] == []


@pytest.mark.parametrize("weight", [0.0, 0.1, 0.5, 3.0])
def test_they_agree_on_days_of_several_words_of_bits(weight: float) -> None:
    chance = random.Random(7)
    day = [
        paper(
            f"2603.{n:05}",
            title=" ".join(chance.choices(WORDS, k=2)),
            abstract=" ".join(chance.choices(WORDS, k=6)),
            signals=(upvotes(int(chance.paretovariate(1)) if chance.random() < 0.2 else 0),),
        )
        for n in range(300)
    ]
    trend = [Ranked(each, each.latest(SignalKind.UPVOTES) / 50 + chance.random() / 20) for each in day]
    stored = [canonical(parse(word)) for word in (*WORDS, "ti:mamba", '"state space"', "cat:cs")]
    people = [
        Interests(
            filters=tuple(dict.fromkeys(chance.choices(stored, k=chance.randint(0, 5)))),
            exclude=tuple(chance.choices(stored, k=chance.choice([0, 0, 1]))),
            min_upvotes=chance.choice([0, 0, 1]),
            top=chance.choice([0, 0, 0, 9]),
            max_papers=chance.choice([1, 5, 20, 100]),
        )
        for _ in range(40)
    ]
    naive = NaiveCorpus(trend, LIBRARY, fit_weight=weight)
    expected = [[p.id for p, _ in naive.match(interests)] for interests in people]
    assert chosen(Corpus(trend, LIBRARY, fit_weight=weight), people) == expected


def test_more_subscribers_than_a_chunk_keep_their_order() -> None:
    day = [paper("2603.00001", title="Mamba"), paper("2603.00002", title="Vision")]
    people = [Interests(filters=("mamba" if n % 7 else "vision",)) for n in range(5000)]
    found = chosen(Corpus(ranked(day), LIBRARY), people)
    assert found == [["arxiv:2603.00001" if n % 7 else "arxiv:2603.00002"] for n in range(5000)]


def test_nobody_gets_nothing() -> None:
    assert chosen(Corpus(ranked([paper()]), LIBRARY), []) == []
    assert Corpus([], LIBRARY).one.match(Interests(top=3)) == ()


def test_a_filter_without_text_selects_and_excludes_nothing() -> None:
    corpus = Corpus(ranked([paper(title="Mamba")]), LIBRARY)
    cohort = unpack([pack([0, 0, 20, *filters]) for filters in ([999], [-999], [1, 999])])
    assert corpus.many.unread(cohort) == [1, 999]
    corpus.many.read([1, 999], {1: "mamba"})
    assert corpus.many.unread(cohort) == []
    assert corpus.many.choose(cohort, Lists.empty(3)).counts.tolist() == [0, 1, 1]


def test_filters_that_one_beside_them_kept_from_being_read_are_read_the_next_time() -> None:
    corpus = Corpus(ranked([paper(title="On mamba")]), LIBRARY)
    cohort = unpack([pack([0, 0, 20, 1]), pack([0, 0, 20, 2])])
    with pytest.raises(FilterError):
        corpus.many.read([1, 2], {1: "mamba", 2: "(never closed"})
    assert corpus.many.unread(cohort) == [1, 2]
    corpus.many.read([1], {1: "mamba"})
    assert corpus.many.choose(unpack([pack([0, 0, 20, 1])]), Lists.empty(1)).counts.tolist() == [1]


def test_many_filters_of_one_subscriber_count_to_the_most_and_stay_there() -> None:
    day = [paper("2603.00001", title=" ".join(WORDS), abstract=""), paper("2603.00002", title="Vision")]
    words = tuple(canonical(parse(f"ti:{word}")) for word in ("mamba", "vision", "pruning", "state", "space"))
    corpus = Corpus(ranked(day), LIBRARY, fit_weight=1.0)
    first, second = corpus.one.match(Interests(filters=words))
    assert first.score == pytest.approx(1.0)
    assert second.score == pytest.approx(0.7)


def test_equal_sums_of_trend_and_fit_break_by_upvotes_not_by_trend() -> None:
    trendy = paper("2603.00001", title="x", abstract="mamba", signals=(upvotes(1),))  # fits by a quarter
    fitting = paper("2603.00002", title="Mamba", abstract="x", signals=(upvotes(2),))  # fits by 0.7
    day = [Ranked(trendy, 0.5), Ranked(fitting, 0.5 + 0.25 - 0.7)]
    corpus = Corpus(day, LIBRARY, fit_weight=1.0)
    matches = corpus.one.match(Interests(filters=("mamba",)))
    assert matches[0].score == matches[1].score
    assert [match.paper for match in matches] == [fitting, trendy]


@given(st.lists(INTERESTS, max_size=6))
def test_what_is_packed_is_unpacked(people: list[Interests]) -> None:
    numbers = Numbers()
    cohort = unpack([numbers.packed(interests) for interests in people])
    assert len(cohort) == len(people)
    for n, interests in enumerate(people):
        one: Cohort = cohort.part(slice(n, n + 1))
        wanted = [*(f"topic:{slug}" for slug in interests.topics), *interests.filters]
        assert one.wanted.items.tolist() == [*dict.fromkeys(map(numbers.number, wanted))]
        assert one.excluded.items.tolist() == [numbers.number(text) for text in interests.exclude]
        assert (one.min_upvotes[0], one.top[0], one.max_papers[0]) == (
            interests.min_upvotes,
            interests.top,
            interests.max_papers,
        )


def test_what_was_sent_is_read_as_numbers_of_todays_papers() -> None:
    messages = [(3, pack([70, 71])), (5, pack([])), (5, pack([99, 72])), (8, pack([70]))]
    sent = unpack_sent([3, 4, 5, 8], messages, {70: 0, 71: 4, 72: 2})
    assert sent.offsets.tolist() == [0, 2, 2, 3, 4]
    assert sent.items.tolist() == [0, 4, 2, 0]
    assert unpack_sent([3, 4], [], {70: 0}).counts.tolist() == [0, 0]
    assert unpack_sent([3], [(3, pack([70]))], {}).counts.tolist() == [0]


@given(FILTERS)
def test_a_plain_filter_is_read_to_the_same_tree(text: str) -> None:
    assert LIBRARY.tree(text) == parse(text, topics=None, categories=None)


PLAIN_LEAVES = ["cat:cs", "cat:cs.CL", "cat:math-ph", "ti:x", "-y", "OR", "like:2603.00001", "like:saved"]
PLAIN = st.from_regex(
    re.compile(r'[a-z0-9]{1,5}|"[a-z0-9]{1,5}( [a-z0-9]{1,5}){1,2}"', re.ASCII), fullmatch=True
)


@given(st.lists(PLAIN | st.sampled_from(PLAIN_LEAVES), min_size=1))
def test_plain_words_phrases_and_categories_are_read_to_the_same_tree(parts: list[str]) -> None:
    try:
        tree = parse(" ".join(parts), topics=None)
    except FilterError:
        return
    assert LIBRARY.tree(canonical(tree)) == tree


def test_a_paper_that_is_replaced_has_its_own_words() -> None:
    """Two titles never run into one another in the one array of words."""
    day = [paper("2603.00001", title="state", abstract="space"), paper("2603.00002", title="space")]
    assert Corpus(ranked(day), LIBRARY).search(parse('"state space"')) == ()
    whole = replace(day[0], title="a state space", signals=(Signal(SignalKind.STARS, "x", 1, NOW),))
    assert len(Corpus(ranked([whole]), LIBRARY).search(parse('"state space"'))) == 1
