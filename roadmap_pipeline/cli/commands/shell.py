"""The command about the shell alone: ``completion``."""

import click

from roadmap_pipeline.cli.base import Command


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what lets a shell complete the words of `roadmap`: commands, options and their values."""
    from click.shell_completion import get_completion_class

    program = click.get_current_context().find_root()
    complete = get_completion_class(shell)
    assert complete is not None
    click.echo(complete(program.command, {}, "roadmap", "_ROADMAP_COMPLETE").source(), nl=False)
