"""Runs `digest subscribers`: shows, adds and removes people and what they asked for."""

from datetime import datetime
from typing import Any

import click

from digest.cli.subscribers.bulk import where_option
from digest.cli.subscribers.edits import edit
from digest.cli.subscribers.lists import export, import_
from digest.cli.subscribers.options import (
    agreed_words,
    consent_options,
    interest_options,
    times,
    with_options,
)
from digest.cli.subscribers.statuses import erase, pause, resume, unsubscribe
from digest.cli.terminal.context import Cli, json_option, pass_cli
from digest.cli.terminal.explaining import show_read_back
from digest.cli.terminal.options import dry_run_option
from digest.cli.terminal.output import emit, say, table, tell_if_cut
from digest.cli.terminal.types import LIMIT, choice
from digest.domain import DeliveryState, Frequency, SubscriberStatus
from digest.serializers import delivery_object, subscriber_object


@click.group()
def subscribers() -> None:
    """The people who get digests."""


for command in (edit, pause, resume, unsubscribe, erase, import_, export):
    subscribers.add_command(command)


@subscribers.command()
@click.argument("email")
@with_options(interest_options, times, consent_options)
@dry_run_option
@json_option
@pass_cli
def add(
    cli: Cli,
    /,
    email: str,
    *,
    frequency: Frequency,
    weekday: str,
    at: str,
    timezone: str,
    quiet_days: bool,
    language: str | None,
    confirmed: bool,
    consent: str | None,
    dry_run: bool,
    as_json: bool,
    **wanted: Any,
) -> None:
    """Add a subscriber; unless they agreed already, a mail asks them to confirm.

    Example: digest subscribers add ada@example.org --topic llm --exclude survey --at 07:30
    --timezone Europe/Paris --confirmed --consent 'asked by mail, 2026-03-16'
    """
    from digest.pipeline.subscriptions import admin, validate

    consent_words = agreed_words(confirmed, consent)
    schedule = validate.read_schedule(
        frequency=frequency,
        weekday=weekday,
        at=at,
        timezone=timezone,
        quiet_days=quiet_days,
        language=language or "",
    )
    address = validate.read_address(email)
    interests = validate.read_interests(validate.known_topics(cli.installation), **wanted)
    added, asked = admin.add(
        cli.rehearsed(dry_run), address, interests, schedule, cli.now, consent=consent_words
    )
    for text in (*wanted["filters"], *wanted["exclude"]):
        show_read_back(text)
    if not asked:
        say(f"{address} had enough mails to confirm; ask again later: resend-confirmation", err=True)
    if as_json:
        emit(subscriber_object(added))
    else:
        due = f", next digest {added.next_due_at:%Y-%m-%d %H:%M} UTC" if added.next_due_at else ""
        say(f"{added.email} {'would be' if dry_run else 'is'} {added.status}{due}")


@subscribers.command("resend-confirmation")
@click.argument("email")
@dry_run_option
@json_option
@pass_cli
def resend_confirmation(cli: Cli, email: str, *, dry_run: bool, as_json: bool) -> None:
    """Ask somebody who is pending once more; the mail leaves with the next round.

    The caps are those of the sign-up form: once in ten minutes, 3 a day, 5 a month.

    Example: digest subscribers resend-confirmation ada@example.org
    """
    from digest.pipeline.subscriptions import admin, preferences

    found = preferences.by_address(cli.installation, email)
    admin.ask_again(cli.rehearsed(dry_run), email, cli.now)
    if as_json:
        emit({"email": found.email, "status": found.status, "written": not dry_run})
    else:
        say(f"{found.email} {'would' if dry_run else 'will'} be asked")


@subscribers.command()
@click.argument("email")
@click.option(
    "--why", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Why nothing came on this day."
)
@json_option
@pass_cli
def show(cli: Cli, email: str, *, why: datetime | None, as_json: bool) -> None:
    """Show a subscriber's story: interests, consent, each digest with its reason, bounces, votes.

    Example: digest subscribers show ada@example.org --why 2026-03-17
    """
    from digest.pipeline.subscriptions import story as stories

    story = stories.read_story(cli.installation, email)
    found = story.subscriber
    rows = [delivery_object(row, found.email, story.papers) for row in story.deliveries]
    reason = stories.why(story, why.date(), cli.now) if why else None
    if as_json:
        emit(
            subscriber_object(found)
            | {
                "created_at": found.created_at,
                "confirmed_at": found.confirmed_at,
                "paused_until": found.paused_until,
                "suppressed": story.is_suppressed,
                "consent": story.consents,
                "deliveries": rows,
                "bounces": [row for row in rows if row["state"] == DeliveryState.BOUNCED],
                "emails": story.emails,
                "mutes": story.mutes,
                "votes": {story.papers[pk]: at for pk, at in story.votes.items() if pk in story.papers},
            }
            | ({"why": reason} if reason else {})
        )
        return
    if reason:
        say(reason)
        return
    fields = subscriber_object(found) | {
        "joined": found.created_at,
        "confirmed": found.confirmed_at,
        "paused until": found.paused_until,
        "suppressed": "yes: no mail goes there" if story.is_suppressed else None,
    }
    table(("", ""), [(name, _plain(value)) for name, value in fields.items() if value not in (None, [])])
    for consent in story.consents:
        say(f"agreed on {consent.at:%Y-%m-%d} ({consent.how}): {consent.wording}")
    table(
        ("date", "state", "papers", "reason"),
        [(d.issue_date, d.state, len(d.papers), d.reason or d.reply) for d in story.deliveries],
        empty="no digest yet",
    )
    if story.emails:
        table(
            ("created", "email", "state", "reply"),
            [(mail.created_at, mail.kind, mail.state, mail.reply) for mail in story.emails],
        )
    for filter_text, until in story.mutes.items():
        say(f"muted until {until:%Y-%m-%d}: {filter_text}")
    for pk, at in story.votes.items():
        say(f"voted on {at:%Y-%m-%d} for {story.papers.get(pk, pk)}")


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(map(str, value)) if isinstance(value, list) else value


@subscribers.command("list")
@click.option("--status", type=choice(SubscriberStatus), help="Only those with this status.")
@click.option("--query", default="", help="Only addresses that hold this text.")
@where_option
@click.option("--limit", default=1000, show_default=True, type=LIMIT, help="How many at most.")
@json_option
@pass_cli
def list_(
    cli: Cli,
    *,
    status: SubscriberStatus | None,
    query: str,
    where: tuple[str, ...],
    limit: int,
    as_json: bool,
) -> None:
    """List subscribers.

    Example: digest subscribers list --where topic=llm --where 'joined since 2026-01-01'
    """
    from digest.pipeline.subscriptions.where import conditions_of, listing

    conditions = conditions_of(cli.installation, where, status=status or "", query=query)
    listed = listing(cli.installation, conditions, limit=limit)
    if as_json:
        emit([subscriber_object(found) for found in listed])
    else:
        table(
            ("email", "status", "topics", "filters", "next digest"),
            [
                (
                    s.email,
                    s.status,
                    " ".join(s.interests.topics),
                    "; ".join(s.interests.filters),
                    s.next_due_at,
                )
                for s in listed
            ],
            empty="no subscribers",
            optional=("filters", "topics"),
        )
    tell_if_cut(len(listed), limit)
