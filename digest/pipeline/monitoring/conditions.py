"""Finds what is wrong that the operator should know, as alarms. Reads only; emails nobody.

An issue that isn't out an hour after its time, emails that wait for as long, a source that is stalled or
keeps failing, a recipient domain that refuses our mail, and what failed for a reason that nobody foresaw.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from digest.deliver import enhanced_code
from digest.domain import Alarm, DeliveryState, Source, SourceState
from digest.pipeline import failures
from digest.pipeline.failures import Part
from digest.pipeline.monitoring import heartbeats
from digest.store import sources
from digest.store.deliveries import domain_limits, late
from digest.store.deliveries.late import Late
from digest.store.monitoring import failures as kept_failures
from digest.store.monitoring.failures import Failure
from digest.store.session import Session
from digest.store.subscriptions import transactional
from digest.throttle import CAME_BACK, Throttle

DAY = timedelta(days=1)
PATIENCE = timedelta(hours=1)  # with an issue that was due, an email that waits, and a source that fails
RECENT = timedelta(days=1)  # an older failure is for `digest doctor` only
NAMED = 5  # things in an alarm's title


def standing(db: Session, now: datetime) -> list[Alarm]:
    """Return everything that is wrong now, by key. A kind that can't be looked at is an alarm of its own."""
    found: list[Alarm] = []
    for kind in (_issues, _emails, _sources, _domains, _failures, _workers):
        try:
            with db.begin_nested():
                found += kind(db, now)
        except Exception as error:
            if not failures.is_its_fault(error):
                raise
            found.append(_blind(kind.__name__.strip("_"), failures.words(error), now))
    return sorted(found, key=lambda alarm: alarm.key)


def ending(db: Session, key: str) -> str:
    """Return how it came that this alarm doesn't stand any more, in one sentence."""
    kind, _, name = key.partition(":")
    if kind == "issue":
        return _issue_ending(db, date.fromisoformat(name))
    if kind in _ENDINGS:
        return _ENDINGS[kind].format(name=name)
    found = next((source for source in sources.listing(db) if source.name == name), None)
    if found is None or not found.url:
        return f"{name} isn't asked any more: it was removed."
    if found.state is SourceState.PAUSED:
        return f"{name} isn't asked any more: it was paused."
    if found.state is SourceState.FAILING:
        return f"{name} answered in between, and failed again."
    return f"{name} is {found.state} again."


_ENDINGS = {
    "domain": "{name} takes our mail again, or is to be asked anew.",
    "emails": "No email about a subscription has waited for more than an hour any more.",
    "failing": "No {name} fails any more, or the last failure is a day old.",
    "worker": "{name} works again, or was told to stop, or has been missed for a day.",
    "blind": "The {name} can be looked at again.",
}


def _issues(db: Session, now: datetime) -> Iterator[Alarm]:
    before = now - PATIENCE
    waits = {found.date: found for found in late.waiting(db, due_before=before, now=now)}
    unopened = {found.date: found for found in late.unopened(db, due_before=before)}
    for day in waits.keys() | unopened.keys():
        yield _issue(day, waits.get(day), unopened.get(day))


def _issue(day: date, waits: Late | None, unopened: Late | None) -> Alarm:
    found = [each for each in (waits, unopened) if each]
    since = min(each.due_at for each in found)
    parts = [f"mails that wait to be sent: {waits.people}" if waits else ""]
    parts += [f"subscribers for whom nothing was prepared: {unopened.people}" if unopened else ""]
    tried = "Each mail is tried again, after a longer wait each time, until the issue is 20 hours old."
    if waits and waits.reply:
        tried += f" The last answer was: {waits.reply}"
    return Alarm(
        key=f"issue:{day}",
        title=f"the issue of {day} isn't out",
        detail=f"It was due at {_moment(since)}; {'; '.join(part for part in parts if part)}.",
        tried=tried,
        fix="digest doctor; then, with the cause fixed: digest run --no-fetch",
        since=since,
    )


def _issue_ending(db: Session, day: date) -> str:
    counts = late.states_on(db, day)
    counted = ", ".join(f"{counts[state]} {state}" for state in DeliveryState if state in counts)
    return f"Nothing of the issue of {day} is late any more: {counted or 'nobody was due'}."


def _sources(db: Session, now: datetime) -> Iterator[Alarm]:
    for source in sources.listing(db):
        if not source.url or source.state is SourceState.PAUSED:
            continue
        if source.state is SourceState.STALLED:
            yield _stalled(source, now)
        elif source.failing_since and source.failing_since <= now - PATIENCE:
            yield _failing(source, source.failing_since)


def _stalled(source: Source, now: datetime) -> Alarm:
    newest = (
        f"the last new ones came {_moment(source.last_new_at)}" if source.last_new_at else "none ever came"
    )
    return Alarm(
        key=f"source:{source.name}",
        title=f"source {source.name} is stalled",
        detail=f"Papers were expected and haven't come; {newest}.",
        tried=f"It answers, and is asked again {_again(source)}.",
        fix=f"look at the source's own pages, then: digest sources fetch {source.name}",
        since=now,
    )


def _failing(source: Source, since: datetime) -> Alarm:
    return Alarm(
        key=f"source:{source.name}",
        title=f"source {source.name} can't be read",
        detail=f"The last error was: {source.last_error}",
        tried=f"It failed {source.failures} times, and is asked again {_again(source)}.",
        fix=f"digest sources check {source.url}",
        since=since,
    )


def _again(source: Source) -> str:
    return f"at {_moment(source.next_fetch_at)}" if source.next_fetch_at else "in the next round"


def _domains(db: Session, now: datetime) -> Iterator[Alarm]:
    for pace in domain_limits.troubled(db):
        if pace.stopped_until:
            yield _domain(pace, pace.stopped_until, now)
        elif pace.slowed_at and now - pace.slowed_at < DAY and pace.reason.startswith(CAME_BACK):
            yield _sends_back(pace, pace.slowed_at)


def _domain(pace: Throttle, until: datetime, now: datetime) -> Alarm:
    reply = f"{pace.reason[:3]} {enhanced_code(pace.reason)}".strip()  # its words may hold somebody's address
    return Alarm(
        key=f"domain:{pace.domain}",
        title=f"{pace.domain} refuses our mail",
        detail=f"It refuses the sender, not one recipient; it said {reply}.",
        tried=f"The mails for it wait; one asks again at {_moment(until)}.",
        fix=f"digest deliveries domains shows its words (usually SPF, DKIM or the sender's name); with that"
        f" fixed: digest deliveries domains --resume {pace.domain}",
        since=now,
    )


def _emails(db: Session, now: datetime) -> Iterator[Alarm]:
    since = transactional.oldest_waiting(db)
    if since is not None and since <= now - PATIENCE:
        yield Alarm(
            key="emails:waiting",
            title="emails about subscriptions aren't sent",
            detail=f"The oldest has waited since {_moment(since)}; nobody new can subscribe meanwhile.",
            tried="Each is tried again for half a day.",
            fix="digest doctor; then, with the cause fixed: digest run --no-fetch",
            since=since,
        )


def _failures(db: Session, now: datetime) -> Iterator[Alarm]:
    """One alarm for each part of the program in which something fails, however much it is."""
    by_part: dict[str, list[Failure]] = {}
    for failure in kept_failures.listing(db):
        late = failure.part in {Part.MAILING, Part.READING} and failure.first_at > now - PATIENCE
        if failure.last_at > now - RECENT and not late:
            by_part.setdefault(failure.part, []).append(failure)
    for part, found in by_part.items():
        last = max(found, key=lambda failure: failure.last_at)
        names = ", ".join(failure.item for failure in found[:NAMED]) + (" …" if len(found) > NAMED else "")
        yield Alarm(
            key=f"failing:{part}",
            title=f"{part} {names} failed and was set aside",
            detail=f"In all: {len(found)}. The last error, at {_moment(last.last_at)}: {last.error}",
            tried="Everything else goes on. What was set aside is tried again, but for sign-ups.",
            fix="the log has the traceback; digest doctor lists them; digest failures retry tries them again",
            since=min(failure.first_at for failure in found),
        )


def _workers(db: Session, now: datetime) -> Iterator[Alarm]:
    for worker, at in heartbeats.silent(db, now).items():
        yield Alarm(
            key=f"worker:{worker}",
            title=f"worker {worker} gives no sign of life",
            detail=f"It last came to the end of a task at {_moment(at)}.",
            tried="Other workers do what it would do; what it had at hand is taken up when its lease ends.",
            fix="start it again; look at its log, and at Redis and the database if none works",
            since=at,
        )


def _blind(kind: str, error: str, now: datetime) -> Alarm:
    return Alarm(
        key=f"blind:{kind}",
        title=f"the {kind} can't be looked at",
        detail=f"Whether anything is wrong with them isn't known: {error}",
        tried="Everything else is looked at.",
        fix="digest doctor; the log has more",
        since=now,
    )


def _sends_back(pace: Throttle, since: datetime) -> Alarm:
    return Alarm(
        key=f"domain:{pace.domain}",
        title=f"{pace.domain} sends our mail back",
        detail="Its servers took digests and refused them later, for a fault of the sender.",
        tried="It gets less mail for a while. The readers stay subscribed.",
        fix="digest deliveries domains shows its words (usually SPF, DKIM, or a blocklist)",
        since=since,
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
