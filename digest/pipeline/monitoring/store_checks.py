"""Checks an installation's sources, services, issues, domains and alarms by what the store says."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from digest.domain import Alarm, DeliveryState, SourceState
from digest.pipeline.ingest.kept_summaries import NAME as SUMMARIES
from digest.pipeline.ingest.overview import SourceView, age, views
from digest.pipeline.monitoring import heartbeats
from digest.pipeline.monitoring.checks import Check, Result, check
from digest.store import deliveries, session
from digest.store.deliveries import domain_limits, late
from digest.store.monitoring import alarms, failures
from digest.store.monitoring import heartbeats as kept_heartbeats
from digest.store.session import Engine
from digest.store.sources import services
from digest.store.sources.services import ServiceState
from digest.store.subscriptions import interests, transactional

_SECRETS = {"github": "GITHUB_TOKEN", "semanticscholar": "SEMANTICSCHOLAR_KEY"}
SHOWN = 10  # failures, of all that are kept
OVERDUE = timedelta(hours=1)  # a source that is due and not asked for so long: nobody runs the rounds


def examine_store(
    engine: Engine, now: datetime, wanted: Collection[str], *, summaries: bool
) -> Iterator[Check]:
    """Look at all that a fitting database holds. `wanted`: names of services that are asked for signals;
    `summaries`: whether a model is asked for them."""
    with session.reading(engine) as db:
        topics = interests.topics(db)
        asked_services = services.known(db)
    yield check("topics", bool(topics), f"{len(topics)} topics", "digest db upgrade")
    found = views(engine, now)
    asked = [view for view in found if view.source.url]
    awake = [view for view in asked if view.source.state is not SourceState.PAUSED]
    yield check("sources", bool(awake), f"{len(awake)} sources are asked", "digest sources add URL …")
    late = [v.source.name for v in awake if (due := v.source.next_fetch_at) and due < now - OVERDUE]
    yield check(
        "rounds",
        not late,
        f"due for more than an hour, and nobody asked: {', '.join(late)}"
        if late
        else "sources are asked in time",
        "let cron call `digest run` every few minutes, or start workers and beat",
    )
    for view in asked:
        yield _source(view, now)
    for name in wanted:
        fix = f"look at DIGEST_{_SECRETS[name]}; or take {name} out of DIGEST_SIGNALS"
        yield _service(f"signals of {name}", asked_services.get(name), fix)
    if summaries:
        fix = "look at DIGEST_SUMMARY_URL, _MODEL and _KEY; mails carry first sentences meanwhile"
        yield _service("summaries", asked_services.get(SUMMARIES), fix)
    yield from _workers(engine, now)
    yield from _delivered(engine)
    yield from _waiting(engine, now)


def _workers(engine: Engine, now: datetime) -> Iterator[Check]:
    """Celery's workers, where there were any in the last day."""
    with session.reading(engine) as db:
        known, silent = kept_heartbeats.listing(db), heartbeats.silent(db, now)
    if known:
        last = [f"{worker} (last at {at:%Y-%m-%d %H:%M} UTC)" for worker, at in silent.items()]
        yield check(
            "workers",
            not silent,
            f"no sign of life: {', '.join(last[:SHOWN])}" if silent else f"at work: {', '.join(known)}",
            "start it again and look at its log; one that is gone for good is forgotten after a day",
        )


def _waiting(engine: Engine, now: datetime) -> Iterator[Check]:
    """What is late though it was due (nobody runs the rounds, or they are broken), and what was set aside."""
    with session.reading(engine) as db:
        unopened = late.unopened(db, due_before=now - OVERDUE)
        waits = late.waiting(db, due_before=now - OVERDUE, now=now)
        oldest = transactional.oldest_waiting(db)
        failing = failures.listing(db)
    people = sum(each.people for each in unopened)
    yield check(
        "issues",
        not people,
        f"subscribers due for more than an hour without an issue: {people or 'none'}",
        "let cron call `digest run` every few minutes, or start workers and beat",
        bad=Result.FAIL,
    )
    since = min(
        [each.due_at for each in waits] + ([oldest] if oldest and oldest < now - OVERDUE else []),
        default=None,
    )
    yield check(
        "queue",
        since is None,
        f"the oldest email that waits was due at {since:%Y-%m-%d %H:%M} UTC"
        if since
        else "nothing waits for long",
        "look at the mail server and at the log; then: digest run --no-fetch",
        bad=Result.FAIL,
    )
    shown = [f"{each.part} {each.item}: {each.error} ({_times(each.count)})" for each in failing[:SHOWN]]
    shown += [f"and {len(failing) - SHOWN} more"] if len(failing) > SHOWN else []
    yield check(
        "failures",
        not failing,
        "; ".join(shown) or "nothing is set aside",
        "look at the log for the cause; then: digest failures retry",
    )


def _delivered(engine: Engine) -> Iterator[Check]:
    """The accounts of the last issues, doubts, and domains that refuse us."""
    with session.reading(engine) as db:
        found = deliveries.accounts(db)
        standing = alarms.known(db)
        refused = [pace.domain for pace in domain_limits.troubled(db) if pace.stopped_until]
    wrong = [account.wrong for account in found if account.wrong]
    yield check(
        "accounts", not wrong, "; ".join(wrong) or "every issue adds up", "report this: it must not happen"
    )
    doubts = sum(account.counts.get(DeliveryState.UNCERTAIN, 0) for account in found)
    yield Check(
        "doubts",
        Result.WARN if doubts else Result.OK,
        f"{doubts} deliveries of the last issues may or may not have arrived",
        "digest deliveries resolve --issue ID --mark-sent (or --resend)" if doubts else "",
    )
    yield check(
        "domains",
        not refused,
        f"they refuse our mail: {', '.join(refused)}" if refused else "nobody refuses our mail",
        "digest deliveries domains shows their words; usually SPF, DKIM or the sender's name",
    )
    yield _alarms(standing)


def _alarms(known: Sequence[Alarm]) -> Check:
    """What the operator was told by mail, or couldn't be."""
    untold = [alarm for alarm in known if alarm.reply]
    shown = [f"{a.title} (since {a.since:%Y-%m-%d %H:%M} UTC)" for a in known if a.over_at is None]
    if untold:
        detail = f"{len(untold)} can't be mailed to the operator: {untold[0].reply}"
        return Check(
            "alarms",
            Result.WARN,
            "; ".join([*shown, detail]),
            "look at DIGEST_OPERATOR_MAIL and DIGEST_SMTP_URL",
        )
    fix = " / ".join(dict.fromkeys(alarm.fix for alarm in known if alarm.over_at is None))
    return check("alarms", not shown, "; ".join(shown) or "none stands", fix)


def _source(view: SourceView, now: datetime) -> Check:
    """What a source says of itself, in one line; what failed comes before what waits."""
    source = view.source
    name = f"source {source.name}"
    since = age(source, now)
    newest = "nothing new ever came" if since is None else f"the last new papers came {_hours(since)} ago"
    if source.state is SourceState.PAUSED:
        return Check(name, Result.OK, f"paused: it isn't asked until digest sources resume {source.name}")
    if source.state is SourceState.FAILING:
        failed = f"failed {_times(source.failures)} since {source.failing_since:%Y-%m-%d %H:%M} UTC"
        fix = f"digest sources check {source.url}"
        return Check(name, Result.FAIL, f"{failed}: {source.last_error}; {newest}", fix)
    if source.state is SourceState.STALLED:
        fix = "look at the source's own pages; nothing is wrong here"
        return Check(name, Result.FAIL, f"stalled: papers were expected; {newest}", fix)
    if source.state is SourceState.NEW:
        return Check(name, Result.WARN, "never asked", f"digest sources fetch {source.name}")
    wrong = [
        *source.notes,
        *(f"its announcement of {day} never came" for day in view.missed),
        *(
            f"{len(day.missing)} of {day.announced} papers of {day.day} are missing: {_some(day.missing)}"
            for day in view.incomplete
        ),
    ]
    if wrong:
        return Check(name, Result.WARN, f"{source.state}; {'; '.join(wrong)}", _fix(view))
    return Check(name, Result.OK, f"{source.state}; {newest}")


def _some(ids: Sequence[str]) -> str:
    shown = ", ".join(each.removeprefix("arxiv:") for each in ids[:SHOWN])
    return f"{shown} …" if len(ids) > SHOWN else shown


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _service(name: str, state: ServiceState | None, fix: str) -> Check:
    """Papers come without what a service that fails would give."""
    if state is None:
        return Check(name, Result.OK, "not asked yet")
    if state.failing_since:
        failed = f"failed {_times(state.failures)} since {state.failing_since:%Y-%m-%d %H:%M} UTC"
        return Check(name, Result.WARN, f"{failed}: {state.last_error}", fix)
    last = f"{state.last_success_at:%Y-%m-%d %H:%M} UTC" if state.last_success_at else "never"
    return Check(name, Result.OK, f"it answered last: {last}")


def _fix(view: SourceView) -> str:
    if not view.missed:
        return "digest sources list"
    return f"digest sources backfill {view.source.name} --from {view.missed[0]} --to {view.missed[-1]}"


def _hours(span: timedelta) -> str:
    return f"{span.days} days" if span.days > 1 else f"{span // timedelta(hours=1)} hours"
