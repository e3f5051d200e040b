"""Who is signed in where, and requests to sign in.

Revision: 0021, after 0020.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "signins",
        sa.Column("id", LONG, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("next_path", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("subscriber_id", LONG, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name="fk_signins_subscriber_id_subscribers",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_signins"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_signins_at", "signins", ["at"])
    op.create_index("ix_signins_subscriber_id", "signins", ["subscriber_id"])
    op.create_table(
        "sessions",
        sa.Column("id", LONG, nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("subscriber_id", LONG, nullable=False),
        sa.Column("signed_in_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=False),
        sa.Column("browser_name", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name="fk_sessions_subscriber_id_subscribers",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_sessions_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sessions_subscriber_id", "sessions", ["subscriber_id"])
    op.create_index("ix_sessions_used_at", "sessions", ["used_at"])
    op.add_column("notices", sa.Column("signin_id", LONG, nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM notices WHERE kind = 'signin'")
    op.drop_column("notices", "signin_id")
    op.drop_table("sessions")
    op.drop_table("signins")
