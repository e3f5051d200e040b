"""Votes: one for each person and paper, exact under races, and weighed by the published rule."""

import os
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, select

from digest.domain import Actor, Interests, Paper, Schedule, Signal, SignalKind, SubscriberStatus
from digest.errors import RefusedError
from digest.pipeline.community import undo, votes
from digest.pipeline.installation import UNAVAILABLE, Installation, acting
from digest.pipeline.subscriptions import personal_data
from digest.store import session
from digest.store.community import audit
from digest.store.community.tables.votes import VoteRow
from digest.store.subscriptions import subscribers
from tests.builders import NOW, entry
from tests.installations import installation, join, store_entries

DAY = timedelta(days=1)
OLD = NOW - 30 * DAY
# `VOTES=10000 pytest tests/pipeline/community/test_votes.py` is the whole of it.
ROUNDS = int(os.environ.get("VOTES", "400"))


@pytest.fixture
def here(engine: Engine, tmp_path: Path) -> Installation:
    return installation(engine, tmp_path)


def people(here: Installation, count: int, since: datetime = OLD) -> list[int]:
    """Active subscribers who joined at a time: their numbers."""
    with session.transaction(here.engine) as db:
        return [
            subscribers.add(
                db,
                email=f"reader{n}@{since:%H%M%d}.example.org",
                status=SubscriberStatus.ACTIVE,
                interests=Interests(),
                schedule=Schedule(),
                now=since,
                due=None,
            ).id
            for n in range(count)
        ]


def the_papers(here: Installation, count: int) -> list[Paper]:
    names = [f"2603.{n:05}" for n in range(1, count + 1)]
    store_entries(here.engine, [entry(name) for name in names])
    return [votes.paper(here, name) for name in names]


def by(here: Installation, number: int, network: str = "") -> Installation:
    return acting(here, Actor(f"subscriber:{number}", "web", network))


def signal(here: Installation, paper: Paper, kind: SignalKind) -> int:
    return votes.paper(here, paper.id).latest(kind)


def standing(engine: Engine) -> dict[int, int]:
    rows = select(VoteRow.paper_id, func.count()).where(VoteRow.withdrawn_at.is_(None))
    with engine.connect() as connection:
        return dict(connection.execute(rows.group_by(VoteRow.paper_id)).all())


def test_votes_and_withdrawals_at_once_are_counted_exactly(here: Installation) -> None:
    numbers, papers = people(here, 200), the_papers(here, 50)
    chance = random.Random(1)
    wanted: dict[tuple[int, int], bool] = {}
    work: dict[int, list[tuple[Paper, bool]]] = {number: [] for number in numbers}
    chosen = {number: chance.sample(papers, 18) for number in numbers}
    for _ in range(ROUNDS):
        number = chance.choice(numbers)
        paper, back = chance.choice(chosen[number]), chance.random() < 0.4
        work[number].append((paper, back))
        wanted[number, paper.pk] = not back

    def play(number: int) -> None:
        for turn, (paper, back) in enumerate(work[number]):
            at = NOW + timedelta(milliseconds=turn)
            while True:
                try:
                    votes.vote(by(here, number), number, paper, at, back=back)
                    break
                except UNAVAILABLE:  # twelve writers and one lock: whoever waits too long tries again
                    continue

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(play, numbers))
    expected: dict[int, int] = {}
    for (_, pk), stands in wanted.items():
        expected[pk] = expected.get(pk, 0) + stands
    assert standing(here.engine) == {pk: count for pk, count in expected.items() if count}
    for paper in papers:
        assert signal(here, paper, SignalKind.VOTERS) == expected.get(paper.pk, 0)
        assert signal(here, paper, SignalKind.VOTES) == expected.get(paper.pk, 0)
    with session.reading(here.engine) as db:
        acts = [each.act for each in audit.listing(db, limit=10**6)]
    assert acts.count("paper.vote") - acts.count("paper.unvote") == sum(expected.values())


def test_many_clicks_at_once_are_one_vote(here: Installation) -> None:
    (number,), (paper,) = people(here, 1), the_papers(here, 1)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: votes.vote(by(here, number), number, paper, NOW), range(24)))
    assert standing(here.engine) == {paper.pk: 1}
    with session.reading(here.engine) as db:
        assert [each.act for each in audit.listing(db)] == ["paper.vote"]


def ring(here: Installation, paper: Paper, numbers: Sequence[int], networks: int) -> None:
    """Votes of a ring, from so many networks."""
    with here.engine.begin() as connection:  # all but the last by hand, as 500 transactions take long
        connection.execute(
            insert(VoteRow),
            [
                {
                    "subscriber_id": number,
                    "paper_id": paper.pk,
                    "at": NOW,
                    "quarters": 1 if place < networks * votes.PER_NETWORK else 0,
                    "is_new": True,
                    "network": f"{place % networks}",
                    "turns": 1,
                }
                for place, number in enumerate(numbers[:-1])
            ],
        )
    votes.vote(by(here, numbers[-1], "0"), numbers[-1], paper, NOW)


@pytest.mark.parametrize("networks", [1, 500])
def test_a_ring_of_500_new_accounts_weighs_no_more_than_the_published_cap(
    here: Installation, networks: int
) -> None:
    numbers, (paper,) = people(here, 500, NOW - DAY), the_papers(here, 1)
    ring(here, paper, numbers, networks)
    assert signal(here, paper, SignalKind.VOTERS) == 500
    cap = votes.NEW_TOGETHER if networks > 1 else votes.PER_NETWORK // 4
    assert signal(here, paper, SignalKind.VOTES) == cap


def test_of_one_network_ten_votes_a_day_weigh(here: Installation) -> None:
    numbers, (paper,) = people(here, 14), the_papers(here, 1)
    for number in numbers[:12]:
        votes.vote(by(here, number, "cafe"), number, paper, NOW)
    assert signal(here, paper, SignalKind.VOTES) == 10
    votes.vote(by(here, numbers[12], "beef"), numbers[12], paper, NOW)
    assert signal(here, paper, SignalKind.VOTES) == 11
    votes.vote(by(here, numbers[13], "cafe"), numbers[13], paper, NOW + 2 * DAY)
    assert signal(here, paper, SignalKind.VOTES) == 12
    assert signal(here, paper, SignalKind.VOTERS) == 14


def test_the_vote_of_a_new_subscriber_weighs_a_quarter(here: Installation) -> None:
    numbers, (paper,) = people(here, 5, NOW - 6 * DAY), the_papers(here, 1)
    for number in numbers:
        votes.vote(by(here, number, str(number)), number, paper, NOW)
    assert signal(here, paper, SignalKind.VOTES) == 1


def test_nobody_votes_for_more_than_twenty_papers_a_day(here: Installation) -> None:
    (number,), papers = people(here, 1), the_papers(here, 22)
    for paper in papers[:20]:
        votes.vote(by(here, number), number, paper, NOW)
    votes.vote(by(here, number), number, papers[0], NOW, back=True)
    with pytest.raises(RefusedError, match="20 papers within a day"):
        votes.vote(by(here, number), number, papers[20], NOW + timedelta(hours=23))
    votes.vote(by(here, number), number, papers[0], NOW)  # a paper of today counts once
    votes.vote(by(here, number), number, papers[20], NOW + timedelta(hours=25))


def test_turning_one_vote_on_and_off_has_an_end(here: Installation) -> None:
    (number,), (paper,) = people(here, 1), the_papers(here, 1)
    for _ in range(votes.MOST_TURNS):
        votes.vote(by(here, number), number, paper, NOW)
        votes.vote(by(here, number), number, paper, NOW, back=True)
    with pytest.raises(RefusedError, match="very often"):
        votes.vote(by(here, number), number, paper, NOW)


def test_a_vote_that_is_taken_back_keeps_its_row_with_the_time(here: Installation) -> None:
    (number,), (paper,) = people(here, 1), the_papers(here, 1)
    votes.vote(by(here, number), number, paper, NOW)
    votes.vote(by(here, number), number, paper, NOW + DAY, back=True)
    kept = personal_data.export(here, number)
    assert kept["votes"] == []
    assert kept["votes_taken_back"] == [{"paper": paper.id, "at": NOW + DAY}]
    assert signal(here, paper, SignalKind.VOTERS) == 0


def test_a_vote_and_its_undo_leave_the_votes_as_they_were(here: Installation) -> None:
    (number,), (paper,) = people(here, 1), the_papers(here, 1)
    operator = acting(here, Actor("cli:op", "cli"))
    for back in (False, True):
        with session.reading(here.engine) as db:
            before = audit.listing(db)[:1]
        stood = standing(here.engine)
        votes.vote(by(here, number), number, paper, NOW, back=back)
        with session.reading(here.engine) as db:
            done = audit.listing(db)[0]
        assert [done] != before
        undo.undo(operator, done.id, NOW)
        assert standing(here.engine) == stood
        assert signal(here, paper, SignalKind.VOTERS) == sum(stood.values())
        votes.vote(by(here, number), number, paper, NOW, back=back)


def test_the_votes_of_an_erased_person_count_no_more(here: Installation) -> None:
    (paper,) = the_papers(here, 1)
    ada = join(here, "ada@one.example")
    votes.vote(by(here, ada.id), ada.id, paper, NOW)
    personal_data.erase(here, ada.id, NOW + DAY)
    assert signal(here, paper, SignalKind.VOTERS) == 0


def test_the_count_at_any_later_time_is_the_last(here: Installation) -> None:
    numbers, (paper,) = people(here, 3), the_papers(here, 1)
    votes.vote(by(here, numbers[0]), numbers[0], paper, NOW + timedelta(seconds=5))
    votes.vote(by(here, numbers[1]), numbers[1], paper, NOW)  # its clock was read before it waited
    votes.vote(by(here, numbers[2]), numbers[2], paper, NOW + 2 * DAY)
    found = votes.paper(here, paper.id).signals
    assert [s.value for s in found if s.kind is SignalKind.VOTERS] == [2, 3]
    assert all(isinstance(each, Signal) for each in found)
