"""Vectors of papers, by which similar ones are found.

Revision: 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_bases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("papers", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_bases"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "search_vectors",
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("basis_id", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["search_segments.id"],
            name="fk_search_vectors_segment_id_search_segments",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["basis_id"],
            ["search_bases.id"],
            name="fk_search_vectors_basis_id_search_bases",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("segment_id", "basis_id", name="pk_search_vectors"),
    )
    op.create_index("ix_search_vectors_basis_id", "search_vectors", ["basis_id"])


def downgrade() -> None:
    op.drop_table("search_vectors")
    op.drop_table("search_bases")
