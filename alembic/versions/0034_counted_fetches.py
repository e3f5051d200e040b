"""Sources count how often they were read, and how often that failed.

Revision: 0034, after 0033.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("times_read", "times_failed"):
        op.add_column("sources", sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    for name in ("times_failed", "times_read"):
        op.drop_column("sources", name)
