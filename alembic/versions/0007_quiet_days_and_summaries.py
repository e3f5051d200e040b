"""Mails on days without papers, for who wants them; summaries that a model wrote.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "subscribers", sa.Column("quiet_days", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "summaries",
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name="fk_summaries_paper_id_papers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("paper_id", "version", "model", name="pk_summaries"),
    )


def downgrade() -> None:
    op.drop_table("summaries")
    op.drop_column("subscribers", "quiet_days")
