"""The tree of commands: each has an example, JSON where it reads, a rehearsal where it writes."""

import re
from collections.abc import Iterator

import click
import pytest

from digest.cli import cli

# Commands whose output is a file or a mail of its own, that serve, or that only print a text.
WITHOUT_JSON = {"serve", "completion", "version", "db upgrade", "db check", "subscribers resend-confirmation"}
# What writes by its nature again and again (a round, a fetch), is undone by another command, or is repeated
# without harm; the list is to become shorter, not longer.
WITHOUT_DRY_RUN = {
    "demo",
    "run",
    "serve",
    "db upgrade",
    "failures retry",
    "papers import",
    "sources add",
    "sources fetch",
    "sources backfill",
    "sources import",
    "subscribers add",
}
WITHOUT_EXAMPLE = {"version", "demo", "serve", "run", "doctor", "db upgrade", "db current", "db check"}
READS = {"list", "show", "check", "search", "explain", "preview", "current", "test", "doctor", "domains"}
WRITES = {
    "add",
    "edit",
    "remove",
    "import",
    "pause",
    "resume",
    "unsubscribe",
    "erase",
    "lift",
    "merge",
    "split",
    "retry",
    "resolve",
    "process",
    "resend-confirmation",
    "fetch",
    "backfill",
    "upgrade",
    "run",
    "demo",
    "serve",
}


def commands(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


TREE = dict(commands())


def options(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("path", TREE)
def test_each_command_has_a_help_that_begins_with_what_it_does(path: str) -> None:
    assert re.match(r"[A-Z]", TREE[path].help or ""), path


@pytest.mark.parametrize("path", sorted(TREE.keys() - WITHOUT_EXAMPLE))
def test_each_command_shows_an_example_of_itself(path: str) -> None:
    help_text = " ".join((TREE[path].help or "").split())
    if path.rsplit(maxsplit=1)[-1] == "list" and "Example:" not in help_text:
        pytest.skip("a list without arguments is its own example")
    assert f"Example: digest {path}" in help_text or "Example: digest --now" in help_text, path


@pytest.mark.parametrize("path", [path for path in TREE if path.split()[-1] in READS])
def test_each_command_that_reads_has_json(path: str) -> None:
    assert "--json" in options(TREE[path]) or path in WITHOUT_JSON


@pytest.mark.parametrize("path", [path for path in TREE if path.split()[-1] in WRITES])
def test_each_command_that_writes_can_be_rehearsed(path: str) -> None:
    assert "--dry-run" in options(TREE[path]) or path in WITHOUT_DRY_RUN


@pytest.mark.parametrize("path", [path for path in TREE if "--yes" in options(TREE[path])])
def test_what_asks_can_be_rehearsed(path: str) -> None:
    assert "--dry-run" in options(TREE[path])
