"""Writes days, numbers and enumerations in the language of who reads them, by Unicode's CLDR (Babel).

The patterns (https://unicode.org/reports/tr35/tr35-dates.html) stand in the catalogue like other texts, so
that a translation decides their order; names of days and months are Babel's.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache

from digest.languages import ENGLISH, Deferred, current, pgettext

_MONDAY = date(2024, 1, 1)


def long_day(day: date) -> str:
    """Return `Tuesday 17 March 2026`."""
    return _written(day, pgettext("date", "EEEE d MMMM y"), current())


def day_name(day: date) -> str:
    """Return `Tuesday 17 March`: the year of a mail is the one that it is read in."""
    return _written(day, pgettext("date", "EEEE d MMMM"), current())


def long_date(day: date) -> str:
    """Return `17 March 2026`."""
    return _written(day, pgettext("date", "d MMMM y"), current())


def short_day(day: date) -> str:
    """Return `Tue 17 Mar`."""
    return _written(day, pgettext("date", "EEE d MMM"), current())


def short_date(day: date, year: int) -> str:
    """Return `17 Mar`, with its year unless that is the reader's."""
    pattern = pgettext("date", "d MMM") if day.year == year else pgettext("date", "d MMM y")
    return _written(day, pattern, current())


def month(day: date) -> str:
    """Return `March 2026`."""
    return _written(day, pgettext("date", "LLLL y"), current())


def short_month(day: date) -> str:
    """Return `Mar 2026`."""
    return _written(day, pgettext("date", "LLL y"), current())


def short_day_of_year(day: date) -> str:
    """Return `Tue 17 Mar 2026`."""
    return _written(day, pgettext("date", "EEE d MMM y"), current())


def series(words: Sequence[str]) -> str:
    """Return `arXiv, bioRxiv and Hugging Face`."""
    if len(words) < 2:
        return "".join(words)
    if current() == ENGLISH:
        return f"{', '.join(words[:-1])} and {words[-1]}"
    from babel.lists import format_list  # noqa: PLC0415 - see below

    return format_list(words, locale=current())


def weekday(number: int) -> str:
    """Return `Tuesday` for 1."""
    return _written(_MONDAY + timedelta(days=number), "EEEE", current())


class DeferredDay(Deferred):
    """A day that is written, as `day_name` does, in the language of who reads it."""

    __slots__ = ()

    def resolve(self) -> str:
        """Return the day in the language that is spoken here."""
        return day_name(date.fromisoformat(str(self.parts[2]["day"])))


def deferred_day(day: date) -> DeferredDay:
    """Return a day to be written later; in English until then."""
    made = DeferredDay(f"{day:%A} {day.day} {day:%B}")
    made.parts = "", "", {"day": day.isoformat()}
    return made


class DeferredNumber(Deferred):
    """A whole number that is written, as `number` does, in the language of who reads it."""

    __slots__ = ()

    def resolve(self) -> str:
        """Return the number as it is written in the language that is spoken here."""
        return number(int(str(self.parts[2]["number"])))


def deferred_number(count: int) -> DeferredNumber:
    """Return a number to be written later; `1,234` until then."""
    made = DeferredNumber(f"{count:,}")
    made.parts = "", "", {"number": count}
    return made


@lru_cache(maxsize=16_384)  # the days of many readers' subscriptions
def _written(day: date, pattern: str, code: str) -> str:
    from babel.dates import format_date  # noqa: PLC0415 - takes 25 ms to import

    return format_date(day, pattern, locale=code)


def number(count: int) -> str:
    """Return `1,234`."""
    return _counted(count, current())


@lru_cache(maxsize=16_384)  # the counts of every search
def _counted(count: int, code: str) -> str:
    from babel.numbers import format_decimal  # noqa: PLC0415 - see above

    return format_decimal(count, locale=code)


def short_number(count: int) -> str:
    """Shorten a count: `312`, `1.2k`, `34k`, `1.2M`; in German `1,2 Tsd.`, in Chinese `1.2万`."""
    if current() != ENGLISH:
        from babel.numbers import format_compact_decimal  # noqa: PLC0415 - see above

        return format_compact_decimal(count, locale=current(), fraction_digits=int(count < 100_000))
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f}{unit}" if count < 10 * size else f"{count // size}{unit}"
    return str(count)
