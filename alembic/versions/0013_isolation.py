"""What failed and was set aside; sign-ups that nobody could decide; filters known by a hash of their text.

Revision: 0013, after 0012.
"""

from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
CHUNK = 1_000


def upgrade() -> None:
    op.create_table(
        "failures",
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("part", "item", name="pk_failures"),
    )
    op.add_column("signups", sa.Column("set_aside_at", MOMENT, nullable=True))
    op.add_column("signups", sa.Column("error", sa.Text(), nullable=False, server_default=""))
    op.add_column("filters", sa.Column("text_hash", sa.LargeBinary(), nullable=True))
    _hash_filters()
    with op.batch_alter_table("filters") as table:
        table.alter_column("text_hash", existing_type=sa.LargeBinary(), nullable=False)
        table.drop_constraint("uq_filters_text", type_="unique")
        table.create_unique_constraint("uq_filters_text_hash", ["text_hash"])


def downgrade() -> None:
    with op.batch_alter_table("filters") as table:
        table.drop_constraint("uq_filters_text_hash", type_="unique")
        table.create_unique_constraint("uq_filters_text", ["text"])
        table.drop_column("text_hash")
    op.drop_column("signups", "error")
    op.drop_column("signups", "set_aside_at")
    op.drop_table("failures")


def _hash_filters() -> None:
    connection = op.get_bind()
    filters = sa.table("filters", sa.column("id"), sa.column("text"), sa.column("text_hash"))
    after = 0
    while True:
        page = sa.select(filters.c.id, filters.c.text).where(filters.c.id > after).order_by(filters.c.id)
        rows = connection.execute(page.limit(CHUNK)).all()
        if not rows:
            return
        change = sa.update(filters).where(filters.c.id == sa.bindparam("number"))
        hashes = [{"number": id_, "its": sha256(text.encode()).digest()} for id_, text in rows]
        connection.execute(change.values(text_hash=sa.bindparam("its")), hashes)
        after = rows[-1].id
