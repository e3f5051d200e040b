"""What a vote weighs, from which network it came, and when it was taken back.

Revision: 0025, after 0024.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("votes", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("votes", sa.Column("quarters", sa.Integer(), nullable=False, server_default="4"))
    op.add_column("votes", sa.Column("is_new", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("votes", sa.Column("network", sa.Text(), nullable=False, server_default=""))
    op.add_column("votes", sa.Column("turns", sa.Integer(), nullable=False, server_default="1"))
    op.execute(
        "INSERT INTO signals (paper_id, source, kind, observed_at, value)"
        " SELECT paper_id, source, 'voters', observed_at, value FROM signals"
        " WHERE kind = 'votes' AND source = 'votes'"
    )


def downgrade() -> None:
    op.execute("DELETE FROM votes WHERE withdrawn_at IS NOT NULL")
    op.execute("DELETE FROM signals WHERE kind = 'voters'")
    for column in ("withdrawn_at", "quarters", "is_new", "network", "turns"):
        op.drop_column("votes", column)
