"""The whole life of a proposed paper by commands: proposed, accepted, picked, hidden, shown again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from digest.cli.terminal.context import Cli
from digest.config import load
from digest.pipeline.installation import open_installation
from tests.commands import Command, commands
from tests.proposed import arxiv, asking
from tests.source_server import SourceServer

ID, TITLE, NOTE = "2603.09999", "A paper that somebody proposes", "Read this one for the ablation."
NOW = "2026-03-17T08:00:00Z"


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """Commands whose sites are a server of the test."""
    monkeypatch.setenv("DIGEST_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DIGEST_FETCH_ALLOW_HOSTS", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    with SourceServer() as server:
        server.serve("/api/query", arxiv((ID, TITLE)))
        here = asking(open_installation(load()), server)
        actor = replace(here.actor, name="cli:test", via="cli")
        monkeypatch.setattr(Cli, "installation", replace(here, actor=actor))
        yield commands(capsys, now=NOW)


def test_the_whole_life_by_commands(call: Command) -> None:
    code, rehearsed, _ = call("papers", "submit", ID, "--dry-run", "--json")
    assert (code, rehearsed["found"]["title"]) == (0, TITLE)
    assert call("community", "list", "--json")[1] == []
    code, made, _ = call("papers", "submit", f"arXiv:{ID}v1", "--yes", "--json")
    assert (code, made["state"], made["found_at"]) == (0, "pending", "arXiv")
    number = str(made["id"])
    assert [each["id"] for each in call("community", "list", "--json")[1]] == [made["id"]]
    assert TITLE in call("community", "list")[1]
    code, done, _ = call("community", "accept", number, "--json")
    assert (code, done["state"], done["paper"]) == (0, "accepted", f"arxiv:{ID}")
    assert call("community", "reject", number, "--reason", "too late")[0] == 2
    code, picked, _ = call("papers", "pick", ID, "--note", NOTE, "--json")
    assert (code, picked["picked"]["note"], picked["hidden"]) == (0, NOTE, None)
    assert NOTE in call("papers", "order")[1]
    code, preview, _ = call("preview", "--topic", "picks", "--json")
    assert [each["id"] for each in preview["papers"]] == [f"arxiv:{ID}"]
    code, hidden, _ = call("papers", "hide", ID, "--reason", "off-topic: no research", "--json")
    assert (code, hidden["hidden"]["reason"], hidden["hidden"]["words"]) == (0, "off-topic", "no research")
    assert call("preview", "--topic", "picks", "--json")[1]["papers"] == []
    acts = call("audit", "list", "--json")[1]
    assert [each["act"] for each in acts][:2] == ["paper.hide", "paper.pick"]
    assert call("audit", "undo", str(acts[0]["id"]), "--yes")[0] == 0
    assert call("papers", "show", ID, "--json")[1]["hidden"] is None
    assert call("papers", "unpick", ID)[0] == 0
    assert call("papers", "unpick", ID)[0] == 3
    assert call("papers", "unhide", ID)[0] == 2


def test_mistakes_are_told_in_words(call: Command) -> None:
    for arguments, code, said in (
        (("papers", "submit", "http://10.0.0.1/x", "--yes"), 2, "10.0.0.1"),
        (("papers", "submit", "x", "--yes"), 2, "names no paper"),
        (("papers", "pick", "2603.1"), 3, "no paper"),
        (("community", "accept", "7"), 3, "no proposal 7"),
    ):
        found = call(*arguments)
        assert (found[0], said in found[2]) == (code, True), (arguments, found)
