"""Tells why a command failed: `error:` what, in the user's words, and `fix:` something to paste."""

import errno
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

import click

from digest.cli.terminal.exits import (
    BUG,
    CONFIGURATION,
    NOT_FOUND,
    REFUSED,
    UNREACHABLE,
    USAGE,
)
from digest.errors import (
    ConfigError,
    DeliveryError,
    DigestError,
    FetchError,
    FilterError,
    InputError,
    RefusedError,
    TokenError,
    UnavailableError,
    UnknownError,
    UnreadableError,
)

EXIT_CODES: MappingProxyType[type[DigestError], int] = MappingProxyType(
    {
        FilterError: USAGE,
        InputError: USAGE,
        TokenError: USAGE,
        UnknownError: NOT_FOUND,
        RefusedError: REFUSED,
        ConfigError: CONFIGURATION,
        UnreadableError: CONFIGURATION,
        UnavailableError: UNREACHABLE,
        FetchError: UNREACHABLE,
        DeliveryError: UNREACHABLE,
    }
)


_OF_OUTPUT = {errno.ENOSPC: "free some space: df -h", errno.EDQUOT: "free some space: quota -s"}


def tell(error: Exception, command: Sequence[str]) -> int | None:
    """Print an error on stderr and return the exit code; None for one that nobody foresaw, of which nothing
    is said. `command`: the words of the command that failed.
    """
    if isinstance(error, click.ClickException):
        return _tell_usage(error)
    help_of = f"digest {' '.join([*command, '--help'])}"
    if isinstance(error, OSError):
        return _tell_system(error, help_of)
    if not isinstance(error, DigestError):
        from digest.pipeline.failures import in_words

        known = in_words(error)
        if known is None:
            return None
        error = known
    if isinstance(error, FilterError) and error.text:
        plain = "".join(char if char.isprintable() else "\ufffd" for char in error.text)
        click.echo(f"  {plain}\n  {' ' * error.position}^", err=True)
    _say(error.message, error.fix or help_of)
    return EXIT_CODES.get(type(error), BUG)


def _tell_usage(error: click.ClickException) -> int:
    message = error.format_message().removesuffix(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    _say(message[:1].lower() + message[1:], f"{context.command_path if context else 'digest'} --help")
    return error.exit_code


def _tell_system(error: OSError, help_of: str) -> int | None:
    """Of a file that can't be read or written, or of output that can't be; None for other errors."""
    if error.filename is None and error.errno not in _OF_OUTPUT:
        return None
    name = "what is written" if error.filename is None else os.fsdecode(error.filename)
    fix = _OF_OUTPUT.get(error.errno or 0, help_of)
    if isinstance(error, FileNotFoundError) and not Path(name).parent.exists():
        fix = f"mkdir -p {shlex.quote(str(Path(name).parent))}"
    elif isinstance(error, PermissionError):
        fix = f"ls -ld {shlex.quote(name)}"
    _say(f"{name}: {error.strerror}", fix)
    return USAGE


def _say(message: str, fix: str) -> None:
    from digest.cli.terminal.output import say

    say(f"error: {message}", err=True)
    click.echo(f"fix: {fix}", err=True)  # in one piece, to be pasted
    sys.stderr.flush()
