"""When papers are expected, and what an answer says of its source: tables, over both changes of clocks."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Source, SourceKind, SourceState
from digest.sources import calendar
from digest.sources.announcements import joined_categories, own, stale_categories
from digest.sources.refetch import days_to_refetch, not_since
from digest.sources.states import (
    LONGEST_BACK_OFF,
    POLL,
    QUIET_POLL,
    SILENT_AFTER,
    WAITING_POLL,
    back_off,
    decide,
)
from tests.builders import entry

ARXIV, HUGGINGFACE, FEED = SourceKind.ARXIV, SourceKind.HUGGINGFACE, SourceKind.FEED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "now", "due"),
    [
        (ARXIV, "2026-03-06T08:00", "2026-03-06T05:00"),  # Friday, winter: midnight Eastern is 05:00
        (ARXIV, "2026-03-09T08:00", "2026-03-09T04:00"),  # Monday after clocks were set
        (ARXIV, "2026-03-09T03:59", None),  # still Sunday there
        (ARXIV, "2026-11-02T04:59", None),
        (ARXIV, "2026-11-02T05:00", "2026-11-02T05:00"),
        (ARXIV, "2026-11-26T12:00", None),  # a holiday
        (ARXIV, "2026-11-27T12:00", "2026-11-27T05:00"),
        (ARXIV, "2027-11-25T12:00", "2027-11-25T05:00"),  # a year without a list: weekends only
        (ARXIV, "2027-11-27T12:00", None),
        (HUGGINGFACE, "2026-03-17T00:00", "2026-03-17T00:00"),
        (HUGGINGFACE, "2026-03-15T12:00", None),
        (FEED, "2026-03-17T12:00", None),
    ],
)
def test_what_is_expected_stands_in_the_calendar(kind: SourceKind, now: str, due: str | None) -> None:
    assert calendar.expects(kind, utc(now)) == (utc(due) if due else None)


@given(st.integers(0, 700 * 24 * 60), st.sampled_from([ARXIV, HUGGINGFACE]))
def test_the_next_announcement_is_the_first_one_that_will_be_due(minutes: int, kind: SourceKind) -> None:
    now = utc("2026-01-01T00:00") + timedelta(minutes=minutes)
    following = calendar.next_expected(kind, now)
    assert following is not None
    assert now < following < now + 6 * DAY
    assert calendar.expects(kind, following) == following
    before = following - timedelta(minutes=1)
    assert calendar.expects(kind, before) in {None, calendar.expects(kind, now)}


def test_days_that_brought_nothing_are_missed_once_they_are_over() -> None:
    known = [date(2026, 3, 12), date(2026, 3, 16)]
    assert calendar.missed(ARXIV, known, utc("2026-03-18T12:00")) == [date(2026, 3, 13), date(2026, 3, 17)]
    assert calendar.missed(FEED, known, utc("2026-03-18T12:00")) == []
    assert calendar.missed(ARXIV, [], utc("2026-03-18T12:00")) == []


YESTERDAY, TODAY = "2026-03-16T05:00", "2026-03-17T04:30"


@pytest.mark.parametrize(
    ("kind", "last_new_at", "fresh", "now", "state", "pace"),
    [
        (ARXIV, None, 30, "2026-03-17T08:00", "fresh", POLL),
        (ARXIV, TODAY, 0, "2026-03-17T08:00", "fresh", POLL),  # polled again: nothing new, nothing lost
        (
            ARXIV,
            YESTERDAY,
            0,
            "2026-03-17T04:00",
            "waiting",
            WAITING_POLL,
        ),  # yesterday's ids under today's date
        (ARXIV, YESTERDAY, 0, "2026-03-17T09:59", "waiting", WAITING_POLL),
        (ARXIV, YESTERDAY, 0, "2026-03-17T10:00", "stalled", WAITING_POLL),
        (ARXIV, YESTERDAY, 1, "2026-03-17T23:00", "fresh", POLL),  # late, but there
        (ARXIV, None, 0, "2026-03-17T05:00", "waiting", WAITING_POLL),
        (ARXIV, "2026-03-13T05:00", 0, "2026-03-14T12:00", "quiet", QUIET_POLL),  # Saturday
        (ARXIV, "2026-03-12T05:00", 0, "2026-03-14T12:00", "quiet", QUIET_POLL),  # Friday's never came
        (ARXIV, "2026-03-14T05:00", 0, "2026-03-14T12:00", "fresh", POLL),  # Friday's came on Saturday
        (ARXIV, "2026-11-25T06:00", 0, "2026-11-26T12:00", "quiet", QUIET_POLL),  # a holiday
        (HUGGINGFACE, "2026-03-16T20:00", 0, "2026-03-17T05:00", "waiting", WAITING_POLL),
        (HUGGINGFACE, "2026-03-16T20:00", 0, "2026-03-17T06:00", "stalled", WAITING_POLL),
        (HUGGINGFACE, "2026-03-13T20:00", 0, "2026-03-15T12:00", "quiet", QUIET_POLL),
        (FEED, None, 0, "2026-03-17T08:00", "quiet", QUIET_POLL),
        (FEED, "2026-03-16T09:00", 0, "2026-03-17T08:00", "fresh", POLL),
        (FEED, "2026-03-01T08:00", 0, "2026-03-17T08:00", "quiet", QUIET_POLL),
        (FEED, "2026-02-01T08:00", 0, "2026-03-17T08:00", "stalled", WAITING_POLL),  # silent for a month
        (FEED, "2026-02-01T08:00", 1, "2026-03-17T08:00", "fresh", POLL),
    ],
)
def test_new_ids_and_the_calendar_decide_the_state(
    *, kind: SourceKind, last_new_at: str | None, fresh: int, now: str, state: str, pace: timedelta
) -> None:
    verdict = decide(kind, utc(last_new_at) if last_new_at else None, fresh, utc(now))
    assert verdict.state is SourceState(state)
    assert verdict.next_fetch_at == utc(now) + pace
    assert verdict.last_new_at == (utc(now) if fresh else last_new_at and utc(last_new_at))


def test_a_source_is_asked_again_when_its_next_announcement_is_due_and_not_by_everybody_at_once() -> None:
    sunday = utc("2026-03-16T03:00")  # an hour before Monday at arXiv
    assert decide(ARXIV, None, 0, sunday).next_fetch_at == utc("2026-03-16T04:00")
    spread = decide(ARXIV, None, 0, sunday, jitter=0.5).next_fetch_at
    assert utc("2026-03-16T04:00") < spread < utc("2026-03-16T04:05")


def test_an_incomplete_batch_is_looked_at_as_often_as_a_late_one() -> None:
    now = utc("2026-03-17T08:00")
    assert decide(ARXIV, None, 9, now, incomplete=True).next_fetch_at == now + WAITING_POLL


def test_how_long_an_announcement_may_be_late_is_the_operators_to_say() -> None:
    late = decide(ARXIV, None, 0, utc("2026-03-17T06:00"), stalled_after=HOUR)
    assert late.state is SourceState.STALLED


@given(st.integers(0, 10_000), st.one_of(st.none(), st.floats(0, 3600)), st.floats(0, 1))
def test_back_off_grows_is_bounded_and_never_shorter_than_asked_for(
    failures: int, asked: float | None, jitter: float
) -> None:
    wait = back_off(failures, asked, jitter)
    assert timedelta(minutes=5) <= wait <= LONGEST_BACK_OFF * 1.25
    assert wait >= timedelta(seconds=asked or 0)
    assert back_off(failures + 1, asked, jitter) >= wait


def test_a_silent_month_is_longer_than_any_feeds_pause_over_the_holidays() -> None:
    assert timedelta(days=21) < SILENT_AFTER


@pytest.mark.parametrize(
    ("url", "categories"),
    [
        ("https://rss.arxiv.org/rss/cs.AI+cs.CL+stat.ML", ("cs.AI", "cs.CL", "stat.ML")),
        ("https://rss.arxiv.org/atom/cs/", ("cs",)),
        ("https://rss.arxiv.org/rss/cs.AI%2Bcs.CL?x=1", ("cs.AI", "cs.CL")),
        ("https://rss.arxiv.org/", ()),
    ],
)
def test_a_joined_feed_names_its_categories(url: str, categories: tuple[str, ...]) -> None:
    assert joined_categories(url) == categories


def test_a_category_owns_the_papers_that_name_it_first_and_that_are_no_cross_lists() -> None:
    batch = [
        entry("2603.00001", categories=("cs.AI", "cs.CL")),
        entry("2603.00002", categories=("cs.CL", "cs.AI"), announce_type="cross"),
        entry("2603.00003", categories=()),
    ]
    assert own(batch, ("cs.AI", "CS", "cs.CL", "math")) == {"cs.AI": 1, "CS": 1, "cs.CL": 0, "math": 0}


@pytest.mark.parametrize(
    ("today", "batch", "before", "stale"),
    [
        ({"cs.AI": 3}, {"cs.AI": 3, "cs.CL": 4}, [], ("cs.CL",)),  # all of its papers are known ones
        ({"cs.AI": 3}, {"cs.AI": 3}, [], ()),  # none today, and nothing is known of other days
        ({"cs.AI": 3}, {"cs.AI": 3}, [{"cs.CL": 2}, {"cs.CL": 1}, {"cs.CL": 5}], ("cs.CL",)),
        ({"cs.AI": 3}, {"cs.AI": 3}, [{"cs.CL": 2}, {}, {"cs.CL": 5}], ()),  # it has days without
        ({"cs.AI": 3, "cs.CL": 1}, {"cs.AI": 3, "cs.CL": 9}, [], ()),
    ],
)
def test_a_category_is_stale_if_papers_were_expected_and_none_is_new(
    today: dict[str, int], batch: dict[str, int], before: list[dict[str, int]], stale: tuple[str, ...]
) -> None:
    assert stale_categories(("cs.AI", "cs.CL"), today, batch, before) == stale


def test_a_day_of_hugging_face_is_asked_again_for_a_week_and_less_and_less() -> None:
    source = Source("hf", HUGGINGFACE, "https://huggingface.co/api/daily_papers")
    known = [date(2026, 3, day) for day in (6, 9, 10, 12, 13, 16, 17)]
    again = days_to_refetch(source, utc("2026-03-17T12:00"), known)
    assert [(each.day.day, each.every) for each in again] == [
        (16, 6 * HOUR), (13, DAY), (12, DAY), (10, DAY),
    ]  # fmt: skip
    assert again[0].url == "https://huggingface.co/api/daily_papers?date=2026-03-16&limit=100"


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (HUGGINGFACE, "https://huggingface.co/api/daily_papers?week=2026-W11"),
        (ARXIV, "https://rss.arxiv.org/rss/cs"),
    ],
)
def test_nothing_else_is_asked_again(kind: SourceKind, url: str) -> None:
    assert days_to_refetch(Source("x", kind, url), utc("2026-03-17T12:00"), [date(2026, 3, 16)]) == ()


@pytest.mark.parametrize(
    ("url", "since"),
    [
        ("https://export.arxiv.org/api/query?search_query=cat:cs.CL", "2026-03-17T04:00"),
        ("https://oaipmh.arxiv.org/oai?verb=ListRecords", "2026-03-17T04:00"),
        ("https://rss.arxiv.org/rss/cs.CL", None),
        ("https://notarxiv.org/api/query", None),
    ],
)
def test_a_query_to_arxiv_is_made_once_in_its_day(url: str, since: str | None) -> None:
    assert not_since(url, utc("2026-03-17T23:00")) == (utc(since) if since else None)
