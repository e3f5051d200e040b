"""Wrong values of every kind for every option of every command: two lines, the right code, no traceback."""

import shlex
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import pytest

from digest.cli import main
from digest.cli.terminal.exits import (
    CONFIGURATION,
    NOT_FOUND,
    OK,
    PARTLY_FAILED,
    REFUSED,
    UNREACHABLE,
    USAGE,
)
from digest.cli.terminal.types import Number, Time
from digest.store import session
from tests.cli.conftest import NOW
from tests.cli.test_examples import EXAMPLES
from tests.cli.test_tree import TREE, options
from tests.ports import free_port

# They would ask a server on the internet, or go on until they are stopped.
NOT_HERE = {"sources check", "papers submit", "serve"}
# What names something that must be there: no value below does. Everything else is free text.
NAMES = {
    *("email", "address", "paper_id", "other_id", "paper_ids", "name", "names", "slug", "topics", "number"),
    *("ids", "issue", "url", "filter_text", "period", "at", "timezone", "curator", "file"),
}
FREE = {("sources add", "name"), ("papers import", "name"), ("topics add", "slug")}  # a new name of one's own
# Where an empty text means all of them, none of them or the newest.
EMPTY_IS_ANY = {
    *(("subscribers edit", "topics"), ("papers import", "name"), ("papers list", "period")),
    *(("tokens list", "email"), ("deliveries domains", "name")),
}
WRONG_TEXTS = ('"nonsense', "a\u202eb\x00", "")
FAILED = {USAGE, NOT_FOUND, CONFIGURATION, UNREACHABLE, PARTLY_FAILED, REFUSED}


def wrong_values(parameter: click.Parameter) -> Sequence[str]:
    """Values that are wrong for the type of an option or argument, or at least odd."""
    match parameter.type:
        case click.Choice():
            return ("nonsense",)
        case click.DateTime() | Time():
            return ("2026-13-45", "yesterday")
        case Number():
            return ("many", "-1", "99999999999999999999")
        case click.types.IntParamType():
            return ("many",)
        case click.File():
            return ("missing.file", ".")
        case click.Path():
            return ("/nowhere/at/all",)
    return WRONG_TEXTS


def is_sure_to_fail(path: str, parameter: click.Parameter, value: str) -> bool:
    """Tell whether a value can't be right."""
    if wrong_values(parameter) is not WRONG_TEXTS:
        return not isinstance(parameter.type, click.Path)
    is_any = not value and (path, parameter.name) in EMPTY_IS_ANY
    return parameter.name in NAMES and (path, parameter.name) not in FREE and not is_any


def with_one_wrong(path: str, example: str) -> Iterator[tuple[click.Parameter, str, list[str]]]:
    """Yield an example with the value of one option or argument after the other replaced by a wrong one."""
    command = TREE[path]
    words = shlex.split(example)[1:]
    words = words[2:] if words[0] == "--now" else words
    parser = command.make_parser(click.Context(command, info_name=path))
    typed, _, _ = parser.parse_args(words[len(path.split()) :])
    for parameter in command.params:
        if not getattr(parameter, "is_flag", False):
            for value in wrong_values(parameter):
                yield parameter, value, written(command, {**typed, str(parameter.name): value})


def written(command: click.Command, values: Mapping[str, Any]) -> list[str]:
    """Write the values of a command's options and arguments as they are typed; a rehearsal where it can."""
    named: list[str] = ["--dry-run"] if "--dry-run" in options(command) else []
    placed: list[str] = []
    for parameter in command.params:
        value = values.get(str(parameter.name))
        several = [
            each for each in (value if isinstance(value, (list, tuple)) else [value]) if is_given(each)
        ]
        if isinstance(parameter, click.Argument):
            placed += map(str, several)
        elif getattr(parameter, "is_flag", False):
            named += [parameter.opts[0]] if value is True and parameter.opts[0] != "--dry-run" else []
        else:
            named += [word for each in several for word in (parameter.opts[0], str(each))]
    return [*named, "--", *placed] if placed else named


def is_given(value: object) -> bool:
    return isinstance(value, (str, int))


def check_told(code: int, err: str, where: object) -> None:
    """Check that an error was told as all of them are."""
    assert code in FAILED, (where, code, err)
    lines = [line for line in err.splitlines() if line.startswith(("error: ", "fix: ", "line "))]
    assert len([line for line in lines if line.startswith("error: ")]) == 1 or code == PARTLY_FAILED, (
        where,
        err,
    )
    assert [line for line in lines if line.startswith("fix: ")] or code == PARTLY_FAILED, (where, err)
    assert "Traceback" not in err, (where, err)
    assert "Usage:" not in err, (where, err)


@pytest.mark.parametrize(("path", "example"), [each for each in EXAMPLES if each[0] not in NOT_HERE])
def test_a_wrong_value_is_told_in_two_lines(
    there: Path, path: str, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    del there
    for parameter, value, words in with_one_wrong(path, example):
        code = main(["--now", NOW, *path.split(), *words])
        err = capsys.readouterr().err
        where = (path, parameter.name, value)
        assert code != OK or not is_sure_to_fail(path, parameter, value), (where, "was taken")
        if code != OK:
            check_told(code, err, where)


@pytest.mark.parametrize("path", TREE)
def test_an_unknown_option_names_the_help(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*path.split(), "--nonsense"]) == USAGE
    assert capsys.readouterr().err.splitlines()[-1] == f"fix: digest {path} --help"


ASKING = {  # what asks first → what is typed, on the store of the examples
    "sources remove": ["arxiv"],
    "papers submit": None,  # asks a server first
    "topics edit": ["llm", "--title", "Models"],
    "topics remove": None,  # the one there could be is in use, or comes with the software
    "subscribers edit": ["ada@example.org", "--at", "09:00"],
    "subscribers erase": ["ada@example.org"],
    "subscribers import": ["changes.csv"],
    "subscribers pause": ["--where", "topic=llm", "--until", "2026-12-24"],
    "subscribers resume": ["--where", "topic=llm"],
    "subscribers unsubscribe": ["ada@example.org"],
    "deliveries resolve": None,  # there is none in doubt
    "deliveries retry": None,
    "suppressions lift": ["ola@example.org"],
    "audit undo": ["1"],
    "db restore": ["kept.backup"],
    "tokens revoke": ["1"],
}


def test_whatever_asks_is_listed() -> None:
    assert {path for path, command in TREE.items() if "--yes" in options(command)} == ASKING.keys()


@pytest.mark.parametrize(("path", "words"), [(path, words) for path, words in ASKING.items() if words])
def test_what_asks_is_refused_without_a_terminal_and_names_yes(
    there: Path, path: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (there / "changes.csv").write_text("email,at\nada@example.org,05:00\n")
    main(["suppressions", "add", "ola@example.org", "--reason", "asked"])
    main(["tokens", "create", "ada@example.org", "--label", "bot"])
    if not (there / "kept.backup").exists():
        main(["db", "backup", "kept.backup"])
    capsys.readouterr()
    code = main(["--now", NOW, *path.split(), *words])
    err = capsys.readouterr().err
    assert (code, "--yes" in err) == (REFUSED, True), err
    check_told(code, err, path)


def test_nobody_is_asked_where_that_is_said(
    there: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del there
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["--no-input", "sources", "remove", "arxiv"]) == REFUSED
    err = " ".join(capsys.readouterr().err.split())
    assert "not done, for nobody can be asked here: the source arxiv" in err


def test_what_can_not_be_reached_is_told_with_code_5(
    there: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del there
    away = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("DIGEST_SMTP_URL", f"smtp://{away}")
    assert main(["mail", "test", "ada@example.org"]) == UNREACHABLE
    check_told(UNREACHABLE, capsys.readouterr().err, "mail test")
    monkeypatch.setenv("DIGEST_REDIS_URL", f"redis://{away}/0")
    assert main(["doctor"]) == CONFIGURATION
    assert f"{away} can't be reached" in " ".join(capsys.readouterr().out.split())
    monkeypatch.setenv("DIGEST_DATABASE_URL", f"postgresql://digest:secret@{away}/digest")
    for path in ("subscribers list", "run", "db check", "topics list"):
        assert main(path.split()) == UNREACHABLE, path
        err = capsys.readouterr().err
        check_told(UNREACHABLE, err, path)
        assert "secret" not in err


def test_a_database_that_can_not_be_used_is_told(
    there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del there
    (tmp_path / "text.db").write_text("This is no database. " * 100)
    for url in (f"sqlite:///{tmp_path / 'text.db'}", "mysql://x", "sqlite:////proc/nowhere/x.db"):
        monkeypatch.setenv("DIGEST_DATABASE_URL", url)
        assert main(["subscribers", "list"]) == CONFIGURATION, url
        check_told(CONFIGURATION, capsys.readouterr().err, url)


def test_a_database_that_another_process_has_locked_is_told(
    there: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(session, "BUSY_SECONDS", 0.2)
    with sqlite3.connect(there / "data" / "digest.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        code = main(["--now", NOW, "suppressions", "add", "liv@example.org", "--reason", "asked"])
        other.execute("ROLLBACK")
    err = capsys.readouterr().err
    assert (code, "the database is locked" in err) == (UNREACHABLE, True)
    check_told(code, err, "locked")
