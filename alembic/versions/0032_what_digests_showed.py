"""What the message of a delivery showed, so that it can be read on the web as it was sent.

Revision: 0032, after 0031.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("shown", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("deliveries", "shown")
