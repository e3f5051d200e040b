"""Search by meaning: off unless a model is named, made in the background, never in the way of words."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from digest.errors import InputError
from digest.pipeline.catalog import similar
from digest.pipeline.catalog.ranking import meaning
from digest.pipeline.catalog.search import Search
from digest.pipeline.catalog.search_index import catch_up
from digest.pipeline.community import audit
from digest.pipeline.installation import Installation
from digest.search import Order
from digest.search.meaning import Vectors
from digest.store import papers, session
from digest.store.papers.tables.papers import PaperRow
from digest.words import fold, forms, written
from tests import meaning_model
from tests.builders import NOW, entry
from tests.installations import installation, store_entries
from tests.pipeline.catalog.test_similar import about


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Installation:
    made = installation(engine, tmp_path, semantic_model=str(meaning_model.write(tmp_path / "model")))
    titles = ["A dog", "A galaxy", "The galaxy of a nebula"]
    store_entries(engine, [entry(f"2603.{n:05}", title=t, abstract="") for n, t in enumerate(titles, 1)])
    catch_up(made)
    return made


def found(searching: Search, text: str, **how: object) -> list[str]:
    result = searching(text, NOW, **how)  # type: ignore[arg-type] # options by name
    return [item.paper.id.removeprefix("arxiv:2603.0000") for item in result.items]


def test_what_says_the_same_in_other_words_is_found_once_it_has_a_vector(site: Installation) -> None:
    searching = Search(site)
    assert found(searching, "hound") == []
    assert meaning.count_missing(site) == 3
    assert meaning.keep_up(site) == 3
    assert found(searching, "hound")[0] == "1"
    assert (meaning.keep_up(site), meaning.count_missing(site)) == (0, 0)
    assert found(searching, "hound", as_typed=True) == found(searching, "hound", order=Order.DATE) == []


def test_a_corrected_word_is_what_counts_in_the_meaning_of_a_description(
    engine: Engine, tmp_path: Path
) -> None:
    made = installation(engine, tmp_path, semantic_model=str(meaning_model.write(tmp_path / "model")))
    texts = [("A nebula", "hound hound hound"), ("A dog", ""), ("A galaxy", "quietly")]
    store_entries(engine, [entry(f"2603.{n:05}", title=t, abstract=a) for n, (t, a) in enumerate(texts, 1)])
    catch_up(made)
    meaning.keep_up(made)
    typed = "huond quietly seen somewhere yesterday morning"
    searching = Search(made)
    assert searching(typed, NOW).corrections == (("huond", "hound"),)
    assert "2" in found(searching, typed)
    # A paper is remembered by few words: where one was corrected, words alone find it.
    assert sorted(found(searching, "huond quietly")) == ["1", "3"]


@given(st.text(st.sampled_from("aé-'. \u0301"), max_size=12))
def test_words_are_replaced_where_they_stand_and_nothing_else(text: str) -> None:
    words = {fold(forms(word)[1]) for word in written(text)}
    assert meaning.put_words(text, {"unknown": "known"}) == text
    whole = meaning.put_words(f"{text} huond {text}", {"huond": "hound"} if "huond" not in words else {})
    assert whole == f"{text} hound {text}"


def test_where_a_paper_has_every_word_meaning_changes_nothing(site: Installation) -> None:
    by_words = Search(replace(site, semantic_model=""))
    meaning.keep_up(site)
    for text in ("dog", "galaxy", "galaxy nebula", "dog cat:cs.CL"):
        assert found(Search(site), text) == found(by_words, text)


def test_filters_hold_and_pages_go_on_where_meaning_finds(site: Installation) -> None:
    meaning.keep_up(site)
    searching = Search(site)
    assert "1" not in found(searching, "hound -ti:dog")
    whole, seen, cursor = found(searching, "hound"), [], ""
    while True:
        page = searching("hound", NOW, limit=1, cursor=cursor)
        seen += [item.paper.id.removeprefix("arxiv:2603.0000") for item in page.items]
        cursor = page.next
        if not cursor:
            break
    assert seen == whole
    assert len(whole) > 1


def test_so_many_papers_a_round_the_newest_first(site: Installation) -> None:
    assert meaning.keep_up(site, most=1) == 1
    assert found(Search(site), "hound") == ["3"]
    assert meaning.keep_up(site, most=1) == 1
    assert meaning.count_missing(site) == 1


def test_encoding_all_that_is_stopped_keeps_what_is_done_and_goes_on(
    site: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meaning, "BATCH", 1)

    def stop(_more: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        meaning.encode_all(site, NOW, on_progress=stop)
    assert meaning.count_missing(site) == 2
    told: list[int] = []
    assert meaning.encode_all(site, NOW, on_progress=told.append) == 2
    assert told == [1, 1]
    assert found(Search(site), "hound")[0] == "1"
    made = audit.listing(site)
    assert [(each.act, each.after and each.after["papers"]) for each in made] == [
        ("papers.encode", 2),
        ("papers.encode", 1),
    ]
    with pytest.raises(InputError, match="no model"):
        meaning.encode_all(replace(site, semantic_model=""), NOW)


def test_a_changed_text_gets_another_vector_and_a_hidden_paper_none(site: Installation) -> None:
    meaning.keep_up(site)
    searching = Search(site)
    found(searching, "hound")
    store_entries(site.engine, [entry("2603.00002", title="A dog", abstract="", version=2)])
    with session.transaction(site.engine) as db:
        db.execute(update(PaperRow).where(PaperRow.canonical_id == "arxiv:2603.00001").values(hidden=True))
    assert meaning.keep_up(site) == 2
    assert found(searching, "hound")[0] == "2"
    assert "1" not in found(searching, "hound")


def test_of_papers_alike_by_words_those_that_mean_the_same_come_first(site: Installation) -> None:
    titles = ["A hound", *["A galaxy", "A dog"] * 15]
    shared = "arm grasp force gripper object"
    store_entries(  # a galaxy shares more words with the hound than a dog does
        site.engine,
        [
            entry(
                f"2604.{n:05}", title=title, abstract=f"{shared} {'sonar' if title == 'A dog' else 'tactile'}"
            )
            for n, title in enumerate(titles)
        ]
        + [entry(f"2605.{n:05}", title=about(n)[0], abstract=about(n)[1]) for n in range(60) if n % 6],
    )
    catch_up(site)
    similar.keep_up(site)
    with session.reading(site.engine) as db:
        hound = papers.find(db, "2604.00000")

    def alike(here: Installation) -> list[str]:
        return [each.paper.title for each in Search(here).similar(hound, NOW)]

    assert alike(site) == ["A galaxy"] * 5
    meaning.keep_up(site, most=200)
    assert alike(site) == ["A dog"] * 5
    assert alike(replace(site, semantic_model="")) == ["A galaxy"] * 5
    assert alike(replace(site, semantic_model="/no/such/folder")) == ["A galaxy"] * 5


@given(
    st.dictionaries(st.integers(1, 9), st.integers(-127, 127), max_size=9),
    st.dictionaries(st.integers(2, 9), st.sampled_from([-0.5, 0.0, 0.25, 0.9]), max_size=8),
    st.integers(0, 9),
)
def test_likeness_by_words_and_meaning_is_the_mean_that_it_says(
    first: dict[int, int], by_words: dict[int, float], limit: int
) -> None:
    made = {number: np.array([value, 90, 0], np.int8) for number, value in first.items()}
    vectors = Vectors(3).with_more({number: each.tobytes() for number, each in made.items()})
    found = sorted(by_words.items(), key=lambda each: (-each[1], each[0]))
    known = [number for number in by_words if number in made]
    if not found or 1 not in made or 2 * len(known) < len(found):
        assert vectors.nearer(1, found, limit) == found[:limit]
        return
    units = {number: each / np.linalg.norm(each.astype(float)) for number, each in made.items()}
    cosine = {number: float(units[1] @ units[number]) for number in known}
    mean = sum(cosine.values()) / len(cosine)
    both = {number: 0.2 * likeness + 0.8 * cosine.get(number, mean) for number, likeness in found}
    got = dict(vectors.nearer(1, found, len(found)))
    assert got == pytest.approx(both, abs=1e-5)
    assert list(got.values()) == sorted(got.values(), reverse=True)
    assert vectors.nearer(1, found, limit) == list(got.items())[:limit]


def test_without_a_model_nothing_is_made_and_a_wrong_one_is_told(site: Installation) -> None:
    assert meaning.keep_up(replace(site, semantic_model="")) == 0
    with pytest.raises(InputError, match="DIGEST_SEMANTIC_MODEL"):
        meaning.keep_up(replace(site, semantic_model="/no/such/folder"))
