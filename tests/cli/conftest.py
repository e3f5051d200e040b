"""What tests of commands share: a folder to run them in, and a function that runs one."""

from pathlib import Path

import pytest

from digest.cli import main
from tests.commands import Command, commands

NOW = "2026-03-17T09:00:00Z"  # of the examples of commands


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run commands in, which keeps their data too; lines may have 200 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGEST_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def digest(folder: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command: gives its exit code, stdout (parsed, where --json was said), stderr."""
    return commands(capsys)


@pytest.fixture(scope="module")
def example_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that examples name."""
    folder = tmp_path_factory.mktemp("examples")
    papers = '{"id": "2509.13332", "title": "Mamba"}\n{"id": "10.1101/2026.01.01.123456", "title": "Same"}\n'
    (folder / "papers.jsonl").write_text(papers)
    (folder / "people.csv").write_text("email,topics\nkari@example.org,llm\n")
    (folder / "bounced.csv").write_text("email\nola@example.org\n")
    (folder / "feeds.opml").write_text('<opml version="2.0"><body/></opml>')
    (folder / "bounce.eml").write_bytes(b"Subject: hello\r\n\r\nhello\r\n")
    (folder / "2026-03-17.signals.jsonl").write_text("")
    (folder / "2026-03-16.json.gz").write_bytes(b"[]")
    return folder


@pytest.fixture
def there(example_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That folder, in which commands find the store of the examples."""
    monkeypatch.chdir(example_folder)
    for name, value in {
        "DATA_DIR": str(example_folder / "data"),
        "SECRET_KEY": "k" * 40,
        "MAIL_FROM": "papers@example.org",
        "POSTAL_ADDRESS": "1 Test Street",
    }.items():
        monkeypatch.setenv(f"DIGEST_{name}", value)
    if not (example_folder / "data").exists():
        consent = ("--confirmed", "--consent", "asked")
        assert main(["--now", NOW, "papers", "import", "papers.jsonl", "--kind", "jsonl"]) == 0
        for name in ("ada", "you"):
            added = ("subscribers", "add", f"{name}@example.org", "--topic", "llm", *consent)
            assert main(["--now", NOW, *added]) == 0
    return example_folder
