"""Runs `digest doctor`: shows what is healthy, what isn't, and how to fix it."""

from datetime import UTC, datetime

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.output import emit, table

CONFIGURATION, UNREACHABLE = 4, 5


@click.command()
@click.option("--quiet", is_flag=True, help="Print only what isn't ok; nothing where all is. For cron.")
@click.option(
    "--mail", is_flag=True, help="Email the operator what is newly wrong or over (DIGEST_OPERATOR_MAIL)."
)
@json_option
@pass_cli
def doctor(cli: Cli, *, quiet: bool, mail: bool, as_json: bool) -> int:
    """Look at settings, database, mail and sources: what is healthy, what isn't, and how to fix it.

    Exits with 5 where only sources fail, with 4 where anything else does.

    With --quiet --mail in cron it notices that the scheduler or all workers are dead: it needs none of them.

    Example: digest doctor --quiet --mail
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
    if mail:
        from digest.pipeline.monitoring import alarms

        alarms.watch(cli.installation, now)
    if quiet:
        checks = [check for check in checks if check.result is not Result.OK]
    if quiet and not checks and not as_json:
        return 0
    if as_json:
        emit(checks)
    else:
        table(("check", "", "detail"), [(c.check, c.result, c.detail) for c in checks])
        for check in checks:
            if check.fix:
                click.echo(f"fix {check.check}: {check.fix}")
    failed = [check.check for check in checks if check.result is Result.FAIL]
    if not failed:
        return 0
    return UNREACHABLE if all(name.startswith("source ") for name in failed) else CONFIGURATION
