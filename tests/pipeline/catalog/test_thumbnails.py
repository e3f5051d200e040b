"""Copies of pictures of papers: made from a real server, kept, shown, and gone past where they fail."""

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import Engine, text

from digest.domain import Entry
from digest.pipeline.catalog import thumbnails
from digest.pipeline.catalog.thumbnails import AGAIN, EVERY, copy_due, thumbnail_jpeg, thumbnails_of
from digest.pipeline.installation import Installation
from digest.store import papers, session
from tests.builders import NOW, entry
from tests.installations import installation, store_entries
from tests.source_server import SourceServer


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with SourceServer() as running:
        yield running


def a_picture(size: tuple[int, int] = (600, 300)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (10, 120, 40)).save(out, "PNG")
    return out.getvalue()


def pictured(server: SourceServer, number: int, path: str = "/a.png") -> Entry:
    return entry(f"2603.{number:05}", thumbnail=server.url(path))


def site(engine: Engine, folder: Path, *entries: Entry, wanted: bool = True) -> Installation:
    made = installation(engine, folder, thumbnails=wanted)
    store_entries(engine, entries, seen_at=NOW - timedelta(hours=1))
    return made


def number_of(engine: Engine, name: str = "2603.00001") -> int:
    with session.reading(engine) as db:
        return papers.find(db, name).pk


def test_a_picture_is_copied_once_and_served_as_a_jpeg(
    engine: Engine, tmp_path: Path, server: SourceServer
) -> None:
    server.serve("/a.png", a_picture())
    here = site(engine, tmp_path, pictured(server, 1), entry("2603.00002"))
    assert copy_due(here, NOW) == 1
    assert copy_due(here, NOW + EVERY) == 0
    assert len(server.asked) == 1
    number = number_of(engine)
    copy = thumbnails_of(here, [number, number_of(engine, "2603.00002")])[number]
    assert (copy.width, copy.height) == (320, 160)
    data = thumbnail_jpeg(here, number, copy.mark)
    assert data
    with Image.open(io.BytesIO(data)) as found:
        assert found.size == (320, 160)
    assert thumbnail_jpeg(here, number, "0" * 16) is None


def test_nothing_is_asked_for_unless_the_operator_wants_it(
    engine: Engine, tmp_path: Path, server: SourceServer
) -> None:
    server.serve("/a.png", a_picture())
    here = site(engine, tmp_path, pictured(server, 1), wanted=False)
    assert copy_due(here, NOW) == 0
    assert not server.asked
    assert thumbnails_of(here, [number_of(engine)]) == {}


def test_a_picture_that_fails_stops_no_other_and_is_tried_three_times(
    engine: Engine, tmp_path: Path, server: SourceServer
) -> None:
    server.serve("/svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    server.serve("/a.png", a_picture())
    server.serve("/large", b"\x89PNG" + b"x" * thumbnails.LIMITS.max_bytes)
    here = site(
        engine,
        tmp_path,
        pictured(server, 1, "/svg"),
        pictured(server, 2, "/missing"),
        pictured(server, 3, "/large"),
        pictured(server, 4),
    )
    assert copy_due(here, NOW) == 1
    assert copy_due(here, NOW + EVERY) == 0
    assert len(server.asked) == 4
    for turn in range(1, 5):
        copy_due(here, NOW + turn * 2 * AGAIN)
    assert len(server.asked) == 4 + 2 * 3


def test_a_picture_whose_address_changed_is_copied_anew(
    engine: Engine, tmp_path: Path, server: SourceServer
) -> None:
    server.serve("/a.png", a_picture())
    server.serve("/b.png", a_picture((300, 300)))
    here = site(engine, tmp_path, pictured(server, 1))
    copy_due(here, NOW)
    with session.transaction(engine) as db:
        db.execute(text("UPDATE papers SET thumbnail = :url"), {"url": server.url("/b.png")})
    assert copy_due(here, NOW + EVERY) == 1
    assert thumbnails_of(here, [number_of(engine)])[number_of(engine)].height == 240


def test_the_picture_of_a_hidden_paper_is_gone(engine: Engine, tmp_path: Path, server: SourceServer) -> None:
    server.serve("/a.png", a_picture())
    here = site(engine, tmp_path, pictured(server, 1))
    copy_due(here, NOW)
    number = number_of(engine)
    copy = thumbnails_of(here, [number])[number]
    with session.transaction(engine) as db:
        db.execute(text("UPDATE papers SET hidden = true"))
    assert thumbnail_jpeg(here, number, copy.mark) is None


def test_a_private_address_is_not_asked(engine: Engine, tmp_path: Path, server: SourceServer) -> None:
    server.serve("/a.png", a_picture())
    here = installation(engine, tmp_path, thumbnails=True, allow_hosts=frozenset())
    store_entries(engine, [pictured(server, 1)], seen_at=NOW - timedelta(hours=1))
    assert copy_due(here, NOW) == 0
    assert not server.asked
