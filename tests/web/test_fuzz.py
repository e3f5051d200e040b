"""A running `serve` under random requests of every route: nothing is a 5xx, and its memory stays as it is.

FUZZ_SECONDS=600 FUZZ_SEED=… makes it longer and other (make test-fuzz).
"""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.config import load
from digest.pipeline.installation import Installation, open_installation
from digest.pipeline.mail.links import Purpose, erase_link, link
from digest.web.app import create
from tests.builders import entry
from tests.installations import join, store_entries
from tests.ports import free_port
from tests.web.requests_at_random import Sent, at_random, paths_of
from tests.web.test_serve import PATIENCE, command, environment, until

SECONDS = float(os.environ.get("FUZZ_SECONDS", "15"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
WARM = 0.3  # the part of the time after which memory is looked at first: caches are full then
REACHED = 0.15  # of all requests, at least, that get a page
GROWTH = 24 * 1024  # KiB that memory may grow in the rest of it


@pytest.fixture
def site(tmp_path: Path) -> Installation:
    """An installation with papers of these days and readers, in a folder."""
    found = open_installation(load(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'digest.db'}"))
    now = datetime.now(UTC)
    papers = [entry(f"2603.{n:05}", title=f"Agents that plan {n}", announced_at=now) for n in range(1, 200)]
    store_entries(found.engine, papers, seen_at=now - timedelta(hours=1))
    return found


def tokens(site: Installation) -> list[str]:
    """Tokens that open something, and names of things that are there."""
    now = datetime.now(UTC)
    readers = [join(site, f"reader{n}@example.org", filters=["agents"], now=now) for n in range(3)]
    opening = [link(site, purpose, reader.id) for purpose in Purpose for reader in readers]
    opening += [erase_link(site, reader.id, now + timedelta(hours=1)) for reader in readers]
    return [each.rpartition("/")[2] for each in opening] + [
        "arxiv:2603.00001",
        "2603.00002",
        "llm",
        f"{now:%Y-%m-%d}",
    ]


@pytest.fixture
def server(site: Installation, tmp_path: Path) -> Iterator[tuple[int, int, Path]]:
    """The port, the process and the log of a running site."""
    port, log = free_port(), tmp_path / "log"
    settings = environment(
        tmp_path, DIGEST_TRUSTED_PROXIES="127.0.0.1", DIGEST_BASE_URL=f"http://127.0.0.1:{port}"
    )
    with log.open("wb") as out:
        process = subprocess.Popen(
            command("serve", "--pages-only", "--port", str(port)),
            cwd=tmp_path,
            env=settings,
            stdout=out,
            stderr=out,
        )
        try:
            ready = f"http://127.0.0.1:{port}/healthz"
            until(time.monotonic() + PATIENCE, lambda: urllib.request.urlopen(ready).status == 200)
            yield port, process.pid, log
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
            process.wait()


def ask(port: int, sent: Sent) -> int:
    """The status of the answer; 0 where the connection ended without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        try:
            line.sendall(sent.content)
            answer = b""
            while more := line.recv(1 << 16):
                answer = answer or more
        except ConnectionError:
            return 0
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def memory(process: int) -> int:
    """KiB that a process holds."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0])


def test_no_request_of_any_route_breaks_the_site_or_fills_its_memory(
    site: Installation, server: tuple[int, int, Path]
) -> None:
    port, process, log = server
    paths, opening = paths_of(create(site)), tokens(site)
    assert {"/", "/papers/{name}", "/prefs/{token}", "/api/v1/preview"} <= set(paths)
    seeds = random.Random(SEED)
    began, held, statuses = time.monotonic(), 0, Counter[int]()
    while (passed := time.monotonic() - began) < SECONDS:
        seed = seeds.randrange(10**12)
        sent = at_random(seed, paths, opening)
        status = ask(port, sent)
        statuses[status] += 1
        is_said = status == 503 and "/readyz" in sent.line  # that nobody delivers here
        assert 200 <= status < 500 or is_said, (seed, status, sent.line, log.read_text()[-3000:])
        if not held and passed > SECONDS * WARM:
            held = memory(process)
    grown = memory(process) - held
    assert statuses[200] > statuses.total() * REACHED  # else it tells of errors only
    sys.stdout.write(
        f"{statuses.total()} requests, {len(paths)} paths, {dict(statuses)}, {held} KiB {grown:+} KiB\n"
    )
    assert grown < GROWTH
    assert "Traceback" not in log.read_text()
