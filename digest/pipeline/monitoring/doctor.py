"""Examines settings, database and sources: each check is ok, warn or fail, with its fix. Changes nothing.

A check never raises: what can't even be looked at is a failed check.
"""

import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from digest.config import Settings, load, unknown_names
from digest.deliver import open_transport
from digest.errors import ConfigError, DigestError
from digest.pipeline.bounces.folders import UNKNOWN
from digest.pipeline.installation import KEY_FILE, signer
from digest.pipeline.monitoring.checks import Check, Result, check
from digest.pipeline.monitoring.store_checks import examine_store
from digest.sources.calendar import is_listed
from digest.store import schema, session
from digest.store.session import Engine

_REDIS_PORT = 6379
_PATIENCE = 2.0  # seconds for a server on which nothing else here depends
SHORTEST_KEY = 16  # characters
ROOM, LEAST_ROOM = 500 * 2**20, 20 * 2**20  # bytes free on a disk: below the first a warning
MONTH_OF_NEXT_CALENDAR = 12  # arXiv publishes next year's days before December


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
        checks += examine_store(engine, now, settings.services(), summaries=bool(settings.summary_url))
    return checks


def _settings(settings: Settings, environ: Mapping[str, str]) -> Iterator[Check]:
    strays = unknown_names(environ)
    if strays:
        detail = ", ".join(name + (f" (did you mean {near}?)" if near else "") for name, near in strays)
        yield Check("settings", Result.WARN, f"these mean nothing: {detail}", "correct or remove them")
    else:
        yield Check("settings", Result.OK, "they can be read")
    yield _secret_key(settings)
    if settings.summary_url and not settings.summary_model:
        missing = "DIGEST_SUMMARY_URL is set, but not which model is to be asked there"
        yield Check("summaries", Result.FAIL, missing, "DIGEST_SUMMARY_MODEL=the model's name")
    if settings.redis_url.get_secret_value().startswith(("redis://", "rediss://")):
        yield _redis(settings.redis_url.get_secret_value())
    public = settings.base_url.startswith("https://") and "//localhost" not in settings.base_url
    yield check(
        "base url",
        public,
        f"links in mails lead to {settings.base_url}",
        "DIGEST_BASE_URL=https://papers.your-domain",
    )
    yield check(
        "contact",
        bool(settings.contact) or public,
        f"arXiv's terms of use want to know who asks; sources see {settings.contact or settings.base_url}",
        "DIGEST_CONTACT=you@your-domain",
    )


def _redis(url: str) -> Check:
    """Whether something listens where Celery's broker is: only workers speak its protocol."""
    parts = urlsplit(url)
    where = f"{parts.hostname or 'localhost'}:{parts.port or _REDIS_PORT}"
    try:
        with socket.create_connection((parts.hostname or "localhost", parts.port or _REDIS_PORT), _PATIENCE):
            return Check("redis", Result.OK, f"something listens at {where}")
    except OSError as error:
        detail = f"{where} can't be reached ({error.strerror or error}): workers get no tasks"
        return Check(
            "redis", Result.FAIL, detail, "start Redis, or correct DIGEST_REDIS_URL; meanwhile: digest run"
        )


def _secret_key(settings: Settings) -> Check:
    key = settings.secret_key.get_secret_value()
    fix = "DIGEST_SECRET_KEY=$(python3 -c 'import secrets; print(secrets.token_urlsafe(32))')"
    if not key:
        return Check("secret key", Result.OK, f"generated automatically, stored in {settings.data_dir}")
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
    yield check(
        "sender",
        "@" in sender and not sender.rstrip(">").endswith("@localhost"),
        f"mails come from {sender}",
        "DIGEST_MAIL_FROM=papers@your-domain",
        bad=serious,
    )
    yield check(
        "postal address",
        bool(settings.postal_address),
        settings.postal_address or "there is none, and the law asks for one in every mail",
        "DIGEST_POSTAL_ADDRESS='Your Lab, 1 Street, City'",
        bad=serious,
    )
    yield _dkim(settings)
    if settings.bounce_imap_url.get_secret_value():
        yield _bounce_mailbox(settings.bounce_imap_url.get_secret_value())


def _bounce_mailbox(url: str) -> Check:
    """Which mailbox is read; that it can't be is among what failed."""
    from digest.pipeline.bounces import imap  # noqa: PLC0415 - reads emails; where there is such a mailbox

    try:
        return Check("bounce mailbox", Result.OK, f"{imap.place(url)} is read in every round")
    except ConfigError as error:
        return Check("bounce mailbox", Result.FAIL, error.message, error.fix)


def _dkim(settings: Settings) -> Check:
    """Who signs; the record is told, not looked up: nothing here asks the DNS."""
    signing = signer(settings)
    if signing:
        name, value = signing.record
        return Check("dkim", Result.OK, f'every mail is signed; your DNS must say: {name} TXT "{value}"')
    fix = "DIGEST_DKIM_SELECTOR=the key's name in your DNS; or take DIGEST_DKIM_KEY away"
    unused = bool(settings.dkim_key.get_secret_value())
    detail = "there is a key, but no selector: nothing is signed here" if unused else "your relay signs"
    return check("dkim", not unused, detail, fix)


def _outbox(folder: Path) -> Check:
    fix = "DIGEST_SMTP_URL=smtp+starttls://user:password@host:587, or a folder that can be written"
    return check("outbox", _writable(folder), f"mails go into {folder}", fix, bad=Result.FAIL)


def _folders(settings: Settings) -> Iterator[Check]:
    fix = "set DIGEST_DATA_DIR to a folder that can be written"
    folder = settings.data_dir
    yield check("data folder", _writable(folder), f"{folder}", fix, bad=Result.FAIL)
    yield space(shutil.disk_usage(_there(folder)).free, folder)
    yield _private(settings)
    unclear = settings.bounces() / UNKNOWN / "new"
    count = sum(1 for _ in unclear.iterdir()) if unclear.is_dir() else 0
    detail = f"mails that came back and weren't understood, or aren't about ours: {count or 'none'}"
    yield check("bounces", not count, detail, f"look at {unclear}, and move what you have seen out of it")


def _private(settings: Settings) -> Check:
    """Whether other users of this machine are kept out of addresses, keys and mails."""
    database = settings.database().removeprefix("sqlite:///")
    paths = [settings.data_dir, settings.bounces(), Path(".env"), settings.data_dir / KEY_FILE]
    if database != settings.database():
        paths += [Path(database + end) for end in ("", "-wal", "-shm")]
    seen = [path for path in paths if path.exists() and path.stat().st_mode & 0o077]
    # What lies in a folder that is closed to others can't be reached, whatever its own mode.
    exposed = [path for path in seen if not _is_inside(path, settings.data_dir) or settings.data_dir in seen]
    shown = ", ".join(str(path) for path in exposed)
    return check(
        "files",
        not exposed,
        f"other users of this machine can read {shown}" if exposed else "only their owner can read them",
        f"chmod -R go-rwx {' '.join(str(path) for path in exposed)}",
    )


def _is_inside(path: Path, folder: Path) -> bool:
    return folder.absolute() in path.absolute().parents


def space(free: int, folder: Path) -> Check:
    """Say whether a folder's disk has room for what comes; `free`: its bytes that may be written."""
    detail = f"{free // 2**20:,} MB are free on the disk of {folder}"
    fix = "free space there: a full disk stops fetching and sending, and loses nothing"
    return check("disk", free >= ROOM, detail, fix, bad=Result.FAIL if free < LEAST_ROOM else Result.WARN)


def _there(folder: Path) -> Path:
    """The folder, or the nearest one above that exists."""
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


def _writable(folder: Path) -> bool:
    """Whether a folder can be written to, or be made where it isn't yet."""
    there = _there(folder)
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _calendar(now: datetime) -> Iterator[Check]:
    years = [now.year, *([now.year + 1] if now.month >= MONTH_OF_NEXT_CALENDAR else [])]
    unknown = [str(year) for year in years if not is_listed(year)]
    yield check(
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
