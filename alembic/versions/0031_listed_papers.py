"""Read lists of papers from an index alone.

Revision: 0031, after 0030.
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

COLUMNS = ["first_seen_at", "announced", "hidden", "merged_into", "published_at", "canonical_id"]


def upgrade() -> None:
    op.create_index("ix_papers_listed", "papers", COLUMNS)
    op.drop_index("ix_papers_first_seen_at", "papers")


def downgrade() -> None:
    op.create_index("ix_papers_first_seen_at", "papers", ["first_seen_at"])
    op.drop_index("ix_papers_listed", "papers")
