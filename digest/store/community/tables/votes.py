"""Defines the table `votes`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy import ForeignKey, false, text
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base
from digest.store.columns import LongId


class VoteRow(Base):
    """A subscriber voted for a paper; `withdrawn_at`: they took it back.

    `quarters`: what it weighs; `is_new`: its subscriber was; `network`: a keyed hash of the one it came from;
    `turns`: how often they voted for it.
    """

    __tablename__ = "votes"

    subscriber_id: Mapped[int] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True
    )
    paper_id: Mapped[int] = mapped_column(
        ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    quarters: Mapped[int] = mapped_column(server_default=text("4"))
    is_new: Mapped[bool] = mapped_column(server_default=false())
    network: Mapped[str] = mapped_column(server_default=text("''"))
    turns: Mapped[int] = mapped_column(server_default=text("1"))
