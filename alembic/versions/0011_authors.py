"""Papers by the folded names of their authors, for the lists of one author's papers.

Revision: 0011, after 0010.
"""

import json
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CHUNK = 2_000  # papers


def upgrade() -> None:
    op.create_table(
        "authors",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name="fk_authors_paper_id_papers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", "paper_id", name="pk_authors"),
    )
    op.create_index("ix_authors_paper_id", "authors", ["paper_id"])
    _fill()


def downgrade() -> None:
    op.drop_table("authors")


def _fill() -> None:
    db = op.get_bind()
    authors = sa.table("authors", sa.column("key", sa.Text), sa.column("paper_id", sa.Integer))
    newer = sa.text("SELECT id, authors FROM papers WHERE id > :last ORDER BY id LIMIT :most")
    last = 0
    while rows := db.execute(newer, {"last": last, "most": CHUNK}).all():
        last = rows[-1][0]
        found = [
            {"key": key, "paper_id": number}
            for number, names in rows
            for key in sorted(
                {_key(name) for name in (json.loads(names) if isinstance(names, str) else names)}
            )
            if key
        ]
        if found:
            db.execute(authors.insert(), found)


def _key(name: str) -> str:
    """As `digest.store.papers.authors.author_key` folded names when this was written."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(letters.replace(".", " ").casefold().split())[:100].strip()
