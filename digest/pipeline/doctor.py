"""An installation's settings, database and sources → checks: ok, warn or fail, and the mend. Changes nothing.

A check never raises: what can't even be looked at is a failed check.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from digest.config import Settings, load, unknown_names
from digest.deliver import open_transport
from digest.domain import Alarm, DeliveryState, SourceState
from digest.errors import ConfigError, DigestError
from digest.pipeline.source_views import SourceView, age, views
from digest.sources.calendar import is_listed
from digest.store import alarms, deliveries, interests, paces, schema, session
from digest.store.session import Engine

SHORTEST_KEY = 16  # characters
OVERDUE = timedelta(hours=1)  # a source that is due and not asked for so long: nobody runs the rounds
MONTH_OF_NEXT_CALENDAR = 12  # arXiv publishes next year's days before December


class Result(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, what was found, and what to do about it (empty where it is well)."""

    check: str
    result: Result
    detail: str
    fix: str = ""


def examine(now: datetime, environ: Mapping[str, str]) -> list[Check]:
    """Look at everything; what depends on something that is broken is left out."""
    try:
        settings = load()
    except ConfigError as error:
        return [Check("settings", Result.FAIL, error.message, error.fix)]
    checks = [*_settings(settings, environ), *_mail(settings), *_folders(settings), *_calendar(now)]
    try:
        engine = session.connect(settings.database())
        schema.current(engine)
    except ConfigError as error:
        return [*checks, Check("database", Result.FAIL, error.message, error.fix)]
    checks += [Check("database", Result.OK, f"it answers ({engine.dialect.name})"), _schema(engine)]
    if checks[-1].result is Result.OK:
        checks += _stored(engine, now)
    return checks


def _settings(settings: Settings, environ: Mapping[str, str]) -> Iterator[Check]:
    strays = unknown_names(environ)
    if strays:
        told = ", ".join(name + (f" (did you mean {near}?)" if near else "") for name, near in strays)
        yield Check("settings", Result.WARN, f"these mean nothing: {told}", "correct or remove them")
    else:
        yield Check("settings", Result.OK, "they can be read")
    yield _secret_key(settings)
    public = settings.base_url.startswith("https://") and "//localhost" not in settings.base_url
    yield _check(
        "base url",
        public,
        f"links in mails lead to {settings.base_url}",
        "DIGEST_BASE_URL=https://papers.your-domain",
    )
    yield _check(
        "contact",
        bool(settings.contact) or public,
        f"sources see who asks: {settings.contact or settings.base_url}",
        "DIGEST_CONTACT=an address or page of yours; arXiv's terms of use want one",
    )


def _secret_key(settings: Settings) -> Check:
    key = settings.secret_key.get_secret_value()
    fix = "DIGEST_SECRET_KEY=$(python3 -c 'import secrets; print(secrets.token_urlsafe(32))')"
    if not key:
        return Check("secret key", Result.OK, f"made by itself and kept in {settings.data_dir}")
    if len(key) < SHORTEST_KEY:
        return Check("secret key", Result.FAIL, f"shorter than {SHORTEST_KEY} characters", fix)
    return Check("secret key", Result.OK, "set")


def _mail(settings: Settings) -> Iterator[Check]:
    try:
        open_transport(settings.smtp())
    except DigestError as error:
        yield Check("mail server", Result.FAIL, error.message, error.fix)
        return
    into_folder = settings.smtp().startswith("maildir:")
    if into_folder:
        yield _outbox(Path(settings.smtp().removeprefix("maildir:").removeprefix("//")))
    else:
        yield Check("mail server", Result.OK, "its URL can be read")
    serious = Result.WARN if into_folder else Result.FAIL  # nothing leaves by SMTP without these
    sender = settings.mail_from
    yield _check(
        "sender",
        "@" in sender and not sender.rstrip(">").endswith("@localhost"),
        f"mails come from {sender}",
        "DIGEST_MAIL_FROM=papers@your-domain",
        bad=serious,
    )
    yield _check(
        "postal address",
        bool(settings.postal_address),
        settings.postal_address or "there is none, and the law asks for one in every mail",
        "DIGEST_POSTAL_ADDRESS='Your Lab, 1 Street, City'",
        bad=serious,
    )


def _outbox(folder: Path) -> Check:
    fix = "DIGEST_SMTP_URL=smtp+starttls://user:password@host:587, or a folder that can be written"
    return _check("outbox", _writable(folder), f"mails go into {folder}", fix, bad=Result.FAIL)


def _folders(settings: Settings) -> Iterator[Check]:
    fix = "set DIGEST_DATA_DIR to a folder that can be written"
    folder = settings.data_dir
    yield _check("data folder", _writable(folder), f"{folder}", fix, bad=Result.FAIL)


def _writable(folder: Path) -> bool:
    """Whether a folder can be written to, or be made where it isn't yet."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _calendar(now: datetime) -> Iterator[Check]:
    years = [now.year, *([now.year + 1] if now.month >= MONTH_OF_NEXT_CALENDAR else [])]
    unknown = [str(year) for year in years if not is_listed(year)]
    yield _check(
        "arxiv calendar",
        not unknown,
        f"arXiv's days without announcement in {', '.join(unknown or map(str, years))} are "
        f"{'not known: its holidays will look like delays' if unknown else 'known'}",
        "install a newer digest",
    )


def _schema(engine: Engine) -> Check:
    try:
        schema.check(engine)
    except ConfigError as error:
        return Check("schema", Result.FAIL, error.message, error.fix)
    return Check("schema", Result.OK, f"at {schema.head()}")


def _stored(engine: Engine, now: datetime) -> Iterator[Check]:
    with session.reading(engine) as db:
        topics = interests.topics(db)
    yield _check("topics", bool(topics), f"{len(topics)} topics", "digest db upgrade")
    found = views(engine, now)
    asked = [view for view in found if view.source.url]
    yield _check("sources", bool(asked), f"{len(asked)} sources are asked", "digest sources add URL …")
    late = [v.source.name for v in asked if (due := v.source.next_fetch_at) and due < now - OVERDUE]
    yield _check(
        "rounds",
        not late,
        f"due for more than an hour, and nobody asked: {', '.join(late)}"
        if late
        else "sources are asked in time",
        "let cron call `digest run` every few minutes, or start workers and beat",
    )
    for view in asked:
        yield _source(view, now)
    yield from _delivered(engine)


def _delivered(engine: Engine) -> Iterator[Check]:
    """The accounts of the last issues, doubts, and domains that refuse us."""
    with session.reading(engine) as db:
        found = deliveries.accounts(db)
        standing = alarms.known(db)
        refused = [pace.domain for pace in paces.troubled(db) if pace.stopped_until]
    wrong = [account.wrong for account in found if account.wrong]
    yield _check(
        "accounts", not wrong, "; ".join(wrong) or "every issue adds up", "report this: it must not happen"
    )
    doubts = sum(account.counts.get(DeliveryState.UNCERTAIN, 0) for account in found)
    yield Check(
        "doubts",
        Result.WARN if doubts else Result.OK,
        f"{doubts} deliveries of the last issues may or may not have arrived",
        "digest deliveries resolve --issue ID --mark-sent (or --resend)" if doubts else "",
    )
    yield _check(
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
    return _check("alarms", not shown, "; ".join(shown) or "none stands", fix)


def _source(view: SourceView, now: datetime) -> Check:
    """What a source says of itself, in one line; what failed comes before what waits."""
    source = view.source
    name = f"source {source.name}"
    since = age(source, now)
    newest = "nothing new ever came" if since is None else f"the last new papers came {_hours(since)} ago"
    if source.state is SourceState.FAILING:
        failed = f"failing {source.failures} times since {source.failing_since:%Y-%m-%d %H:%M} UTC"
        fix = f"digest sources check {source.url}"
        return Check(name, Result.FAIL, f"{failed}: {source.last_error}; {newest}", fix)
    if source.state is SourceState.STALLED:
        fix = "look at the source's own pages; nothing is wrong here"
        return Check(name, Result.FAIL, f"stalled: papers were expected; {newest}", fix)
    if source.state is SourceState.NEW:
        return Check(name, Result.WARN, "never asked", f"digest sources fetch {source.name}")
    wrong = [*source.notes, *(f"its announcement of {day} never came" for day in view.missed)]
    if wrong:
        return Check(name, Result.WARN, f"{source.state}; {'; '.join(wrong)}", _mend(view))
    return Check(name, Result.OK, f"{source.state}; {newest}")


def _mend(view: SourceView) -> str:
    if not view.missed:
        return "digest sources list"
    return f"digest sources backfill {view.source.name} --from {view.missed[0]} --to {view.missed[-1]}"


def _hours(span: timedelta) -> str:
    return f"{span.days} days" if span.days > 1 else f"{span // timedelta(hours=1)} hours"


def _check(name: str, well: bool, detail: str, fix: str, *, bad: Result = Result.WARN) -> Check:
    return Check(name, Result.OK, detail) if well else Check(name, bad, detail, fix)
