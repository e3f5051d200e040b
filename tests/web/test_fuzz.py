"""A running `serve` under random requests of every route: nothing is a 5xx, and its memory stays as it is.

FUZZ_SECONDS=600 FUZZ_SEED=… makes it longer and other (make test-fuzz); FUZZ_URLS=50000 asks for as many URLs
as a browser would (make test-fuzz-urls).
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
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from digest.config import load
from digest.pipeline.installation import Installation, open_installation
from digest.pipeline.mail.links import Purpose, erase_link, link
from digest.web.app import create
from tests.builders import entry
from tests.installations import join, store_entries
from tests.ports import free_port
from tests.web.requests_at_random import Sent, at_random, paths_of, url_at_random
from tests.web.test_serve import PATIENCE, command, environment, until

SECONDS = float(os.environ.get("FUZZ_SECONDS", "15"))
URLS = int(os.environ.get("FUZZ_URLS", "400"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
WARM = 0.3  # the part of the time after which memory is looked at first: caches are full then
REACHED = 0.15  # of all requests, at least, that get a page
URLS_REACHED = 1 / 3  # of all URLs
GROWTH = 24 * 1024  # KiB that memory may grow in the rest of it


@pytest.fixture
def site(tmp_path: Path) -> Installation:
    """An installation with papers of these days and readers, in a folder."""
    found = open_installation(load(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'digest.db'}"))
    now = datetime.now(UTC)
    papers = [entry(f"2603.{n:05}", title=f"Agents that plan {n}", announced_at=now) for n in range(1, 200)]
    store_entries(found.engine, papers, seen_at=now - timedelta(hours=1))
    return found


def pages(site: Installation) -> list[str]:
    """The paths of pages that are there, those of readers among them."""
    now = datetime.now(UTC)
    readers = [join(site, f"reader{n}@example.org", filters=["agents"], now=now) for n in range(3)]
    opening = [link(site, purpose, reader.id) for purpose in Purpose for reader in readers]
    opening += [erase_link(site, reader.id, now + timedelta(hours=1)) for reader in readers]
    return [urlsplit(each).path for each in opening] + [
        "/p/arxiv:2603.00001",
        "/p/2603.00002",
        "/t/llm",
        f"/papers/{now:%Y-%m-%d}",
        f"/papers/{now:%Y-%m}",
        f"/papers/{now:%G-W%V}",
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


def asked(
    site: Installation,
    server: tuple[int, int, Path],
    request: Callable[[int, Sequence[str], Sequence[str]], Sent],
    passed: Callable[[int], float],
    method: str = "",
) -> Counter[int]:
    """Ask until it is enough, and say how often each status came; no 5xx, no error in the log, memory flat.

    `passed`: how many requests there were → the part of the work that is done; `method`: of the routes that
    are asked, any without it.
    """
    port, process, log = server
    paths, there = paths_of(create(site), method), pages(site)
    assert {"/", "/papers/{name}", "/prefs/{token}", "/api/v1/search"} <= set(paths)
    seeds = random.Random(SEED)
    held, statuses = 0, Counter[int]()
    while (so_far := passed(statuses.total())) < 1:
        seed = seeds.randrange(10**12)
        sent = request(seed, paths, there)
        status = ask(port, sent)
        statuses[status] += 1
        is_said = status == 503 and "/readyz" in sent.line  # that nobody delivers here
        assert 200 <= status < 500 or is_said, (seed, status, sent.line, log.read_text()[-3000:])
        if not held and so_far > WARM:
            held = memory(process)
    grown = memory(process) - held
    sys.stdout.write(
        f"{statuses.total()} requests, {len(paths)} paths, {dict(statuses)}, {held} KiB {grown:+} KiB\n"
    )
    assert grown < GROWTH
    assert "Traceback" not in log.read_text()
    return statuses


@pytest.mark.long
def test_no_request_of_any_route_breaks_the_site_or_fills_its_memory(
    site: Installation, server: tuple[int, int, Path]
) -> None:
    began = time.monotonic()
    statuses = asked(site, server, at_random, lambda _: (time.monotonic() - began) / SECONDS)
    assert statuses[200] > statuses.total() * REACHED  # else it tells of errors only


@pytest.mark.long
def test_no_url_of_any_route_breaks_the_site_or_fills_its_memory(
    site: Installation, server: tuple[int, int, Path]
) -> None:
    statuses = asked(site, server, url_at_random, lambda count: count / URLS, "GET")
    assert statuses[200] > statuses.total() * URLS_REACHED
