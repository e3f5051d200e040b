"""Names of days, weeks and months, and nothing else."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.pipeline.catalog.periods import EARLIEST, LATEST, Span, parse_period, period_of

DAYS = st.dates(EARLIEST + timedelta(days=40), LATEST - timedelta(days=40))


@given(DAYS, st.sampled_from(Span))
def test_a_name_is_read_back_as_the_period_that_it_was_made_of(day: date, span: Span) -> None:
    period = period_of(day, span)
    assert period.first <= day <= period.last
    assert parse_period(period.name) == period


@given(DAYS, st.sampled_from(Span))
def test_periods_of_one_length_follow_one_another_without_a_hole(day: date, span: Span) -> None:
    period = period_of(day, span)
    following = period_of(period.last + timedelta(days=1), span)
    assert following.first == period.last + timedelta(days=1)
    assert following.start == period.end


@given(st.text(max_size=12) | st.from_regex(r"[0-9]{4}-?W?[0-9]{0,3}-?[0-9]{0,3}", fullmatch=True))
def test_whatever_is_read_has_this_very_name(text: str) -> None:
    period = parse_period(text)
    assert period is None or period.name == text


@pytest.mark.parametrize(
    "text",
    ["20260317", "2026-3-17", "2026-02-30", "2026-W54", "2025-W53", "2026-W00", "2026-13", "2026-00", "2026",
     "2026-W12-1", "0001-01-01", "٢٠٢٦-٠٣-١٧", "2026-03-17 ", "2026-03-17\n", "today", ""],
)  # fmt: skip
def test_what_is_no_period_is_none(text: str) -> None:
    assert parse_period(text) is None
