"""What joining and leaving is kept by: sign-ups, notices, attempts that are capped, mutes, votes.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _signups()
    _notices()
    _attempts()
    _of_subscribers()


def downgrade() -> None:
    for table in ("votes", "mutes", "attempts", "notices", "signups"):
        op.drop_table(table)


def _signups() -> None:
    op.create_table(
        "signups",
        sa.Column("id", LONG, primary_key=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("interests", JSON, nullable=False),
        sa.Column("schedule", JSON, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("wording_version", sa.Text(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        _subscriber(nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        _belongs("signups"),
        sa.PrimaryKeyConstraint("id", name="pk_signups"),
        sqlite_autoincrement=True,
    )
    for column in ("email_key", "at", "subscriber_id"):
        op.create_index(f"ix_signups_{column}", "signups", [column])


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", LONG, primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        _subscriber(),
        sa.Column("signup_id", LONG, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claim_token", sa.Text(), nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("next_attempt_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        _belongs("notices"),
        sa.ForeignKeyConstraint(
            ["signup_id"], ["signups.id"], name="fk_notices_signup_id_signups", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notices_subscriber_id", "notices", ["subscriber_id"])
    op.create_index("ix_notices_signup_id", "notices", ["signup_id"])
    waiting, leased = sa.text("state = 'queued'"), sa.text("lease_until IS NOT NULL")
    op.create_index(
        "ix_notices_waiting",
        "notices",
        ["next_attempt_at", "id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index(
        "ix_notices_leased", "notices", ["lease_until"], sqlite_where=leased, postgresql_where=leased
    )


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", LONG, primary_key=True),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
    )
    op.create_index("ix_attempts_whose", "attempts", ["hash", "use", "at"])
    op.create_index("ix_attempts_use_at", "attempts", ["use", "at"])


def _of_subscribers() -> None:
    op.create_table(
        "mutes",
        _subscriber(),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        _belongs("mutes"),
        sa.PrimaryKeyConstraint("subscriber_id", "filter", name="pk_mutes"),
    )
    op.create_index("ix_mutes_until", "mutes", ["until"])
    op.create_table(
        "votes",
        _subscriber(),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        _belongs("votes"),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name="fk_votes_paper_id_papers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "paper_id", name="pk_votes"),
    )
    op.create_index("ix_votes_paper_id", "votes", ["paper_id"])


def _subscriber(*, nullable: bool = False) -> sa.Column[int]:
    return sa.Column("subscriber_id", LONG, nullable=nullable)


def _belongs(table: str) -> sa.ForeignKeyConstraint:
    """Rows of a subscriber go when the subscriber does."""
    return sa.ForeignKeyConstraint(
        ["subscriber_id"],
        ["subscribers.id"],
        name=f"fk_{table}_subscriber_id_subscribers",
        ondelete="CASCADE",
    )
