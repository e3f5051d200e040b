"""Defines the table `topics`. Its rows stay inside the store."""

from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class TopicRow(Base):
    """A named, shared filter. `edited`: by the operator, so a new version of the software leaves it alone."""

    __tablename__ = "topics"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    expression: Mapped[str]
    group: Mapped[str]
    edited: Mapped[bool]
