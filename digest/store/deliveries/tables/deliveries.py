"""Defines the table `deliveries`. Its rows stay inside the store."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base, partial_index
from digest.store.columns import LongId, Packed

WAITING = "state IN ('queued', 'deferred')"  # rows of the ledger that can be claimed, as an index knows them


class DeliveryRow(Base):
    """The ledger: one row for each subscriber and local date.

    A claimed row stays `queued` and has a token and a lease. `attempts` counts claims, `lost` those since
    the last outcome that ended without one. `papers` are `papers.id`, best first; `shown`: what the message
    showed of them, as `digest.shown` packs it; NULL before it left.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "issue_date"),
        Index("ix_deliveries_issue_id_state", "issue_id", "state"),
    )

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"))
    subscriber_id: Mapped[int] = mapped_column(LongId, ForeignKey("subscribers.id", ondelete="CASCADE"))
    issue_date: Mapped[date]
    state: Mapped[str]
    reason: Mapped[str]
    attempts: Mapped[int]
    lost: Mapped[int]
    claim_token: Mapped[str]
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime]
    message_id: Mapped[str] = mapped_column(index=True)
    reply: Mapped[str]
    papers: Mapped[tuple[int, ...]] = mapped_column(Packed)
    window_days: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    shown: Mapped[bytes | None]


partial_index("ix_deliveries_waiting", DeliveryRow, "next_attempt_at", "id", where=WAITING)
partial_index("ix_deliveries_leased", DeliveryRow, "lease_until", where="lease_until IS NOT NULL")
