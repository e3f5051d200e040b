"""Sources that hang or drip, as real servers, beside `digest run` and `digest serve` as real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.cli.terminal.exits import INTERRUPTED
from digest.domain import SourceKind
from digest.store import schema, session, sources
from tests.builders import entry
from tests.installations import installation, join, store_entries
from tests.ports import free_port
from tests.smtp_server import SmtpServer
from tests.source_server import Handler, SourceServer

ROOT = Path(__file__).parents[2]
OUT_WITHIN, ENDS_WITHIN = 15.0, 5.0  # seconds: what is promised
PATIENCE = 60.0


def hang(handler: Handler) -> None:
    """Take the request and say nothing."""
    handler.stopping.wait(PATIENCE)


def drip(handler: Handler) -> None:
    """Begin an answer that goes on for ever, a byte at a time."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while not handler.stopping.wait(0.2):
        handler.wfile.write(b" ")


def drip_headers(handler: Handler) -> None:
    """Never come to the end of the headers."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.stopping.wait(0.2):
        handler.wfile.write(b"X")


@pytest.fixture
def slow() -> Iterator[SourceServer]:
    with SourceServer() as server:
        server.answers = {"/hang": hang, "/drip": drip, "/headers": drip_headers, "/hang2": hang}
        yield server


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, slow: SourceServer) -> Path:
    """An installation with a paper, a subscriber who is due, and no source that ever answers."""
    engine = session.connect(f"sqlite:///{tmp_path / 'digest.db'}")
    schema.ensure(engine)
    now = datetime.now(UTC)
    site = installation(engine, tmp_path)
    store_entries(engine, [entry()], seen_at=now - timedelta(hours=3))
    with session.transaction(engine) as db:
        for source in sources.listing(db):
            sources.remove(db, source.name)
        for path in slow.answers:
            sources.add(db, name=path.strip("/"), kind=SourceKind.FEED, url=slow.url(path))
    due = now - timedelta(minutes=1)
    join(site, "ada@example.org", at=f"{due:%H:%M}", now=due - timedelta(hours=1))
    engine.dispose()
    return tmp_path


def start(folder: Path, smtp: SmtpServer, *arguments: str) -> subprocess.Popen[bytes]:
    settings = {
        "DIGEST_DATA_DIR": str(folder),
        "DIGEST_DATABASE_URL": f"sqlite:///{folder / 'digest.db'}",
        "DIGEST_MAIL_FROM": "papers@example.org",
        "DIGEST_POSTAL_ADDRESS": "1 Test Street",
        "DIGEST_SMTP_URL": smtp.url,
        "DIGEST_FETCH_ALLOW_HOSTS": "127.0.0.1",
    }
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | settings
    command = [sys.executable, "-m", "digest", *arguments]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


def seconds_until_mail(smtp: SmtpServer, began: float) -> float:
    while not smtp.mails:
        assert time.monotonic() - began < PATIENCE, "no mail came"
        time.sleep(0.05)
    return time.monotonic() - began


def seconds_to_end(process: subprocess.Popen[bytes]) -> float:
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(PATIENCE)
    return time.monotonic() - began


def check_that_all_are_due(folder: Path) -> None:
    """A source that was cut off by the end is no failure of the source, and is asked again at once."""
    engine = session.connect(f"sqlite:///{folder / 'digest.db'}")
    now = datetime.now(UTC)
    with session.reading(engine) as db:
        assert {source.name for source in sources.due(db, now)} == {"hang", "hang2", "drip", "headers"}
        assert not any(source.failures for source in sources.listing(db))
    engine.dispose()


@pytest.mark.long
def test_a_round_delivers_and_ends_while_every_source_hangs(
    folder: Path, smtp: SmtpServer, slow: SourceServer
) -> None:
    began = time.monotonic()
    process = start(folder, smtp, "run")
    try:
        out = seconds_until_mail(smtp, began)
        assert slow.asked
        ended = seconds_to_end(process)
    finally:
        process.kill()
    sys.stdout.write(f"run: out after {out:.1f} s, ended after {ended:.1f} s\n")
    assert process.returncode == INTERRUPTED, (folder / "log").read_text()
    assert out < OUT_WITHIN
    assert ended < ENDS_WITHIN
    check_that_all_are_due(folder)


def test_a_server_delivers_and_ends_while_every_source_hangs(
    folder: Path, smtp: SmtpServer, slow: SourceServer
) -> None:
    began = time.monotonic()
    process = start(folder, smtp, "serve", "--port", str(free_port()))
    try:
        out = seconds_until_mail(smtp, began)
        while not slow.asked:
            time.sleep(0.05)
        ended = seconds_to_end(process)
    finally:
        process.kill()
    sys.stdout.write(f"serve: out after {out:.1f} s, ended after {ended:.1f} s\n")
    assert process.returncode == 0, (folder / "log").read_text()
    assert out < OUT_WITHIN
    assert ended < ENDS_WITHIN
    check_that_all_are_due(folder)
