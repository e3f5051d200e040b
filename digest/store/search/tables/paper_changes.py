"""Defines the table `paper_changes`. Its rows stay inside the store."""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import Base


class PaperChangeRow(Base):
    """The number of the last change of each paper: of its row, of the sources that carried it, or its end.

    Triggers of the database write it (see the migration), in the transaction of the change itself, so that no
    way of writing can forget it. Numbers only grow, and what was committed earlier has the smaller one.
    """

    __tablename__ = "paper_changes"

    paper_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(BigInteger, unique=True)
