"""Brings proposals into states with a row of the audit, reads states, and puts them back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from digest.domain import Proposal, ProposalState
from digest.languages import deferred
from digest.pipeline.community.proposals import SOURCE
from digest.pipeline.installation import Installation
from digest.store import papers
from digest.store.community import audit, proposals
from digest.store.session import Session

HERE_ALREADY = deferred("it is here already")


def bring(
    installation: Installation,
    db: Session,
    proposal: Proposal,
    act: str,
    state: ProposalState,
    *,
    now: datetime,
    words: str = "",
    paper_id: int | None = None,
    listed_at: datetime | None = None,
) -> None:
    """Bring a proposal into a state, and write the act down. `listed_at`: it lists its paper again."""
    where = f"proposal:{proposal.id}"
    before = proposals.read_state(db, proposal.id)
    proposals.move(db, proposal.id, state, now, words=words, paper_id=paper_id, listed_at=listed_at)
    after = proposals.read_state(db, proposal.id)
    audit.record(db, installation.actor, f"proposal.{act}", where, before, after, now=now)


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
        papers.remove_carried_by(db, proposal.paper, SOURCE)


def _number(where: str) -> int:
    return int(where.removeprefix("proposal:"))
