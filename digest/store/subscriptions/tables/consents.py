"""Defines the table `consents`. Its rows stay inside the store."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base
from digest.store.columns import Json, LongId


class ConsentRow(Base):
    """What somebody agreed to, when, and how; rows are only added."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    wording: Mapped[str]
    how: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(Json)
