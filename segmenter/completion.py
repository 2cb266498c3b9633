"""``segmenter completion``: what a shell needs to complete commands, options, labels and files."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from segmenter.labels import Label

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_SEGMENTER_COMPLETE"


def label_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The labels of the packaged model that begin with ``incomplete``."""
    return [label.value for label in Label if label.value.startswith(incomplete)]


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Write the completion script for a shell.

    bash: eval "$(segmenter completion bash)". zsh: eval "$(segmenter completion zsh)", after
    compinit. fish: segmenter completion fish | source. In the shell's start-up file it works in
    every new shell.
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.ClickException(f"this version of click completes nothing in {shell}")
    root = context.find_root()
    click.echo(found(root.command, {}, "segmenter", _VARIABLE).source())
