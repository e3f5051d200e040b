"""Defines the table `sites`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class SiteRow(Base):
    """The lock of a site. Free from `free_at` on, whoever `holder` is; a holder frees it earlier."""

    __tablename__ = "sites"

    site: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    free_at: Mapped[datetime]
