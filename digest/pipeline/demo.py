"""Sends the bundled sample papers to five invented readers, by the same steps as any other round."""

import mailbox
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from digest.config import Settings, load
from digest.domain import Match, SourceKind
from digest.errors import InputError, RefusedError
from digest.pipeline.delivery.worker import promised
from digest.pipeline.ingest.import_files import import_file
from digest.pipeline.installation import Installation, open_installation
from digest.pipeline.runner import Round, run_round
from digest.pipeline.subscriptions.lists.csv_import import import_subscribers
from digest.store import deliveries, papers, session
from digest.store.subscriptions import subscribers

JOINED = datetime(2026, 3, 18, 22, tzinfo=UTC)
MORNING = datetime(2026, 3, 19, 17, tzinfo=UTC)  # a Thursday, past 08:00 in each sample reader's zone
MARK = ".digest-demo"  # a folder with this file in it is ours to empty
SAMPLES = "samples"
READERS = "readers.csv"


@dataclass(frozen=True, slots=True)
class SampleMail:
    """A mail of the demo: whose, where it lies, and which papers are in it for which reasons."""

    to: str
    subject: str
    path: Path
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo did."""

    installation: Installation
    papers: int
    played: Round
    mails: tuple[SampleMail, ...]


def demo(out: Path) -> Demo:
    """Empty the folder `out`, set an installation up in it, and play one round on the samples.

    Raises RefusedError when the folder holds something that isn't a demo's.
    """
    _empty(out)
    installation = open_installation(_settings(out))
    for sample in sorted(_samples().iterdir(), key=lambda s: s.name):
        kind = sample.name.partition("-")[0]
        if kind in list(SourceKind):
            _import(installation, sample, SourceKind(kind))
    readers = (_samples() / READERS).read_text(encoding="utf-8")
    import_subscribers(installation, readers, now=JOINED, consent="invented for the demo")
    played = run_round(installation, MORNING, fetch=False)
    for error in played.failed.values():
        raise error
    with session.transaction(installation.engine) as db:
        total = papers.count(db)
    return Demo(installation, total, played, tuple(_mails(installation, out)))


def _settings(out: Path) -> Settings:
    """The user's settings but for where things lie: a demo touches no real database and no mail server."""
    return load(data_dir=out, database_url="", smtp_url="", secret_key="")


def _samples() -> Traversable:
    return files("digest") / SAMPLES


def _empty(out: Path) -> None:
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        raise RefusedError(f"{out} holds files that aren't a demo's", fix="digest demo --out another-folder")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / MARK).touch()


def _import(installation: Installation, sample: Traversable, kind: SourceKind) -> None:
    with sample.open("rb") as stream:
        report = import_file(installation, sample.name, stream, kind=kind, name=str(kind), seen_at=None)
    if report.error:
        raise InputError(f"sample {sample.name}: {report.error}")


def _mails(installation: Installation, out: Path) -> list[SampleMail]:
    """Lay each mail of the outbox beside it under its reader's name, as a message and as a page."""
    chosen = _chosen(installation)
    mails = []
    for raw in mailbox.Maildir(out / "outbox", create=False):
        content = raw.as_bytes()
        mail = message_from_bytes(content, policy=policy.default)
        reader = str(mail["To"])
        path = out / f"{reader.partition('@')[0]}.eml"
        path.write_bytes(content)
        path.with_suffix(".html").write_text(_html(mail), encoding="utf-8")
        mails.append(SampleMail(reader, str(mail["Subject"]), path, chosen[reader]))
    return sorted(mails, key=lambda m: m.to)


def _html(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    return "" if body is None else str(body.get_content())


def _chosen(installation: Installation) -> dict[str, tuple[Match, ...]]:
    """By reader: the papers of the ledger with their reasons."""
    with session.reading(installation.engine) as db:
        rows = [row for row, _ in deliveries.listing(db)]
        people = subscribers.by_ids(db, [row.subscriber_id for row in rows])
    digests = promised(installation, rows, people)
    return {people[row.subscriber_id].email: digest.papers for row in rows if (digest := digests[row.id])}
