"""One line at each site for all processes of an installation: real processes, a server, both databases."""

import itertools
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.errors import FetchError, NotAskedError
from digest.fetch import Fetcher
from digest.pipeline.ingest.host_lock import SharedTurns
from digest.store import session
from digest.store.sources import host_lock
from tests.source_server import Handler, SourceServer

ROOT = Path(__file__).parents[3]
PAUSE = 0.15

ASK = """
import sys
from digest.fetch import Fetcher
from digest.pipeline.ingest.host_lock import SharedTurns
from digest.store import session
database, url, times, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
turn = SharedTurns(session.connect(database), {"127.0.0.1": pause})
with Fetcher("digest/test", frozenset({"127.0.0.1"}), turn=turn) as fetcher:
    for _ in range(times):
        fetcher.get(url)
"""

HOLD = """
import sys, time
from digest.pipeline.ingest.host_lock import SharedTurns
from digest.store import session
with SharedTurns(session.connect(sys.argv[1]), {}, lease=1.0)("export.arxiv.org"):
    print("held", flush=True)
    time.sleep(60)
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_four_processes_ask_one_site_one_after_the_other_with_its_pause_between(database_url: str) -> None:
    spans: list[tuple[float, float]] = []

    def answer(handler: Handler) -> None:
        began = time.monotonic()
        time.sleep(0.02)
        handler.reply(200, b"papers")
        spans.append((began, time.monotonic()))

    with SourceServer() as server:
        server.answers["/feed"] = answer
        processes = [start(ASK, database_url, server.url("/feed"), 4, PAUSE) for _ in range(4)]
        codes = []
        for process in processes:
            process.communicate(timeout=60)
            codes.append(process.returncode)
    assert codes == [0, 0, 0, 0]
    assert len(spans) == 16
    spans.sort()
    assert min(later[0] - earlier[0] for earlier, later in itertools.pairwise(spans)) >= PAUSE
    assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(spans))
    assert server.most_connections == 1


def test_a_holder_that_is_killed_blocks_its_site_no_longer_than_its_lease(
    engine: Engine, database_url: str
) -> None:
    holder = start(HOLD, database_url)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.communicate()
    began = time.monotonic()
    with SharedTurns(engine, {})("export.arxiv.org"):
        waited = time.monotonic() - began
    assert 0.1 < waited < 5


def test_a_site_that_says_not_now_is_left_alone_by_everybody(engine: Engine) -> None:
    with SourceServer() as server, Fetcher("t", frozenset({"127.0.0.1"}), turn=SharedTurns(engine)) as one:
        server.serve("/busy", status=429, headers={"Retry-After": "1800"})
        server.serve("/other", b"papers")
        with pytest.raises(FetchError, match="429"):
            one.get(server.url("/busy"))
        other = Fetcher("t", frozenset({"127.0.0.1"}), turn=SharedTurns(engine))
        with other, pytest.raises(NotAskedError) as caught:
            other.get(server.url("/other"))
    assert 1700 < (caught.value.retry_after or 0) <= 1800
    assert [asked.path for asked in server.asked] == ["/busy"]


def test_one_service_on_the_operators_own_host_does_not_silence_the_others(engine: Engine) -> None:
    turns = SharedTurns(engine, own_hosts={"127.0.0.1"})
    with SourceServer() as server, Fetcher("t", frozenset({"127.0.0.1"}), turn=turns) as client:
        server.serve("/busy", status=429, headers={"Retry-After": "1800"})
        server.serve("/other", b"papers")
        with pytest.raises(FetchError, match="429"):
            client.get(server.url("/busy"))
        assert client.get(server.url("/other")).body == b"papers"


def test_a_site_without_a_pause_is_free_as_soon_as_it_has_answered(engine: Engine) -> None:
    naps: list[float] = []
    turns = SharedTurns(engine, sleep=naps.append)
    for host in ("huggingface.co", "huggingface.co", "api.biorxiv.org"):
        with turns(host):
            pass
    assert naps == []


def test_all_names_of_arxiv_stand_in_one_line(engine: Engine) -> None:
    naps: list[float] = []

    def sleep(nap: float) -> None:
        naps.append(nap)
        time.sleep(nap)

    turns = SharedTurns(engine, {"arxiv.org": 0.2}, sleep=sleep)
    for host in ("rss.arxiv.org", "export.arxiv.org", "oaipmh.arxiv.org"):
        with turns(host):
            pass
    assert len(naps) == 2
    assert all(0 < nap <= 0.2 for nap in naps)


def test_who_lost_the_turn_does_not_free_it_for_the_next(engine: Engine) -> None:
    with session.transaction(engine) as db:
        assert not host_lock.take(db, "arxiv.org", "slow", held=timedelta(0))
        assert not host_lock.take(db, "arxiv.org", "quick", held=timedelta(minutes=1))
        host_lock.release(db, "arxiv.org", "slow", rest=timedelta(0))
        assert host_lock.take(db, "arxiv.org", "third", held=timedelta(0))


def test_a_turn_ends_when_its_request_fails(engine: Engine) -> None:
    turns = SharedTurns(engine, {})
    with pytest.raises(RuntimeError), turns("source.example"):
        raise RuntimeError
    with turns("source.example"):
        pass
