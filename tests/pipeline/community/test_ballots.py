"""Votes that come in together: counted in one transaction, each as if it had come alone."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, event, select

from digest.domain import Actor, Paper
from digest.errors import RefusedError
from digest.pipeline.community import votes
from digest.pipeline.community.ballots import Ballot, Outcome, box_of, cast
from digest.pipeline.installation import Installation
from digest.store import session
from digest.store.community import votes as stored
from digest.store.community.tables.audit import AuditRow
from digest.store.community.tables.votes import VoteRow
from digest.store.papers.tables.signals import SignalRow
from tests.builders import NOW
from tests.installations import installation
from tests.pipeline.community.test_votes import by, people, the_papers

VOTES = [VoteRow.subscriber_id, VoteRow.paper_id, VoteRow.at, VoteRow.withdrawn_at, VoteRow.quarters,
         VoteRow.is_new, VoteRow.network, VoteRow.turns]  # fmt: skip
AUDIT = [AuditRow.at, AuditRow.actor, AuditRow.act, AuditRow.object, AuditRow.before, AuditRow.after]


@pytest.fixture
def here(engine: Engine, tmp_path: Path) -> Installation:
    return installation(engine, tmp_path)


def kept(engine: Engine) -> list[list[tuple[object, ...]]]:
    """All votes, acts and counts."""
    with session.reading(engine) as db:
        counts = select(SignalRow.paper_id, SignalRow.kind, SignalRow.value).order_by(*SignalRow.__table__.c)
        return [
            [tuple(row) for row in db.execute(query)]
            for query in (
                select(*VOTES).order_by(VoteRow.subscriber_id, VoteRow.paper_id),
                select(*AUDIT).order_by(AuditRow.id),
                counts.where(SignalRow.source == stored.VOTERS),
            )
        ]


def forget(engine: Engine) -> None:
    with session.transaction(engine) as db:
        for table in (VoteRow, AuditRow):
            db.execute(delete(table))
        db.execute(delete(SignalRow).where(SignalRow.source == stored.VOTERS))


def cast_all(engine: Engine, ballots: list[Ballot]) -> list[Outcome]:
    with session.transaction(engine) as db:
        return cast(db, ballots)


BALLOTS = st.lists(
    st.tuples(st.integers(0, 14), st.integers(0, 1), st.booleans(), st.sampled_from(["", "a", "b"])),
    min_size=1,
    max_size=40,
)


def test_ballots_counted_together_are_as_if_counted_one_by_one(here: Installation) -> None:
    """The law that the box rests on: caps of people and networks, turns, weights, acts and counts."""
    numbers = people(here, 10) + people(here, 5, NOW - timedelta(days=1))
    papers = the_papers(here, 2)

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(chosen=BALLOTS)
    def law(chosen: list[tuple[int, int, bool, str]]) -> None:
        ballots = [
            Ballot(
                numbers[who],
                papers[which],
                Actor(f"subscriber:{numbers[who]}", "web", network),
                NOW + timedelta(milliseconds=turn),
                back=back,
            )
            for turn, (who, which, back, network) in enumerate(chosen)
        ]
        forget(here.engine)
        alone = [cast_all(here.engine, [ballot])[0] for ballot in ballots]
        one_by_one = kept(here.engine)
        forget(here.engine)
        together = cast_all(here.engine, ballots)
        assert kept(here.engine) == one_by_one
        assert [isinstance(each, RefusedError) for each in together] == [
            isinstance(each, RefusedError) for each in alone
        ]

    law()


def test_a_cap_holds_among_ballots_that_are_counted_together(here: Installation) -> None:
    (number,), papers = people(here, 1), the_papers(here, 22)
    me = Actor(f"subscriber:{number}", "web")
    outcomes = cast_all(here.engine, [Ballot(number, paper, me, NOW) for paper in papers])
    assert [isinstance(each, RefusedError) for each in outcomes] == [False] * 20 + [True] * 2


def storm(here: Installation, papers: list[Paper], numbers: list[int]) -> list[BaseException | None]:
    """Votes of many at once; while they come in somebody else holds the papers."""
    begun = threading.Barrier(len(numbers) + 1)

    def vote(place: int) -> BaseException | None:
        begun.wait()
        try:
            votes.vote(by(here, numbers[place]), numbers[place], papers[place % len(papers)], NOW)
        except BaseException as error:
            return error
        return None

    with ThreadPoolExecutor(len(numbers)) as pool:
        with session.transaction(here.engine) as db:
            stored.lock(db, [(0, paper.pk) for paper in papers])
            found = [pool.submit(vote, place) for place in range(len(numbers))]
            begun.wait()
            threading.Event().wait(0.5)  # until all of them wait
        return [each.result() for each in found]


def test_votes_that_wait_share_a_transaction(here: Installation) -> None:
    numbers, papers = people(here, 60), the_papers(here, 3)
    commits: list[object] = []
    event.listen(here.engine, "commit", commits.append)
    assert storm(here, papers, numbers) == [None] * 60
    assert [votes.vote(by(here, numbers[0]), numbers[0], each, NOW).people for each in papers][1:] == [21, 21]
    assert len(commits) < 15  # two for the storm, where nothing delays a thread


def test_a_vote_that_fails_takes_no_other_with_it(here: Installation) -> None:
    numbers, papers = people(here, 12), the_papers(here, 2)
    nothing = replace(papers[1], pk=999_999)  # a paper that was taken out of the store meanwhile
    failed = [each is not None for each in storm(here, [papers[0], nothing], numbers)]
    assert failed == [False, True] * 6
    with session.reading(here.engine) as db:
        assert stored.count(db, papers[0].pk).people == 6


def test_a_database_has_one_box_for_all_threads(here: Installation) -> None:
    assert box_of(here.engine) is box_of(by(here, 1).engine)
    assert box_of(here.engine) is not box_of(session.rehearsal(here.engine))


def test_a_rehearsed_vote_is_not_kept(here: Installation) -> None:
    (number,), (paper,) = people(here, 1), the_papers(here, 1)
    rehearsing = replace(here, engine=session.rehearsal(here.engine))
    assert votes.vote(by(rehearsing, number), number, paper, NOW).people == 1
    assert kept(here.engine)[0] == []


def test_what_votes_weigh_is_said_with_its_fraction(here: Installation) -> None:
    numbers, (paper,) = people(here, 2, NOW - timedelta(days=1)), the_papers(here, 1)
    for number in numbers:
        counted = votes.vote(by(here, number, str(number)), number, paper, NOW)
    assert (counted.people, counted.weight, counted.whole) == (2, 0.5, 0)
