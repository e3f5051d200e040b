"""Defines options that commands share: a rehearsal that writes nothing, and consent given beforehand."""

import click

dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing.")
yes_option = click.option("--yes", is_flag=True, help="Don't ask.")
