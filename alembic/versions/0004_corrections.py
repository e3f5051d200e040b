"""What is put right later: merges of papers with their reasons, days of sources that were missed.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MERGED = sa.text("split_at IS NULL")


def upgrade() -> None:
    op.add_column("papers", sa.Column("own", JSON, nullable=True))
    _merges()
    _gaps()
    op.execute(
        "INSERT INTO merges (paper_id, into_id, reason, by, at)"
        " SELECT id, merged_into, 'merged before reasons were kept', 'digest', first_seen_at"
        " FROM papers WHERE merged_into IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_table("gaps")
    op.drop_table("merges")
    op.drop_column("papers", "own")


def _merges() -> None:
    op.create_table(
        "merges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("into_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("split_at", MOMENT, nullable=True),
        _paper("paper_id"),
        _paper("into_id"),
        sa.PrimaryKeyConstraint("id", name="pk_merges"),
    )
    op.create_index("ix_merges_paper_id", "merges", ["paper_id"])
    op.create_index("ix_merges_into_id", "merges", ["into_id"])
    op.create_index(
        "ix_merges_merged", "merges", ["paper_id"], unique=True, sqlite_where=MERGED, postgresql_where=MERGED
    )


def _paper(column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["papers.id"], name=f"fk_merges_{column}_papers", ondelete="CASCADE"
    )


def _gaps() -> None:
    op.create_table(
        "gaps",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("noticed_at", MOMENT, nullable=False),
        sa.Column("next_url", sa.Text(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name="fk_gaps_source_id_sources", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source_id", "day", name="pk_gaps"),
    )
