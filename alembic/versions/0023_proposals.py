"""Papers that readers propose, what they report, and the emails about both.

Revision: 0023, after 0022.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
ANY = sa.JSON().with_variant(JSONB(), "postgresql")
ANY_OR_NULL = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", LONG, nullable=False),
        sa.Column("subscriber_id", LONG, nullable=True),
        sa.Column("typed", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("entry", ANY_OR_NULL, nullable=True),
        sa.Column("found_at", sa.Text(), nullable=False),
        sa.Column("choices", ANY, nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=True),
        sa.Column("tell", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name="fk_proposals_subscriber_id_subscribers",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name="fk_proposals_paper_id_papers", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
        sqlite_autoincrement=True,
    )
    for name, columns, condition in (
        ("open", ["subscriber_id", "subject"], "state IN ('fetching', 'ready')"),
        ("pending", ["identity"], "state = 'pending'"),
    ):
        op.create_index(
            f"ix_proposals_{name}",
            "proposals",
            columns,
            unique=True,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
    op.create_index("ix_proposals_state", "proposals", ["state", "created_at"])
    op.create_index("ix_proposals_subscriber_id", "proposals", ["subscriber_id", "created_at"])
    op.create_index("ix_proposals_paper_id", "proposals", ["paper_id"])
    op.create_table(
        "reports",
        sa.Column("id", LONG, nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("subscriber_id", LONG, nullable=True),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name="fk_reports_paper_id_papers", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name="fk_reports_subscriber_id_subscribers",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
        sqlite_autoincrement=True,
    )
    for column in ("paper_id", "subscriber_id", "settled_at"):
        op.create_index(f"ix_reports_{column}", "reports", [column])
    # No foreign key: SQLite would have to rebuild the table, and then hands out its numbers again.
    op.add_column("notices", sa.Column("proposal_id", LONG, nullable=True))


def downgrade() -> None:
    op.drop_column("notices", "proposal_id")
    op.drop_table("reports")
    op.drop_table("proposals")
