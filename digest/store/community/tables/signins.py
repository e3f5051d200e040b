"""Defines the table `signins`. Its rows stay inside the store."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base
from digest.store.columns import LongId


class SigninRow(Base):
    """Somebody typed an address to sign in. The link that is mailed for it is good for minutes, and once.

    `decided_at`: the request was looked at; `used_at`: the link was followed and the button pressed.
    """

    __tablename__ = "signins"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(LongId, primary_key=True)
    email: Mapped[str]
    next_path: Mapped[str]
    browser: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    subscriber_id: Mapped[int | None] = mapped_column(
        LongId, ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    decided_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
