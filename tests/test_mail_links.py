"""The links of a mail: each for one purpose, the feed of what its reader asked for, leaving by mail."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine

from digest.domain import Interests
from digest.errors import TokenError
from digest.filters import parse
from digest.pipeline.links import Purpose, feed, mail_links, opened
from tests.installations import installation


def test_every_link_opens_its_own_page_and_no_other(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    links = mail_links(here, 7)
    for purpose in (Purpose.VOTE, Purpose.MUTE, Purpose.PAUSE, Purpose.UNSUBSCRIBE):
        path = f"/{purpose}/"
        token = next(
            value.partition(path)[2]
            for value in (links.vote, links.mute, links.pause, links.unsubscribe)
            if path in value
        )
        assert opened(here, purpose, token) == 7
        for other in set(Purpose) - {purpose}:
            with pytest.raises(TokenError):
                opened(here, other, token)


@pytest.mark.parametrize(
    ("asked", "query"),
    [
        (Interests(topics=("llm",)), "topic:llm"),
        (Interests(filters=('"mixture of experts"',)), '"mixture of experts"'),
        (
            Interests(topics=("llm",), filters=("sheep OR goats",), exclude=("survey",)),
            "((topic:llm) OR (sheep OR goats)) -(survey)",
        ),
    ],
)
def test_the_feed_of_a_digest_asks_for_what_its_reader_asked_for(
    engine: Engine, tmp_path: Path, asked: Interests, query: str
) -> None:
    address = urlsplit(feed(installation(engine, tmp_path), asked))
    assert address.path == "/search.atom"
    assert parse_qs(address.query) == {"q": [query]}
    parse(query, topics=["llm"])


def test_who_asked_for_nothing_gets_the_feed_of_all_and_too_long_a_wish_has_none(
    engine: Engine, tmp_path: Path
) -> None:
    here = installation(engine, tmp_path)
    assert feed(here, Interests()) == "https://papers.example.org/papers.atom"
    assert feed(here, Interests(filters=tuple(f"sheep{n}" for n in range(99)))) == ""


def test_a_mail_unsubscribes_only_where_there_is_an_address_for_it(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path, unsubscribe_mail="leave@papers.example.org")
    address, _, token = mail_links(here, 7).unsubscribe_mail.partition("?subject=")
    assert address == "leave@papers.example.org"
    assert opened(here, Purpose.UNSUBSCRIBE, token) == 7
    assert mail_links(installation(engine, tmp_path), 7).unsubscribe_mail == ""
