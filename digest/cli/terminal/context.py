"""Gives every command the clock, the settings and the installation, each made when asked for."""

import sys
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from digest.config import Settings
    from digest.domain import Actor
    from digest.pipeline.installation import Installation


class Cli:
    """The edge: reads the environment and the clock once, and hands values down."""

    def __init__(self, now: datetime | None, debug: bool, asks: bool = True) -> None:
        self._now = now
        self.debug = debug
        self.asks = asks

    @cached_property
    def settings(self) -> "Settings":
        """The settings; ConfigError lists all that is wrong. Unknown DIGEST_* names are warned of, and
        a data folder that another current folder would not have."""
        import os

        from digest.config import depends_on_folder, load, unknown_names

        for name, nearest in unknown_names(os.environ):
            click.echo(
                f"warning: {name} is no setting{f'; did you mean {nearest}?' if nearest else ''}", err=True
            )
        settings = load()
        if depends_on_folder(settings):
            click.echo(
                f"note: using the database in {settings.data_dir}, found from the current folder", err=True
            )
            click.echo(f"      DIGEST_DATA_DIR={settings.data_dir} uses it from everywhere", err=True)
        return settings

    @cached_property
    def now(self) -> datetime:
        """The time of this command, in UTC: --now, else DIGEST_NOW, else the clock. A set clock is told."""
        chosen = self._now or self.settings.now
        if chosen is None:
            return datetime.now(UTC)
        if chosen.tzinfo is None:
            from digest.errors import ConfigError

            msg = f"DIGEST_NOW: {chosen} has no time zone"
            raise ConfigError(msg, fix=f"DIGEST_NOW={chosen.isoformat()}Z")
        click.echo(f"clock set to {chosen.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC", err=True)
        return chosen.astimezone(UTC)

    @property
    def is_clock_set(self) -> bool:
        """Whether --now or DIGEST_NOW says what time it is."""
        return bool(self._now or self.settings.now)

    def refuse_set_clock(self) -> None:
        """Raise ConfigError where --now or DIGEST_NOW is set: a server runs on the real clock only."""
        if self.is_clock_set:
            from digest.errors import ConfigError

            msg = "the clock is set, and a server runs on the real one only"
            raise ConfigError(msg, fix="unset DIGEST_NOW; replay a day with `digest --now TIME run`")

    def rehearsed(self, dry_run: bool) -> "Installation":
        """Return the installation; for a dry run one whose database keeps nothing of what is written."""
        from digest.pipeline.installation import rehearsed

        return rehearsed(self.installation) if dry_run else self.installation

    @cached_property
    def installation(self) -> "Installation":
        """The installation that the settings describe, its database open and up to date."""
        import gc

        from digest.pipeline.installation import acting, open_installation

        opened = acting(open_installation(self.settings), self.actor)
        if not gc.isenabled():  # a process for one command: `__main__` switched it off
            gc.freeze()  # what is imported stays: looking through it takes a tenth of a second, frees nothing
            gc.enable()  # what follows may be long
        return opened

    @cached_property
    def actor(self) -> "Actor":
        """Who types commands, by their login on this machine: what they change is written down as theirs."""
        import getpass
        import os

        from digest.domain import Actor

        try:
            login = os.environ.get("SUDO_USER") or getpass.getuser()
        except (OSError, KeyError):  # a container's user may have no name
            login = f"uid {os.getuid()}"
        return Actor(f"cli:{login}", "cli")


pass_cli = click.make_pass_decorator(Cli)
json_option = click.option("--json", "as_json", is_flag=True, help="JSON alone on stdout.")


def on_terminal() -> bool:
    """Return whether a person is reading stdout, and may be asked."""
    context = click.get_current_context(silent=True)
    here = context.find_object(Cli) if context else None
    return sys.stdout.isatty() and (here is None or here.asks)
