"""Papers of long ago that are proposed again or picked: on the day's list, in its mails, never twice."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from digest.domain import Actor, HideReason
from digest.pipeline.catalog.listing import Lists, Order
from digest.pipeline.catalog.periods import Span, period_of
from digest.pipeline.catalog.readers import readers_of
from digest.pipeline.community import audit, moderation, picks, votes
from digest.pipeline.community.undo import undo
from digest.pipeline.delivery.worker import DeliveryWorker
from digest.pipeline.installation import Installation, acting
from digest.pipeline.issues import explain
from digest.pipeline.issues.candidates import read_candidates
from digest.pipeline.issues.open import open_due
from digest.store import deliveries, session
from digest.store.subscriptions import subscribers
from tests.builders import NOW, entry
from tests.installations import installation, join, store_entries
from tests.pipeline.community.test_submissions import propose
from tests.proposed import arxiv, asking
from tests.source_server import SourceServer

OLD, NEW = "2601.00001", "2603.00002"
LONG_AGO = NOW - timedelta(days=60)
DAY = timedelta(days=1)


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with SourceServer() as server:
        server.serve("/api/query", arxiv((OLD, "Agents of old")))
        yield server


@pytest.fixture
def site(engine: Engine, tmp_path: Path, server: SourceServer) -> Installation:
    made = asking(installation(engine, tmp_path), server)
    store_entries(engine, [entry(OLD, title="Agents of old")], seen_at=LONG_AGO)
    store_entries(engine, [entry(NEW, title="Agents of now")], seen_at=NOW - timedelta(hours=2))
    return acting(made, Actor("cli:test", "cli"))


def candidates(site: Installation) -> set[str]:
    return {each.paper.id.removeprefix("arxiv:") for each in read_candidates(site, NOW).ranked}


def of_the_day(site: Installation) -> set[str]:
    page = Lists(site).page(period_of(NOW.date(), Span.DAY), Order.TREND, 1, NOW)
    assert page
    assert page.page.total == len(page.page.papers)
    return {paper.id.removeprefix("arxiv:") for paper in page.page.papers}


def got(site: Installation, email: str) -> list[str]:
    """The papers of somebody's last delivery."""
    with session.reading(site.engine) as db:
        rows = deliveries.of_subscriber(db, subscribers.get(db, email).id)
        numbers = {each.paper.pk: each.paper.id for each in read_candidates(site, NOW, 90 * DAY).ranked}
    return [numbers[pk].removeprefix("arxiv:") for pk in rows[0].papers]


def test_a_duplicate_of_long_ago_is_listed_again(site: Installation) -> None:
    ada = join(site, "ada@example.org").id
    assert candidates(site) == of_the_day(site) == {NEW}
    assert propose(site, OLD, ada).listed_at == NOW
    assert candidates(site) == of_the_day(site) == {OLD, NEW}


def test_a_duplicate_of_these_days_is_a_vote_alone(site: Installation, server: SourceServer) -> None:
    server.serve("/api/query", arxiv((NEW, "Agents of now")))
    assert propose(site, NEW, join(site, "ada@example.org").id).listed_at is None
    assert of_the_day(site) == {NEW}


def test_nobody_lists_a_paper_twice_nor_one_that_is_listed(site: Installation) -> None:
    ada, bob = (join(site, f"{name}@example.org").id for name in ("ada", "bob"))
    assert propose(site, OLD, ada).listed_at
    assert propose(site, OLD, bob).listed_at is None  # it is on the list
    assert propose(site, OLD, ada).listed_at is None  # their vote is there


def test_a_hidden_paper_is_not_listed_again(site: Installation) -> None:
    moderation.hide(site, OLD, HideReason.SPAM, now=NOW)
    propose(site, OLD, join(site, "ada@example.org").id)
    picks_too = candidates(site) | of_the_day(site)
    assert picks_too == {NEW}


@pytest.mark.parametrize("days", [0, 1])
def test_a_picked_paper_of_long_ago_is_a_candidate_from_its_day_on(site: Installation, days: int) -> None:
    picks.pick(site, OLD, "Still true.", day=NOW.date() + days * DAY, now=NOW)
    assert (OLD in candidates(site)) is (days == 0)
    assert (OLD in of_the_day(site)) is (days == 0)
    assert OLD in {
        each.paper.id.removeprefix("arxiv:") for each in read_candidates(site, NOW + days * DAY).ranked
    }
    undo(site, audit.listing(site)[0].id, NOW)
    assert candidates(site) == of_the_day(site) == {NEW}


def test_a_picked_paper_of_long_ago_comes_to_who_never_got_it_and_to_nobody_twice(site: Installation) -> None:
    join(site, "ada@example.org", filters=["agents"], now=LONG_AGO)
    open_due(site, LONG_AGO + DAY)  # Ada got it then
    with DeliveryWorker(site) as worker:
        while worker.deliver_due(LONG_AGO + DAY):
            pass
    assert got(site, "ada@example.org") == [OLD]
    join(site, "bob@example.org", filters=["agents"])
    picks.pick(site, OLD, "Still true.", now=NOW - timedelta(minutes=90))
    with session.transaction(site.engine) as db:  # she was away meanwhile
        ada = subscribers.get(db, "ada@example.org")
        subscribers.save(db, ada.id, due=(NOW, NOW.date()))
    assert explain.of_digest(site, ada, OLD, NOW).reasons == (
        "it is in a digest that was sent, or is on its way",
    )
    open_due(site, NOW)
    assert set(got(site, "bob@example.org")) == {OLD, NEW}
    assert got(site, "ada@example.org") == [NEW]
    assert sum(readers_of(site, votes.paper(site, OLD), limit=9).counts.values()) == 2
