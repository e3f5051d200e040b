"""Papers that curators picked for a day, with a note, and papers that they hid.

Revision: 0022, after 0021.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "picks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("curator_id", LONG, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("unpicked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["curator_id"], ["subscribers.id"], name="fk_picks_curator_id_subscribers", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name="fk_picks_paper_id_papers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_picks"),
        sa.UniqueConstraint("day", "paper_id", name="uq_picks_day"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_picks_paper_id", "picks", ["paper_id"])
    op.create_index("ix_picks_curator_id", "picks", ["curator_id"])
    op.create_table(
        "hidings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("unhidden_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name="fk_hidings_paper_id_papers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_hidings"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_hidings_paper_id", "hidings", ["paper_id"])
    op.create_index(
        "ix_papers_hidden",
        "papers",
        ["id"],
        sqlite_where=sa.text("hidden IS 1"),
        postgresql_where=sa.text("hidden IS true"),
    )


def downgrade() -> None:
    op.drop_index("ix_papers_hidden", "papers")
    op.drop_table("hidings")
    op.drop_table("picks")
