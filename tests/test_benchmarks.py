"""README quotes the figures that the benchmarks kept, and the benchmarks run without any data of ours."""

import json
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks import day, like, mailing, peers, stage, stages, table, tex
from benchmarks.people import people
from digest.domain import DeliveryState
from digest.match import FIT_WEIGHT
from digest.pipeline.issues.open import open_due
from digest.store import session
from digest.store.subscriptions import subscribers
from tests.builders import NOW


def test_readme_quotes_what_was_measured() -> None:
    said = table.README.read_text(encoding="utf-8")
    assert table.BEGIN + table.table() + table.END in said
    assert table.BEGIN_PAGES + table.pages() + table.END_PAGES in said


def test_readme_quotes_what_delivery_costs() -> None:
    said = " ".join(table.README.read_text(encoding="utf-8").split())
    results = table.README.parent / "benchmarks" / "results"
    sent = json.loads((results / "send.json").read_text())
    bare, two = sent["times_bare"], sent["two_workers_against_one"]
    assert f"takes {bare['SQLite, shared wishes']} times as long as a bare SMTP loop on SQLite" in said
    assert f"and {bare['Postgres, shared wishes']} times on Postgres" in said
    assert f"{bare['SQLite']} and {bare['Postgres']} times where all have filters of their own" in said
    assert f"two workers deliver {two['SQLite']} and {two['Postgres']} times" in said


def test_readme_quotes_what_search_finds() -> None:
    said = table.README.read_text(encoding="utf-8")
    assert table.BEGIN_SEARCH + table.search() + table.END_SEARCH in said


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder without real papers."""
    return tmp_path_factory.mktemp("nothing")


def test_other_ways_find_the_same_lists_as_the_engine(nowhere: Path) -> None:
    known, origin = day.papers(150, nowhere)
    assert "invented" in origin
    ranked, asked = day.ranked(known), people(60, known)
    found = stage.run(ranked, asked, fit_weight=0.0).found
    ends, items = found.offsets.tolist(), found.items.tolist()
    ours = [items[ends[n] : ends[n + 1]] for n in range(60)]
    assert peers.fts5(ranked, asked, range(60))[0] == ours
    assert peers.naive(ranked, asked, range(60))[0] == ours
    assert any(ours)


def test_likeness_is_measured_on_subscribers_who_get_what_is_alike(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(like, "OF_A_DAY", 60)
    monkeypatch.setattr(like, "NAMED", 90)
    monkeypatch.setattr(like, "RUNS", 1)
    known, _ = day.papers(150, nowhere)
    figures = like.measure(known, 60)
    assert (figures["named"], figures["papers"]) == (90, 60)
    assert min(*figures["seconds"].values(), figures["bits"]) > 0
    ranked, named = day.ranked(known[:60]), known[60:]
    likeness, _ = like.prepared(ranked, named)
    asked, chance = people(60, known), np.random.default_rng(2)
    found = {
        name: stage.run(ranked, way, fit_weight=FIT_WEIGHT, likeness=likeness).found.counts
        for name, way in (
            ("without", asked),
            ("one", like.with_like(asked, named, chance)),
            ("saved", like.with_saved(asked, named, chance)),
        )
    }
    for name in ("one", "saved"):
        more = found[name] > found["without"]
        assert more[:: like.SHARE].any()
        assert not np.delete(more, np.s_[:: like.SHARE]).any()


def test_invented_subscribers_are_the_same_each_time(nowhere: Path) -> None:
    known, _ = day.papers(80, nowhere)
    one, other = people(50, known), people(50, known)
    assert one.texts == other.texts
    assert [one.interests(n) for n in range(50)] == [other.interests(n) for n in range(50)]
    assert stage.run(day.ranked(known), one, fit_weight=FIT_WEIGHT).seconds > 0


def test_every_reader_gets_a_mail_and_most_have_words_of_their_own(tmp_path: Path) -> None:
    here = mailing.installation(f"sqlite:///{tmp_path}/bench.db", f"maildir:{tmp_path}/outbox", 1)
    mailing.fill(here, 60, NOW, day=80)
    (report,) = open_due(here, NOW + timedelta(seconds=1))
    assert report.counts[DeliveryState.QUEUED] == 60
    with session.reading(here.engine) as db:
        chosen = {reader.interests for reader in subscribers.by_ids(db, range(1, 61)).values()}
    assert len(chosen) > 50


def test_a_stage_does_not_hold_the_seconds_of_one_inside_it() -> None:
    watch = stages.Stopwatch()
    inner = watch.timed("inner", lambda: time.sleep(0.05))

    def both() -> None:
        time.sleep(0.02)
        inner()

    watch.timed("outer", both)()
    assert watch.seconds["inner"] >= 0.05
    assert 0.02 <= watch.seconds["outer"] < watch.seconds["inner"]


def test_reading_tex_is_compared_and_its_parts_are_counted() -> None:
    raws = [r"100% of \emph{all} $\alpha$-words in \href{https://x.org/a}{code} \cite{b}", "plain 50% words"]
    figures = {name: tex.measure(read, raws) for name, read in tex.ways().items()}
    assert figures["ours"]["raw TeX left"] == figures["ours"]["words lost"] == figures["ours"]["errors"] == 0
    assert figures["pylatexenc, whole text"]["words lost"] == 2  # all that stands behind a %
    assert figures["pylatexenc, formulas"]["raw TeX left"] == 1
    gains = tex.gains(raws)
    assert gains["citations"] == 1
    assert min(gains.values()) == 0
    assert tex.gains(raws) == gains  # what was switched off is on again
