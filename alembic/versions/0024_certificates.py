"""What second lists say of the days of sources, and which of their papers are here.

Revision: 0024, after 0023.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "certificates",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("announced", sa.Integer(), nullable=False),
        sa.Column("categories", JSON, nullable=False),
        sa.Column("missing", JSON, nullable=False),
        sa.Column("unlisted", sa.Integer(), nullable=False),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name="fk_certificates_source_id_sources", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source_id", "day", name="pk_certificates"),
    )


def downgrade() -> None:
    op.drop_table("certificates")
