"""Defines the table `hidings`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base


class HidingRow(Base):
    """A paper was hidden. `unhidden_at`: it is shown again since then, and the row stays."""

    __tablename__ = "hidings"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str]
    words: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    unhidden_at: Mapped[datetime | None]
