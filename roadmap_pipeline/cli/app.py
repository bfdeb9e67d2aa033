"""The program ``roadmap``: its options, and which commands it has."""

import logging

import click

from roadmap_pipeline.cli.base import Commands, show_waits
from roadmap_pipeline.cli.commands import (
    explain,
    failures,
    notifications,
    notion,
    pipeline,
    reports,
    servers,
    warehouse,
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--verbose", is_flag=True, help="Log requests and waits, and print the traceback of an error.")
@click.version_option(package_name="roadmap_pipeline")
@click.pass_context
def main(ctx: click.Context, verbose: bool) -> None:
    """GitHub history to CI intelligence and a living roadmap.

    Without credentials everything runs against a built-in sandbox. `roadmap doctor` says what is configured.
    """
    # Libraries log retries and requests; people asked for results. Warnings and errors still come through.
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    if verbose:
        logging.getLogger(__package__).setLevel(logging.DEBUG)
    show_waits(ctx)
    ctx.ensure_object(dict)


for _command in (
    pipeline.run,
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
    servers.sandbox,
    servers.ui,
):
    main.add_command(_command)


if __name__ == "__main__":
    main()
