"""Bases of vectors hold reference papers from now on, by which likeness is measured: they are fitted anew.

Revision: 0017, after 0016.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM search_vectors")
    op.execute("DELETE FROM search_bases")


def downgrade() -> None:
    """Keep the bases: the version before reads those with reference papers too."""
