"""Defines the table `suppressions`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class SuppressionRow(Base):
    """An address that must not be written to, as a keyed hash."""

    __tablename__ = "suppressions"

    address_hash: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    at: Mapped[datetime]
