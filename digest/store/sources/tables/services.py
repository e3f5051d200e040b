"""Defines the table `services`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class ServiceRow(Base):
    """A service that counts attention for papers that we know: when it may be asked, how it is doing."""

    __tablename__ = "services"

    name: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]
    last_success_at: Mapped[datetime | None]
    failures: Mapped[int]
    failing_since: Mapped[datetime | None]
    last_error: Mapped[str | None]
