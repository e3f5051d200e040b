"""Fixtures for every test: real servers, each started when the first test asks for it."""

from pathlib import Path

import pytest
from hypothesis import settings

from digest.store import readable

pytest_plugins = ["tests.postgres_server", "tests.browser"]

# Laws are about values, not seconds: a busy machine fails none. What must be fast has a test or a benchmark.
settings.register_profile("laws", deadline=None)
settings.load_profile("laws")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take ten seconds or more: at the end, one core would wait for them."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder for each test that names none: no test touches the data of whoever runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def _nothing_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins as a process does: what another test left out isn't noted in it."""
    monkeypatch.setattr(readable, "_logged", {})
    monkeypatch.setattr(readable, "_new", {})
