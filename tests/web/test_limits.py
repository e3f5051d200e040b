"""How much work one network may cause, and how much at once; on a clock of the test and on a real server."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from starlette.exceptions import HTTPException

from digest.pipeline.subscriptions.validate import MOST_TERMS
from digest.web.limits import MOST_NETWORKS, CostBudget, Gate, Limits, network
from tests.builders import entry
from tests.installations import installation, store_entries
from tests.web_server import WebServer, serving


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def database_kind() -> str:
    """No limit knows a database."""
    return "sqlite"


@pytest.fixture
def web(engine: Engine, tmp_path: Path) -> Iterator[WebServer]:
    store_entries(engine, [entry(f"2603.{n:05}", title=f"Agents that plan {n}") for n in range(1, 60)])
    with serving(installation(engine, tmp_path), tmp_path) as server:
        yield server


@pytest.fixture
def strict_web(engine: Engine, tmp_path: Path) -> Iterator[WebServer]:
    """A site with a budget of a few requests, which practically never comes back."""
    limits = Limits(CostBudget(burst=0.2, refill=1e-4))
    with serving(installation(engine, tmp_path), tmp_path, proxies=["127.0.0.1"], limits=limits) as server:
        yield server


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 100)), max_size=60))
def test_no_network_ever_causes_more_work_than_its_burst_and_what_came_back(
    asked: list[tuple[float, float]],
) -> None:
    clock, spent, dearest = Seconds(), 0.0, 0.0
    budget = CostBudget(burst=5.0, refill=0.1, clock=clock)
    for cost, pause in asked:
        clock.now += pause
        if not budget.wait("net"):
            budget.spend("net", cost)
            spent, dearest = spent + cost, max(dearest, cost)
        assert spent <= 5.0 + 0.1 * clock.now + dearest + 1e-6  # the last request may run into debt


def test_whoever_waits_as_long_as_they_were_told_is_let_in() -> None:
    clock = Seconds()
    budget = CostBudget(burst=1.0, refill=0.1, clock=clock)
    budget.spend("net", 3.0)
    wait = budget.wait("net")
    assert wait == pytest.approx(20.0)
    clock.now += wait
    assert budget.wait("net") == 0
    assert budget.wait("another") == 0


def test_a_flood_of_networks_takes_no_more_room_than_it_may() -> None:
    budget = CostBudget()
    for n in range(MOST_NETWORKS + 500):
        budget.spend(str(n), 100.0)
    assert budget.wait("0") == 0  # forgotten
    assert budget.wait(str(MOST_NETWORKS + 499)) > 0
    assert len(budget._left) == MOST_NETWORKS


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_a_64_counts_as_one(one: str, other: str, same: bool) -> None:
    assert (network(one) == network(other)) == same


def test_few_costly_requests_run_at_once_a_few_wait_and_the_others_are_sent_away_at_once() -> None:
    gate, release = Gate(at_once=2, waiting=3, patience=10), threading.Event()
    inside: list[int] = []

    def come_in(number: int) -> HTTPException | None:
        try:
            with gate.entered():
                inside.append(number)
                release.wait(10)
        except HTTPException as refusal:
            return refusal
        return None

    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(come_in, n) for n in range(20)]
        refusals = [each.result() for each in islice(as_completed(asked, timeout=10), 15)]
        release.set()  # whoever is inside or waits goes on only now
    assert len(inside) == 5
    assert [refusal.status_code for refusal in refusals if refusal] == [503] * 15
    assert all(int((refusal.headers or {})["Retry-After"]) >= 1 for refusal in refusals if refusal)


def test_a_place_goes_to_who_has_waited_longest() -> None:
    gate = Gate(at_once=1, waiting=3, patience=10)
    came: list[str] = []

    def work(name: str) -> None:
        with gate.entered():
            came.append(name)

    with ThreadPoolExecutor(3) as threads:
        with gate.entered():
            for number, name in enumerate(("first", "second"), 1):
                threads.submit(work, name)
                deadline = time.monotonic() + 10
                while gate.waiting < number and time.monotonic() < deadline:
                    time.sleep(0.001)
        work("who came last")  # and finds the place free, as far as anybody can see
    assert came == ["first", "second", "who came last"]


def test_whoever_waits_too_long_for_a_place_is_sent_away() -> None:
    gate = Gate(at_once=1, waiting=1, patience=0.05)
    with gate.entered(), pytest.raises(HTTPException, match="503"), gate.entered():
        pass
    with gate.entered():
        pass  # its place is free again


@pytest.mark.parametrize("way", ["address", "form", "api", "mistakes", "subscribe"])
def test_every_costly_way_in_draws_on_one_budget(strict_web: WebServer, way: str) -> None:
    client = strict_web.client(**{"X-Forwarded-For": "2001:db8::1"})
    ways: dict[str, Callable[[], httpx2.Response]] = {
        "address": lambda: client.get("/", params={"filters": "agents"}),
        "form": lambda: client.post("/preview", data={"filters": "agents"}),
        "api": lambda: client.post("/api/v1/preview", json={"filters": ["agents"]}),
        "mistakes": lambda: client.post("/api/v1/preview", json={"filters": ["agents AND ("]}),
        "subscribe": lambda: client.post("/subscribe", data={"email": "nobody"}),
    }
    answers = [ways[way]() for _ in range(60)]
    assert answers[0].status_code != 429
    assert answers[-1].status_code == 429
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 10**6
    assert all(each().status_code == 429 for each in ways.values())
    neighbour = strict_web.client(**{"X-Forwarded-For": "2001:db8::2"})
    assert neighbour.post("/api/v1/preview", json={}).status_code == 429  # the same /64
    stranger = strict_web.client(**{"X-Forwarded-For": "2001:db8:0:1::1"})
    assert stranger.post("/api/v1/preview", json={}).status_code == 200
    assert client.get("/").status_code == client.get("/about").status_code == 200


def test_a_request_may_hold_few_hundred_terms_over_all_its_lines(web: WebServer) -> None:
    client = web.client()
    lines = [f"a{n}* OR b{n}* OR c{n}*" for n in range(40)]
    page = client.post("/preview", data={"filters": "\n".join(lines), "exclude": "\n".join(lines)})
    assert f"at most {MOST_TERMS} terms" not in page.text
    much = [f"{line} OR {line.replace('a', 'd')}" for line in lines]
    page = client.post("/preview", data={"filters": "\n".join(much), "exclude": "\n".join(much)})
    assert page.text.count(f"at most {MOST_TERMS} terms") <= 2  # at its field and in the summary
    assert f"at most {MOST_TERMS} terms" in page.text
    answer = client.post("/api/v1/preview", json={"filters": much, "exclude": much})
    assert answer.status_code == 422
    assert f"at most {MOST_TERMS} terms" in answer.json()["detail"]


def test_a_request_may_hold_ten_thousand_characters_of_filters(web: WebServer) -> None:
    answer = web.client().post("/api/v1/preview", json={"filters": ["x" * 990] * 20})
    assert answer.status_code == 422
    assert "10,000 characters" in answer.json()["detail"]


def test_a_preview_shows_twenty_papers_at_most(web: WebServer) -> None:
    page = web.client().get("/", params={"filters": "agents", "max_papers": "200"})
    assert page.text.count('<li class="paper">') == 20
