"""Papers that their authors withdrew: since when that is known here, and in whose words.

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("papers", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("papers", sa.Column("withdrawal", sa.Text(), nullable=False, server_default=""))
    known = sa.text("withdrawn_at IS NOT NULL")
    op.create_index(
        "ix_papers_withdrawn", "papers", ["first_seen_at"], sqlite_where=known, postgresql_where=known
    )


def downgrade() -> None:
    op.drop_index("ix_papers_withdrawn", "papers")
    op.drop_column("papers", "withdrawal")
    op.drop_column("papers", "withdrawn_at")
