"""What stands on a subscriber's own page: saved papers, and a feed of their own.

Revision: 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "saved",
        sa.Column("subscriber_id", LONG, nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name="fk_saved_subscriber_id_subscribers",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name="fk_saved_paper_id_papers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "paper_id", name="pk_saved"),
    )
    op.create_index("ix_saved_paper_id", "saved", ["paper_id"])
    op.create_table(
        "feeds",
        sa.Column("id", LONG, nullable=False),
        sa.Column("subscriber_id", LONG, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name="fk_feeds_subscriber_id_subscribers",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_feeds"),
        sa.UniqueConstraint("subscriber_id", name="uq_feeds_subscriber_id"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("feeds")
    op.drop_table("saved")
