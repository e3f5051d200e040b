"""`digest serve` as a process: pages, sign-up, mails over SMTP, logs without addresses, an orderly end."""

import http.client
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from digest.pipeline.installation import seed
from digest.store import schema, session
from digest.web.server import listen
from tests.builders import entry
from tests.installations import store_entries
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
    store_entries(engine, [entry()])
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


@contextmanager
def serving(
    folder: Path, smtp: SmtpServer, *, limit: str = ""
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A running `serve` on a free port, under a limit of the shell where one is given; killed at the end."""
    port = free_port()
    settings = environment(folder, DIGEST_SMTP_URL=smtp.url, DIGEST_BASE_URL=f"http://127.0.0.1:{port}")
    start = shlex.join(command("serve", "--port", str(port)))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["sh", "-c", f"{limit or ':'}; exec {start}"], cwd=folder, env=settings, stdout=log, stderr=log
        )
        try:
            ready = f"http://127.0.0.1:{port}/readyz"
            until(time.monotonic() + PATIENCE, lambda: urllib.request.urlopen(ready).status == 200)
            yield port, process
        finally:
            process.kill()
            process.wait()


@pytest.mark.long
def test_half_open_connections_shut_out_neither_visitors_nor_delivery(folder: Path, smtp: SmtpServer) -> None:
    with serving(folder, smtp, limit="ulimit -n 128") as (port, _), ExitStack() as opened:
        lines = [opened.enter_context(half_open(port)) for _ in range(150)]
        body = json.dumps({"email": "ada@example.org"})
        visitor = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=("127.0.0.2", 0))
        began = time.monotonic()
        visitor.request("POST", "/api/v1/subscriptions", body, {"Content-Type": "application/json"})
        assert visitor.getresponse().status == 202
        assert time.monotonic() - began < 5
        until(began + 10, lambda: smtp.mails)
        opened.callback(visitor.close)
        until(began + 25, lambda: all(is_closed(line) for line in lines))
    assert "Too many open files" not in (folder / "log").read_text()


def half_open(port: int) -> socket.socket:
    """A connection whose request never comes to its end."""
    line = socket.create_connection(("127.0.0.1", port), timeout=10)
    line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
    line.setblocking(False)
    return line


def is_closed(line: socket.socket) -> bool:
    """Whether the server closed a connection on which it has nothing to say."""
    try:
        while line.recv(1000):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        pass
    return True


def test_serve_ends_within_five_seconds_whatever_is_under_way(folder: Path, smtp: SmtpServer) -> None:
    with serving(folder, smtp) as (port, process), ExitStack() as opened:
        for _ in range(20):
            opened.enter_context(half_open(port))
        body = json.dumps(
            {"filters": [" OR ".join(f"{a}{b}*" for b in "abcdefghij") for a in "abcdefghij"]}
        ).encode()
        headers = ("Host: x", "Content-Type: application/json", f"Content-Length: {len(body)}")
        head = "\r\n".join(("POST /api/v1/preview HTTP/1.1", *headers))
        for _ in range(41):  # more previews than run at once
            line = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            line.sendall(f"{head}\r\n\r\n".encode() + body)
        time.sleep(0.2)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert time.monotonic() - began < 5


def test_an_answer_does_not_wait_for_the_readers_acknowledgement() -> None:
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
