"""What tests of pages share: an installation, and a server that serves its pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.pipeline.installation import Installation
from tests.installations import installation
from tests.web_server import WebServer, serving


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Installation:
    """An installation without papers and subscribers."""
    return installation(engine, tmp_path)


@pytest.fixture
def web(site: Installation, tmp_path: Path) -> Iterator[WebServer]:
    """The pages of `site`, served on a port of this machine."""
    with serving(site, tmp_path) as server:
        yield server
