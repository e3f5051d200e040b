"""What Hugging Face tells of a paper beside its text: organization, keywords, project page, thumbnail.

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TEXTS = ("project_url", "thumbnail", "organization")


def upgrade() -> None:
    for name in TEXTS:
        op.add_column("papers", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("papers", sa.Column("keywords", JSON, nullable=False, server_default=sa.text("'[]'")))


def downgrade() -> None:
    for name in ("keywords", *reversed(TEXTS)):
        op.drop_column("papers", name)
