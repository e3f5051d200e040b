"""The search index, and triggers that note which papers changed since it was built.

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SQLITE_NOTE = """
    INSERT INTO paper_changes (paper_id, revision)
    SELECT {paper}, (SELECT coalesce(max(revision), 0) + 1 FROM paper_changes) WHERE true
    ON CONFLICT (paper_id) DO UPDATE SET revision = excluded.revision;
"""
SQLITE_ROOT = "(SELECT coalesce(merged_into, id) FROM papers WHERE id = NEW.paper_id)"
SQLITE = {
    "papers_added": ("INSERT ON papers", "NEW.id"),
    "papers_changed": ("UPDATE ON papers", "NEW.id"),
    "papers_removed": ("DELETE ON papers", "OLD.id"),
    "entries_added": ("INSERT ON entries", SQLITE_ROOT),
    "entries_changed": ("UPDATE OF source, paper_id ON entries", SQLITE_ROOT),
}

# Writers take turns before they lock a row, by the lock that landings take (`serialise(…, "papers")`): what
# was committed earlier has the smaller number.
POSTGRES_WAIT = """
    CREATE FUNCTION wait_to_change_papers() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock(4019478586); RETURN NULL; END $$
"""
POSTGRES_NOTE = """
    CREATE FUNCTION note_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO paper_changes (paper_id, revision)
        SELECT paper, row_number() OVER (ORDER BY paper)
            + (SELECT coalesce(max(revision), 0) FROM paper_changes)
        FROM (SELECT DISTINCT {paper} AS paper FROM changed {joined}) AS papers_of_change
        ON CONFLICT (paper_id) DO UPDATE SET revision = excluded.revision;
        RETURN NULL;
    END $$
"""
POSTGRES = (
    ("papers", "INSERT", "NEW"),
    ("papers", "UPDATE", "NEW"),
    ("papers", "DELETE", "OLD"),
    ("entries", "INSERT", "NEW"),
    ("entries", "UPDATE", "NEW"),
)


def upgrade() -> None:
    op.create_table(
        "paper_changes",
        sa.Column("paper_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("paper_id", name="pk_paper_changes"),
        sa.UniqueConstraint("revision", name="uq_paper_changes_revision"),
    )
    op.create_table(
        "search_segments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("papers", sa.Integer(), nullable=False),
        sa.Column("checksum", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_segments"),
        sqlite_autoincrement=True,
    )
    op.execute("INSERT INTO paper_changes (paper_id, revision) SELECT id, id FROM papers")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRES_WAIT)
        op.execute(POSTGRES_NOTE.format(table="papers", paper="changed.id", joined=""))
        joined = "JOIN papers ON papers.id = changed.paper_id"
        root = "coalesce(papers.merged_into, papers.id)"
        op.execute(POSTGRES_NOTE.format(table="entries", paper=root, joined=joined))
        for table, event, rows in POSTGRES:
            op.execute(
                f"CREATE TRIGGER {table}_{event.lower()}_waits BEFORE {event} ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION wait_to_change_papers()"
            )
            op.execute(
                f"CREATE TRIGGER {table}_{event.lower()}_noted AFTER {event} ON {table}"
                f" REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_{table}()"
            )
    else:
        for name, (event, paper) in SQLITE.items():
            op.execute(f"CREATE TRIGGER {name} AFTER {event} BEGIN {SQLITE_NOTE.format(paper=paper)} END")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, event, _ in POSTGRES:
            op.execute(f"DROP TRIGGER {table}_{event.lower()}_waits ON {table}")
            op.execute(f"DROP TRIGGER {table}_{event.lower()}_noted ON {table}")
        for function in ("note_papers", "note_entries", "wait_to_change_papers"):
            op.execute(f"DROP FUNCTION {function}()")
    else:
        for name in SQLITE:
            op.execute(f"DROP TRIGGER {name}")
    op.drop_table("search_segments")
    op.drop_table("paper_changes")
