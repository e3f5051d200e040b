"""Hold days of a source against a second list: what is missing is named, and "complete" is true."""

import random
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from digest.domain import Certificate
from digest.pipeline.ingest.overview import reports, views
from digest.pipeline.ingest.poll import fetch_due
from digest.pipeline.issues.candidates import read_candidates
from digest.sources.certificate import Carried, judge
from digest.store import session
from digest.store.sources import certificates
from tests.pipeline.ingest.test_simulated_arxiv import (
    HOUR,
    Life,
    fresh_installation,
    rounds,
    source_of,
    stored,
    whole,
)
from tests.simulated_arxiv import (
    CATEGORIES,
    EASTERN,
    SimulatedArxiv,
    Trouble,
    Wrong,
    announced,
    batch,
    is_open,
    midnight,
)

BAD = date(2026, 3, 17)
FIRST, LAST = date(2026, 3, 16), date(2026, 3, 20)
HOURS = (0.1, 6, 12, 18)


def certified(engine: Engine) -> dict[date, Certificate]:
    with session.reading(engine) as db:
        return {each.day: each for each in certificates.listing(db, source_of(engine).id, 400)}


def look(life: Life, now: datetime) -> dict[date, Certificate]:
    """One round, after which every certificate must be true."""
    life.now = now
    fetch_due(life.here, now, get=life.get, jitter=lambda: 0.0)
    there, found = set(stored(life.here.engine)), certified(life.here.engine)
    for day, each in found.items():
        real = {f"arxiv:{item.arxiv_id}" for item in batch(day) if item.announce_type == "new"}
        if each.is_complete:
            assert real <= there, (now, day)
        if each.checked_at:
            assert set(each.missing) <= real - there or each.day >= now.date() - timedelta(days=2), (
                now,
                each,
            )
            assert each.announced >= len(each.missing)
            assert set(each.here_of) == set(CATEGORIES)
            for name, (here, listed) in each.here_of.items():
                lacking = {f"arxiv:{item.arxiv_id}" for item in batch(day) if name in item.categories} - there
                assert listed - here == len(lacking.intersection(each.missing)), (now, day, name)
        if each.is_complete:
            assert all(here == listed for here, listed in each.here_of.values())
    return found


def lived(template: Path, troubles: list[Trouble], *, limit: int = 2) -> dict[date, Certificate]:
    with fresh_installation(template) as here:
        life = Life(here, SimulatedArxiv(troubles, limit=limit))
        found: dict[date, Certificate] = {}
        for now in rounds(FIRST, LAST, HOURS):
            found = look(life, now)
        assert set(stored(here.engine)) >= announced(whole(FIRST, LAST))
        asked = Counter((now.astimezone(EASTERN).date(), url) for now, url in life.get.queries)
        assert max(asked.values()) == 1  # never the same query twice a day
        return found


def test_a_day_that_is_whole_says_how_many_of_how_many(sqlite_template: Path) -> None:
    found = lived(sqlite_template, [])
    assert found[FIRST].error  # the first day: there is none before it
    for day in whole(BAD, LAST):
        assert found[day].is_complete
        assert found[day].next_at is None
        crossed = 1
        assert found[day].announced == len(announced([day])) + crossed - _crossed_before(day)
        assert set(found[day].categories) == set(CATEGORIES)


def _crossed_before(day: date) -> int:
    """A cross-list of a paper that was announced in that category before is none."""
    (item,) = (each for each in batch(day) if each.announce_type == "cross")
    return (
        1
        if day > FIRST and item.arxiv_id in {each.arxiv_id for each in batch(day - timedelta(days=1))}
        else 0
    )


@pytest.mark.parametrize(
    "troubles",
    [
        [Trouble(BAD, Wrong.CUT)],
        [Trouble(BAD, Wrong.STALE)],
        [Trouble(BAD, Wrong.LATE)],
        [Trouble(BAD, Wrong.DOWN)],
        [Trouble(BAD, Wrong.CUT), Trouble(BAD, Wrong.BUSY)],
        [Trouble(BAD, Wrong.CUT), Trouble(BAD, Wrong.BEHIND, 30)],
        [Trouble(BAD, Wrong.STALE), Trouble(BAD, Wrong.BUSY, 7)],
    ],
    ids=lambda troubles: "+".join(trouble.wrong for trouble in troubles),
)
def test_whatever_goes_wrong_the_day_is_whole_in_the_end_and_never_called_so_before(
    sqlite_template: Path, troubles: list[Trouble]
) -> None:
    found = lived(sqlite_template, troubles)
    assert found[BAD].is_complete
    assert all(found[day].is_complete for day in whole(BAD, LAST))


@pytest.mark.long
def test_a_year_with_stale_and_cut_batches_busy_and_late_lists_is_whole_and_true(
    sqlite_template: Path,
) -> None:
    first, last = date(2026, 1, 2), date(2026, 12, 31)
    chance = random.Random(14)
    troubles = [
        Trouble(day, wrong, chance.choice((1.0, 5.0, 9.0, 15.0, 24.0)), chance.choice(CATEGORIES))
        for day in whole(first, last)[3:-5]
        if is_open(day)
        for wrong in Wrong
        if chance.random() < 0.07
    ]
    assert {trouble.wrong for trouble in troubles} == set(Wrong)
    with fresh_installation(sqlite_template) as here:
        life = Life(here, SimulatedArxiv(troubles, limit=2))
        for n, now in enumerate(rounds(first, last, (0.1, 16))):
            life.now = now
            fetch_due(here, now, get=life.get, jitter=lambda: 0.0)
            if n % 20 == 0:
                look(life, now)
        found = look(life, midnight(last) + 20 * HOUR)
        assert set(stored(here.engine)) >= announced(whole(first, last))
    open_days = [day for day in whole(first, last) if is_open(day)][1:]
    assert [day for day in open_days if not found[day].is_complete] == []


TROUBLES = st.builds(
    Trouble,
    day=st.dates(BAD, date(2026, 3, 18)),
    wrong=st.sampled_from(list(Wrong)),
    hours=st.floats(0.5, 24),
    category=st.sampled_from(CATEGORIES),
)


@given(troubles=st.lists(TROUBLES, max_size=5, unique_by=lambda t: (t.day, t.wrong)), limit=st.integers(1, 5))
@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest.mark.long
def test_no_trouble_makes_a_certificate_false(
    sqlite_template: Path, troubles: list[Trouble], limit: int
) -> None:
    with fresh_installation(sqlite_template) as here:
        life = Life(here, SimulatedArxiv(troubles, limit=limit))
        for now in rounds(FIRST, LAST, HOURS):
            look(life, now)


def test_a_digest_that_is_known_to_be_incomplete_says_so(sqlite_template: Path) -> None:
    with fresh_installation(sqlite_template) as here:
        life = Life(here, SimulatedArxiv([Trouble(BAD, Wrong.CUT)], limit=2, lag=timedelta(days=3)))
        for now in rounds(FIRST, BAD, HOURS):
            found = look(life, now)
        missing = found[BAD].missing
        assert missing
        (note,) = read_candidates(here, midnight(BAD) + 14 * HOUR).notes
        assert note.startswith(f"arXiv, Tuesday 17 March: {found[BAD].here} of {found[BAD].announced} papers")
        assert read_candidates(here, midnight(FIRST) + 14 * HOUR).notes == ()
        (report,) = reports(here.engine, life.now)
        assert report.second_list
        assert report.days[0].certificate == found[BAD]
        (view,) = views(here.engine, life.now)
        assert view.incomplete == (found[BAD],)


def test_a_list_that_breaks_off_says_nothing_of_its_day(sqlite_template: Path) -> None:
    with fresh_installation(sqlite_template) as here:
        life = Life(here, SimulatedArxiv())
        for now in rounds(FIRST, FIRST, HOURS):
            look(life, now)
        broken = midnight(BAD) + HOUR
        life.now = broken
        get = life.get

        def breaking(url: str, **options: object) -> object:
            answer = get(url, **options)  # type: ignore[arg-type]
            if "resumptionToken" in url:
                return type(answer)(200, b"<html>busy</html>")
            return answer

        fetch_due(here, broken, get=breaking, jitter=lambda: 0.0)  # type: ignore[arg-type]
        each = certified(here.engine)[BAD]
        assert (each.announced, each.checked_at) == (0, None)
        assert each.error
        assert each.error.startswith("its second list can't be read")


def test_a_paper_that_waited_for_a_moderator_is_found_by_not_being_here() -> None:
    days = {date(2026, 3, 16): range(100, 105), BAD: range(105, 110)}
    carried = [Carried(day, f"arxiv:2603.{n:05}", "new") for day, numbers in days.items() for n in numbers]
    listed = {each.paper: ("cs.CL",) for each in carried} | {"arxiv:2603.00104": ("cs.CL",)}
    listed |= {
        "arxiv:2603.00050": ("cs.CL",),
        "arxiv:2501.00001": ("cs.CL",),
        "arxiv:2603.00107": ("math.AG",),
    }
    held = [each for each in carried if each.paper != "arxiv:2603.00106"]
    found = judge(BAD, listed, held, {each.paper for each in held}, wanted=["cs.CL"])
    assert found is not None
    assert (found.announced, found.missing, found.unlisted) == (4, ("arxiv:2603.00106",), 0)
    assert found.here_of == {"cs.CL": (3, 4)}
    assert found.without({"arxiv:2603.00106"}).here_of == {"cs.CL": (4, 4)}


def test_a_paper_counts_in_each_of_its_categories_and_in_no_other() -> None:
    carried = [Carried(FIRST, "arxiv:2603.00001", "new"), Carried(BAD, "arxiv:2603.00002", "new")]
    listed = {
        "arxiv:2603.00001": ("cs.CL",),
        "arxiv:2603.00002": ("cs.CL", "cs.AI"),
        "arxiv:2603.00003": ("cs.AI",),
        "arxiv:2603.00004": ("hep-th",),
    }
    wanted = ["cs.CL", "cs.AI", "stat.ML"]
    found = judge(BAD, listed, carried, {"arxiv:2603.00001", "arxiv:2603.00002"}, wanted=wanted)
    assert found is not None
    assert found.here_of == {"cs.CL": (1, 1), "cs.AI": (1, 2), "stat.ML": (0, 0)}
    assert not found.is_complete


def test_what_is_missing_by_category_is_not_guessed_for_a_day_of_before_it_was_kept() -> None:
    old = Certificate(BAD, 4, {"cs.CL": 4}, ("arxiv:2603.00106",), checked_at=midnight(BAD))
    assert old.here_of == {}
    assert old.without(set(old.missing)).here_of == {"cs.CL": (4, 4)}


def test_what_the_list_does_not_name_yet_is_not_confirmed() -> None:
    carried = [Carried(FIRST, "arxiv:2603.00001", "new"), Carried(BAD, "arxiv:2603.00002", "new")]
    found = judge(BAD, {}, carried, set(), wanted=["cs.CL"])
    assert found is not None
    assert found.unlisted == 1
    assert not found.is_complete
