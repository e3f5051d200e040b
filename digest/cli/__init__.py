"""Runs the admin's command line: loads a module per noun when it is called, and turns errors into exit codes.

Only Click is imported here and at the top of the files beside this one, so that `digest --help` is quick.
"""

import importlib
import sys
from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import click

from digest import __version__
from digest.cli.terminal import failing
from digest.cli.terminal.context import Cli
from digest.cli.terminal.empty import refuse_empty
from digest.cli.terminal.exits import CUT_OFF, INTERRUPTED, OK
from digest.cli.terminal.types import TIME
from digest.errors import InputError

# name → the module of `digest.cli` that holds the command
COMMANDS: MappingProxyType[str, str] = MappingProxyType(
    {
        "demo": "installation.demo",
        "init": "installation.init",
        "run": "installation.run",
        "serve": "installation.serve",
        "preview": "sending.preview",
        "send": "sending.send",
        "sources": "sources",
        "papers": "papers",
        "trend": "trend",
        "community": "community",
        "topics": "topics",
        "subscribers": "subscribers",
        "deliveries": "sending.deliveries",
        "issues": "sending.issues",
        "bounces": "sending.bounces",
        "suppressions": "sending.suppressions",
        "mail": "sending.mail",
        "stats": "stats",
        "failures": "installation.failures",
        "audit": "installation.audit",
        "tokens": "subscribers.tokens",
        "doctor": "installation.doctor",
        "db": "installation.db",
        "config": "installation.config",
        "completion": "installation.completion",
        "version": "installation.version",
    }
)

# name → the first sentence of the command's own help, so that `digest --help` imports none of them
SHORT_HELP: MappingProxyType[str, str] = MappingProxyType(
    {
        "demo": "Run everything on bundled sample papers: no network, no server, no configuration.",
        "init": (
            "Set Digest up in this folder: five questions (or options), then .env and the database are made."
        ),
        "run": "Run one round in this process: fetch what is due, open due issues, deliver.",
        "serve": "Run web pages, scheduler and delivery in one process, until it is told to stop.",
        "preview": "Show the digest that EMAIL, or somebody with these topics and filters, would get now.",
        "send": "Send ADDRESS, a subscriber, today's digest at once.",
        "sources": "Where papers come from, and how each source is doing.",
        "papers": "The papers in the store.",
        "trend": "The order of papers, and how to check it.",
        "community": "What readers propose and report.",
        "topics": "The named, shared filters that people tick.",
        "subscribers": "The people who get digests.",
        "deliveries": "The ledger: what each subscriber got, or why they got nothing.",
        "issues": "What went out on each day, and what became of it.",
        "bounces": "Mails that came back: bounces, complaints, automatic replies.",
        "suppressions": "Addresses that must not be written to: they bounced, were erased, or you say so.",
        "mail": "Sending emails: whether they arrive.",
        "stats": "Show who joined and left, what was sent, votes, sources, and topics by reach.",
        "failures": "List what was set aside because it failed, and try it again.",
        "audit": "Who changed what, on pages, by the API and by commands; kept for a year.",
        "doctor": (
            "Look at settings, database, mail and sources: what is healthy, what isn't, and how to fix it."
        ),
        "db": "The database: bring it up to date, say where it stands, back it up and restore it.",
        "config": "The settings.",
        "completion": "Print the completion script of a shell.",
        "tokens": "Tokens by which scripts vote, pick or hide for a subscriber in the API.",
        "version": "Print the version.",
    }
)


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"digest.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was typed; an unknown one names the nearest, with the words behind it."""
        name = args[0]
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        from digest.words.nearest import nearest

        near = nearest(name, COMMANDS)
        meant = f"did you mean: digest {' '.join([near, *args[1:]])}" if near else "digest --help"
        raise InputError(f"there is no command {name!r}", fix=meant)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by the words below, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, SHORT_HELP[name]) for name in self.list_commands(ctx)])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--now", type=TIME, help="Set the clock of this command, e.g. 2026-03-17T08:00:00+01:00.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option("--no-input", is_flag=True, help="Ask nothing, as without a terminal.")
@click.version_option(__version__, message="digest %(version)s")
@click.pass_context
def cli(ctx: click.Context, now: datetime | None, *, debug: bool, no_input: bool) -> None:
    """A community's daily papers: pulled, ranked, matched with each reader's interests, and mailed.

    Start with `digest demo`. Every command that reads has --json.
    """
    ctx.obj = Cli(now=now, debug=debug, asks=not no_input)


def main(arguments: Sequence[str]) -> int:
    """Run a command line; returns its exit code. Errors are told on stderr in words."""
    out = sys.stdout
    command, path = _command_of(arguments)
    try:
        refuse_empty(cli, command, arguments)
        code: Any = cli.main(list(arguments), prog_name="digest", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except SystemExit:
        if sys.stdout is out:
            raise
        return CUT_OFF  # Click puts another stream there, and ends, where whoever read the output went away
    except Exception as error:
        exit_code = None if "--debug" in arguments else failing.tell(error, path)
        if exit_code is None:
            raise
        return exit_code
    return code if isinstance(code, int) else OK


def _command_of(arguments: Sequence[str]) -> tuple[click.Command, list[str]]:
    """The command that a command line names, and the words by which it does."""
    command: click.Command = cli
    path: list[str] = []
    for word in arguments:
        if not isinstance(command, click.Group):
            break
        found = command.get_command(click.Context(command), word)
        if found is not None:
            command = found
            path.append(word)
    return command, path
