"""Defines the table `issues`. Its rows stay inside the store."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base


class IssueRow(Base):
    """One mailing occasion."""

    __tablename__ = "issues"
    __table_args__ = (UniqueConstraint("date", "due_at"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    date: Mapped[date]
    due_at: Mapped[datetime] = mapped_column(index=True)
    opened_at: Mapped[datetime]
