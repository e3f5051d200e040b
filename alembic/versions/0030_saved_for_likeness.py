"""The newest saved papers of a subscriber beside their interests, as packed numbers, for `like:saved`.

Revision: 0030, after 0029.
"""

import struct
from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

MOST = 100


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("saved", sa.LargeBinary(), nullable=True))
    db = op.get_bind()
    rows = db.execute(
        sa.text("SELECT subscriber_id, paper_id FROM saved ORDER BY subscriber_id, at DESC, paper_id")
    )
    newest = []
    for subscriber, group in groupby(rows, key=lambda row: row[0]):
        papers = [row[1] for row in group][:MOST]
        newest.append({"who": subscriber, "papers": struct.pack(f"<{len(papers)}i", *papers)})
    if newest:
        db.execute(sa.text("UPDATE subscribers SET saved = :papers WHERE id = :who"), newest)


def downgrade() -> None:
    op.drop_column("subscribers", "saved")
