"""Papers that readers propose: looked up, shown back, sent to the curators, accepted or rejected.

    fetching → ready → pending → accepted | rejected | duplicate | withdrawn

Caps are counted in the transaction that they guard. Each act is a row of the audit, in its own transaction.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from digest.domain import Actor, Entry, Paper, Proposal, ProposalState, Source, SourceKind
from digest.errors import FetchError, InputError, NotAskedError, ParseError, RefusedError
from digest.pipeline.community import lookup, votes
from digest.pipeline.failures import Part, guarded
from digest.pipeline.installation import Installation, acting
from digest.render import phrases
from digest.sources.lookup.subject import read_subject
from digest.store import papers, session
from digest.store.community import audit, proposals
from digest.store.papers.listing import not_shown
from digest.store.session import Session
from digest.store.subscriptions import transactional
from digest.store.subscriptions.transactional import TransactionalKind

DAY = timedelta(days=1)
MOST_A_DAY = 5  # of one person
MOST_PENDING = 3  # of one person
MOST_PENDING_HERE = 100
OLD = timedelta(days=90)  # a paper published before is told so
KEPT_READY = timedelta(days=7)
LONGEST_WORDS = 500
TRUSTED_AFTER = 3  # accepted proposals, with at most one rejected in five
LEASE = timedelta(seconds=90)
TRIES = 4
AGAIN = timedelta(minutes=2)  # until a site is asked again, doubled each time

_SOURCE = Source(lookup.SOURCE, SourceKind.JSONL, "")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Missing:
    """What a proposed paper lacks or is: told to who proposed it, before it is sent."""

    abstract: bool
    authors: bool
    date: bool
    old: bool


def propose(
    installation: Installation,
    typed: str,
    *,
    subscriber_id: int | None,
    tell: bool = True,
    now: datetime,
) -> Proposal:
    """Take in what somebody typed to name a paper; it is looked up by `look_up_due`.

    What they have under way already is returned as it is. Raises InputError where it names no paper or an
    address that is never fetched, RefusedError where a cap is reached.
    """
    subject = read_subject(typed)
    lookup.check_address(installation, subject)
    with session.transaction(installation.engine) as db:
        proposals.lock(db)
        known = proposals.under_way(db, subscriber_id, subject.key)
        if known:
            return known
        if subscriber_id is not None:
            today = proposals.count(db, subscriber_id=subscriber_id, since=now - DAY)
            if today >= MOST_A_DAY:
                raise RefusedError(f"you proposed {today} papers within a day", fix="come again tomorrow")
        _check_room(db, subscriber_id)
        number = proposals.add(
            db, subscriber_id=subscriber_id, typed=typed[:2_000], subject=subject.key, tell=tell, now=now
        )
        if number is None:
            raise RefusedError("this paper is being proposed at this moment")
        after = {"text": typed[:200], "state": ProposalState.FETCHING}
        audit.record(db, installation.actor, "proposal.add", f"proposal:{number}", None, after, now=now)
        return proposals.get(db, number)


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
            raise InputError("there is nothing to choose", fix="propose the paper again")
        found = lookup.of_entry(proposal.choices[choice], proposal.found_at)
        known = _keep(installation, db, proposal, found, now)
        chosen = proposals.get(db, number)
    _vote(installation, proposal, known, now)
    return chosen


def send(installation: Installation, number: int, now: datetime) -> Proposal:
    """Send a proposal that was shown back to the curators; one of a trusted person is accepted at once.

    Raises RefusedError where a cap is reached or somebody else's proposal of the paper waits already.
    """
    with session.transaction(installation.engine) as db:
        proposals.lock(db)
        proposal = proposals.get(db, number)
        if proposal.state is not ProposalState.READY or proposal.entry is None:
            raise InputError(f"proposal {number} isn't ready to be sent: it is {proposal.state}")
        _check_room(db, proposal.subscriber_id)
        identity = lookup.of_entry(proposal.entry, proposal.found_at).identity
        if proposals.pending_of(db, identity):
            raise RefusedError("somebody else proposed this paper already; it waits for a curator")
        _act(installation, db, proposal, "send", ProposalState.PENDING, now=now)
        if installation.trust_proposers and _is_trusted(db, proposal.subscriber_id):
            _accept(installation, db, proposals.get(db, number), now, "from a trusted proposer")
        return proposals.get(db, number)


def withdraw(installation: Installation, number: int, now: datetime) -> Proposal:
    """Take a proposal back that is still open. Raises InputError, UnknownError."""
    with session.transaction(installation.engine) as db:
        proposals.lock(db)
        proposal = proposals.get(db, number)
        if not proposal.is_open:
            raise InputError(f"proposal {number} is {proposal.state} already")
        _act(installation, db, proposal, "withdraw", ProposalState.WITHDRAWN, now=now)
        return proposals.get(db, number)


def accept(installation: Installation, number: int, now: datetime, words: str = "") -> Proposal:
    """Accept a proposal that waits: its paper is listed today. Raises InputError, UnknownError."""
    with session.transaction(installation.engine) as db:
        proposals.lock(db)
        proposal = _waiting(db, number)
        _accept(installation, db, proposal, now, _words(words))
        return proposals.get(db, number)


def reject(installation: Installation, number: int, words: str, now: datetime) -> Proposal:
    """Reject a proposal that waits, with a reason that its proposer is told.

    Raises InputError, UnknownError.
    """
    cleaned = _words(words)
    if not cleaned:
        raise InputError("a rejection needs a reason, which is told to who proposed the paper")
    with session.transaction(installation.engine) as db:
        proposals.lock(db)
        proposal = _waiting(db, number)
        _act(installation, db, proposal, "reject", ProposalState.REJECTED, now=now, words=cleaned)
        _tell(db, proposal, now)
        return proposals.get(db, number)


def get(installation: Installation, number: int) -> Proposal:
    """Return a proposal. Raises UnknownError."""
    with session.reading(installation.engine) as db:
        return proposals.get(db, number)


def queue(installation: Installation) -> list[Proposal]:
    """Return the proposals that wait for a curator, the oldest first."""
    with session.reading(installation.engine) as db:
        return proposals.in_state(db, [ProposalState.PENDING])


def listing(installation: Installation, state: ProposalState | None = None) -> list[Proposal]:
    """Return the proposals in a state, or all, the oldest first."""
    with session.reading(installation.engine) as db:
        return proposals.in_state(db, [state] if state else list(ProposalState))


def of_subscriber(installation: Installation, subscriber_id: int) -> list[Proposal]:
    """Return somebody's proposals, the newest first."""
    with session.reading(installation.engine) as db:
        return proposals.of_subscriber(db, subscriber_id)


def missing(entry: Entry, now: datetime) -> Missing:
    """Say what a paper lacks that others here have, and whether it is old."""
    published = entry.published_at
    return Missing(
        abstract=not entry.abstract,
        authors=not entry.authors,
        date=published is None,
        old=published is not None and now - published > OLD,
    )


def keep_up(installation: Installation, now: datetime) -> None:
    """End the proposals that were shown back days ago and never sent."""
    with session.transaction(installation.engine) as db:
        proposals.lock(db)
        for proposal in proposals.stale(db, now - KEPT_READY):
            _act(installation, db, proposal, "expire", ProposalState.WITHDRAWN, now=now, words="never sent")


# ---------------------------------------------------------------- what the audit keeps, and how it is undone


def state_of(db: Session, where: str) -> dict[str, Any] | None:
    """Return the state of a proposal as the audit has it; `where`: `proposal:<number>`."""
    return proposals.read_state(db, _number(where))


def restore(db: Session, where: str, fields: Mapping[str, Any] | None) -> None:
    """Put the state of a proposal back as the audit has it; None: it was never made."""
    if fields is None:
        proposals.remove(db, _number(where))
    else:
        proposals.write_state(db, _number(where), fields)


def unlist(db: Session, where: str) -> None:
    """Take the paper of an accepted proposal out of the store. Raises RefusedError where it is used."""
    proposal = proposals.get(db, _number(where))
    if proposal.paper:
        papers.remove_carried_by(db, proposal.paper, lookup.SOURCE)


def _number(where: str) -> int:
    return int(where.removeprefix("proposal:"))


# ---------------------------------------------------------------- steps


def _look_up(installation: Installation, proposal: Proposal, tried: int, now: datetime) -> None:
    try:
        found = lookup.look_up(installation, read_subject(proposal.typed))
    except (FetchError, ParseError, InputError) as error:
        with session.transaction(installation.engine) as db:
            proposals.lock(db)
            if proposals.get(db, proposal.id).state is not ProposalState.FETCHING:
                return
            if _comes_again(error) and tried + 1 < TRIES:
                proposals.wait(db, proposal.id, now + AGAIN * 2**tried)
            else:
                _act(
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
    return isinstance(error, FetchError) and not error.fix and (error.status is None or error.status >= 429)


def _keep(
    installation: Installation, db: Session, proposal: Proposal, found: proposals.Found, now: datetime
) -> Paper | None:
    """Keep what a site said; returns the paper that may be voted for where it is here already."""
    proposals.found(db, proposal.id, found, now)
    if found.entry is None:
        return None
    known = papers.known(db, found.entry, lookup.SOURCE)
    if known is None:
        return None
    shown = not not_shown(db, [known.pk])
    words = "it is here already" if shown else "it is known here, and isn't shown"
    _act(
        installation, db, proposals.get(db, proposal.id), "duplicate", ProposalState.DUPLICATE, now=now,
        words=words, paper_id=known.pk,
    )  # fmt: skip
    return known if shown else None


def _vote(installation: Installation, proposal: Proposal, known: Paper | None, now: datetime) -> None:
    """Let a proposal of a paper that is here already be its proposer's vote."""
    if known and proposal.subscriber_id is not None:
        as_them = acting(installation, Actor(f"subscriber:{proposal.subscriber_id}", installation.actor.via))
        votes.vote(as_them, proposal.subscriber_id, known, now)


def _accept(installation: Installation, db: Session, proposal: Proposal, now: datetime, words: str) -> None:
    if proposal.entry is None:
        raise InputError(f"nothing is known of the paper of proposal {proposal.id}")
    stored = papers.store_entries(db, _SOURCE, [proposal.entry], seen_at=now)
    if stored.skipped:
        raise InputError(f"the paper of proposal {proposal.id} can't be kept: {stored.skipped[0].error}")
    paper = papers.known(db, proposal.entry, lookup.SOURCE)
    number = paper.pk if paper else None
    _act(installation, db, proposal, "accept", ProposalState.ACCEPTED, now=now, words=words, paper_id=number)
    _tell(db, proposal, now)


def _act(
    installation: Installation,
    db: Session,
    proposal: Proposal,
    act: str,
    state: ProposalState,
    *,
    now: datetime,
    words: str = "",
    paper_id: int | None = None,
) -> None:
    """Bring a proposal into a state, and write the act down."""
    where = f"proposal:{proposal.id}"
    before = proposals.read_state(db, proposal.id)
    proposals.move(db, proposal.id, state, now, words=words, paper_id=paper_id)
    after = proposals.read_state(db, proposal.id)
    audit.record(db, installation.actor, f"proposal.{act}", where, before, after, now=now)


def _tell(db: Session, proposal: Proposal, now: datetime) -> None:
    """Queue the email that says what became of a proposal, where its proposer wants one."""
    if proposal.tell and proposal.subscriber_id is not None:
        kind = TransactionalKind.PROPOSAL
        transactional.add(db, kind, proposal.subscriber_id, now, proposal_id=proposal.id)


def _waiting(db: Session, number: int) -> Proposal:
    proposal = proposals.get(db, number)
    if proposal.state is not ProposalState.PENDING:
        raise InputError(f"proposal {number} doesn't wait for a curator: it is {proposal.state}")
    return proposal


def _check_room(db: Session, subscriber_id: int | None) -> None:
    waiting = ProposalState.PENDING
    if subscriber_id is not None:
        mine = proposals.count(db, subscriber_id=subscriber_id, state=waiting)
        if mine >= MOST_PENDING:
            raise RefusedError(f"{mine} of your proposals wait for a curator", fix="wait for them first")
    if proposals.count(db, state=waiting) >= MOST_PENDING_HERE:
        raise RefusedError("very many proposals wait for the curators here", fix="come again in some days")


def _is_trusted(db: Session, subscriber_id: int | None) -> bool:
    if subscriber_id is None:
        return False
    accepted, rejected = proposals.decided(db, subscriber_id)
    return accepted >= TRUSTED_AFTER and rejected * 5 <= accepted + rejected


def _words(text: str) -> str:
    cleaned = phrases.one_line(text, 10_000)
    if len(cleaned) > LONGEST_WORDS:
        raise InputError(f"the words have {len(cleaned)} characters; at most {LONGEST_WORDS} are kept")
    return cleaned
