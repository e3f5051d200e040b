"""Who did what (audit), roles of subscribers and the names that others see.

Revision: 0019, after 0018.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
ANY = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("role", sa.Text(), nullable=False, server_default="reader"))
    op.add_column("subscribers", sa.Column("display_name", sa.Text(), nullable=False, server_default=""))
    op.add_column("subscribers", sa.Column("name_key", sa.Text(), nullable=True))
    op.create_index("ix_subscribers_name_key", "subscribers", ["name_key"], unique=True)
    op.create_table(
        "audit",
        sa.Column("id", LONG, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("before", ANY, nullable=True),
        sa.Column("after", ANY, nullable=True),
        sa.Column("undo_of", LONG, nullable=True),
        sa.ForeignKeyConstraint(
            ["undo_of"], ["audit.id"], name="fk_audit_undo_of_audit", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sa.UniqueConstraint("undo_of", name="uq_audit_undo_of"),
        sqlite_autoincrement=True,
    )
    for column in ("at", "actor", "object"):
        op.create_index(f"ix_audit_{column}", "audit", [column])


def downgrade() -> None:
    op.drop_table("audit")
    op.drop_index("ix_subscribers_name_key", "subscribers")
    for column in ("role", "display_name", "name_key"):
        op.drop_column("subscribers", column)
