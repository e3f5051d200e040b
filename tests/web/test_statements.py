"""How many statements of SQL the first request for a page costs: few, and as many for 5 papers as for 50."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import SignalKind
from tests.builders import entry
from tests.installations import installation, store_entries
from tests.statements import statements
from tests.web_server import WebServer, serving

MOST = {
    "/": 3,
    "/papers/2026-03-17": 18,
    "/papers/2026-03-17?order=newest": 10,
    "/papers/2026-W12": 17,
    "/p/2603.00001": 15,
    "/t/llm": 6,
    "/authors/Ada%20Lovelace": 11,
    "/search?q=study": 12,
    "/preview": 3,
}  # statements


@pytest.fixture
def database_kind() -> str:
    """Both databases are asked the same."""
    return "sqlite"


def asked_for(engine: Engine, folder: Path, numbers: range) -> Mapping[str, int]:
    """The statements of the first request for each page, once the site has these papers too."""
    here = installation(engine, folder)
    store_entries(
        engine,
        [
            entry(
                f"2603.{each:05}",
                title=f"Robots with a large language model {each}",
                signals={SignalKind.UPVOTES: each},
            )
            for each in numbers
        ],
    )
    with serving(here, folder) as web:
        for shared in ("/topics", "/papers/2026-01-01", "/search?q=nothing"):
            assert web.client().get(shared).status_code == 200  # reads what many pages share
        return {path: count(web, path, shown=min(numbers.stop - 1, 40)) for path in MOST}


def count(web: WebServer, path: str, *, shown: int) -> int:
    """The statements of one request; a list shows so many papers."""
    client = web.client()
    with statements(web.installation.engine) as asked:
        answer = client.post(path, data={"topics": "llm"}) if path == "/preview" else client.get(path)
    assert answer.status_code == 200, path
    if path.startswith(("/papers", "/t/", "/authors")):
        assert answer.text.count('<li class="paper">') == shown
    # Once a second a request also looks whether a curator changed something, or segments were merged.
    looks = ("count(hidings.unhidden_at)", "picks.unpicked_at \n", "FROM search_segments")
    return sum(not any(look in each for look in looks) for each in asked)


def test_a_page_asks_the_database_as_often_for_50_papers_as_for_5(engine: Engine, tmp_path: Path) -> None:
    few = asked_for(engine, tmp_path, range(1, 6))
    many = asked_for(engine, tmp_path, range(6, 51))
    assert few == many
    assert {path: asked for path, asked in many.items() if asked > MOST[path]} == {}
