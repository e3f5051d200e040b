"""`digest doctor`: what is healthy, what isn't, and how to fix it."""

from datetime import UTC, datetime

import click

from digest.cli.context import Cli, json_option, pass_cli
from digest.cli.output import emit, table

CONFIGURATION, UNREACHABLE = 4, 5


@click.command()
@json_option
@pass_cli
def doctor(cli: Cli, as_json: bool) -> int:
    """Look at settings, database, mail and sources: what is healthy, what isn't, and how to fix it.

    Exits with 5 where only sources fail, with 4 where anything else does.

    Example: digest doctor --json
    """
    import os

    from digest.errors import ConfigError
    from digest.pipeline.monitoring.checks import Result
    from digest.pipeline.monitoring.doctor import examine

    try:
        now = cli.now
    except ConfigError:
        now = datetime.now(UTC)  # the settings hold the clock; that they can't be read is a check of its own
    checks = examine(now, os.environ)
    if as_json:
        emit(checks)
    else:
        table(("check", "", "detail", "fix"), [(c.check, c.result, c.detail, c.fix) for c in checks])
    failed = [check.check for check in checks if check.result is Result.FAIL]
    if not failed:
        return 0
    return UNREACHABLE if all(name.startswith("source ") for name in failed) else CONFIGURATION
