"""Runs `digest serve`: keeps web, scheduler and delivery running in one process."""

import json
import urllib.error
import urllib.request

import click

from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.options import dry_run_option
from digest.cli.terminal.output import emit, say
from digest.cli.terminal.types import Number

UNREACHABLE = 5


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=Number(0, 65_535))
@click.option("--pages-only", is_flag=True, help="Serve pages; Celery workers fetch and deliver digests.")
@click.option(
    "--check", is_flag=True, help="Ask the server that runs there whether it is ready; serve nothing."
)
@dry_run_option
@json_option
@pass_cli
def serve(
    cli: Cli, *, host: str, port: int, pages_only: bool, check: bool, dry_run: bool, as_json: bool
) -> int:
    """Run web pages, scheduler and delivery in one process, until it is told to stop.

    Example: digest serve --host 0.0.0.0 --port 8000
    """
    if check:
        return _check(host, port, as_json=as_json)
    cli.refuse_set_clock()
    from digest.web.server import listen
    from digest.web.server import serve as run

    settings = cli.settings
    if dry_run:
        with listen(host, port):  # a port that is taken is told, as are settings that don't fit
            found = {"host": host, "port": port, "site": cli.installation.site.name, "pages_only": pages_only}
        if as_json:
            emit(found)
        else:
            say(f"would serve {found['site']} on {host}:{port}; settings, database and port are ready")
        return 0
    run(
        cli.installation,
        host=host,
        port=port,
        proxies=settings.proxies(),
        tick_seconds=settings.tick_seconds,
        pages_only=pages_only,
    )
    return 0


def _check(host: str, port: int, *, as_json: bool) -> int:
    """Ask /readyz; what it says of each part is printed, the exit code is 5 where it isn't ready."""
    shown = f"[{host}]" if ":" in host else host
    try:
        with urllib.request.urlopen(f"http://{shown}:{port}/readyz", timeout=10) as answer:
            report, code = json.load(answer), 0
    except urllib.error.HTTPError as error:
        report, code = json.load(error), UNREACHABLE
    except OSError as error:
        say(f"error: nothing answers on {host}:{port}: {error}", err=True)
        return UNREACHABLE
    if as_json:
        emit(report)
        return code
    for part, state in report["parts"].items():
        say(f"{part}: {state}")
    return code
