"""`like:ID`: each id is looked up once, explained by its title, and says why where nothing is like it."""

from digest.domain import Interests, Ranked, Topic
from digest.filters import parse
from digest.match import Corpus, Library
from tests.builders import paper
from tests.likeness import TITLE, LikenessById, comparing

LIBRARY = Library([Topic("alike", "Alike", "like:2603.00014 OR like:2603.00013")])
PAPERS = [paper(f"2603.{number:05}", title=f"Paper {number}") for number in range(100, 200)]
RANKED = [Ranked(each, number / 1000) for number, each in enumerate(PAPERS)]


def test_each_distinct_id_is_looked_up_once() -> None:
    likeness = LikenessById()
    corpus = Corpus(RANKED, LIBRARY, likeness=likeness)
    assert likeness.asked == []
    for filters in (("like:2603.00014", "like:2603.00012"), ("mamba like:2603.00014",)):
        corpus.one.match(Interests(filters=filters, topics=("alike",)))
    assert sorted(likeness.asked) == ["arxiv:2603.00012", "arxiv:2603.00013", "arxiv:2603.00014"]


def test_a_match_is_explained_by_the_title_of_the_paper_that_it_is_like() -> None:
    corpus = Corpus(RANKED, LIBRARY, likeness=LikenessById())
    matches = corpus.one.match(Interests(filters=("like:2603.00014",), max_papers=100))
    right = {each.id for each in PAPERS if comparing(each)("arxiv:2603.00014").holds}
    assert {match.paper.id for match in matches} == right
    assert 0 < len(right) < len(PAPERS)
    assert {reason.note for match in matches for reason in match.reasons} == {f"like: {TITLE}"}


def test_like_saved_is_explained_by_the_titles_of_the_papers_that_were_saved() -> None:
    corpus = Corpus(RANKED, LIBRARY, likeness=LikenessById())
    interests = Interests(filters=("like:saved",), topics=("alike",), max_papers=100)
    matches = corpus.one.match(interests, saved=(14, 12))
    notes = {(reason.kind.value, reason.note) for match in matches for reason in match.reasons}
    assert notes == {("filter", f"like: {TITLE} you saved"), ("topic", f"like: {TITLE}")}
    only = Interests(filters=("like:saved",), max_papers=100)
    right = {
        each.id
        for each in PAPERS
        for liked in ("14", "12")
        if comparing(each)(f"arxiv:2603.000{liked}").holds
    }
    assert {match.paper.id for match in corpus.one.match(only, saved=(14, 12))} == right
    assert corpus.one.match(only) == ()


def test_each_saved_paper_is_looked_up_once_for_all_readers() -> None:
    likeness = LikenessById()
    corpus = Corpus(RANKED, LIBRARY, likeness=likeness)
    for filters in (("like:saved",), ("like:saved cat:cs",), ("mamba",)):
        corpus.one.match(Interests(filters=filters), saved=(14, 12, 99_999))
    assert sorted(likeness.asked) == ["arxiv:2603.00012", "arxiv:2603.00014"]


def test_why_a_paper_is_like_none_that_were_saved() -> None:
    corpus = Corpus(RANKED, LIBRARY, likeness=LikenessById())
    other = next(each for each in PAPERS if not comparing(each)("arxiv:2603.00014").holds)
    tree = parse("like:saved")
    assert corpus.why.misses(tree, other.id, (14,)) == ("no like:saved (not like the paper saved)",)
    assert corpus.why.misses(tree, other.id) == ("no like:saved (no papers are saved)",)
    assert corpus.why.misses(tree, other.id, (14, 99_998, 14)) == (
        "no like:saved (like none of the 2 papers saved)",
    )
    alike = next(each for each in PAPERS if comparing(each)("arxiv:2603.00014").holds)
    assert corpus.why.misses(tree, alike.id, (14,)) == ()


def test_what_nothing_is_like_says_why() -> None:
    corpus = Corpus(RANKED, LIBRARY, likeness=LikenessById())
    unknown = parse("like:2603.99999")
    assert corpus.search(unknown) == ()
    lacks = corpus.why.misses(unknown, PAPERS[0].id)
    assert lacks == ("no like:2603.99999 (there is no paper 2603.99999 here)",)
    other = next(each for each in PAPERS if not comparing(each)("arxiv:2603.00014").holds)
    (miss,) = corpus.why.misses(parse("like:2603.00014"), other.id)
    assert miss.startswith("no like:2603.00014 (")
    assert Corpus(RANKED, LIBRARY).search(parse("like:2603.00014")) == ()
    assert Corpus(RANKED, LIBRARY).why.misses(parse("like:2603.00014"), other.id) == (
        "no like:2603.00014 (papers can't be compared here)",
    )
