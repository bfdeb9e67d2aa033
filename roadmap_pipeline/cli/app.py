"""The program ``roadmap``: its options, and which commands it has."""

import click

from roadmap_pipeline.cli.base import Commands, log_to_stderr, show_waits
from roadmap_pipeline.cli.commands import (
    explain,
    failures,
    init,
    notifications,
    notion,
    pipeline,
    reports,
    servers,
    shell,
    warehouse,
)
from roadmap_pipeline.cli.examples import add_examples


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--verbose", is_flag=True, help="Log requests, waits and redacted answers, and print the traceback of an error."
)
@click.version_option(package_name="roadmap_pipeline")
@click.pass_context
def main(ctx: click.Context, verbose: bool) -> None:
    """GitHub history to CI intelligence and a living roadmap.

    Without credentials everything runs against a built-in sandbox. `roadmap init` begins a project of your own,
    `roadmap doctor` says what is configured, `roadmap COMMAND --help` shows examples.
    """
    log_to_stderr(ctx, verbose=verbose)
    show_waits(ctx)
    ctx.ensure_object(dict)


for _command in (
    pipeline.run,
    init.init,
    pipeline.ingest,
    pipeline.build,
    pipeline.sync,
    pipeline.two_way,
    reports.report,
    reports.quarterly,
    reports.status,
    reports.doctor,
    explain.explain,
    failures.classify,
    failures.failures,
    notifications.notify,
    notion.setup_notion,
    warehouse.query,
    warehouse.docs,
    warehouse.export_dbt,
    warehouse.export_parquet,
    warehouse.compact,
    warehouse.copy_from,
    servers.sandbox,
    servers.ui,
    servers.webhooks,
    shell.completion,
):
    main.add_command(_command)
add_examples(main)


if __name__ == "__main__":
    main()
