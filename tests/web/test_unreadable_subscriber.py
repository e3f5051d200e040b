"""A subscriber whose row can't be read: leaving and erasing work, other pages say what is wrong; on both
databases."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from digest.domain import Subscriber
from digest.pipeline import failures
from digest.pipeline.mail.links import Purpose, link
from tests.builders import entry
from tests.installations import installation, join, store_entries
from tests.web_server import WebServer, serving

SPOILT = [
    ("interests", "'7'"),
    ("interests", """'{"topics": 7}'"""),
    ("interests", """'["topics"]'"""),
    ("interests", """'{"top": "many"}'"""),
    ("frequency", "'hourly'"),
    ("status", "'asleep'"),
    ("role", "'owner'"),
    ("timezone", "'Mars/Base'"),
    ("weekday", "9"),
    ("created_at", "'0001-01-01 00:00:00.000000'"),
    ("paused_until", "'9999-12-31 23:59:59.000000'"),
]


@pytest.fixture
def web(engine: Engine, tmp_path: Path) -> Iterator[WebServer]:
    with serving(installation(engine, tmp_path), tmp_path) as server:
        store_entries(server.installation.engine, [entry(title="Agents that plan")])
        yield server


@pytest.fixture
def ada(web: WebServer) -> Subscriber:
    return join(web.installation, "ada@example.org", filters=["agents"])


def spoil(web: WebServer, who: Subscriber, column: str, value: str) -> None:
    with web.installation.engine.begin() as connection:
        changed = text(f"UPDATE subscribers SET {column} = {value} WHERE id = {who.id}")
        assert connection.execute(changed).rowcount == 1


def status(web: WebServer, who: Subscriber) -> list[str]:
    with web.installation.engine.connect() as connection:
        return list(connection.execute(text(f"SELECT status FROM subscribers WHERE id = {who.id}")).scalars())


def path(web: WebServer, owner: Subscriber, purpose: Purpose) -> str:
    return link(web.installation, purpose, owner.id).removeprefix(web.url)


def test_leaving_and_erasing_work_whatever_a_row_holds(web: WebServer) -> None:
    people = [join(web.installation, f"reader{number}@example.org") for number in range(len(SPOILT))]
    for who, (column, value) in zip(people, SPOILT, strict=True):
        spoil(web, who, column, value)
    client = web.client()
    for who in people:
        leave = path(web, who, Purpose.UNSUBSCRIBE)
        assert "Unsubscribe</button>" in client.get(leave).text
        for purpose in (Purpose.PREFERENCES, Purpose.ME, Purpose.PAUSE):
            answer = client.get(path(web, who, purpose))
            assert answer.status_code == 409
            assert "Write to papers@example.org" in answer.text
        assert client.post(leave).text == "You are unsubscribed.\n"
        assert status(web, who) == ["unsubscribed"]
        client.post(f"{path(web, who, Purpose.PREFERENCES)}/erase")
    noted = {each.item for each in failures.listing(web.installation)}
    assert noted == {f"subscriber {who.id}" for who in people}
    web.work()
    links = set(re.findall(r"/erase/[\w-]{34}(?![\w-])", " ".join(web.mails())))
    assert len(links) == len(people)
    for link_ in links:
        assert "Everything about you is erased" in client.post(link_).text
    assert not any(status(web, who) for who in people)


def test_who_is_signed_in_sees_the_pages_for_everybody_and_none_of_their_own(
    web: WebServer, ada: Subscriber
) -> None:
    client = web.client()
    client.post("/signin", data={"email": ada.email})
    web.work()
    (signin,) = web.links("signin")
    assert client.post(signin).status_code == 303
    assert client.get("/me").status_code == 200
    spoil(web, ada, "frequency", "'hourly'")
    assert client.get("/").status_code == 200
    assert client.get("/me").status_code == 409
