"""Defines the table `proposals`. Its rows stay inside the store."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base, partial_index
from digest.store.columns import Json, JsonOrNull, LongId

OPEN_PROPOSAL = "state IN ('fetching', 'ready')"
PENDING_PROPOSAL = "state = 'pending'"


class ProposalRow(Base):
    """Somebody proposed a paper. `subject`: what was typed in its one spelling; `identity`: the id of the
    paper that it is about, once that is known: one of each waits for a curator.

    `entry`, `choices`: what a site said, as JSON. `lease_until`: who looks it up has until then. `listed_at`:
    its paper was here for long, and is listed again since then.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        Index("ix_proposals_state", "state", "created_at"),
        Index("ix_proposals_listed_at", "listed_at"),
        Index("ix_proposals_subscriber_id", "subscriber_id", "created_at"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    subscriber_id: Mapped[int | None] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="SET NULL")
    )
    typed: Mapped[str]
    subject: Mapped[str]
    identity: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[datetime]
    at: Mapped[datetime]
    words: Mapped[str]
    entry: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    found_at: Mapped[str]
    choices: Mapped[list[Any]] = mapped_column(Json)
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("papers.id", ondelete="SET NULL"), index=True)
    listed_at: Mapped[datetime | None]
    tell: Mapped[bool]
    attempts: Mapped[int]
    lease_until: Mapped[datetime | None]


partial_index("ix_proposals_open", ProposalRow, "subscriber_id", "subject", where=OPEN_PROPOSAL, unique=True)
partial_index("ix_proposals_pending", ProposalRow, "identity", where=PENDING_PROPOSAL, unique=True)
