"""Defines the table `mutes`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base
from digest.store.columns import LongId


class MuteRow(Base):
    """An exclusion that ends by itself."""

    __tablename__ = "mutes"

    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True
    )
    filter: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime] = mapped_column(index=True)
