"""The sandbox that is up: where it answers, and the environment to use."""

from typing import TYPE_CHECKING

from rich.console import Console

from roadmap_pipeline.cli.rendering.tables import print_table

if TYPE_CHECKING:
    from roadmap_pipeline.sandbox import RunningSandbox


def print_sandbox(console: Console, sandbox: "RunningSandbox") -> None:
    """Print where the sandbox answers, and the environment to use."""
    console.print("[bold]The sandbox is up[/] (Ctrl+C ends it). Use it from another shell with:\n")
    for name, value in sandbox.environment.items():
        console.print(f"  export {name}={value}", highlight=False, soft_wrap=True)
    console.print(f"\nIts Notion as people would see it: {sandbox.environment['NOTION_API_URL']}/", highlight=False)
    console.print(f"Its pull requests and comments: {sandbox.environment['GITHUB_API_URL']}/web", highlight=False)
    if sandbox.replay_report:
        print_table(console, "Replayed", sandbox.replay_report)
