"""Papers that were here for long are listed again where somebody proposes them.

Revision: 0033, after 0032.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("proposals", sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_proposals_listed_at", "proposals", ["listed_at"])


def downgrade() -> None:
    op.drop_index("ix_proposals_listed_at", "proposals")
    op.drop_column("proposals", "listed_at")
