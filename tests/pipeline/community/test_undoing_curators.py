"""Whatever curators do, in whatever order: undone from the last act to the first, the store is as before."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from digest.domain import Actor, HideReason, ProposalState, ReportAbout, Role
from digest.errors import DigestError
from digest.pipeline.community import audit, moderation, picks, reports, submissions, tokens
from digest.pipeline.community.proposals import fetching
from digest.pipeline.community.undo import undo
from digest.pipeline.installation import Installation, acting
from digest.store import session
from digest.store.base import Base
from tests.builders import NOW, entry
from tests.installations import installation, join, store_entries
from tests.proposed import arxiv, asking
from tests.source_server import SourceServer

ADA = "ada@one.example"
FIRST, SECOND = "2603.00001", "2603.00002"
PROPOSED = ("2603.09991", "2603.09992", "2603.09993")
TODAY, LATER = NOW.date(), NOW + timedelta(hours=1)
# What stays of an act: its row, that papers changed, emails that it asked for, whose turn it was at a site.
LEFT = {"audit", "paper_changes", "notices", "host_turns", "sites", "alembic_version"}
sqlite_only = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Iterator[Installation]:
    """Two papers, a reader, three proposals (the first of them not sent to the curators yet), a report."""
    made = acting(installation(engine, tmp_path), Actor("cli:test", "cli"))
    store_entries(engine, [entry(FIRST), entry(SECOND)], seen_at=NOW - timedelta(hours=2))
    reader = join(made, ADA).id
    with SourceServer() as server:
        here = asking(made, server)
        for number in PROPOSED:
            server.serve("/api/query", arxiv((number, f"Paper {number}")))
            proposal = submissions.propose(here, number, subscriber_id=None, now=NOW)
            fetching.look_up_due(here, NOW, only=proposal.id)
            if number != PROPOSED[0]:
                submissions.send(here, proposal.id, NOW)
        reports.report(here, FIRST, ReportAbout.PAPER, "Look.", subscriber_id=reader, now=NOW)
        yield here


def numbers(site: Installation, *states: ProposalState) -> list[int]:
    return [each.id for each in submissions.listing(site) if each.state in states]


def decide(
    act: Callable[[Installation, int], object], *states: ProposalState
) -> Callable[[Installation], object]:
    """An act on the first proposal in one of these states; nothing where there is none."""
    return lambda site: [act(site, number) for number in numbers(site, *states)[:1]]


READY, PENDING = ProposalState.READY, ProposalState.PENDING
ACTS: dict[str, Callable[[Installation], object]] = {
    "pick": lambda site: picks.pick(site, FIRST, "Read this.", now=NOW),
    "pick another": lambda site: picks.pick(site, SECOND, "", now=NOW),
    "pick for tomorrow": lambda site: picks.pick(site, FIRST, "", day=TODAY + timedelta(days=1), now=NOW),
    "another note": lambda site: picks.pick(site, FIRST, "Read the ablation.", now=LATER),
    "pick what was proposed": lambda site: picks.pick(site, PROPOSED[1], "", now=LATER),
    "unpick": lambda site: picks.unpick(site, FIRST, now=LATER),
    "order": lambda site: picks.place(site, TODAY, {FIRST: 2, SECOND: 1}, LATER),
    "hide": lambda site: moderation.hide(site, FIRST, HideReason.SPAM, "ads", now=NOW),
    "hide for another reason": lambda site: moderation.hide(site, FIRST, HideReason.LEGAL, "", now=LATER),
    "hide what was proposed": lambda site: moderation.hide(site, PROPOSED[1], HideReason.SPAM, "", now=LATER),
    "unhide": lambda site: moderation.unhide(site, FIRST, now=LATER),
    "send": decide(lambda site, number: submissions.send(site, number, NOW), READY),
    "accept": decide(lambda site, number: submissions.accept(site, number, NOW, "good"), PENDING),
    "reject": decide(lambda site, number: submissions.reject(site, number, "no", NOW), PENDING),
    "withdraw": decide(lambda site, number: submissions.withdraw(site, number, NOW), READY, PENDING),
    "settle": lambda site: reports.settle(site, 1, NOW),
    "make a token": lambda site: tokens.create(site, ADA, label="bot", scope=Role.READER, now=NOW),
    "revoke a token": lambda site: [tokens.revoke(site, t.id, NOW) for t, _ in tokens.listing(site)[-1:]],
}


def dump(site: Installation) -> dict[str, list[str]]:
    with session.reading(site.engine) as db:
        return {
            name: sorted(repr(tuple(row)) for row in db.execute(select(table)).all())
            for name, table in Base.metadata.tables.items()
            if name not in LEFT and not name.startswith("search")
        }


@given(names=st.lists(st.sampled_from(sorted(ACTS)), min_size=1, max_size=7))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_acts_of_curators_and_their_undos_leave_nothing(site: Installation, names: list[str]) -> None:
    before, first = dump(site), audit.listing(site, limit=1)[0].id
    for name in names:
        with suppress(DigestError):  # such as unpicking what isn't picked
            ACTS[name](site)
    for done in audit.listing(site, limit=1000):
        if done.id > first:
            undo(site, done.id, LATER)
    after = dump(site)
    assert [table for table in before if after[table] != before[table]] == []


@sqlite_only
def test_each_act_above_does_something(site: Installation) -> None:
    picks.pick(site, FIRST, "", now=NOW)
    picks.pick(site, SECOND, "", now=NOW)
    for name in (
        "make a token",
        "another note",
        "order",
        "hide",
        "unhide",
        "unpick",
        "settle",
        "send",
        "accept",
    ):
        before = dump(site)
        ACTS[name](site)
        assert dump(site) != before, name
