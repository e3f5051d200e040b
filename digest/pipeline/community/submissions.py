"""Takes in papers that readers propose, shows them back, and lets curators accept or reject them.

    fetching → ready → pending → accepted | rejected | duplicate | withdrawn

Caps are counted in the transaction that they guard. Each act is a row of the audit, in its own transaction.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.domain import Actor, Entry, Paper, Proposal, ProposalState, Source
from digest.errors import InputError, RefusedError
from digest.languages import deferred
from digest.pipeline.community.ballots import Ballot, cast
from digest.pipeline.community.proposals import SOURCE
from digest.pipeline.community.proposals.states import HERE_ALREADY, bring
from digest.pipeline.installation import Installation
from digest.render import phrases
from digest.sources.kinds.jsonl import JSONL
from digest.sources.lookup.subject import read_subject
from digest.store import papers, session
from digest.store.community import audit, proposals
from digest.store.session import Session
from digest.store.subscriptions import transactional
from digest.store.subscriptions.transactional import TransactionalKind

DAY = timedelta(days=1)
MOST_A_DAY = 5  # of one person
MOST_PENDING = 3  # of one person
MOST_PENDING_HERE = 100
KEPT_READY = timedelta(days=7)
LONGEST_WORDS = 500
TRUSTED_AFTER = 3  # accepted proposals, with at most one rejected in five

_SECOND = deferred("somebody else proposed this paper already; if it is accepted, yours is a vote for it")
_SOURCE = Source(SOURCE, JSONL.kind, "")
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
    from digest.pipeline.community.proposals import lookup  # noqa: PLC0415 - brings what fetches

    lookup.check_address(installation, subject)
    with session.transaction(installation.engine) as db:
        proposals.lock(db)
        known = proposals.under_way(db, subscriber_id, subject.key)
        if known:
            return known
        if subscriber_id is not None:
            today = proposals.count(db, subscriber_id=subscriber_id, since=now - DAY)
            if today >= MOST_A_DAY:
                message = deferred("you proposed {number} papers within a day", number=today)
                raise RefusedError(message, fix=deferred("come again tomorrow"))
        _check_room(db, subscriber_id)
        number = proposals.add(
            db, subscriber_id=subscriber_id, typed=typed[:2_000], subject=subject.key, tell=tell, now=now
        )
        if number is None:
            raise RefusedError(deferred("this paper is being proposed at this moment"))
        after = {"text": typed[:200], "state": ProposalState.FETCHING}
        audit.record(db, installation.actor, "proposal.add", f"proposal:{number}", None, after, now=now)
        return proposals.get(db, number)


def send(installation: Installation, number: int, now: datetime) -> Proposal:
    """Send a proposal that was shown back to the curators; one of a trusted person is accepted at once.

    Where another proposal of the paper waits already it becomes a vote, once that one is accepted. Raises
    InputError, and RefusedError where a cap is reached.
    """
    with session.transaction(installation.engine) as db:
        proposals.lock(db)
        proposal = proposals.get(db, number)
        if proposal.state is not ProposalState.READY or proposal.entry is None:
            message = deferred("proposal {number} isn't ready to be sent: it is {state}", **_named(proposal))
            raise InputError(message)
        from digest.pipeline.community.proposals import lookup  # noqa: PLC0415 - as above

        identity = lookup.of_entry(proposal.entry, proposal.found_at).identity
        if proposals.pending_of(db, identity):
            bring(installation, db, proposal, "second", ProposalState.DUPLICATE, now=now, words=_SECOND)
            return proposals.get(db, number)
        _check_room(db, proposal.subscriber_id)
        bring(installation, db, proposal, "send", ProposalState.PENDING, now=now)
        if installation.trust_proposers and _is_trusted(db, proposal.subscriber_id):
            _accept(installation, db, proposals.get(db, number), now, deferred("from a trusted proposer"))
        return proposals.get(db, number)


def withdraw(installation: Installation, number: int, now: datetime) -> Proposal:
    """Take a proposal back that is still open. Raises InputError, UnknownError."""
    with session.transaction(installation.engine) as db:
        proposals.lock(db)
        proposal = proposals.get(db, number)
        if not proposal.is_open:
            raise InputError(deferred("proposal {number} is {state} already", **_named(proposal)))
        bring(installation, db, proposal, "withdraw", ProposalState.WITHDRAWN, now=now)
        if proposal.state is ProposalState.PENDING and (seconds := proposals.seconds(db, proposal)):
            bring(installation, db, seconds[0], "send", ProposalState.PENDING, now=now)
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
        raise InputError(deferred("a rejection needs a reason, which is told to who proposed the paper"))
    with session.transaction(installation.engine) as db:
        proposals.lock(db)
        proposal = _waiting(db, number)
        for each in (proposal, *proposals.seconds(db, proposal)):
            bring(installation, db, each, "reject", ProposalState.REJECTED, now=now, words=cleaned)
            _tell(db, each, now)
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


def missing(installation: Installation, entry: Entry, now: datetime) -> Missing:
    """Say what a paper lacks that others here have, and whether it is old."""
    published = entry.published_at
    return Missing(
        abstract=not entry.abstract,
        authors=not entry.authors,
        date=published is None,
        old=published is not None and now - published > installation.old_proposals,
    )


def keep_up(installation: Installation, now: datetime) -> None:
    """End the proposals that were shown back days ago and never sent."""
    with session.transaction(installation.engine) as db:
        proposals.lock(db)
        for proposal in proposals.stale(db, now - KEPT_READY):
            bring(
                installation,
                db,
                proposal,
                "expire",
                ProposalState.WITHDRAWN,
                now=now,
                words=deferred("never sent"),
            )


def _accept(installation: Installation, db: Session, proposal: Proposal, now: datetime, words: str) -> None:
    if proposal.entry is None:
        raise InputError(deferred("nothing is known of the paper of proposal {number}", number=proposal.id))
    stored = papers.store_entries(db, _SOURCE, [proposal.entry], seen_at=now)
    if stored.skipped:
        message = deferred(
            "the paper of proposal {number} can't be kept: {reason}",
            number=proposal.id, reason=stored.skipped[0].error,
        )  # fmt: skip
        raise InputError(message)
    paper = papers.known(db, proposal.entry, SOURCE)
    number = paper.pk if paper else None
    seconds = proposals.seconds(db, proposal)
    bring(installation, db, proposal, "accept", ProposalState.ACCEPTED, now=now, words=words, paper_id=number)
    _tell(db, proposal, now)
    for each in seconds:
        bring(
            installation, db, each, "duplicate", ProposalState.DUPLICATE, now=now, words=HERE_ALREADY,
            paper_id=number,
        )  # fmt: skip
    if paper:
        _vote(installation, db, seconds, paper, now)


def _vote(
    installation: Installation, db: Session, seconds: Sequence[Proposal], paper: Paper, now: datetime
) -> None:
    """Count the proposals of a paper beside the first as votes for it, as far as their people may vote."""
    voters = dict.fromkeys(each.subscriber_id for each in seconds if each.subscriber_id is not None)
    via = installation.actor.via
    ballots = [Ballot(number, paper, Actor(f"subscriber:{number}", via), now) for number in voters]
    if ballots:
        cast(db, ballots)


def _tell(db: Session, proposal: Proposal, now: datetime) -> None:
    """Queue the email that says what became of a proposal, where its proposer wants one."""
    if proposal.tell and proposal.subscriber_id is not None:
        kind = TransactionalKind.PROPOSAL
        transactional.add(db, kind, proposal.subscriber_id, now, proposal_id=proposal.id)


def _waiting(db: Session, number: int) -> Proposal:
    proposal = proposals.get(db, number)
    if proposal.state is not ProposalState.PENDING:
        message = deferred("proposal {number} doesn't wait for a curator: it is {state}", **_named(proposal))
        raise InputError(message)
    return proposal


def _check_room(db: Session, subscriber_id: int | None) -> None:
    waiting = ProposalState.PENDING
    if subscriber_id is not None:
        mine = proposals.count(db, subscriber_id=subscriber_id, state=waiting)
        if mine >= MOST_PENDING:
            message = deferred("{number} of your proposals wait for a curator", number=mine)
            raise RefusedError(message, fix=deferred("wait for them first"))
    if proposals.count(db, state=waiting) >= MOST_PENDING_HERE:
        message = deferred("very many proposals wait for the curators here")
        raise RefusedError(message, fix=deferred("come again in some days"))


def _named(proposal: Proposal) -> dict[str, object]:
    """A proposal's number and its state in words."""
    return {"number": proposal.id, "state": phrases.PROPOSAL_STATES[proposal.state]}


def _is_trusted(db: Session, subscriber_id: int | None) -> bool:
    if subscriber_id is None:
        return False
    accepted, rejected = proposals.decided(db, subscriber_id)
    return accepted >= TRUSTED_AFTER and rejected * 5 <= accepted + rejected


def _words(text: str) -> str:
    cleaned = phrases.one_line(text, 10_000)
    if len(cleaned) > LONGEST_WORDS:
        raise InputError(phrases.too_many_words(len(cleaned), LONGEST_WORDS))
    return cleaned
