"""Defines the options that give a subscriber's interests, times and consent on the command line."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from digest.cli.terminal.empty import Clearable
from digest.cli.terminal.types import choice
from digest.domain import Frequency, Role
from digest.languages import CODES

F = TypeVar("F", bound=Callable[..., Any])


interest_options = (
    click.option("--topic", "topics", multiple=True, help="A topic, by its slug; may be repeated."),
    click.option("--filter", "filters", multiple=True, help="A filter; may be repeated."),
    click.option("--exclude", multiple=True, help="A filter that must not match; may be repeated."),
    click.option("--min-upvotes", default=0, show_default=True, help="Leave out papers with fewer."),
    click.option("--top", default=0, show_default=True, help="Also the day's top N, whatever the filters."),
    click.option("--about-only", is_flag=True, help="Leave out papers that mention a term in passing."),
    click.option("--max", "max_papers", default=20, show_default=True, help="Maximum papers per email."),
    click.option("--front", default=0, help="How many of them in full; 0: as many as the site says."),
)
times = (
    click.option("--frequency", type=choice(Frequency), default="daily", show_default=True),
    click.option("--weekday", default="mon", show_default=True, help="For weekly: mon, tue, …"),
    click.option("--at", default="08:00", show_default=True, help="The hour, on the clock of the time zone."),
    click.option("--timezone", default="UTC", show_default=True, help="Such as Europe/Paris."),
    click.option("--quiet-days", is_flag=True, help="A short mail with the reason when there is no paper."),
    click.option(
        "--language", type=click.Choice(CODES), help="Of their emails; otherwise as DIGEST_LANGUAGE says."
    ),
)
_LISTS = (("topic", "topics"), ("filter", "filters"), ("exclude", "exclude"))
changes = (
    click.option("--email", "email_", metavar="ADDRESS", help="Another address."),
    click.option("--role", type=choice(Role), help="What they may do on the site."),
    click.option("--display-name", cls=Clearable, help="The name that others see; '' for none."),
    *(
        click.option(
            f"--{one}", name, cls=Clearable, multiple=True, help=f"The {name}, instead of those there are."
        )
        for one, name in _LISTS
    ),
    *(click.option(f"--add-{one}", f"add_{name}", multiple=True, help="Add one.") for one, name in _LISTS),
    *(
        click.option(f"--remove-{one}", f"remove_{name}", multiple=True, help="Remove one.")
        for one, name in _LISTS
    ),
    click.option("--min-upvotes", type=int, help="Leave out papers with fewer."),
    click.option("--top", type=int, help="Also the day's top N, whatever the filters."),
    click.option("--max", "max_papers", type=int, help="Maximum papers per email."),
    click.option("--front", type=int, help="How many of them in full; 0: as many as the site says."),
    click.option(
        "--about-only/--with-mentions", default=None, help="Leave out papers that mention a term in passing."
    ),
    click.option("--frequency", type=choice(Frequency)),
    click.option("--weekday", help="For weekly: mon, tue, …"),
    click.option("--at", help="The hour, on the clock of the time zone."),
    click.option("--timezone", help="Such as Europe/Paris."),
    click.option("--quiet-days/--no-quiet-days", default=None, help="A short mail when there is no paper."),
    click.option("--language", type=click.Choice(CODES), help="Of their emails."),
)
consent_options = (
    click.option("--confirmed", is_flag=True, help="They agreed already; needs --consent."),
    click.option("--consent", help="Where and when they agreed, in words; kept as the record."),
)


def with_options(*groups: tuple[Any, ...]) -> Callable[[F], F]:
    """Apply groups of options to a command, in their written order."""

    def decorate(command: F) -> F:
        for option in reversed([option for group in groups for option in group]):
            command = option(command)
        return command

    return decorate


def agreed_words(confirmed: bool, consent: str | None) -> str | None:
    """Return the consent's words where somebody vouches for it; both or neither."""
    if confirmed and not consent:
        raise click.UsageError("--confirmed needs --consent 'where and when they agreed'")
    if consent and not confirmed:
        raise click.UsageError("--consent needs --confirmed")
    return consent if confirmed else None
