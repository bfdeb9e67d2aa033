"""The commands that serve until they are interrupted: ``sandbox``, ``ui``, ``webhooks``."""

import os
import sys
from functools import partial
from pathlib import Path

import click

from roadmap_pipeline.cli.context import console, json_option, live_runtime, print_json, read_settings
from roadmap_pipeline.errors import ConfigurationError

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


@click.command()  # lasts until it is interrupted
@click.option(
    "--port",
    default=8010,
    show_default=True,
    type=PORT,
    help="Port that GitHub's and Notion's deliveries come to, by way of a proxy with a certificate.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address it listens on.")
@click.option(
    "--notion-handshake",
    is_flag=True,
    help="Await the token that Notion sends to a new subscription, print it once, and end.",
)
def webhooks(port: int, host: str, notion_handshake: bool) -> None:
    """Receive webhooks of GitHub and Notion, so that sensors look at once where something happened.

    POST /github and POST /notion, as far as GITHUB_WEBHOOK_SECRET and NOTION_WEBHOOK_SECRET are set; GET /health. Each
    delivery has to be signed. Nothing but the name of a repository is taken from it: sensors read what happened, and
    poll all the same. Set `automation.webhooks = true` in roadmap.toml to let them look for deliveries.
    """
    from roadmap_pipeline.orchestration.launch import free_port, open_home
    from roadmap_pipeline.orchestration.webhook_notes import write_note
    from roadmap_pipeline.sandbox import attached
    from roadmap_pipeline.webhooks.server import await_notion_token, check_settings, serve

    settings = read_settings()
    settings = attached(settings) or settings
    check_settings(settings, handshake=notion_handshake)
    if port != free_port(host, port) and port != 0:
        raise ConfigurationError(f"--port {port}: it is taken, and whoever sends deliveries knows this one only")
    if notion_handshake:
        click.echo(f"Awaiting Notion's token at http://{host}:{port}/notion (Ctrl+C ends it)")
        await_notion_token(settings.dagster_home, host, port, _show_token)
        return
    with open_home(settings) as instance:
        click.echo(f"Receiving webhooks at http://{host}:{port} (Ctrl+C ends it)")
        if not settings.configuration.automation.webhooks:
            click.echo("warning: automation.webhooks isn't true: sensors see deliveries with their next poll", err=True)
        serve(settings, settings.dagster_home, partial(write_note, instance), host, port)


def _show_token(token: str) -> None:
    click.echo(f"Notion's verification token, shown this once:\n\n{token}\n")
    click.echo("Give it to Notion (Verify), and to this command as NOTION_WEBHOOK_SECRET.")
