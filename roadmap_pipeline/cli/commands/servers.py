"""The commands that serve until they are interrupted: ``sandbox``, ``ui``."""

import os
import sys
from pathlib import Path

import click

from roadmap_pipeline.cli.context import console, json_option, live_runtime, print_json, read_settings

PORT = click.IntRange(0, 65535)


@click.command()  # lasts until it is interrupted
@click.option("--replay", type=click.Path(path_type=Path), help="Serve recorded API answers of this folder instead.")
@click.option("--port", default=0, type=PORT, help="Port of the simulated GitHub (default: a free one).")
@json_option
def sandbox(replay: Path | None, port: int, as_json: bool) -> None:
    """Serve the simulated GitHub and Notion until interrupted; prints the environment to use."""
    from roadmap_pipeline.cli.report_pages import report_pages
    from roadmap_pipeline.sandbox import serve

    with serve(read_settings(), replay=replay, github_port=port, pages=report_pages()) as served:
        if as_json:
            print_json({"env": served.environment, "replay": served.replay_report})
        else:
            from roadmap_pipeline.cli.rendering.sandbox import print_sandbox

            print_sandbox(console(), served)
        sys.stdout.flush()
        served.wait()


@click.command()  # lasts until it is interrupted
@click.option(
    "--port",
    default=3000,
    show_default=True,
    type=PORT,
    help="Port of the Dagster UI; the next free one if it is taken.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address it listens on.")
def ui(port: int, host: str) -> None:
    """Open the Dagster UI on the instance that `roadmap run` records in, with schedules and sensors at hand."""
    from roadmap_pipeline.orchestration.launch import free_port, serve_ui

    wanted, port = port, free_port(host, port)
    if wanted not in (0, port):
        click.echo(f"Port {wanted} is taken; this is the next free one: {port}")
    with live_runtime() as runtime:
        settings = runtime.settings
        if settings.deployment != "real":
            click.echo(f"The sandbox's Notion: {settings.notion_api_url}/")
            click.echo(f"The sandbox's GitHub: {settings.github_api_url}/web")
        click.echo(f"Dagster UI: http://{host}:{port} (Ctrl+C ends it)")
        sys.exit(serve_ui(settings, host, port, dict(os.environ)))
