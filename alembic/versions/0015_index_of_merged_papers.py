"""The index of merged papers holds merged ones only.

SQLite took "not merged" for the most selective condition of every list, and read the whole table by it.

Revision: 0015, after 0014.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NAME, IS_MERGED = "ix_papers_merged_into", sa.text("merged_into IS NOT NULL")


def upgrade() -> None:
    op.drop_index(NAME, "papers")
    op.create_index(NAME, "papers", ["merged_into"], sqlite_where=IS_MERGED, postgresql_where=IS_MERGED)


def downgrade() -> None:
    op.drop_index(NAME, "papers")
    op.create_index(NAME, "papers", ["merged_into"])
