"""The command ``init``: a few questions, or options in their place, and the files that a project begins with.

Belongs here: the talk with a person. What is asked of both sides, and what is written, is in
``pipeline.initialization``.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from roadmap_pipeline.cli.base import DONE, WRONG_USAGE, Command
from roadmap_pipeline.cli.context import json_option, print_json
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.failures.display import without_controls

if TYPE_CHECKING:
    from roadmap_pipeline.pipeline.findings import Finding

_MARKS = {"ok": "✓", "problem": "✗", "note": "·"}


@click.command(cls=Command)
@click.option(
    "--repository",
    "repositories",
    multiple=True,
    metavar="OWNER/NAME",
    help="Repository to read, may be repeated (default: GITHUB_REPOSITORY).",
)
@click.option(
    "--history-days", default=400, show_default=True, type=click.IntRange(1), help="Days read the first time."
)
@click.option(
    "--map",
    "mappings",
    multiple=True,
    metavar="GLOB=TITLE",
    help="Milestone of branches (feature/checkout-*=Stage 7.3), may be repeated.",
)
@click.option(
    "--workflows",
    is_flag=True,
    help="Also write both workflows, and all of it into this folder, the clone of a repository.",
)
@click.option(
    "--action",
    metavar="OWNER/NAME@COMMIT",
    help="The reusable action that the workflows use: your copy of this project's repository.",
)
@click.option("--yes", "-y", is_flag=True, help="Ask nothing: options, environment and defaults decide.")
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@click.option("--offline", is_flag=True, help="Don't ask GitHub and Notion whether they can be used.")
@json_option
def init(
    repositories: Sequence[str],
    history_days: int,
    mappings: Sequence[str],
    workflows: bool,
    action: str | None,
    yes: bool,
    force: bool,
    offline: bool,
    as_json: bool,
) -> None:
    """Write a `roadmap.toml` for your repositories, and check that both sides can be used.

    On a terminal it asks; --yes, or no terminal, takes options and environment. Credentials are read from GITHUB_TOKEN
    and NOTION_API_KEY, or asked for and used here only: they are never written. Nothing that exists is replaced without
    asking, and nothing is written while a credential or a repository is refused.
    """
    from roadmap_pipeline.pipeline import initialization

    is_interactive = sys.stdin.isatty() and not yes and not as_json
    environment = dict(os.environ)
    paths = [initialization.configuration_path(environment, Path.cwd() if workflows else None)]
    paths += initialization.workflow_paths(Path.cwd()) if workflows else []
    _require_leave(initialization.existing_files(paths), force=force, is_interactive=is_interactive)
    chosen = list(repositories) or _named(environment)
    if is_interactive:
        chosen = chosen if repositories else _ask_repositories(chosen)
        environment |= _ask_secrets(environment)
    if not chosen:
        raise ConfigurationError("no repository is named: give --repository owner/name, or set GITHUB_REPOSITORY")
    choices = initialization.Choices(chosen, history_days, _mapping(mappings))
    texts = [initialization.configuration_text(choices)]
    texts += [initialization.workflow_text(path.name, action or initialization.ACTION) for path in paths[1:]]
    findings = [] if offline else initialization.check_access(environment, chosen)
    _print_findings(findings, as_json=as_json)
    if any(finding.state == "problem" for finding in findings):
        click.echo(
            "Nothing was written: put that right and run it again, or leave the check out (--offline).", err=True
        )
        sys.exit(WRONG_USAGE)
    for path, content in zip(paths, texts, strict=True):
        initialization.write_file(path, content)
    _print_end(paths, _next_steps(environment, workflows=workflows, action=action), as_json=as_json)
    sys.exit(DONE)


def _named(environment: Mapping[str, str]) -> list[str]:
    names = (name.strip() for name in environment.get("GITHUB_REPOSITORY", "").split(","))
    return [name for name in dict.fromkeys(names) if name]


def _require_leave(existing: Sequence[Path], *, force: bool, is_interactive: bool) -> None:
    """Ask for leave to replace files.

    Raises:
        ConfigurationError: There is none.
    """
    if not existing or force:
        return
    names = ", ".join(map(str, existing))
    if not is_interactive or not click.confirm(f"{names}: replace it?", default=False):
        verb = "is" if len(existing) == 1 else "are"
        raise ConfigurationError(f"{names} {verb} there already: --force replaces it")


def _ask_repositories(default: Sequence[str]) -> list[str]:
    answer = click.prompt("Repositories (owner/name, several with commas)", default=",".join(default) or None)
    return _named({"GITHUB_REPOSITORY": str(answer)})


def _ask_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Ask for what isn't set, without showing it; an empty answer leaves it out."""
    from roadmap_pipeline.settings import is_set

    answers: dict[str, str] = {}
    if not environment.get("GITHUB_APP_ID"):
        answers |= _ask(environment, "GITHUB_TOKEN", is_hidden=True)
    answers |= _ask(environment, "NOTION_API_KEY", is_hidden=True)
    if answers.get("NOTION_API_KEY") or is_set(environment, "NOTION_API_KEY"):
        answers |= _ask(environment, "NOTION_PARENT_PAGE_ID", is_hidden=False)
    return answers


def _ask(environment: Mapping[str, str], name: str, *, is_hidden: bool) -> dict[str, str]:
    from roadmap_pipeline.settings import is_set

    if is_set(environment, name):
        return {}
    answer = click.prompt(f"{name} (Enter: later)", default="", hide_input=is_hidden, show_default=False).strip()
    return {name: answer} if answer else {}


def _mapping(words: Sequence[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    wrong = [
        f"--map: {''.join(pair)!r} is not GLOB=TITLE" for pair in pairs if not (pair[0].strip() and pair[2].strip())
    ]
    if wrong:
        raise ConfigurationError(*wrong)
    return {key.strip(): title.strip() for key, _, title in pairs}


def _print_findings(findings: "Sequence[Finding]", *, as_json: bool) -> None:
    for finding in findings:
        click.echo(without_controls(f"{_MARKS[finding.state]} {finding.subject}: {finding.message}"), err=as_json)


def _next_steps(environment: Mapping[str, str], *, workflows: bool, action: str | None) -> list[str]:
    """Return what to do next, as lines to type."""
    from roadmap_pipeline.settings import is_set

    names = ("GITHUB_TOKEN", "NOTION_API_KEY", "NOTION_PARENT_PAGE_ID")
    missing = [name for name in names if not is_set(os.environ, name)]
    if environment.get("GITHUB_APP_ID"):
        missing = [name for name in missing if name != "GITHUB_TOKEN"]
    steps = [f"export {name}=…" for name in missing]
    if workflows:
        if action is None:
            steps += ["# in both workflows: the owner of your copy of roadmap_pipeline in the place of OWNER"]
        steps += ["gh secret set NOTION_API_KEY", "gh secret set NOTION_PARENT_PAGE_ID", "git add .github roadmap.toml"]
    return [*steps, "roadmap doctor", "roadmap run"]


def _print_end(paths: Sequence[Path], steps: Sequence[str], *, as_json: bool) -> None:
    """Print what was written, and what to do next."""
    if as_json:
        print_json({"written": [str(path) for path in paths], "next": steps})
        return
    for path in paths:
        click.echo(f"Written: {path}")
    click.echo("Next:\n" + "\n".join(f"  {step}" for step in steps))
