"""What tests of commands share: a folder to run them in, and a function that runs one."""

from pathlib import Path

import pytest

from tests.commands import Command, commands


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
