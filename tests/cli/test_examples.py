"""Every example of every `--help` runs: what writes as a rehearsal, on a store that holds what they name."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.cli import main
from tests.cli.test_tree import TREE, options

NOW = "2026-03-17T09:00:00Z"
# They ask a server on the internet; that they can be read is all that a test may look at.
ASKS_THE_NET = {"sources check", "papers submit"}
# Exit codes of an example whose words are understood: what it names isn't there (a proposal, a backup), or is
# not so now (a paper that isn't hidden can't be shown again).
NAMES_WHAT_MAY_BE_ABSENT = {3, 5, 6, 7}
USAGE = 2


def examples() -> Iterator[tuple[str, str]]:
    for path, command in TREE.items():
        text = " ".join((command.help or "").replace("\b", "").split())
        for found in re.findall(r"Example: (digest .*?)(?= Example: |$)", text):
            yield path, found


EXAMPLES = list(examples())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of two papers and a subscriber, and the files that examples name."""
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
def there(store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(store)
    for name, value in {
        "DATA_DIR": str(store / "data"),
        "SECRET_KEY": "k" * 40,
        "MAIL_FROM": "papers@example.org",
        "POSTAL_ADDRESS": "1 Test Street",
    }.items():
        monkeypatch.setenv(f"DIGEST_{name}", value)
    if not (store / "data").exists():
        consent = ("--confirmed", "--consent", "asked")
        assert main(["--now", NOW, "papers", "import", "papers.jsonl", "--kind", "jsonl"]) == 0
        for name in ("ada", "you"):
            added = ("subscribers", "add", f"{name}@example.org", "--topic", "llm", *consent)
            assert main(["--now", NOW, *added]) == 0
    return store


@pytest.mark.parametrize(("path", "example"), EXAMPLES)
def test_an_example_runs(there: Path, path: str, example: str, capsys: pytest.CaptureFixture[str]) -> None:
    del there
    typed = shlex.split(example)[1:]
    if path in ASKS_THE_NET:
        words = typed[len(path.split()) :]
        assert TREE[path].make_context(path, list(words)).params
        return
    if "--dry-run" in options(TREE[path]) and "--dry-run" not in typed:
        typed.append("--dry-run")
    known_time = typed if typed[0] == "--now" or path == "serve" else ["--now", NOW, *typed]
    code = main(known_time)
    said = capsys.readouterr()
    is_read = code in NAMES_WHAT_MAY_BE_ABSENT or (code == USAGE and said.err.count("error: ") == 1)
    assert code == 0 or is_read, (example, code, said.err)
    assert "Usage:" not in said.err, example


def test_there_is_an_example_for_every_command() -> None:
    assert {path for path, _ in EXAMPLES} == set(TREE)
