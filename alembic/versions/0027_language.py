"""The language of a subscriber's emails; empty: the installation's.

Revision: 0027, after 0026.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("language", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("subscribers", "language")
