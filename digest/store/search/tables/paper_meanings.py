"""Defines the table `paper_meanings`. Its rows stay inside the store."""

from sqlalchemy import BigInteger, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from digest.store.base import NEVER_REUSED, Base


class PaperMeaningRow(Base):
    """The vector of a paper's text by a model, signed bytes; empty where it isn't shown or can't be read.

    `revision`: the paper's last change that it knows (see `PaperChangeRow`). A newer one gets a new number.
    """

    __tablename__ = "paper_meanings"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(unique=True)
    model: Mapped[str]
    revision: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[bytes] = mapped_column(LargeBinary)
