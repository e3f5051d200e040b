"""Lists of days, weeks and months: which papers, in which order, and what stands around them."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from digest.domain import SignalKind, SourceKind
from digest.pipeline.catalog.empty import Why, why_empty
from digest.pipeline.catalog.listing import PAGE, Lists, Order, PeriodPage
from digest.pipeline.catalog.periods import Period, Span, parse_period, period_of
from digest.pipeline.installation import Installation
from digest.store import papers, session, sources
from digest.store.papers import listing
from digest.store.papers.tables.papers import PaperRow
from digest.trend import rank
from tests.builders import NOW, entry
from tests.installations import installation, store_entries

LATER = timedelta(hours=2)  # observed after the time of the list
SIGNALS: tuple[dict[SignalKind, int], ...] = (
    {SignalKind.UPVOTES: 7},
    {SignalKind.UPVOTES: 0},
    {SignalKind.STARS: 500},  # none of them gained lately
    {SignalKind.UPVOTES: 7, SignalKind.COMMENTS: 3},
    {SignalKind.COMMENTS: 3},
)
FRIDAY = datetime(2026, 3, 13, 5, tzinfo=UTC)


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Installation:
    return installation(engine, tmp_path)


def period(name: str) -> Period:
    found = parse_period(name)
    assert found
    return found


def ids(found: PeriodPage | None) -> list[str]:
    assert found
    return [paper.id.removeprefix("arxiv:") for paper in found.page.papers]


def test_a_day_holds_what_was_first_seen_on_it_by_attention_or_newest_first(site: Installation) -> None:
    midnight = datetime(2026, 3, 17, tzinfo=UTC)
    store_entries(site.engine, [entry("2603.00001", signals={SignalKind.UPVOTES: 5})], seen_at=midnight)
    store_entries(site.engine, [entry("2603.00002", signals={SignalKind.UPVOTES: 50})], seen_at=NOW)
    store_entries(site.engine, [entry("2603.00003")], seen_at=midnight - timedelta(seconds=1))
    lists = Lists(site)
    assert ids(lists.page(period("2026-03-17"), Order.TREND, 1, NOW)) == ["2603.00002", "2603.00001"]
    assert ids(lists.page(period("2026-03-17"), Order.NEWEST, 1, NOW)) == ["2603.00002", "2603.00001"]
    assert ids(lists.page(period("2026-03-16"), Order.TREND, 1, NOW)) == ["2603.00003"]


def test_within_a_month_a_paper_loses_nothing_by_being_older(site: Installation) -> None:
    store_entries(
        site.engine, [entry("2603.00001", signals={SignalKind.UPVOTES: 90})], seen_at=NOW - timedelta(days=14)
    )
    store_entries(site.engine, [entry("2603.00002", signals={SignalKind.UPVOTES: 20})], seen_at=NOW)
    assert ids(Lists(site).page(period("2026-03"), Order.TREND, 1, NOW)) == ["2603.00001", "2603.00002"]
    assert ids(Lists(site).page(period("2026-W12"), Order.TREND, 1, NOW)) == ["2603.00002"]


def test_neighbours_skip_what_has_no_papers(site: Installation) -> None:
    store_entries(site.engine, [entry("2603.00001")], seen_at=FRIDAY)
    store_entries(site.engine, [entry("2603.00002")], seen_at=NOW)
    lists = Lists(site)
    today, friday, weekend = (
        lists.page(period(name), Order.TREND, 1, NOW) for name in ("2026-03-17", "2026-03-13", "2026-03-15")
    )
    assert today
    assert friday
    assert weekend
    assert (today.previous, today.next) == (period("2026-03-13"), None)
    assert (friday.previous, friday.next) == (None, period("2026-03-17"))
    assert (weekend.previous, weekend.next) == (period("2026-03-13"), period("2026-03-17"))
    assert lists.latest(NOW) == period("2026-03-17")


def test_pages_part_a_list_without_loss_and_end_where_it_ends(site: Installation) -> None:
    total = 2 * PAGE + 3
    store_entries(site.engine, [entry(f"2603.{n:05}") for n in range(1, total + 1)])
    lists = Lists(site)
    pages = [lists.page(period("2026-03-17"), Order.TREND, n, NOW) for n in (1, 2, 3)]
    assert [(p.page.first, p.page.last, p.page.total, p.page.pages) for p in pages if p] == [
        (1, PAGE, total, 3),
        (PAGE + 1, 2 * PAGE, total, 3),
        (2 * PAGE + 1, total, total, 3),
    ]
    assert len({each for page in pages for each in ids(page)}) == total
    assert lists.page(period("2026-03-17"), Order.TREND, 4, NOW) is None


def test_a_paper_that_is_hidden_is_gone_from_lists_at_once(site: Installation) -> None:
    store_entries(site.engine, [entry("2603.00001"), entry("2603.00002")])
    lists = Lists(site)
    assert len(ids(lists.page(period("2026-03-17"), Order.TREND, 1, NOW))) == 2
    with session.transaction(site.engine) as db:
        db.execute(update(PaperRow).where(PaperRow.canonical_id == "arxiv:2603.00001").values(hidden=True))
    assert ids(lists.page(period("2026-03-17"), Order.TREND, 1, NOW)) == ["2603.00002"]


def test_a_paper_is_ranked_by_what_rows_merged_into_it_were_given(site: Installation) -> None:
    store_entries(site.engine, [entry("2603.00001"), entry("2603.00002", signals={SignalKind.UPVOTES: 3})])
    store_entries(site.engine, [entry("2603.00009", signals={SignalKind.UPVOTES: 99})])
    with session.transaction(site.engine) as db:
        papers.merge(db, "arxiv:2603.00009", "arxiv:2603.00001", papers.Why("the same work", "a test", NOW))
    found = Lists(site).page(period("2026-03-17"), Order.TREND, 1, NOW)
    assert ids(found) == ["2603.00001", "2603.00002"]
    assert found is not None
    assert found.page.total == 2


def test_sources_are_counted_each_by_its_own(site: Installation) -> None:
    store_entries(site.engine, [entry("2603.00001"), entry("2603.00002")])
    store_entries(site.engine, [entry("2603.00002", key="other")], source="huggingface")
    found = Lists(site).page(period("2026-03-17"), Order.TREND, 1, NOW)
    assert found
    assert dict(found.sources) == {"arxiv": 2, "huggingface": 1}


@pytest.mark.parametrize(
    ("name", "why"),
    [("2026-03-15", Why.WEEKEND), ("2026-01-01", Why.HOLIDAY), ("2026-03-17", Why.LATE),
     ("2026-03-10", Why.UNKNOWN), ("2026-03-18", Why.AHEAD), ("2026-W11", Why.UNKNOWN)],
)  # fmt: skip
def test_an_empty_list_says_why(site: Installation, name: str, why: Why) -> None:
    with session.transaction(site.engine) as db:
        for source in sources.listing(db):
            sources.remove(db, source.name)
        sources.add(db, name="arxiv", kind=SourceKind.ARXIV, url="https://rss.arxiv.org/rss/cs.CL")
    assert why_empty(site, period(name), NOW).why is why


def test_the_newest_day_of_an_empty_store_is_today(site: Installation) -> None:
    assert Lists(site).latest(NOW) == period_of(date(2026, 3, 17), Span.DAY)


def test_the_order_of_a_list_is_that_of_ranking_all_its_papers(site: Installation) -> None:
    chance = random.Random(5)
    some = [
        replace(
            entry(f"2603.{number:05}", signals=chance.choice(({}, {}, SIGNALS[number % 5]))),
            published_at=chance.choice((None, NOW - timedelta(hours=number % 7, microseconds=number % 3))),
        )
        for number in range(1, 61)
    ]
    store_entries(site.engine, some[::2], seen_at=NOW)
    store_entries(site.engine, some[1::2], seen_at=NOW - timedelta(hours=1))
    store_entries(site.engine, [entry("2603.00007", signals={SignalKind.UPVOTES: 900})], seen_at=NOW + LATER)
    lists, day = Lists(site), period("2026-03-17")
    with session.reading(site.engine) as db:
        found = listing.within(db, since=day.start, until=day.end)
    listed = [each for number in (1, 2) for each in ids(lists.page(day, Order.TREND, number, NOW))]
    assert listed == [each.paper.id.removeprefix("arxiv:") for each in rank(found, NOW, aging=False)]
    newest = [each for number in (1, 2) for each in ids(lists.page(day, Order.NEWEST, number, NOW))]
    in_order = sorted(
        found,
        key=lambda paper: (
            paper.first_seen_at,
            paper.published_at.timestamp() if paper.published_at else 0.0,
            paper.id,
        ),
        reverse=True,
    )
    assert newest == [paper.id.removeprefix("arxiv:") for paper in in_order]
