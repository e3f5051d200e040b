"""Looks proposals up: what a site says of them is kept, a paper that is here already becomes a vote."""

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta

from digest.domain import Actor, Paper, Proposal, ProposalState
from digest.errors import FetchError, InputError, NotAskedError, ParseError, RefusedError
from digest.fetch.body import BodyError
from digest.languages import deferred
from digest.pipeline.community import votes
from digest.pipeline.community.proposals import SOURCE, lookup
from digest.pipeline.community.proposals.states import HERE_ALREADY, bring
from digest.pipeline.failures import Part, guarded
from digest.pipeline.installation import Installation, acting
from digest.render import phrases
from digest.sources.lookup.subject import read_subject
from digest.store import papers, session
from digest.store.community import proposals
from digest.store.community import votes as stored_votes
from digest.store.papers.listing import not_shown
from digest.store.session import Session

LONGEST_WORDS = 500
LEASE = timedelta(seconds=90)
TRIES = 4
AGAIN = timedelta(minutes=2)  # until a site is asked again, doubled each time


def rehearse(installation: Installation, typed: str, now: datetime) -> Proposal:
    """Look a paper up and return the proposal that it would be; nothing is kept.

    Raises InputError, FetchError, ParseError.
    """
    subject = read_subject(typed)
    lookup.check_address(installation, subject)
    found = lookup.look_up(installation, subject)
    return Proposal(
        id=0,
        typed=typed,
        subject=subject.key,
        state=ProposalState.READY,
        created_at=now,
        at=now,
        entry=found.entry,
        found_at=found.found_at,
        choices=found.choices,
    )


def look_up_due(
    installation: Installation,
    now: datetime,
    *,
    only: int | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Look up the proposals that wait for it (`only`: the one of this number); return how many there were.

    One that can't be looked up for now is tried again later; one that no site knows is rejected.
    """
    with session.transaction(installation.engine) as db:
        claimed = proposals.claim(db, now, LEASE, only=only)
    for proposal, tried in claimed:
        if stopping():
            break
        with guarded(installation, Part.PROPOSAL, str(proposal.id), now):
            _look_up(installation, proposal, tried, now)
    return len(claimed)


def choose(installation: Installation, number: int, choice: int, now: datetime) -> Proposal:
    """Choose which of the papers that a title may mean (0 …) was meant. Raises InputError, UnknownError."""
    with session.transaction(installation.engine) as db:
        proposals.lock(db)
        proposal = proposals.get(db, number)
        if proposal.state is not ProposalState.READY or not 0 <= choice < len(proposal.choices):
            raise InputError(deferred("there is nothing to choose"), fix=deferred("propose the paper again"))
        found = lookup.of_entry(proposal.choices[choice], proposal.found_at)
        known = _keep(installation, db, proposal, found, now)
        chosen = proposals.get(db, number)
    _vote(installation, proposal, known, now)
    return chosen


def _look_up(installation: Installation, proposal: Proposal, tried: int, now: datetime) -> None:
    try:
        if tried >= TRIES:  # each of them failed for a reason that nobody foresaw
            raise ParseError(deferred("it couldn't be looked up here"))
        found = lookup.look_up(installation, read_subject(proposal.typed))
    except (FetchError, ParseError, InputError) as error:
        with session.transaction(installation.engine) as db:
            proposals.lock(db)
            if proposals.get(db, proposal.id).state is not ProposalState.FETCHING:
                return
            if _comes_again(error) and tried + 1 < TRIES:
                proposals.wait(db, proposal.id, now + AGAIN * 2**tried)
            else:
                bring(
                    installation, db, proposal, "unknown", ProposalState.REJECTED, now=now,
                    words=phrases.one_line(error.message, LONGEST_WORDS),
                )  # fmt: skip
        return
    with session.transaction(installation.engine) as db:
        proposals.lock(db)
        if proposals.get(db, proposal.id).state is not ProposalState.FETCHING:
            return
        known = _keep(installation, db, proposal, found, now)
    _vote(installation, proposal, known, now)


def _comes_again(error: Exception) -> bool:
    """Whether a site may answer later: it wasn't its turn, it was away, or too busy."""
    if isinstance(error, NotAskedError):
        return True
    if not isinstance(error, FetchError) or error.fix or isinstance(error.__cause__, BodyError):
        return False
    return error.status is None or error.status >= 429


def _keep(
    installation: Installation, db: Session, proposal: Proposal, found: proposals.Found, now: datetime
) -> Paper | None:
    """Keep what a site said; returns the paper that may be voted for where it is here already."""
    proposals.found(db, proposal.id, found, now)
    if found.entry is None:
        return None
    known = papers.known(db, found.entry, SOURCE)
    if known is None:
        return None
    shown = not not_shown(db, [known.pk])
    words = HERE_ALREADY if shown else deferred("it is known here, and isn't shown")
    bring(
        installation, db, proposals.get(db, proposal.id), "duplicate", ProposalState.DUPLICATE, now=now,
        words=words, paper_id=known.pk,
        listed_at=now if shown and _may_list(installation, db, proposal, known, now) else None,
    )  # fmt: skip
    return known if shown else None


def _may_list(
    installation: Installation, db: Session, proposal: Proposal, known: Paper, now: datetime
) -> bool:
    """Whether a proposal lists a paper again: it is older than a digest looks back, and wasn't withdrawn, and
    its proposer hadn't voted for it yet, so that nobody lists one paper day by day.
    """
    since = now - installation.window
    if known.withdrawn_at or known.first_seen_at > since:
        return False
    if known.pk in papers.listed_again(db, since=since, until=now):
        return False
    return proposal.subscriber_id is None or not stored_votes.state(db, proposal.subscriber_id, known.pk)


def _vote(installation: Installation, proposal: Proposal, known: Paper | None, now: datetime) -> None:
    """Let a proposal of a paper that is here already be its proposer's vote."""
    if known and proposal.subscriber_id is not None:
        as_them = acting(installation, Actor(f"subscriber:{proposal.subscriber_id}", installation.actor.via))
        with contextlib.suppress(RefusedError):  # they voted for very many papers today
            votes.vote(as_them, proposal.subscriber_id, known, now)
