"""Defines all that is particular to one kind of source, in one record; each file of `kinds/` exports one.

Nothing else switches on a kind: who needs something that differs by kind adds a field here.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from digest.domain import Entry, Parsed, Source, SourceKind
from digest.errors import ParseError
from digest.sources.days import Calendar


class Way(StrEnum):
    """How arXiv is asked for a past day."""

    API = "api"
    OAI = "oai"


def _as_it_is(url: str, _now: datetime, _since: datetime) -> str:
    return url


def _nothing(*_: object) -> None:
    return None


def _never(_: bytes) -> bool:
    return False


def _all(_: str, entries: Sequence[Entry]) -> list[Entry]:
    return list(entries)


@dataclass(frozen=True, slots=True)
class Past:
    """How a kind is asked for a past day, and what its answers are worth.

    `first_page`: source, day, way → URL; raises InputError. `next_page`: URL, body, items in it → URL or
    None; raises ParseError. `format_of`: URL → the kind that reads its answer, where that is another.
    `instead`: URL, error → a smaller page to ask for. `carried`: the source's URL, entries → those that the
    source would have brought itself. `is_settled`: day, now, entries → whether an answer is its last word;
    without it, any past day's is. `polled_days`: days before today that every poll asks for anyway, for kinds
    without a calendar.
    """

    first_page: Callable[[Source, date, Way], str]
    next_page: Callable[[str, bytes, int], str | None] = _nothing
    format_of: Callable[[str], SourceKind | None] = _nothing
    instead: Callable[[str, ParseError], str | None] = _nothing
    carried: Callable[[str, Sequence[Entry]], list[Entry]] = _all
    is_settled: Callable[[date, datetime, int], bool] | None = None
    polled_days: int | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """A second list of what a kind announced, independent of its feed.

    `label`: its name for readers. `first_page`: the source's URL, a day → the URL of the list; None where
    that source has none. `next_page`: URL, body → the page after it, or None. `read`: body → canonical id →
    categories. `papers`: ids → the URL that asks for just these papers. Those that read raise ParseError.
    """

    label: str
    first_page: Callable[[str, date], str | None]
    next_page: Callable[[str, bytes], str | None]
    read: Callable[[bytes], dict[str, tuple[str, ...]]]
    papers: Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class SourceType:
    """One kind of source.

    `label`: its name for readers; `names`: other names as readers know them. `parse`: body, the address that
    it came from → entries; raises ParseError.
    `first_page`: the source's URL, now, its last success → the URL to ask. `next_page`: URL, body → the page
    after it, or None; raises ParseError. `read_lines`: numbered lines → entries, for files of any size.
    `default_url`: what an installation asks before anything is configured. `hosts`: names of sites that give
    the kind away; `looks_like`: whether an answer's first bytes do.

    `rank`: how near to the work its text is; the nearest source's text counts. `may_link`: whether its word
    that two ids are one work is taken; `may_withdraw`: that any work was withdrawn. `owns_name`: a name that
    only sources of this kind may have.

    `calendar`: the days on which it announces, where they are known. `poll_every`: how often it is asked,
    whatever its state. `past`: how it is asked for past days. `refetch`: the source, a day → the URL of that
    day's list, which changes for some days. `categories`: the source's URL → the categories that its feed
    joins.
    """

    kind: SourceKind
    label: str
    parse: Callable[[bytes, str], Parsed]
    first_page: Callable[[str, datetime, datetime], str] = _as_it_is
    next_page: Callable[[str, bytes], str | None] = _nothing
    names: tuple[str, ...] = ()
    read_lines: Callable[[Iterable[tuple[int, bytes]]], Parsed] | None = None
    default_url: str = ""
    hosts: tuple[str, ...] = ()
    looks_like: Callable[[bytes], bool] = _never
    rank: int = 1
    may_link: bool = False
    may_withdraw: bool = False
    owns_name: str = ""
    calendar: Calendar | None = None
    poll_every: timedelta | None = None
    past: Past | None = None
    witness: Witness | None = None
    refetch: Callable[[Source, date], str | None] | None = None
    categories: Callable[[str], tuple[str, ...]] = lambda _: ()
