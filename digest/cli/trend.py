"""Runs `digest trend`: prints the order of papers, for anyone to check."""

from typing import Any

import click

from digest.cli.terminal.context import json_option
from digest.cli.terminal.exits import PARTLY_FAILED
from digest.cli.terminal.output import emit, say, table
from digest.errors import InputError


@click.group()
def trend() -> None:
    """The order of papers, and how to check it."""


@trend.command()
@click.argument("file", type=click.File("rb", lazy=True))
@json_option
def verify(file: Any, as_json: bool) -> int:
    """Rank the papers of a day's file of signals anew and compare.

    FILE is `/papers/DATE.signals.jsonl` of any site, or - for standard input. No database is needed.
    Exit code 6 where the order or a score differs.

    Example: digest trend verify 2026-03-17.signals.jsonl
    """
    from digest.pipeline.catalog import signals_file

    try:
        verdict = signals_file.verify(file)
    except InputError as error:
        raise InputError(f"{file.name}: {error.message}", fix=error.fix) from error
    if as_json:
        emit(verdict)
        return 0 if verdict.same else PARTLY_FAILED
    if verdict.same:
        say(f"{verdict.date}: {verdict.papers:,} papers, the same order and scores")
        return 0
    table(
        ("paper", "place", "anew", "score", "anew"),
        [
            (each.paper, each.place, each.place_anew, f"{each.score:.6f}", f"{each.score_anew:.6f}")
            for each in verdict.differences
        ],
    )
    say(f"{verdict.date}: the order or scores of {verdict.papers:,} papers differ", err=True)
    if verdict.other_weights:
        say("the file was made with other weights than this version's", err=True)
    return PARTLY_FAILED
