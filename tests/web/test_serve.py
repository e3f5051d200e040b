"""`digest serve` as a process: pages, sign-up, mails over SMTP, logs without addresses, an orderly end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from digest.pipeline.installation import seed
from digest.store import schema, session
from tests.builders import entry
from tests.installations import land
from tests.ports import free_port
from tests.smtp_server import SmtpServer

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a process that keeps everything in a folder."""
    settings = {
        "DIGEST_DATA_DIR": str(folder),
        "DIGEST_DATABASE_URL": f"sqlite:///{folder / 'digest.db'}",
        "DIGEST_MAIL_FROM": "papers@example.org",
        "DIGEST_POSTAL_ADDRESS": "1 Test Street",
    }
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | settings | more


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "digest", *arguments]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with papers, and no source that could be asked."""
    engine = session.connect(f"sqlite:///{tmp_path / 'digest.db'}")
    schema.ensure(engine)
    land(engine, [entry()])
    seed(engine)
    engine.dispose()
    return tmp_path


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


def until(deadline: float, ask: Callable[[], object]) -> object:
    """Ask until something true comes back."""
    while True:
        try:
            if answer := ask():
                return answer
        except (urllib.error.URLError, ConnectionError):
            pass
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.05)


def test_serving_signs_up_mails_confirms_and_ends(folder: Path, smtp: SmtpServer) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    settings = environment(folder, DIGEST_SMTP_URL=smtp.url, DIGEST_BASE_URL=base)
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        command("serve", "--port", str(port)), cwd=folder, env=settings, stdout=log, stderr=log
    )
    deadline = time.monotonic() + PATIENCE
    try:
        until(deadline, lambda: urllib.request.urlopen(f"{base}/readyz").status == 200)
        body = json.dumps({"email": "ada@example.org"}).encode()
        asked = urllib.request.Request(
            f"{base}/api/v1/subscriptions", body, {"Content-Type": "application/json"}
        )
        assert urllib.request.urlopen(asked).status == 202
        until(deadline, lambda: smtp.mails)
        (path,) = links(smtp, "confirm")
        confirm = urllib.request.Request(f"{base}{path}", b"", method="POST")
        assert b"You are subscribed" in urllib.request.urlopen(confirm).read()
        until(deadline, lambda: len(smtp.mails) == 2)
        (leave,) = links(smtp, "u")
        urllib.request.urlopen(f"{base}{leave}").read()
        checked = subprocess.run(
            command("serve", "--check", "--port", str(port)),
            cwd=folder,
            env=settings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, checked.stderr
        assert "database: ok" in checked.stdout
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(PATIENCE)
        log.close()
    said = (folder / "log").read_text()
    assert code == 0, said
    assert "serving on" in said
    assert "ada@" not in said
    assert path.rpartition("/")[2] not in said


def links(smtp: SmtpServer, kind: str) -> list[str]:
    """The distinct paths of the links of a kind in all mails."""
    texts = [message_from_bytes(mail.content, policy=policy.SMTP).get_body(("plain",)) for mail in smtp.mails]
    found = [
        p
        for text in texts
        if text
        for p in re.findall(rf"(/{kind}/[\w-]{{28}})(?![\w-])", text.get_content())
    ]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("set_by", ["option", "environment"])
def test_serving_refuses_a_clock_that_was_set(folder: Path, set_by: str) -> None:
    when = "2026-03-17T08:00:00Z"
    options = ["--now", when] if set_by == "option" else []
    settings = environment(folder, **({} if options else {"DIGEST_NOW": when}))
    ended = subprocess.run(
        command(*options, "serve", "--port", "0"),
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert ended.returncode == 4
    assert "a server runs on the real one only" in ended.stderr


def test_a_port_that_is_taken_is_named(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            command("serve", "--port", str(port)),
            cwd=folder,
            env=environment(folder),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    assert ended.returncode == 4
    assert f"can't listen on 127.0.0.1:{port}" in ended.stderr


def test_a_check_says_that_nothing_answers(folder: Path) -> None:
    ended = subprocess.run(
        command("serve", "--check", "--port", str(free_port())),
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert ended.returncode == 5
    assert "nothing answers" in ended.stderr
