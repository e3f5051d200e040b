"""Lists the papers of a day, a week or a month in an order, page by page, with counts and neighbours.

The order is that of attention as it is known now (`trend.rank` without aging), or of first sight. Orders are
numbers only, remembered for some minutes; the texts of one page are read when it is asked for, so that a
paper that was hidden since is left out at once.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import filterfalse
from math import ceil

from digest.domain import Paper
from digest.errors import InputError
from digest.pipeline.catalog.periods import AHEAD, Period, Span, parse_period, period_of
from digest.pipeline.catalog.snapshots import Snapshot, Snapshots
from digest.pipeline.catalog.usual import Usual, remembered_usual
from digest.pipeline.ingest.kept_summaries import with_summaries
from digest.pipeline.installation import Installation
from digest.store import papers, session
from digest.store.papers import listing
from digest.store.papers.authors import author_key, by_author
from digest.trend import is_noticed, rank

PAGE = 40  # papers on one page
FRESH = timedelta(minutes=2)
MOST_BY_AUTHOR = 1000
DAYS_BACK = timedelta(days=180)  # of days that are listed for search engines
DAYS_FRESH = timedelta(hours=1)
REMEMBERED = 200  # lists; a number for each of their papers


class Order(StrEnum):
    """What comes first in a list."""

    TREND = "trend"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, `number` of `pages` (from 1): its papers, of `total` in the whole list."""

    papers: tuple[Paper, ...]
    total: int
    number: int
    pages: int

    @property
    def first(self) -> int:
        """The place of its first paper in the whole list, from 1."""
        return (self.number - 1) * PAGE + 1

    @property
    def last(self) -> int:
        """The place of its last paper."""
        return min(self.number * PAGE, self.total)


@dataclass(frozen=True, slots=True)
class PeriodPage:
    """A page of a day, week or month; `sources`: papers by source; neighbours with papers."""

    period: Period
    order: Order
    page: Page
    sources: Mapping[str, int]
    newest: date | None  # the day in it on which a paper was first seen last
    previous: Period | None
    next: Period | None


@dataclass(frozen=True, slots=True)
class AuthorPage:
    """A page of an author's papers; `name` as one of the papers has it."""

    name: str
    order: Order
    page: Page


@dataclass(frozen=True, slots=True)
class _ByAuthor:
    """The papers (`Paper.pk`) of an author in an order."""

    name: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around the papers of a period."""

    sources: Mapping[str, int]
    newest: date | None
    previous: Period | None
    next: Period | None


class Lists:
    """The lists of a site by day, week and month. Safe to use from many threads."""

    def __init__(self, installation: Installation, usual: Usual | None = None) -> None:
        """`usual`: what pages remember of sources together; without it, lists remember it alone."""
        self._installation = installation
        self._usual = usual or remembered_usual(installation)
        self._orders = Snapshots(self._order, FRESH, REMEMBERED)
        self._around = Snapshots(self._look_around, FRESH, REMEMBERED)
        self._authors = Snapshots(self._author, FRESH, REMEMBERED)
        self._days = Snapshot(self._find_days, DAYS_FRESH)
        self._latest = Snapshot(self._find_latest, FRESH)

    def latest(self, now: datetime) -> Period:
        """Return the newest day that has papers; the day of `now` (UTC) where there is none."""
        return self._latest.get(now)

    def page(self, period: Period, order: Order, number: int, now: datetime) -> PeriodPage | None:
        """Read one page (from 1) of a period; None where the list has no such page. An empty list has one."""
        page = read_page(self._installation, self._orders.get((period, order), now), number, now)
        if page is None:
            return None
        around = self._around.get(period, now)
        return PeriodPage(period, order, page, around.sources, around.newest, around.previous, around.next)

    def days(self, now: datetime) -> tuple[date, ...]:
        """Return the days of the last months that have papers, the newest first."""
        return self._days.get(now)

    def author(self, name: str, order: Order, number: int, now: datetime) -> AuthorPage | None:
        """Read one page of an author's papers; None where there is none, or no such page."""
        found = self._authors.get((author_key(name), order), now)
        page = read_page(self._installation, found.numbers, number, now) if found.numbers else None
        return AuthorPage(found.name, order, page) if page else None

    def forget(self) -> None:
        """Read every list anew when it is asked for next."""
        self._orders.forget()
        self._around.forget()
        self._authors.forget()

    def _order(self, key: tuple[Period, Order], now: datetime) -> Sequence[int]:
        """Put the papers of a period in an order: their numbers (`Paper.pk`), in eight bytes each.

        Few papers of a day are noticed by anybody; the database orders the others.
        """
        period, order = key
        with session.reading(self._installation.engine) as db:
            listed = listing.listed(db, since=period.start, until=period.end)
            if order is Order.NEWEST:
                return array("q", listing.by_first_sight(db, listed))
            outlines, others = listing.noticed(db, listed), listing.by_publication(db, listed)
        ranked = rank(outlines, now, self._usual.get(now), aging=False)
        first = [each.paper.pk for each in ranked if is_noticed(each)]
        return array("q", [*first, *filterfalse(set(first).__contains__, others)])

    def _look_around(self, period: Period, now: datetime) -> _Around:
        with session.reading(self._installation.engine) as db:
            newest = listing.last_before(db, period.end)
            return _Around(
                sources=listing.source_counts(db, listing.listed(db, since=period.start, until=period.end)),
                newest=newest.date() if newest and newest >= period.start else None,
                previous=_neighbour(listing.last_before(db, period.start), period.span),
                next=_neighbour(listing.first_from(db, period.end, now + AHEAD), period.span),
            )

    def _author(self, key: tuple[str, Order], now: datetime) -> _ByAuthor:
        name, order = key
        with session.reading(self._installation.engine) as db:
            written = by_author(db, name, MOST_BY_AUTHOR)
            if written is None:
                return _ByAuthor(name, ())
            return _ByAuthor(written.name, self._in_order(written.papers, order, now))

    def _in_order(self, found: Sequence[Paper], order: Order, now: datetime) -> tuple[int, ...]:
        """Return the numbers (`Paper.pk`) of outlines of papers in an order."""
        if order is Order.TREND:
            return tuple(ranked.paper.pk for ranked in rank(found, now, self._usual.get(now), aging=False))
        return tuple(paper.pk for paper in sorted(found, key=_newest, reverse=True))

    def _find_days(self, now: datetime) -> tuple[date, ...]:
        with session.reading(self._installation.engine) as db:
            return tuple(listing.days(db, since=now - DAYS_BACK, until=now))

    def _find_latest(self, now: datetime) -> Period:
        with session.reading(self._installation.engine) as db:
            newest = listing.last_before(db, now + timedelta(microseconds=1))
        return period_of((newest or now).date(), Span.DAY)


def list_papers(
    installation: Installation, name: str | None, order: Order, now: datetime, *, limit: int
) -> tuple[str, list[Paper]]:
    """List the first papers of a period by its name, of the newest day with papers where there is none.

    Returns the name and the papers. Raises InputError for what names no day, week or month.
    """
    lists = Lists(installation)
    period = parse_period(name) if name else lists.latest(now)
    if period is None:
        raise InputError(f"{name!r} is no day, week or month", fix="such as 2026-03-17, 2026-W12 or 2026-03")
    found: list[Paper] = []
    number = 1
    while len(found) < limit and (page := lists.page(period, order, number, now)):
        found += page.page.papers
        number += 1
    return period.name, found[:limit]


def read_page(installation: Installation, numbers: Sequence[int], number: int, now: datetime) -> Page | None:
    """Read the papers of one page of a list of numbers; None where the list has no such page."""
    pages = max(1, ceil(len(numbers) / PAGE))
    if not 1 <= number <= pages:
        return None
    wanted = numbers[(number - 1) * PAGE : number * PAGE]
    with session.reading(installation.engine) as db:
        found = papers.by_pks(db, wanted, until=now, listed=True)
        shown = with_summaries(db, installation, [found[pk] for pk in wanted if pk in found], now)
    return Page(tuple(shown), len(numbers), number, pages)


def _newest(paper: Paper) -> tuple[datetime, float, str]:
    published = paper.published_at.timestamp() if paper.published_at else 0.0
    return paper.first_seen_at, published, paper.id


def _neighbour(moment: datetime | None, span: Span) -> Period | None:
    return None if moment is None else period_of(moment.date(), span)
