"""What manners and states of sources are kept by: turns at sites, queries made, announcements, claims.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("sources", sa.Column("last_new_at", MOMENT, nullable=True))
    op.add_column("sources", sa.Column("notes", JSON, nullable=False, server_default=sa.text("'[]'")))
    op.add_column("sources", sa.Column("claimed_until", MOMENT, nullable=True))
    _announcements()
    op.create_table(
        "sites",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("free_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("site", name="pk_sites"),
    )
    op.create_table(
        "queries",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("url", name="pk_queries"),
    )
    op.create_index("ix_queries_asked_at", "queries", ["asked_at"])


def downgrade() -> None:
    for table in ("queries", "sites", "announcements"):
        op.drop_table(table)
    for column in ("claimed_until", "notes", "last_new_at"):
        op.drop_column("sources", column)


def _announcements() -> None:
    op.create_table(
        "announcements",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("categories", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name="fk_announcements_source_id_sources", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source_id", "day", name="pk_announcements"),
    )
