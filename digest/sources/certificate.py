"""Hold a day of a source against a second list: ids in, what was announced and what is missing out. Pure.

arXiv numbers its papers in the order in which it announces them, so numbers tell days apart; a paper that
waited for a moderator has a lower number than its day's, and is found by not being here.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from digest.domain import Certificate
from digest.sources.announcements import within

MOST_MISSING = 20_000  # ids that a certificate names: more than a list of arXiv's has in a day


@dataclass(frozen=True, slots=True)
class Carried:
    """An item that a source brought for the first time on one of its days: the canonical id of its paper."""

    day: date
    paper: str
    announce_type: str | None = None

    @property
    def is_new(self) -> bool:
        """Whether it was announced as new; a past day that is asked for by another way says nothing of it."""
        return self.announce_type in {"new", None}

    @property
    def is_replacement(self) -> bool:
        """Whether the paper had been announced before."""
        return (self.announce_type or "").startswith("replace")


def judge(
    day: date,
    listed: Mapping[str, Collection[str]],
    carried: Iterable[Carried],
    here: Collection[str],
    *,
    wanted: Collection[str],
    missed_before: Collection[str] = (),
) -> Certificate | None:
    """Say what of a day is here; None without a day before it, to tell its papers from older ones.

    `listed`: id → categories, of this day and others; `carried`: what the source brought on the days around
    it; `here`: those of `listed` that the store has, from whichever source; `wanted`: the source's
    categories; `missed_before`: ids that are missing from other days. Nothing is counted twice, and nothing
    counts as missing that is older than the first of the days that are known.
    """
    brought = sorted(carried, key=lambda each: each.day)
    if not brought or brought[0].day >= day:
        return None
    days: dict[str, date | None] = {}
    for each in brought:
        if days.get(each.paper) is None:
            days[each.paper] = None if each.is_replacement else each.day
    oldest = (_number(each.paper) for each in brought if each.day == brought[0].day)
    floor, ceiling = max((number for number in oldest if number), default=(0, 0)), _ceiling(day, brought)
    ours = {paper: names for paper, names in listed.items() if _is_wanted(names, wanted)}
    unknown = {
        paper
        for paper in ours
        if paper not in days and paper not in missed_before and floor < (_number(paper) or (0, 0)) < ceiling
    }
    announced = unknown | {paper for paper in ours if days.get(paper) == day}
    missing = tuple(sorted(unknown - set(here))[:MOST_MISSING])
    return Certificate(
        day,
        announced=len(announced),
        categories={name: len(ids) for name, ids in _by_category(announced, ours, wanted).items()},
        missing=missing,
        missing_from=_by_category(missing, ours, wanted),
        unlisted=sum(1 for e in brought if e.day == day and e.is_new and e.paper not in listed),
    )


def _ceiling(day: date, brought: Collection[Carried]) -> tuple[int, int]:
    """Return the lowest number of the announcement after a day; higher than any where none is known."""
    until = max((number for e in brought if e.day <= day if (number := _number(e.paper))), default=(0, 0))
    after = [n for e in brought if e.day > day and e.is_new if (n := _number(e.paper)) and n > until]
    return min(after, default=(10**9, 0))


def _number(paper: str) -> tuple[int, int] | None:
    """Return month and number of a canonical arXiv id; None of one of the old kind."""
    month, dot, number = paper.removeprefix("arxiv:").partition(".")
    return (int(month), int(number)) if dot and month.isdecimal() and number.isdecimal() else None


def _is_wanted(categories: Iterable[str], wanted: Iterable[str]) -> bool:
    return any(within(each.casefold(), name.casefold()) for each in categories for name in wanted)


def _by_category(
    papers: Iterable[str], categories: Mapping[str, Collection[str]], wanted: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Return the papers (ids) of each wanted category; a paper stands in each of its categories."""
    ids = list(papers)
    return {name: tuple(paper for paper in ids if _is_wanted(categories[paper], [name])) for name in wanted}
