"""Defines the table `audit`. Its rows stay inside the store."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base
from digest.store.columns import JsonOrNull, LongId


class AuditRow(Base):
    """Somebody changed something. Rows are only added; what changes in one is that a person was erased.

    `before` and `after`: the fields that changed, NULL where the object wasn't there. `undo_of`: the act that
    this one took back, which can be done once.
    """

    __tablename__ = "audit"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(index=True)
    via: Mapped[str]
    network: Mapped[str]
    act: Mapped[str]
    object: Mapped[str] = mapped_column(index=True)
    before: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    after: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    undo_of: Mapped[int | None] = mapped_column(
        LongId, ForeignKey("audit.id", ondelete="SET NULL"), unique=True
    )
