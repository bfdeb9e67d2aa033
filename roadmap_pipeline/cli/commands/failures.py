"""The commands about failures: ``classify`` for logs at hand, ``failures`` for those that are stored."""

from collections.abc import Sequence
from pathlib import Path

import click

from roadmap_pipeline.cli.base import Command, CommandGroup
from roadmap_pipeline.cli.context import console, json_option, print_json, read_settings, show_progress
from roadmap_pipeline.errors import RoadmapError


@click.command(cls=Command)
@click.argument("files", nargs=-1, required=True)
@json_option
def classify(files: Sequence[str], as_json: bool) -> None:
    """Say why the job of each log FILE failed (plain or .gz; - reads standard input).

    With --json, one object a file: it names the tests that failed, each with its line and assertion, and says what the
    failure is known by (known_by: tests, cause, or no more than its job). A file that can't be read is named, and the
    others are judged all the same.
    """
    from roadmap_pipeline.failures.display import without_controls
    from roadmap_pipeline.failures.files import classify_file
    from roadmap_pipeline.failures.rules.own_rules import classifier_with
    from roadmap_pipeline.settings import load_rules_file

    classifier = classifier_with(load_rules_file())
    unread: list[RoadmapError] = []
    for name in files:
        try:
            verdict = classify_file(name, classifier)
        except RoadmapError as error:
            unread.append(error)
            continue
        if as_json:
            print_json(verdict)
        elif verdict["category"] is None:
            click.echo(f"{name}: shows no failure")
        else:
            place = f", line {verdict['line']}" if verdict["line"] else ""
            click.echo(f"{name}: {verdict['category']} ({verdict['rule_id'] or 'no rule'}{place})")
            if verdict["evidence"]:
                click.echo(f"    {without_controls(verdict['evidence'])}")
    unread.sort(key=lambda one: one.exit_code)
    for one in unread[:-1]:
        click.echo(f"error: {one}", err=True)
    if unread:
        raise unread[-1]


@click.group(cls=CommandGroup)
def failures() -> None:
    """Teach the rules: what no rule knows, and what a new rule would hit. Reads the snapshot only."""


_passing_logs_option = click.option(
    "--passing",
    "passing",
    multiple=True,
    metavar="LOG",
    help="Log of a job that passed (plain or .gz), which must not be hit; may be given several times.",
)


@failures.command("unknown")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1), help="How many kinds of failure.")
@_passing_logs_option
@json_option
def failures_unknown(limit: int, passing: Sequence[str], as_json: bool) -> None:
    """List the failures no rule knows, those that hit most people first, each with a drafted pattern.

    The draft is the line that proves the failure with wildcards for what differs between runs; below it stands in which
    stored logs it is found. A pattern found in failures of a known cause, or in a passing log, is too loose.
    """
    from roadmap_pipeline.reports.unknown import unknown_failures, unknown_share
    from roadmap_pipeline.warehouse.query import open_published

    with open_published(read_settings().warehouse) as con, show_progress():
        share = unknown_share(con)
        rows = unknown_failures(con, limit=limit, passing=passing)
    if as_json:
        for row in rows:
            print_json(row)
        return
    from roadmap_pipeline.cli.rendering.failures import print_unknown

    print_unknown(console(), share, rows)


@failures.command("test-rule")
@click.argument("pattern", required=False)
@click.option("--rules", type=click.Path(path_type=Path), help="Try a rules file instead: which failures would move.")
@_passing_logs_option
@json_option
def failures_test_rule(pattern: str | None, rules: Path | None, passing: Sequence[str], as_json: bool) -> None:
    """Try a PATTERN (or a rules file) on the stored logs of failed jobs. Nothing is changed.

    A PATTERN is RE2's and matches within a line; put it in quotes. With --rules the failures that would get another
    cause are counted by week, as `roadmap build` would judge them with that file.
    """
    from roadmap_pipeline.failures.back_test import try_patterns, try_rules
    from roadmap_pipeline.warehouse.query import open_published

    if (pattern is None) == (rules is None):
        raise click.UsageError("give a PATTERN or --rules FILE, one of them")
    with open_published(read_settings().warehouse) as con, show_progress():
        hits = try_patterns(con, [pattern], passing)[0] if pattern is not None else None
        moved = try_rules(con, rules, passing) if rules is not None else []
    if as_json:
        for one in moved if hits is None else [hits]:
            print_json(one.to_json())
        return
    from roadmap_pipeline.cli.rendering.failures import print_hits, print_moved

    if hits is not None:
        print_hits(console(), hits.to_json())
    else:
        print_moved(console(), moved)
