"""An installation for tests: a database of the `engine` fixture, a Maildir, and papers already in it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path

from sqlalchemy import Engine

from digest.domain import Entry, Source, SourceKind, Subscriber
from digest.pipeline.installation import Installation, seed
from digest.pipeline.subscriptions.validate import read_interests, read_schedule, subscribe
from digest.render import Renderer, Site
from digest.store import papers, session, sources
from digest.store.subscriptions import interests
from digest.tokens import Keys
from tests.builders import NOW

CONSENT = "asked for it in a test"


def installation(engine: Engine, folder: Path, **fields: object) -> Installation:
    """An installation on this database, with a Maildir in `folder`; any field can be given."""
    seed(engine)
    defaults: dict[str, object] = {
        "engine": engine,
        "site": Site("Daily Papers", "https://papers.example.org", "papers@example.org", "1 Test Street"),
        "keys": Keys(b"a key that only tests use"),
        "renderer": Renderer(),
        "smtp_url": f"maildir:{folder / 'outbox'}",
        "smtp_connections": 2,
        "window": timedelta(days=3),
        "fit_weight": 0.5,
        "user_agent": "digest/test (+https://papers.example.org)",
        "allow_hosts": frozenset({"127.0.0.1"}),
    }
    return Installation(**(defaults | fields))  # type: ignore[arg-type] # fields of any type, by name


def store_entries(
    engine: Engine, entries: Sequence[Entry], *, seen_at: datetime = NOW, source: str = "arxiv"
) -> None:
    """Put papers into the store as this source's."""
    with session.transaction(engine) as db:
        known = sources.ensure(db, name=source, kind=SourceKind.ARXIV)
        papers.store_entries(db, known, entries, seen_at=seen_at)


def join(
    installation: Installation,
    email: str,
    *,
    topics: Sequence[str] = (),
    filters: Sequence[str] = (),
    exclude: Sequence[str] = (),
    at: str = "08:00",
    timezone: str = "UTC",
    now: datetime = NOW - timedelta(hours=1),
) -> Subscriber:
    """Subscribe somebody, confirmed."""
    with session.transaction(installation.engine) as db:
        return subscribe(
            installation,
            db,
            email=email,
            interests=read_interests(interests.topics(db), topics=topics, filters=filters, exclude=exclude),
            schedule=read_schedule(at=at, timezone=timezone),
            now=now,
            consent=CONSENT,
        )


def outbox(folder: Path) -> list[EmailMessage]:
    """The mails in the Maildir, strictly parsed, by recipient, the oldest first."""
    path = folder / "outbox"
    if not path.exists():
        return []
    parser = BytesParser(policy=SMTP.clone(raise_on_defect=True))
    written = sorted(path.glob("new/*"), key=lambda file: file.stat().st_mtime_ns)  # a folder has no order
    mails = [parser.parsebytes(file.read_bytes()) for file in written]
    return sorted(mails, key=lambda mail: str(mail["To"]))


def served(url: str, kind: SourceKind = SourceKind.HUGGINGFACE, name: str = "served") -> Source:
    """A source at an address of a test's server."""
    return Source(name, kind, url)
