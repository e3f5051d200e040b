"""Defines the table `notices`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base, partial_index
from digest.store.columns import LongId

QUEUED = "state = 'queued'"  # notices that can be claimed, as an index knows them


class NoticeRow(Base):
    """A mail about somebody's subscription: to confirm, welcome, remind or say good-bye."""

    __tablename__ = "notices"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    kind: Mapped[str]
    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    signup_id: Mapped[int | None] = mapped_column(
        LongId, ForeignKey("signups.id", ondelete="CASCADE"), index=True
    )
    proposal_id: Mapped[int | None] = mapped_column(LongId)
    signin_id: Mapped[int | None] = mapped_column(LongId)
    state: Mapped[str]
    attempts: Mapped[int]
    claim_token: Mapped[str]
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    reply: Mapped[str]


partial_index("ix_notices_waiting", NoticeRow, "next_attempt_at", "id", where=QUEUED)
partial_index("ix_notices_leased", NoticeRow, "lease_until", where="lease_until IS NOT NULL")
