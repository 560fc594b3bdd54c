"""`nac completion`: a script that completes nouns, verbs and options in a shell."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def cli(ctx: click.Context, shell: str) -> None:
    """Print a completion script for your shell.

    For bash: nac completion bash > /etc/bash_completion.d/nac
    """
    from click.shell_completion import get_completion_class

    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"there is no completion for {shell}")
    root = ctx.find_root()
    click.echo(completion(root.command, {}, "nac", "_NAC_COMPLETE").source())
