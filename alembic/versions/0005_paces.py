"""How fast each recipient domain is served: limits, complaints and refusals outlive a restart.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "paces",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.Column("slowed_at", MOMENT, nullable=True),
        sa.Column("stopped_until", MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("tail_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("domain", name="pk_paces"),
    )


def downgrade() -> None:
    op.drop_table("paces")
