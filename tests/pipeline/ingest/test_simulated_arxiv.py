"""A year of arXiv with all that goes wrong, through the pipeline: nothing is lost, each state is true."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from digest.domain import Source, SourceKind, SourceState
from digest.pipeline.ingest.past.backfill import backfill
from digest.pipeline.ingest.poll import FetchReport, fetch_due
from digest.pipeline.installation import Installation
from digest.store import session, sources
from digest.store.papers.tables.papers import PaperRow
from digest.store.sources import gaps
from tests.installations import installation
from tests.simulated_arxiv import (
    CATEGORIES,
    EASTERN,
    URL,
    SimulatedArxiv,
    Trouble,
    Wrong,
    announced,
    batch,
    is_open,
    midnight,
)

HOUR = timedelta(hours=1)
STALLED_AFTER = timedelta(hours=6)


@contextmanager
def fresh_installation(template: Path) -> Iterator[Installation]:
    """An installation whose only source is the simulated arXiv."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "digest.db"
        path.write_bytes(template.read_bytes())
        engine = session.connect(f"sqlite:///{path}")
        made = installation(engine, Path(folder))
        with session.transaction(engine) as db:
            for source in sources.listing(db):
                sources.remove(db, source.name)
            sources.add(db, name="arxiv", kind=SourceKind.ARXIV, url=URL)
        yield made
        engine.dispose()


def source_of(engine: Engine) -> Source:
    with session.reading(engine) as db:
        return sources.get(db, "arxiv")


def stored(engine: Engine) -> list[str]:
    with session.reading(engine) as db:
        return list(db.scalars(select(PaperRow.canonical_id)))


class Life:
    """The pipeline asks the simulated arXiv, round after round; each report is held against the truth."""

    def __init__(self, here: Installation, arxiv: SimulatedArxiv) -> None:
        self.here = here
        self.arxiv = arxiv
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.asked = 0
        self.get = arxiv.getter(lambda: self.now)
        self._came_on: date | None = None  # the Eastern day of the last new batch

    def round(self, now: datetime) -> None:
        """Ask if the source is due, and compare what it says of itself with what is the case."""
        self.now = now
        reports = fetch_due(self.here, now, get=self.get, jitter=lambda: 0.0)
        if reports:
            self.asked += 1
            self._judge(reports[0])

    def _judge(self, report: FetchReport) -> None:
        day = self.now.astimezone(EASTERN).date()
        if self.arxiv.in_trouble(self.now, Wrong.DOWN):
            assert report.state is SourceState.FAILING, self.now
            assert report.error
            return
        if is_open(day) and not self.arxiv.in_trouble(self.now, Wrong.LATE):
            self._came_on = day
        assert report.state is self._truth(day), self.now
        stale = self.arxiv.in_trouble(self.now, Wrong.STALE)
        current = self._came_on == day
        expected = {stale.category} if stale and current else set()
        told = {name for name in CATEGORIES for note in report.notes if note.startswith(f"{name} ")}
        assert told == expected, (self.now, report.notes)

    def _truth(self, day: date) -> SourceState:
        if self._came_on == day:
            return SourceState.FRESH
        if not is_open(day):
            return SourceState.QUIET
        overdue = self.now - midnight(day) >= STALLED_AFTER
        return SourceState.STALLED if overdue else SourceState.WAITING


def rounds(first: date, last: date, hours: tuple[float, ...]) -> Iterator[datetime]:
    """Times at these hours after each Eastern midnight; on a day of 23 hours too."""
    for n in range((last - first).days + 1):
        yield from (midnight(first + timedelta(days=n)) + HOUR * each for each in hours)


def whole(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def listed(days: list[date]) -> set[str]:
    """All papers that any batch of these days names, as new or otherwise."""
    return {f"arxiv:{item.arxiv_id}" for day in days if is_open(day) for item in batch(day)}


def a_years_troubles(days: list[date]) -> list[Trouble]:
    """About every fourth open day something goes wrong, and is mended before the last round of the day."""
    chance = random.Random(2026)
    kinds = (Wrong.LATE, Wrong.STALE, Wrong.DOWN)
    return [
        Trouble(day, chance.choice(kinds), chance.choice((1.0, 5.0, 9.0, 15.0)), chance.choice(CATEGORIES))
        for day in days
        if is_open(day) and chance.random() < 0.25
    ]


@pytest.mark.long
def test_over_a_year_every_paper_is_stored_once_and_every_day_has_its_true_state(
    sqlite_template: Path,
) -> None:
    first, last = date(2026, 1, 2), date(2026, 12, 31)
    days = whole(first, last)
    with fresh_installation(sqlite_template) as here:
        life = Life(here, SimulatedArxiv(a_years_troubles(days[1:])))
        for now in rounds(first, last, (0.1, 3, 7, 16, 22)):
            life.round(now)
        there = stored(here.engine)
    assert len(there) == len(set(there))
    assert set(there) == listed(days)
    assert announced(days) <= set(there)
    assert len(announced(days)) > 1000
    assert life.asked > 1300


TROUBLES = st.builds(
    Trouble,
    day=st.dates(date(2026, 10, 29), date(2026, 11, 5)).filter(is_open),
    wrong=st.sampled_from([Wrong.LATE, Wrong.STALE, Wrong.DOWN]),
    hours=st.floats(0.5, 15),
    category=st.sampled_from(CATEGORIES),
)


@given(
    troubles=st.lists(TROUBLES, max_size=4, unique_by=lambda t: t.day),
    hours=st.lists(st.floats(0.1, 15), min_size=1, max_size=4, unique=True),
)
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.generate],  # each example is a week of rounds: shrinking would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest.mark.long
def test_whatever_goes_wrong_around_the_change_of_clocks_is_made_good_within_the_day(
    sqlite_template: Path, troubles: list[Trouble], hours: list[float]
) -> None:
    first, last = date(2026, 10, 28), date(2026, 11, 6)
    with fresh_installation(sqlite_template) as here:
        life = Life(here, SimulatedArxiv(troubles))
        for now in rounds(first, last, (*sorted(hours), 22.5)):
            life.round(now)
        assert sorted(stored(here.engine)) == sorted(listed(whole(first, last)))


@pytest.mark.parametrize("day", [date(2026, 11, 26), date(2026, 11, 28)], ids=["holiday", "saturday"])
def test_a_closed_day_is_quiet_to_its_end(sqlite_template: Path, day: date) -> None:
    with fresh_installation(sqlite_template) as here:
        life = Life(here, SimulatedArxiv())
        for now in rounds(day - timedelta(days=1), day, (0.1, 8, 23)):
            life.round(now)
        assert source_of(here.engine).state is SourceState.QUIET


@pytest.mark.parametrize("lag", [timedelta(0), timedelta(hours=30)], ids=["current", "lagging"])
@pytest.mark.parametrize("wrong", [Wrong.DOWN, Wrong.LATE])
def test_a_day_that_no_feed_showed_is_repaired_by_itself(
    sqlite_template: Path, wrong: Wrong, lag: timedelta
) -> None:
    first, bad, last = date(2026, 3, 16), date(2026, 3, 17), date(2026, 3, 20)
    with fresh_installation(sqlite_template) as here:
        life = Life(here, SimulatedArxiv([Trouble(bad, wrong, 24.0)], lag=lag))
        for now in rounds(first, last, (0.1, 6, 12, 18)):
            life.round(now)
        assert announced(whole(first, last)) <= set(stored(here.engine))
        assert len(stored(here.engine)) == len(set(stored(here.engine)))
        with session.reading(here.engine) as db:
            (gap,) = gaps.listing(db, sources.get(db, "arxiv").id)
        assert gap.day == bad
        assert gap.entries >= len(announced([bad]))  # some came earlier: by name, or replaced the day after
        assert gap.done_at is not None
    asked = Counter((now.astimezone(EASTERN).date(), url) for now, url in life.get.queries)
    assert asked
    assert max(asked.values()) == 1  # never the same query twice a day


def test_a_batch_that_was_cut_off_is_repaired_by_hand(sqlite_template: Path) -> None:
    first, bad, last = date(2026, 3, 16), date(2026, 3, 17), date(2026, 3, 19)
    busy = [Trouble(day, Wrong.BUSY) for day in whole(first, last)]  # nothing is repaired by itself
    with fresh_installation(sqlite_template) as here:
        life = Life(here, SimulatedArxiv([Trouble(bad, Wrong.CUT, 24.0), *busy], limit=2))
        for now in rounds(first, last, (0.1, 6, 12, 18)):
            _unjudged(life, now)
        life.now = midnight(last + timedelta(days=1)) + HOUR
        missing = announced(whole(first, last)) - set(stored(here.engine))
        assert missing
        assert missing <= announced([bad])
        repair = backfill(here, "arxiv", bad, bad, life.now, get=life.get)
        assert (repair.new, repair.done, repair.error) == (len(missing), 1, None)
        assert announced(whole(first, last)) <= set(stored(here.engine))
        assert sorted(stored(here.engine)) == sorted(set(stored(here.engine)))


def _unjudged(life: Life, now: datetime) -> None:
    """A batch that is cut off lacks whole categories, which the notes say: not what the law is about."""
    life.now = now
    fetch_due(life.here, now, get=life.get, jitter=lambda: 0.0)
