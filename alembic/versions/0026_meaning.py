"""Vectors of what papers mean, by which search finds those that say it in other words.

Revision: 0026, after 0025.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paper_meanings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_paper_meanings"),
        sa.UniqueConstraint("paper_id", name="uq_paper_meanings_paper_id"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("paper_meanings")
