"""Defines the table `heartbeats`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class HeartbeatRow(Base):
    """When a worker (its name in Celery, such as `celery@host`) last came to the end of a task."""

    __tablename__ = "heartbeats"

    worker: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
