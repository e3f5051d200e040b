"""The index selects what the plain meaning of a filter selects, and its order doesn't depend on its cuts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from digest.domain import Paper, SignalKind
from digest.errors import InputError
from digest.filters import parse
from digest.match.document import Document
from digest.match.evaluate import evaluate
from digest.search import Engine, Known, Order, Query, Segment, build, merge, read, terms
from digest.search.engine import Found, least_of_highest
from digest.search.shown import Shown
from tests.builders import NOW, paper
from tests.likeness import comparing
from tests.match.test_engine import FILTERS, LIBRARY, PAPER, WORDS

LONG = settings(deadline=None, max_examples=40)  # each example builds several segments
PAPERS = st.lists(PAPER, unique_by=lambda each: each.id, max_size=14).map(
    lambda listed: [replace(each, pk=number + 1) for number, each in enumerate(listed)]
)
CUTS = st.lists(st.integers(0, 14), max_size=3)
PLAIN = st.lists(
    st.sampled_from([*(word.lower() for word in WORDS), "language", "models", "absent"]), max_size=4
)


def segment(papers: Sequence[Paper], gone: Sequence[int] = ()) -> Segment:
    packed, taken = build(papers, gone)
    assert taken == len(papers)
    return Segment(packed)


def cut(papers: Sequence[Paper], cuts: Sequence[int]) -> list[Segment]:
    """The papers in segments that are cut at these places."""
    return [segment(papers[a:b]) for a, b in pairwise([0, *sorted(cuts), len(papers)])]


def known(papers: Sequence[Paper]) -> Known:
    """The topics and signals that filters of these tests ask for."""
    numbers = np.array([each.pk for each in papers], np.int64)
    compare = {each.pk: comparing(each) for each in papers}

    def alike(wanted: str, segment: Segment) -> NDArray[np.bool_]:
        return np.array([compare[int(pk)](wanted).holds for pk in segment.numbers], np.bool_)

    kinds = (SignalKind.UPVOTES, SignalKind.COMMENTS, SignalKind.STARS, SignalKind.PICK)
    return Known(
        LIBRARY.topics,
        {kind: (numbers, np.array([each.latest(kind) for each in papers], np.int64)) for kind in kinds},
        alike,
    )


def found(engine: Engine, text: str, limit: int = 50, **how: object) -> list[int]:
    return [hit.number for hit in answer(engine, text, limit, **how).hits]


def answer(engine: Engine, text: str, limit: int = 50, **how: object) -> Found:
    query = read(parse(text), tuple(text.casefold().split()))
    return engine.search(query, Known(), limit=limit, **how)  # type: ignore[arg-type] # options by name


def about(number: int, title: str, abstract: str = "", **fields: object) -> Paper:
    return paper(f"2603.{number:05}", title=title, abstract=abstract, pk=number, **fields)


@LONG
@given(PAPERS, CUTS, FILTERS)
def test_the_index_selects_what_the_plain_meaning_of_a_filter_selects(
    papers: list[Paper], cuts: list[int], text: str
) -> None:
    tree = LIBRARY.tree(text)
    right = [
        each.pk
        for each in papers
        if evaluate(tree, Document.of(each, comparing(each)), LIBRARY.topics) is not None
    ]
    segments = cut(papers, cuts)
    assert Engine(segments).numbers(tree, known(papers)).tolist() == right
    merged = Segment(merge(segments, is_first=True))
    assert Engine([merged]).numbers(tree, known(papers)).tolist() == right


@LONG
@given(PAPERS, CUTS, PLAIN, FILTERS)
def test_the_order_and_the_scores_do_not_depend_on_how_papers_are_cut(
    papers: list[Paper], cuts: list[int], words: list[str], text: str
) -> None:
    query = Query(tuple(dict.fromkeys(words)), LIBRARY.tree(text) if len(words) % 2 else None)
    whole = Engine([segment(papers)]).search(query, known(papers), limit=20)
    segments = cut(papers, cuts)
    assert Engine(segments).search(query, known(papers), limit=20) == whole
    merged = Segment(merge(segments, is_first=True))
    assert Engine([merged]).search(query, known(papers), limit=20) == whole


@LONG
@given(PAPERS, CUTS, PLAIN, st.integers(1, 5), st.sampled_from(list(Order)))
def test_pages_together_are_the_one_long_page(
    papers: list[Paper], cuts: list[int], words: list[str], limit: int, order: Order
) -> None:
    engine = Engine(cut(papers, cuts))
    query = Query(tuple(dict.fromkeys(words)), None)
    whole = engine.search(query, Known(), limit=100, order=order)
    pages = [engine.search(query, Known(), limit=limit, order=order)]
    while pages[-1].more:
        pages.append(engine.search(query, Known(), limit=limit, order=order, after=pages[-1].hits[-1].place))
    assert [hit for page in pages for hit in page.hits] == list(whole.hits)
    assert len(whole.hits) == whole.total == pages[-1].total


@LONG
@given(PAPERS, st.data())
def test_a_newer_segment_replaces_papers_and_takes_them_away(
    papers: list[Paper], data: st.DataObject
) -> None:
    numbers = [each.pk for each in papers]
    changed = data.draw(st.sets(st.sampled_from(numbers)) if numbers else st.just(set()))
    gone = data.draw(st.sets(st.sampled_from(numbers)) if numbers else st.just(set())) - changed
    newer = [replace(each, title="something else", abstract="") for each in papers if each.pk in changed]
    segments = [segment(papers), segment(newer, sorted(gone))]
    right = [each.pk for each in papers if each.pk not in changed | gone]
    right = sorted(right + [each.pk for each in newer])
    everything = Query((), None)
    for cut_so in (
        segments,
        [Segment(merge(segments, is_first=True))],
        [*segments[:1], segment([], []), segments[1]],
    ):
        hits = Engine(cut_so).search(everything, Known(), limit=100).hits
        assert sorted(hit.number for hit in hits) == right
    later = Segment(merge([segments[1]], is_first=False))
    assert (
        sorted(hit.number for hit in Engine([segments[0], later]).search(everything, Known(), limit=100).hits)
        == right
    )


@pytest.mark.parametrize("reverse", [False, True])
def test_papers_that_say_the_phrase_lead_whatever_their_ids(reverse: bool) -> None:
    texts = [
        ("Utilization of memory in a model", "We count FLOPs. The model has a low utilization of FLOPs."),
        ("Training at scale", "We reach a model FLOPs utilization of 55 percent on the model that we train."),
        ("Utilization, FLOPs and the model", "FLOPs of a model and the utilization of each model."),
        ("Other things", "Nothing that anybody looks for."),
    ]
    numbers = [4, 3, 2, 1] if reverse else [1, 2, 3, 4]
    papers = [about(number, *text) for number, text in zip(numbers, texts, strict=True)]
    assert found(Engine([segment(papers)]), "Model FLOPs Utilization")[0] == numbers[1]


def test_of_papers_about_mfu_either_form_finds_the_other() -> None:
    explain = "We report the Model FLOPs Utilization (MFU) of our runs."
    papers = [
        about(1, "Runs at scale", explain),
        about(2, "More runs", explain),
        about(3, "MFU of large clusters", "MFU matters."),
        about(4, "Clusters", "The model FLOPs utilization is low."),
        about(5, "Models", "A model."),
    ]
    engine = Engine([segment(papers)])
    assert set(found(engine, "MFU")) == {1, 2, 3, 4}
    long = answer(engine, "model flops utilization")
    assert {1, 2, 4} == {hit.number for hit in long.hits[:3]}
    assert long.hits[3].number == 3
    assert long.expanded == (("model flops utilization", "mfu"),)


def test_a_paper_that_has_every_word_leads_those_that_have_one_often() -> None:
    papers = [
        about(1, "Quantization quantization", "Quantization " * 9),
        about(2, "On things", "Here quantization of rare transformers is studied among other things."),
    ]
    assert found(Engine([segment(papers)]), "quantization transformers") == [2, 1]


def test_a_misspelt_word_is_corrected_and_told_unless_taken_as_typed() -> None:
    papers = [about(n, "Quantization of models", "Quantization.") for n in range(1, 5)]
    engine = Engine([segment(papers)])
    corrected = answer(engine, "quantizaton")
    assert corrected.corrected == (("quantizaton", "quantization"),)
    assert len(corrected.hits) == 4
    as_typed = answer(engine, "quantizaton", as_typed=True)
    assert (as_typed.hits, as_typed.unknown) == ((), ("quantizaton",))


def test_where_no_paper_has_every_word_others_of_one_root_count() -> None:
    papers = [
        about(1, "Recognition of handwriting", "Handwritten letters."),
        about(2, "Clothes", "We recognize nothing."),
        about(3, "Letters", "Recognition and handwriting of letters from photographs."),
    ]
    engine = Engine([segment(papers)])
    found_all = answer(engine, "recognize handwriting photograph")
    assert found_all.hits[0].number == 3
    assert (found_all.complete, found_all.total) == (0, 3)
    assert "recognition" in found_all.idfs
    as_typed = answer(engine, "recognize letters handwriting", as_typed=True)
    assert "recognition" not in as_typed.idfs


def test_where_a_paper_has_every_word_only_those_that_were_typed_count() -> None:
    papers = [
        about(1, "Recognition", "Recognition of clothes, recognition of all."),
        about(2, "On things", "We recognize clothes among other things."),
        about(3, "Recognition", "Nothing else."),
    ]
    result = answer(Engine([segment(papers)]), "recognize clothes")
    assert ([hit.number for hit in result.hits], result.total) == ([2, 1], 2)


def test_what_is_kept_of_terms_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "MOST_KEPT", 3)
    papers = [about(n, f"word{n} mamba") for n in range(1, 6)]
    kept = terms.Terms(Shown([segment(papers)]))
    for _ in range(2):
        assert [len(kept.of(word).papers) for word in ("word1", "mamba", "word2", "absent")] == [1, 5, 1, 0]


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, 2.5, 7.0]), max_size=3000), st.integers(1, 40))
def test_the_least_of_the_highest_values_is_that_of_all_sorted(values: list[float], count: int) -> None:
    ordered = sorted(values, reverse=True)
    right = ordered[count - 1] if count < len(values) else -np.inf
    assert least_of_highest(np.array(values), count) == right


def test_filters_hold_strictly_beside_words_that_rank() -> None:
    papers = [
        about(1, "Mamba for vision", categories=("cs.CV",)),
        about(2, "Mamba for language", categories=("cs.CL",)),
        about(3, "A survey of mamba", categories=("cs.CL",)),
        about(4, "Something else", categories=("cs.CL",)),
    ]
    assert found(Engine([segment(papers)]), "mamba speech cat:cs.CL -survey") == [2]


def test_by_date_papers_with_one_word_of_many_do_not_come_before_those_with_all() -> None:
    papers = [
        about(1, "Sparse attention", first_seen_at=NOW - timedelta(days=9)),
        about(2, "Attention", first_seen_at=NOW),
        about(3, "Sparse attention again", first_seen_at=NOW - timedelta(days=3)),
    ]
    assert found(Engine([segment(papers)]), "sparse attention", order=Order.DATE) == [3, 1]


def test_counts_are_those_of_all_results() -> None:
    papers = [about(n, "Mamba", categories=("cs.CL",) if n % 2 else ("cs.CV", "cs.CL")) for n in range(1, 10)]
    counts = answer(Engine([segment(papers)]), "mamba", 2).counts
    assert (counts["cat:cs.CL"], counts["cat:cs.CV"], counts["year:2026"], counts["source:arxiv"]) == (
        9,
        4,
        9,
        9,
    )


def test_a_text_of_more_words_than_a_slot_is_found_to_its_end_and_no_phrase_crosses_papers() -> None:
    long = " ".join(["filler"] * 255 + ["sparse", "attention", "end"])
    papers = [
        about(1, "One", long),
        about(2, "Two", " ".join(["filler"] * 255 + ["sparse"])),
        about(3, "attention"),
    ]
    assert found(Engine([segment(papers)]), '"sparse attention"') == [1]
    assert found(Engine([segment(papers)]), '"attention end"') == [1]


def test_a_segment_takes_as_many_papers_as_fit_and_says_so() -> None:
    papers = [about(n, "a " * 60_000, "b " * 60_000) for n in range(1, 200)]
    packed, taken = build(papers)
    assert 0 < taken < len(papers)
    assert len(Segment(packed)) == taken


@pytest.mark.parametrize("size", [0, 20, 100, -70])
def test_a_segment_that_is_not_whole_is_refused(size: int) -> None:
    packed, _ = build([about(1, "Mamba", "Some text.")])
    for spoilt in (packed[:size], b"x" + packed[1:]):
        with pytest.raises(InputError):
            Segment(spoilt)


def test_an_empty_index_answers() -> None:
    for segments in ([], [segment([])]):
        assert answer(Engine(segments), "mamba").total == 0
