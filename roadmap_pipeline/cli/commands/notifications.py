"""The command that tells people elsewhere what changed: ``notify``."""

import sys

import click

from roadmap_pipeline.cli.base import DONE, FAILED, Command
from roadmap_pipeline.cli.context import console, json_option, print_json, stored_settings


@click.command(cls=Command)
@click.option("--dry-run", is_flag=True, help="Print what would be sent, and to which kinds of address; send nothing.")
@click.option("--test", "is_test", is_flag=True, help="Send a test message to every address, whatever the hour.")
@json_option
def notify(dry_run: bool, is_test: bool, as_json: bool) -> None:
    """Tell the addresses of ROADMAP_NOTIFY_URLS what changed about risks of milestones since they were told last.

    Each change is told once to each address, also by `run` and `sync`. Of addresses only scheme and host are printed.
    """
    from roadmap_pipeline import pipeline
    from roadmap_pipeline.runtime import Runtime

    if dry_run and is_test:
        raise click.UsageError("give --dry-run or --test, one of them")
    with Runtime(stored_settings()) as runtime:
        if dry_run:
            deliveries = pipeline.preview_notifications(runtime)
        elif is_test:
            deliveries = pipeline.send_test_message(runtime)
        else:
            deliveries = pipeline.notify(runtime)
        is_told_to_anybody = bool(runtime.settings.notify_urls)
    if as_json:
        for one in deliveries:
            print_json(one.to_json())
    else:
        from roadmap_pipeline.cli.rendering.notifications import print_deliveries

        print_deliveries(console(), deliveries, is_told_to_anybody=is_told_to_anybody)
    sys.exit(FAILED if any(one.state == "failed" for one in deliveries) else DONE)
