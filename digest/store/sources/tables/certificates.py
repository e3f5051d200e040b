"""Defines the table `certificates`. Its rows stay inside the store."""

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base
from digest.store.columns import Json, JsonOrNull


class CertificateRow(Base):
    """What a second list says of a day of a source; `missing`: canonical ids, `missing_from`: by category.
    See `domain.Certificate`."""

    __tablename__ = "certificates"

    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    announced: Mapped[int]
    categories: Mapped[dict[str, int]] = mapped_column(Json)
    missing: Mapped[list[str]] = mapped_column(Json)
    missing_from: Mapped[dict[str, list[str]] | None] = mapped_column(JsonOrNull)
    unlisted: Mapped[int]
    checked_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    error: Mapped[str | None]
