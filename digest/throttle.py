"""Computes how fast mail may leave: for one recipient domain, and for all of them together. Pure.

In: the pace of a domain as the store keeps it, how many messages want to go there, the limits of the
settings, and a time. Out: when each of them may leave, and the pace after that. Never: a message, a database.

A domain that asks for time (421, 4.7.x) is served slowly from then on, twice as fast after each quarter of an
hour without another complaint, until it is as fast as before. A domain that refuses us (5.7.x) is left alone,
and asked with one message after half an hour; the others wait until one of those was taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

EVERYBODY = "*"  # the pace of all domains together

FIRST_SLOW = 1.0  # messages per second after the first complaint
SLOWEST = 1 / 60
FULL_SPEED = 64.0  # messages per second at which a complaint is forgotten
RECOVERY = timedelta(minutes=15)  # without complaint, until the pace doubles
SAME_COMPLAINT = timedelta(seconds=60)  # messages that were under way together complain together
PAUSE = timedelta(seconds=60)  # after a complaint, where the server doesn't say how long
PROBE = timedelta(minutes=30)  # between two messages to a domain that refuses us
CAME_BACK = "sent back: "  # before the words of a server that took a message, and refused it later
BURST = timedelta(seconds=1)
LONGEST_WAIT = timedelta(hours=1)  # until a waiting message asks again
FIRST_DAY = 1000  # messages to a domain on the first day of a warm-up; each day doubles it


def domain_of(address: str) -> str:
    """Return the domain of an address, in lower case: what is limited and compared."""
    return address.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator allows: messages per second to all and to each domain (0: no limit), warm-up."""

    everybody: float = 0.0
    domain: float = 0.0
    warm_up_since: date | None = None

    def rate(self, domain: str) -> float:
        """Return the messages per second to a domain; 0 where there is no limit."""
        return self.everybody if domain == EVERYBODY else self.domain

    def on_day(self, domain: str, day: date) -> int | None:
        """Return how many messages a domain may get on a day of the warm-up; None: as many as there are."""
        if self.warm_up_since is None or domain == EVERYBODY or day < self.warm_up_since:
            return None
        days = (day - self.warm_up_since).days
        return FIRST_DAY * 2**days if days < 20 else None


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Throttle:
    """How a domain is doing. `next_at`: when the next message may leave; `rate`: learned at `slowed_at`."""

    domain: str
    next_at: datetime
    rate: float = 0.0
    slowed_at: datetime | None = None
    stopped_until: datetime | None = None
    reason: str = ""  # the server's words, when it slowed or stopped us
    day: date | None = None
    taken: int = 0  # messages that left on `day`
    tail_at: datetime | None = None  # when the last of those who wait asks again


def speed(pace: Throttle, limits: Limits, now: datetime) -> float:
    """Return the messages per second that may go there now; 0: no limit."""
    allowed = limits.rate(pace.domain)
    if not pace.slowed_at:
        return allowed
    doublings = max((now - pace.slowed_at) // RECOVERY, 0)
    learned = pace.rate * 2.0 ** min(doublings, 60)
    return allowed if learned >= (allowed or FULL_SPEED) else learned


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may go: the pace afterwards, when each of the first messages leaves, when each other asks again."""

    pace: Throttle
    leave: Sequence[datetime]
    refetch_days: Sequence[datetime]


def admit(pace: Throttle, count: int, limits: Limits, now: datetime, horizon: datetime) -> Admission:
    """Give each of `count` messages its time. None leaves after `horizon`: those ask again, in a line that
    moves at the domain's speed, so that each asks about once."""
    if pace.stopped_until:
        probing = replace(pace, stopped_until=now + PROBE) if pace.stopped_until <= now else pace
        leave = [now] if probing is not pace and count else []
        return Admission(probing, leave, [now + PROBE] * (count - len(leave)))
    pace = pace if pace.day == now.date() else replace(pace, day=now.date(), taken=0)
    most = limits.on_day(pace.domain, now.date())
    left = count if most is None else max(min(count, most - pace.taken), 0)
    leave, next_at = _line(pace, left, speed(pace, limits, now), now, horizon)
    pace = replace(pace, next_at=next_at, taken=pace.taken + len(leave))
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=UTC)
    queue, pace = _queue(pace, left - len(leave), speed(pace, limits, now), now)
    return Admission(pace, leave, [*queue, *[midnight] * (count - left)])


def _line(
    pace: Throttle, count: int, rate: float, now: datetime, horizon: datetime
) -> tuple[list[datetime], datetime]:
    """The times of those who leave before the horizon, and when the next one can."""
    if not rate:
        return [max(pace.next_at, now)] * (count if pace.next_at <= horizon else 0), pace.next_at
    start = max(pace.next_at, now - BURST)
    room = int((horizon - start).total_seconds() * rate) + 1 if horizon >= start else 0
    leave = [start + timedelta(seconds=n / rate) for n in range(min(count, room))]
    return leave, start + timedelta(seconds=len(leave) / rate)


def _queue(pace: Throttle, count: int, rate: float, now: datetime) -> tuple[list[datetime], Throttle]:
    """When those who can't leave yet ask again: behind everybody who waits already."""
    if not count:
        return [], pace
    longest = now + (RECOVERY if pace.slowed_at else LONGEST_WAIT)
    tail = max(pace.tail_at or now, pace.next_at)
    queue = [min(tail + timedelta(seconds=n / (rate or FULL_SPEED)), longest) for n in range(count)]
    return queue, replace(pace, tail_at=queue[-1])


def slowed(
    pace: Throttle, limits: Limits, now: datetime, reply: str, wait: timedelta | None = None
) -> Throttle:
    """Return the pace after a complaint: half of what it was, and nothing at all for a while."""
    next_at = max(pace.next_at, now + (wait or PAUSE))
    if pace.slowed_at and now - pace.slowed_at < SAME_COMPLAINT:
        return replace(pace, next_at=next_at)
    learned = bool(pace.slowed_at) and speed(pace, limits, now) < (limits.rate(pace.domain) or FULL_SPEED)
    before = speed(pace, limits, now)
    rate = before / 2 if learned or 0 < before < FIRST_SLOW else FIRST_SLOW
    return replace(pace, rate=max(rate, SLOWEST), slowed_at=now, next_at=next_at, reason=reply)


def stopped(pace: Throttle, now: datetime, reply: str) -> Throttle:
    """Return the pace after a refusal that isn't about the recipient."""
    return replace(pace, stopped_until=now + PROBE, reason=reply)


def resumed(pace: Throttle, now: datetime) -> Throttle:
    """Return the pace of a domain that takes our mail again: slowly at first."""
    return replace(pace, stopped_until=None, rate=FIRST_SLOW, slowed_at=now, next_at=now)
