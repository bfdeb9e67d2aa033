"""The command ``explain``: why a number is what it is, and what would change it."""

from collections.abc import Sequence

import click

from roadmap_pipeline.cli.base import Command
from roadmap_pipeline.cli.context import console, json_option, print_json, read_settings


@click.command(cls=Command)
@click.argument("subject", metavar="MILESTONE|REPORT")
@click.argument("metric", required=False)
@click.option(
    "--of",
    multiple=True,
    metavar="VALUE",
    help="Which row of the report: a repository, a category, a workflow's file, a job. May be given several times.",
)
@click.option(
    "--what-if",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Compute it with something changed: pass_rate_threshold=0.7, points.pass_rate=40, fixed=TEST (its failures"
    " had passed), closed=owner/name#12, merged=owner/name#12. May be given several times; nothing is written.",
)
@json_option
def explain(subject: str, metric: str | None, of: Sequence[str], changes: Sequence[str], as_json: bool) -> None:
    """Say why a milestone stands where it stands, or where a published number comes from.

    A milestone goes by its title ("Stage 7.3"), a report by its week (2026-W46), its quarter (Q4-2026) or its name.
    Without METRIC a milestone's points are explained one by one, and a report's numbers listed. Reads the snapshot
    only.
    """
    from roadmap_pipeline.explain.answers import explain as answer

    answers = answer(read_settings().warehouse, subject, metric, of=of, changes=changes)
    if as_json:
        for one in answers:
            print_json(one.to_json())
        return
    from roadmap_pipeline.cli.rendering.explain import print_answer

    for one in answers:
        print_answer(console(), one)
