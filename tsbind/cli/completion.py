"""`tsbind completion`: the script that a shell evaluates to complete tsbind's commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from tsbind.cli.group import Command, root
from tsbind.cli.screen import write

_WHERE = {
    "bash": 'eval "$(tsbind completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(tsbind completion zsh)"    # in ~/.zshrc',
    "fish": "tsbind completion fish | source     # in ~/.config/fish/config.fish",
}


@click.command(cls=Command, epilog="\b\n" + "\n".join(_WHERE.values()))
@click.argument("shell", type=click.Choice(list(_WHERE)))
def command(shell: str) -> None:
    """Print the script that completes tsbind's commands in a shell."""
    completion = get_completion_class(shell)
    assert completion is not None  # click has one for each of the choices
    write(completion(root, {}, "tsbind", "_TSBIND_COMPLETE").source() + "\n")
