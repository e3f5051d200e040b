"""The documents' commands are real: each `digest …` line of README parses, each example of a --help too."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from digest import domain
from digest.cli import COMMANDS, cli

ROOT = Path(__file__).parents[1]
UNEXPLAINED = {"actor", "field", "frequency", "parsed", "skipped"}  # they mean what they say


def documents() -> str:
    """README and the pages of docs/, one behind the other."""
    pages = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def documented_commands() -> list[str]:
    """The `digest …` lines of the code blocks of README and docs/."""
    text = documents()
    blocks = re.findall(r"^```(?:sh|console)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    joined = "\n".join(blocks).replace("\\\n", " ")
    return [line.partition("  #")[0].strip() for line in joined.splitlines() if line.startswith("digest ")]


def commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below a group with its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def examples() -> list[str]:
    """The `Example: digest …` paragraphs of all helps."""
    example = re.compile(r"Example: (digest .*?)(?:\n\n|\Z)", re.DOTALL)
    return [
        " ".join(text.split()) for _, command in commands(cli) for text in example.findall(command.help or "")
    ]


def parse(line: str) -> None:
    """Let Click read a command line without running it; raises UsageError where it can't."""
    words = shlex.split(line)[1:]
    context = cli.make_context("digest", words)
    command: click.Command = cli
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None
        context = found.make_context(name, rest, parent=context)
        command = found


@pytest.mark.parametrize("line", [*documented_commands(), *examples()])
def test_a_documented_command_can_be_typed(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for word in shlex.split(line):
        if re.fullmatch(r"[\w.-]+\.(csv|eml|jsonl|jsonl?\.gz|opml|xml)", word):
            (tmp_path / word).touch()
    parse(line)


def test_the_documents_name_every_command() -> None:
    text = documents()
    missing = [name for name in COMMANDS if f"digest {name}" not in text]
    assert not missing


def test_the_files_that_contributing_names_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:digest|templates|tests|alembic|docs)/[\w./-]*)`", text)
    assert len(named) > 30
    assert not [path for path in named if not (ROOT / path).exists()]


def architecture(heading: str) -> str:
    """A section of ARCHITECTURE.md, by its heading."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_the_files_that_the_architecture_names_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w.-]+/[\w./-]*(?:\.\w+|/))(?::[^`]*)?`", text))
    roots = (ROOT, ROOT / "digest", ROOT / "digest/pipeline", ROOT / "digest/sources", ROOT / "digest/cli")
    assert len(named) > 60
    assert not [path for path in named if not any((root / path).exists() for root in roots)]


def test_each_of_the_twelve_changes_names_its_files() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", architecture("Where a change goes"), flags=re.MULTILINE)[1:]
    assert len([change for change, _ in rows if not change.startswith("--")]) == 12
    for change, files in rows:
        if not change.startswith("--"):
            named = re.findall(r"`([\w./-]+)`", files)
            assert named, change
            assert all((ROOT / path).exists() for path in named), change


def test_the_table_of_loops_names_each_module_that_sets_things_aside() -> None:
    table = architecture("What one bad element does")
    calls = re.compile(r"^\s.*\b(?:failures\.each|failures\.step|guarded)\(", re.MULTILINE)
    modules = {
        path
        for path in (ROOT / "digest/pipeline").rglob("*.py")
        if path.name != "failures.py" and calls.search(path.read_text(encoding="utf-8"))
    }
    assert len(modules) > 8
    assert not [path.name for path in modules if path.name not in table and path.stem not in table]


def test_the_glossary_has_every_noun_of_the_domain() -> None:
    nouns = {name for name in domain.__all__ if isinstance(getattr(domain, name), type)}
    ends = ("Kind", "State", "Status", "Reason")
    glossary = re.findall(r"^\| ([^|]+) \|", architecture("Words"), flags=re.MULTILINE)
    explained = {word.strip() for words in glossary for word in words.split(",")}
    plain = {noun.lower() for noun in nouns if noun == "Reason" or not noun.endswith((*ends, "About"))}
    missing = plain - explained - UNEXPLAINED
    assert not missing


def test_links_between_documents_lead_somewhere() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        assert not [link for link in links if not (page.parent / link).exists()], page.name


def test_every_command_says_what_it_does() -> None:
    silent = [" ".join(path) for path, command in commands(cli) if not command.help]
    assert not silent


def test_nothing_in_the_tree_names_an_index_or_a_path_of_one_machine() -> None:
    hosts = ("py" + "pi.org", "python" + "hosted.org", "registry.npm" + "js", "/home" + "/", "/ro" + "ot/")
    tracked = [
        path
        for pattern in (
            "*.md",
            "*.toml",
            "requirements*.lock",
            "Makefile",
            "Dockerfile",
            "*.yml",
            ".ci/run",
            ".env.example",
        )
        for path in ROOT.glob(pattern)
    ]
    named = [(p.name, host) for p in tracked for host in hosts if host in p.read_text(encoding="utf-8")]
    assert len(tracked) > 8
    assert not named
