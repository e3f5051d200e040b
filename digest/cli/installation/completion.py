"""Runs `digest completion`: prints what a shell needs to complete commands and options."""

import click

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    Redirect it to a file that your shell reads, such as
    ~/.local/share/bash-completion/completions/digest.

    Example: digest completion bash
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"{shell} is none of {', '.join(SHELLS)}")
    click.echo(found(ctx.find_root().command, {}, "digest", "_DIGEST_COMPLETE").source())
