"""The tree of commands: each has an example, JSON where it reads, a rehearsal where it writes."""

import re
from collections.abc import Iterator

import click
import pytest

from digest.cli import COMMANDS, SHORT_HELP, cli, main
from digest.cli.terminal.empty import Clearable

# The last words of commands that change nothing. All others write, and so do these few of them.
READS = {"list", "show", "check", "search", "explain", "preview", "current", "test", "doctor", "domains"} | {
    *("export", "version", "verify", "stats", "completion")
}
BUT_WRITE = {"mail test"}
NO_JSON = {"completion"}  # a script for a shell


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


def test_the_help_of_digest_says_of_each_command_what_its_own_help_begins_with() -> None:
    context = click.Context(cli)
    own = {name: (cli.get_command(context, name) or cli).help or "" for name in COMMANDS}
    first = {name: re.split(r"(?<=[.])\s", text.split("\n\n")[0])[0] for name, text in own.items()}
    assert dict(SHORT_HELP) == {name: " ".join(text.split()) for name, text in first.items()}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (("subscriber", "list"), "digest subscribers list"),
        (("stat",), "digest stats"),
        (("topic", "test", "mamba"), "digest topics test mamba"),
    ],
)
def test_a_mistyped_command_is_told_with_the_words_behind_it(
    typed: tuple[str, ...], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(typed) == 2
    assert f"did you mean: {meant}" in capsys.readouterr().err


@pytest.mark.parametrize("path", TREE)
def test_each_command_shows_an_example_of_itself(path: str) -> None:
    help_text = " ".join((TREE[path].help or "").split())
    assert f"Example: digest {path}" in help_text or "Example: digest --now" in help_text, path


def is_read(path: str) -> bool:
    return path.rsplit(maxsplit=1)[-1] in READS and path not in BUT_WRITE


@pytest.mark.parametrize("path", sorted(TREE.keys() - NO_JSON))
def test_each_command_has_json(path: str) -> None:
    assert "--json" in options(TREE[path])


@pytest.mark.parametrize("path", TREE)
def test_what_writes_can_be_rehearsed_and_nothing_else(path: str) -> None:
    assert ("--dry-run" in options(TREE[path])) is not is_read(path)
    assert "--yes" not in options(TREE[path]) or not is_read(path)


@pytest.mark.parametrize("path", TREE)
def test_an_empty_value_is_a_mistake_that_is_named(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It never means all, none or the newest: `tokens list --email "$WHO"`, `papers list "$DAY"`."""
    for parameter in TREE[path].params:
        if isinstance(parameter, Clearable) or getattr(parameter, "is_flag", False):
            continue
        name = parameter.opts[0]
        ways = [[name, ""], [name, " \t"], [f"{name}="]] if name.startswith("-") else [[""], ["x", "\xa0"]]
        for typed in ways:
            assert main([*path.split(), *typed]) == 2, typed
            said = capsys.readouterr()
            shown = name if name.startswith("-") else ""
            assert re.search(rf"error: .*{shown}.* is empty: say a value, or leave it out", said.err), typed
            assert f"fix: digest {path} --help" in said.err
            assert not said.out


def test_the_options_that_take_something_away_by_an_empty_value_say_so() -> None:
    clearable = {
        f"{path} {each.opts[0]}": each.help or ""
        for path, command in TREE.items()
        for each in command.params
        if isinstance(each, Clearable)
    }
    assert clearable.keys() == {
        "init --smtp-url",
        "init --postal-address",
        "topics edit --group",
        *(f"subscribers edit --{name}" for name in ("display-name", "topic", "filter", "exclude")),
    }
