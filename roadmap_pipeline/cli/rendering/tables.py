"""Tables of any rows, fitted into the console.

What is printed fits 80 columns, or the width there is: a table that doesn't is printed as one block a row.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from roadmap_pipeline.failures.display import without_controls

_SHOWN_ROWS = 500
_LONGEST_WORD = 24
"""Characters of a cell that stay together at most when a table is fitted into the console."""
_NUMBER = re.compile(r"[<>−+-]? ?[\d,]+(\.\d+)?( %| s)?|–|")


def print_table(
    console: Console, title: str | None, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None
) -> None:
    """Print a table of rows as dictionaries; say so when there are none, and how many more there are than shown.

    One block a row, a line a column, where the table would be wider than the console.
    """
    names = [str(name) for name in (columns or (rows[0] if rows else ()))]
    shown = rows[:_SHOWN_ROWS]
    cells = [["" if row[name] is None else without_controls(str(row[name])) for name in names] for row in shown]
    if cells and _narrowest(names, cells) > console.width:
        _print_blocks(console, title, names, cells)
    elif names and _narrowest(names, cells) > console.width:
        console.print(f"[bold]columns:[/] {escape(', '.join(names))}", highlight=False)
    elif names:
        table = plain_table(title)
        for position, name in enumerate(names):
            is_number = bool(cells) and all(_NUMBER.fullmatch(row[position]) for row in cells)
            table.add_column(escape(name), justify="right" if is_number else "left", overflow="fold")
        for row in cells:
            table.add_row(*map(escape, row))
        console.print(table)
    if not rows:
        console.print("no rows")
    elif len(rows) > _SHOWN_ROWS:
        console.print(f"… and {len(rows) - _SHOWN_ROWS:,} more rows; --json prints them all")


def plain_table(title: str | None = None) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )


def _narrowest(names: Sequence[str], cells: Sequence[Sequence[str]]) -> int:
    """Return the columns of the console that a table needs without breaking words."""

    def longest(texts: Iterable[str]) -> int:
        return min(max((cell_len(word) for text in texts for word in text.split()), default=0), _LONGEST_WORD)

    return sum(longest((name, *(row[position] for row in cells))) + 2 for position, name in enumerate(names))


def _print_blocks(console: Console, title: str | None, names: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    if title:
        console.print(f"[bold]{escape(title)}[/]")
    for number, row in enumerate(cells, 1):
        console.rule(f"row {number}", align="left", style="dim")
        block = Table.grid(padding=(0, 2))
        block.add_column(style="bold", overflow="fold")
        block.add_column(overflow="fold")
        for name, value in zip(names, row, strict=True):
            block.add_row(escape(name), escape(value))
        console.print(block)
