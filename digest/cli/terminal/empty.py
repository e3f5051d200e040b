"""Refuses an empty value on a command line: in a script it is a variable that was never set.

Taken as it is, it would mean "all", "none" or "the newest" (`tokens list --email "$WHO"`), which nobody
meant.
"""

from collections.abc import Sequence
from itertools import pairwise

import click

from digest.errors import InputError


class Clearable(click.Option):
    """An option to which an empty value says something: that what is there goes."""


def refuse_empty(root: click.Command, command: click.Command, words: Sequence[str]) -> None:
    """Raise InputError that names the argument or the option of a command whose value is empty, or white
    space. `words`: the whole command line; `root`: the command whose options come first in it.
    """
    options = {name: each for each in (*root.params, *command.params) for name in each.opts}
    for before, word in pairwise(["", *words]):
        name, equals, value = word.partition("=")
        is_joined = bool(equals) and name in options
        if (value if is_joined else word).strip():
            continue
        option = options.get(name if is_joined else before)
        if isinstance(option, Clearable):
            continue
        takes_it = isinstance(option, click.Option) and (is_joined or not option.is_flag)
        shown = option.opts[0] if option and takes_it else _argument(command)
        raise InputError(f"{shown} is empty: say a value, or leave it out")


def _argument(command: click.Command) -> str:
    """The name of a command's only argument."""
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    return arguments[0].human_readable_name.upper() if len(arguments) == 1 else "an argument"
