"""The links of a mail: each for one purpose, to a page that is there; leaving by mail."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.errors import TokenError
from digest.pipeline.mail.links import Purpose, mail_links, opened
from tests.installations import installation


def test_every_link_opens_its_own_page_and_no_other(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path)
    links = mail_links(here, 7)
    for purpose in (Purpose.VOTE, Purpose.LESS, Purpose.PAUSE, Purpose.UNSUBSCRIBE):
        path = f"/{purpose}/"
        token = next(
            value.partition(path)[2]
            for value in (links.vote, links.less, links.pause, links.unsubscribe)
            if path in value
        )
        assert opened(here, purpose, token) == 7
        for other in set(Purpose) - {purpose}:
            with pytest.raises(TokenError):
                opened(here, other, token)


def test_a_mail_unsubscribes_only_where_there_is_an_address_for_it(engine: Engine, tmp_path: Path) -> None:
    here = installation(engine, tmp_path, unsubscribe_mail="leave@papers.example.org")
    address, _, token = mail_links(here, 7).unsubscribe_mail.partition("?subject=")
    assert address == "leave@papers.example.org"
    assert opened(here, Purpose.UNSUBSCRIBE, token) == 7
    assert mail_links(installation(engine, tmp_path), 7).unsubscribe_mail == ""
