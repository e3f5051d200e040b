"""Every example of every `--help` runs: what writes as a rehearsal, on a store that holds what they name."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.cli import main
from tests.cli.conftest import NOW
from tests.cli.test_tree import TREE, options

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
