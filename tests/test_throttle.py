"""Who may go when: limits, complaints, refusals and warm-up."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.throttle import (
    EVERYBODY,
    FIRST_DAY,
    NO_LIMITS,
    Admission,
    Limits,
    Throttle,
    admit,
    resumed,
    slowed,
    speed,
    stopped,
)
from tests.builders import NOW

TEN = Limits(domain=10)
FRESH = Throttle("example.org", NOW)
HALF_MINUTE = NOW + timedelta(seconds=30)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def ask(pace: Throttle, count: int, limits: Limits = NO_LIMITS, now: datetime = NOW) -> Admission:
    return admit(pace, count, limits, now, now + timedelta(seconds=30))


def test_without_limits_everybody_leaves_at_once() -> None:
    answer = ask(FRESH, 1000)
    assert answer.leave == [NOW] * 1000
    assert answer.refetch_days == []


def test_a_limit_spaces_messages_and_the_rest_asks_again_in_line() -> None:
    answer = ask(FRESH, 500, TEN)
    gaps = {b - a for a, b in zip(answer.leave, answer.leave[1:], strict=False)}
    assert gaps == {SECOND / 10}
    assert answer.leave[-1] <= HALF_MINUTE < answer.refetch_days[0]
    assert len(answer.leave) + len(answer.refetch_days) == 500
    assert list(answer.refetch_days) == sorted(answer.refetch_days)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 40)), max_size=20), st.floats(0.1, 50))
def test_no_second_ever_has_more_than_its_share(asks: list[tuple[int, int]], rate: float) -> None:
    limits, pace, now = Limits(domain=rate), FRESH, NOW
    left: list[datetime] = []
    for count, seconds in asks:
        answer = ask(pace, count, limits, now)
        left += answer.leave
        assert len(answer.leave) + len(answer.refetch_days) == count
        pace, now = answer.pace, now + timedelta(seconds=seconds)
    left.sort()
    for first, last, count in ((left[0], left[-1], len(left)),) if left else ():
        allowed = ((last - first).total_seconds() + 1) * rate + 2
        assert count <= allowed


def test_a_complaint_slows_a_domain_down_and_time_heals_it() -> None:
    slow = slowed(FRESH, NO_LIMITS, NOW, "421 4.7.0 slow down")
    assert ask(slow, 5).leave == []
    minute = NOW + MINUTE
    assert ask(slow, 100, now=minute).leave == [minute + n * SECOND for n in range(31)]
    speeds = [speed(slow, NO_LIMITS, NOW + timedelta(minutes=15 * n)) for n in range(8)]
    assert speeds == [1, 2, 4, 8, 16, 32, 0, 0]  # 0: no limit


def test_complaints_of_messages_under_way_together_count_once() -> None:
    slow = slowed(FRESH, NO_LIMITS, NOW, "421")
    assert slowed(slow, NO_LIMITS, NOW + 5 * SECOND, "421").rate == slow.rate
    assert slowed(slow, NO_LIMITS, NOW + 2 * MINUTE, "421").rate == slow.rate / 2


def test_a_server_that_says_how_long_is_left_alone_so_long() -> None:
    slow = slowed(FRESH, NO_LIMITS, NOW, "421 try again in 600 seconds", timedelta(seconds=600))
    assert slow.next_at == NOW + timedelta(seconds=600)


def test_a_slow_domain_is_never_faster_than_its_limit() -> None:
    slow = slowed(FRESH, Limits(domain=0.5), NOW, "421")
    assert slow.rate == 0.25
    assert speed(slow, Limits(domain=0.5), NOW + timedelta(days=1)) == 0.5


def test_a_domain_that_refuses_us_gets_one_message_in_half_an_hour() -> None:
    refused = stopped(FRESH, NOW, "550 5.7.1 no")
    assert ask(refused, 3).leave == []
    later = NOW + timedelta(minutes=30)
    probe = ask(refused, 3, now=later)
    assert probe.leave == [later]
    assert ask(probe.pace, 3, now=later + MINUTE).leave == []
    well = resumed(probe.pace, later + MINUTE)
    assert len(ask(well, 3, now=later + MINUTE).leave) == 3


@pytest.mark.parametrize(("day", "most"), [(0, FIRST_DAY), (1, 2 * FIRST_DAY), (3, 8 * FIRST_DAY)])
def test_warm_up_doubles_each_day_for_each_domain(day: int, most: int) -> None:
    limits = Limits(warm_up_since=NOW.date() - timedelta(days=day))
    answer = ask(FRESH, 10**4, limits)
    assert len(answer.leave) == most
    assert set(answer.refetch_days) == {datetime(2026, 3, 18, tzinfo=NOW.tzinfo)}
    assert ask(answer.pace, 5, limits).leave == []
    assert len(ask(replace(FRESH, domain=EVERYBODY), 10**4, limits).leave) == 10**4


def test_warm_up_ends_and_has_not_begun_yet() -> None:
    for since in (date(2026, 1, 1), date(2026, 4, 1)):
        assert ask(FRESH, 10**4, Limits(warm_up_since=since)).refetch_days == []
