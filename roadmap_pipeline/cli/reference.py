"""The reference of all commands as Markdown, made from their `--help` (docs/cli.md).

Belongs here: the form. What is said of a command stands beside it, its examples in ``examples``.
"""

from collections.abc import Iterator

import click

_WIDTH = 110
_HELP_NAMES = ["-h", "--help"]


def command_reference() -> str:
    """Return the page: `roadmap` itself, each command, and the five command lines of `scripts/`."""
    from roadmap_pipeline.cli import scripts
    from roadmap_pipeline.cli.app import main

    root = click.Context(main, info_name="roadmap", terminal_width=_WIDTH, help_option_names=_HELP_NAMES)
    lines = [
        "# Command line",
        "",
        "What `--help` says, in one place (`roadmap docs --commands` prints this page). Exit codes:"
        " [configuration.md](configuration.md#exit-codes); what to do about errors:"
        " [troubleshooting.md](troubleshooting.md).",
        *_section("roadmap", root),
    ]
    for context in _below(main, root):
        lines += _section(context.command_path, context)
    lines += ["", "# Scripts", "", "In a clone, with the interpreter into which the package is installed."]
    for name in scripts.SCRIPTS:
        script: click.Command = getattr(scripts, name)
        context = click.Context(
            script, info_name=f"scripts/{name}.py", terminal_width=_WIDTH, help_option_names=_HELP_NAMES
        )
        lines += _section(f"{name}.py", context)
    return "\n".join(lines) + "\n"


def _below(group: click.Group, parent: click.Context) -> Iterator[click.Context]:
    """Yield a context for each command of a group, those of groups in it after them."""
    for name, command in sorted(group.commands.items()):
        context = click.Context(command, info_name=name, parent=parent, terminal_width=_WIDTH)
        yield context
        if isinstance(command, click.Group):
            yield from _below(command, context)


def _section(title: str, context: click.Context) -> list[str]:
    return ["", f"## {title}", "", "```text", context.command.get_help(context).rstrip(), "```"]
