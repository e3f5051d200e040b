"""Decides how far back a digest looks for papers: its own period, and what a reader missed. Pure.

A paper that takes off a day or two after it was announced must still be found, so every digest looks further
back than its period; no paper is sent to anybody twice, so nothing is repeated.
"""

from datetime import timedelta

from digest.domain import Frequency

DAY = timedelta(days=1)
PERIOD = {
    Frequency.DAILY: DAY,
    Frequency.WEEKDAYS: 3 * DAY,  # Monday's digest covers Friday after its hour, Saturday and Sunday
    Frequency.WEEKLY: 7 * DAY,
    Frequency.NEVER: DAY,  # what a preview shows to somebody who gets no digest
}
LONGEST = 28 * DAY  # a period that missed issues can grow to


def window(frequency: Frequency, daily: timedelta, since_last: timedelta | None = None) -> timedelta:
    """Return the time before a digest in which its candidates were first seen.

    `daily`: the window of a daily digest (`DIGEST_WINDOW_DAYS`), a day and some more; every other frequency
    gets the same addition to its period. `since_last`: the time since the reader's last weekly digest, which
    counts as the period where it is longer than a week (an issue that expired, another weekday).
    """
    period = PERIOD[frequency]
    if frequency is Frequency.WEEKLY and since_last is not None:
        period = min(max(period, since_last), LONGEST)
    return max(daily - DAY, timedelta(0)) + period
