"""The five command lines of `scripts/`, each told in terms of `roadmap …`.

Belongs here: which words of theirs mean which command. What a command does is in ``commands``, and so are its errors
and exit codes; the files in `scripts/` only start what is here.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import click

from roadmap_pipeline.cli.app import main as roadmap
from roadmap_pipeline.cli.base import OwnProcess

SCRIPTS = (
    "ci_agent_cli",
    "sync_ci_report_to_notion",
    "setup_notion_databases",
    "generate_quarterly_roadmap_report",
    "notion_two_way_sync",
)
"""The names of all of them, which are the functions' here and the files' in `scripts/`."""


class Script(OwnProcess):
    """One of the command lines: a wrong word costs a line and exit code 2, as everywhere."""


def _script(name: str, *examples: str) -> Callable[[Callable[..., NoReturn]], Script]:
    """Make a command line of a function; all have ``--verbose``, ``--json`` and examples at the end of ``--help``."""

    def decorate(function: Callable[..., Any]) -> Script:
        for option in (
            click.option("--json", "as_json", is_flag=True, help="Print data as JSON, one object or one row a line."),
            click.option("--verbose", is_flag=True, help="Log requests and redacted answers, and print tracebacks."),
        ):
            function = option(function)
        lines = "\n".join(f"  python scripts/{name} {example}" for example in examples)
        return click.command(
            name,
            cls=Script,
            context_settings={"help_option_names": ["-h", "--help"]},
            epilog=f"\b\nExamples:\n{lines}",
        )(function)

    return decorate


_MILESTONE = click.option("--milestone", metavar="TITLE", help="The milestone to write, by its exact title.")
_ROADMAP_STATUS = click.option(
    "--roadmap-status", is_flag=True, help="Print where the roadmap stands, after a look at Notion's key and databases."
)
_SYNC_NOTION = click.option(
    "--sync-notion", is_flag=True, help="Bring the rows of CI Intelligence Reports in Notion up to date."
)

_STATUS = ("status", "--check")
_REPORTS = ("sync", "--only", "reports")


@_script("ci_agent_cli.py", "--generate-report", '--sync-roadmap --milestone "Stage 7.3"', "--roadmap-status")
@click.option("--generate-report", is_flag=True, help="Print the report of the last complete week.")
@_SYNC_NOTION
@click.option("--sync-roadmap", is_flag=True, help="Bring the roadmap in step, or with --milestone one row of it.")
@_MILESTONE
@_ROADMAP_STATUS
def ci_agent_cli(
    generate_report: bool,
    sync_notion: bool,
    sync_roadmap: bool,
    milestone: str | None,
    roadmap_status: bool,
    verbose: bool,
    as_json: bool,
) -> NoReturn:
    """Report on CI, and publish it and the roadmap. Reads what is stored: `roadmap run` reads GitHub first."""
    _require_roadmap(milestone, "--sync-roadmap", is_there=sync_roadmap)
    command = _only_one(
        {
            "--generate-report": (generate_report, ("report",)),
            "--sync-notion": (sync_notion, _REPORTS),
            "--sync-roadmap": (sync_roadmap, ("sync", "--only", "roadmap", *_selected(milestone))),
            "--roadmap-status": (roadmap_status, _STATUS),
        }
    )
    _run(command, verbose=verbose, as_json=as_json)


@_script(
    "sync_ci_report_to_notion.py", "--sync-notion", '--include-roadmap --milestone "Stage 7.3"', "--roadmap-status"
)
@_SYNC_NOTION
@click.option(
    "--include-roadmap", is_flag=True, help="The reports as well as the roadmap, or with --milestone one row of it."
)
@_MILESTONE
@_ROADMAP_STATUS
def sync_ci_report_to_notion(
    sync_notion: bool,
    include_roadmap: bool,
    milestone: str | None,
    roadmap_status: bool,
    verbose: bool,
    as_json: bool,
) -> NoReturn:
    """Bring the weekly report into Notion, also with the roadmap.

    When Notion answers with errors, --roadmap-status says what is wrong with its key or its databases. When a milestone
    is missing, --include-roadmap --milestone TITLE says what the closest one is called.
    """
    _require_roadmap(milestone, "--include-roadmap", is_there=include_roadmap)
    with_roadmap = (*_REPORTS, "--only", "roadmap", *_selected(milestone))
    command = _only_one(
        {
            "--sync-notion": (sync_notion and not include_roadmap, _REPORTS),
            "--include-roadmap": (include_roadmap, with_roadmap),
            "--roadmap-status": (roadmap_status, _STATUS),
        }
    )
    _run(command, verbose=verbose, as_json=as_json)


@_script("setup_notion_databases.py", "--show-schema", "--create-databases")
@click.option("--show-schema", is_flag=True, help="Print both databases with their properties; asks nobody.")
@click.option("--create-databases", is_flag=True, help="Create what is missing under NOTION_PARENT_PAGE_ID.")
def setup_notion_databases(show_schema: bool, create_databases: bool, verbose: bool, as_json: bool) -> NoReturn:
    """Show the two Notion databases, or create them."""
    command = _only_one(
        {
            "--show-schema": (show_schema, ("setup-notion", "--show-schema")),
            "--create-databases": (create_databases, ("setup-notion", "--create-databases")),
        }
    )
    _run(command, verbose=verbose, as_json=as_json)


@_script("generate_quarterly_roadmap_report.py", "--auto-quarter", "--quarter Q4-2026")
@click.option("--auto-quarter", is_flag=True, help="The quarter that is under way.")
@click.option("--quarter", metavar="QUARTER", help="A quarter such as Q4-2026 or 2026-Q4.")
def generate_quarterly_roadmap_report(
    auto_quarter: bool, quarter: str | None, verbose: bool, as_json: bool
) -> NoReturn:
    """Print the roadmap report of a quarter from what is stored; nothing is written or sent."""
    command = _only_one(
        {
            "--auto-quarter": (auto_quarter, ("quarterly", "--auto-quarter")),
            "--quarter": (quarter is not None, ("quarterly", f"--quarter={quarter}")),
        }
    )
    _run(command, verbose=verbose, as_json=as_json)


@_script("notion_two_way_sync.py", "--full-sync --dry-run", "--full-sync")
@click.option("--full-sync", is_flag=True, help="Compare all milestones with all rows, and bring both in step.")
@click.option("--dry-run", is_flag=True, help="Print what would be written, write nothing.")
def notion_two_way_sync(full_sync: bool, dry_run: bool, verbose: bool, as_json: bool) -> NoReturn:
    """Bring titles, target dates and status of Notion's rows and GitHub's milestones in step, both read afresh.

    When a sync fails, --full-sync --dry-run says whether token or repository is wrong, and writes nothing.
    """
    if not full_sync:
        raise click.UsageError("give --full-sync (with --dry-run to see the plan alone)")
    _run(("two-way", *(["--dry-run"] if dry_run else [])), verbose=verbose, as_json=as_json)


def _require_roadmap(milestone: str | None, option: str, *, is_there: bool) -> None:
    if milestone is not None and not is_there:
        raise click.UsageError(f"--milestone goes with {option}")


def _selected(milestone: str | None) -> Sequence[str]:
    """Return the words that choose one milestone; none for those that `roadmap sync` chooses by itself."""
    return () if milestone is None else (f"--milestone={milestone}",)


def _only_one(actions: dict[str, tuple[bool, Sequence[str]]]) -> Sequence[str]:
    """Return the command of the only option that was given.

    Raises:
        UsageError: None was, or several.
    """
    commands = [command for is_wanted, command in actions.values() if is_wanted]
    if len(commands) != 1:
        raise click.UsageError(f"give one of {', '.join(actions)}")
    return commands[0]


def _run(command: Sequence[str], *, verbose: bool, as_json: bool) -> NoReturn:
    """Run a command of `roadmap`, and end with its exit code."""
    words = [*(["--verbose"] if verbose else []), *command, *(["--json"] if as_json else [])]
    roadmap.main(words, prog_name="roadmap")
    raise AssertionError("a command ends with an exit code")
