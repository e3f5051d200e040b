"""Defines the table `saved`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base
from digest.store.columns import LongId


class SavedRow(Base):
    """A subscriber saved a paper, to read or to cite it later."""

    __tablename__ = "saved"

    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True
    )
    paper_id: Mapped[int] = mapped_column(
        ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    at: Mapped[datetime]
