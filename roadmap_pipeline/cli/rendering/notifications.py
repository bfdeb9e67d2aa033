"""The messages that were sent, or would be, for ``roadmap notify``.

Belongs here: printing them. Of addresses only what may be shown arrives here.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from roadmap_pipeline.failures.display import without_controls
from roadmap_pipeline.pipeline.notifying import NO_ADDRESS

if TYPE_CHECKING:
    from roadmap_pipeline.notifications import Delivery

_STATES = {
    "planned": "[bold]would be sent[/]",
    "held": "[yellow]held[/]",
    "sent": "[green]sent[/]",
    "failed": "[red]failed[/]",
}


def print_deliveries(console: Console, deliveries: Sequence["Delivery"], *, is_told_to_anybody: bool) -> None:
    """Print each message with its address and what became of it."""
    for one in deliveries:
        console.print(f"{_STATES[one.state]} to {escape(one.address)}: [bold]{_text(one.title)}[/]", highlight=False)
        if one.body:
            console.print(Padding(_text(one.body), (0, 0, 0, 2)), highlight=False)
        if one.error:
            console.print(Padding(f"[red]{_text(one.error)}[/]", (0, 0, 0, 2)), highlight=False)
    if not deliveries:
        console.print("Nothing to tell: no risk changed.")
    if not is_told_to_anybody:
        console.print(f"[yellow]note:[/] {escape(NO_ADDRESS)}", highlight=False)


def _text(text: str) -> str:
    return escape("\n".join(without_controls(line) for line in text.splitlines()))
