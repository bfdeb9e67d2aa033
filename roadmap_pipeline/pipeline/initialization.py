"""The beginning of a project: its ``roadmap.toml``, the workflows, and whether what was named can be reached.

Belongs here: what is written, and what is asked of both sides before. The questions to a person are the command's.
No secret is ever written: they stay in the environment.
"""

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from roadmap_pipeline import settings as project
from roadmap_pipeline.configuration import read_configuration
from roadmap_pipeline.discovery import names_repositories
from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.pipeline.access import check_repositories, look_at_notion
from roadmap_pipeline.pipeline.findings import Finding
from roadmap_pipeline.runtime import Runtime

WORKFLOWS = ("notion-roadmap-sync.yml", "ci-intelligence-report.yml")

ACTION = "OWNER/roadmap_pipeline@v1"
"""The reusable action as the templates name it, whose owner nobody but the user knows."""

_ACTION = re.compile(r"[\w.-]+/[\w.-]+@[\w./-]+", re.ASCII)
_CREDENTIALS = {"GITHUB_TOKEN": "GitHub", "NOTION_API_KEY": "Notion"}


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of somebody who begins a project."""

    repositories: Sequence[str]
    history_days: int = 400
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Branch glob or label to the title of a milestone."""


def configuration_path(environment: Mapping[str, str], clone: Path | None = None) -> Path:
    """Return where the configuration file is, or would be: this project's, or that of workflows in a ``clone``."""
    named = environment.get("ROADMAP_CONFIG")
    return Path(named).expanduser() if named else (clone or project.project_root()) / "roadmap.toml"


def configuration_text(choices: Choices) -> str:
    """Return the configuration file for ``choices``, with the commonest other keys as comments.

    Raises:
        ConfigurationError: A choice makes no valid file.
    """
    problems = [
        f"--repository: {name!r} is not owner/name" for name in choices.repositories if not names_repositories(name)
    ]
    if problems:
        raise ConfigurationError(*problems)
    mapping = [f"{_quoted(key)} = {_quoted(title)}" for key, title in choices.mapping.items()]
    text = "\n".join(
        [
            "# Every key: docs/configuration.md. Secrets stay in the environment, never here.",
            f"repositories = [{', '.join(map(_quoted, choices.repositories))}]",
            f"history_days = {choices.history_days}  # how far back runs are read the first time",
            "",
            "# [critical_workflows]  # default: every workflow that ran on the default branch",
            f'# {_quoted(choices.repositories[0])} = ["ci.yml"]' if choices.repositories else "#",
            "",
            "[milestones.mapping]  # branch glob or label -> milestone title; names of branches decide without it",
            *(mapping or ['# "feature/checkout-*" = "Stage 7.3"']),
            "",
        ]
    )
    with TemporaryDirectory() as folder:
        aside = Path(folder) / "roadmap.toml"
        aside.write_text(text, encoding="utf-8")
        read_configuration(aside, must_exist=True, problems=problems)
    if problems:
        raise ConfigurationError(*(problem.replace(f"{aside}: ", "") for problem in problems))
    return text


def _quoted(text: str) -> str:
    """Return a TOML string: JSON's escapes are TOML's, but for the control character that JSON leaves as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def check_access(environment: Mapping[str, str], repositories: Sequence[str]) -> list[Finding]:
    """Ask both sides whether they can be used for these repositories, with the credentials of ``environment``.

    A side without credentials is a note. What the configuration file says so far doesn't matter.
    """
    chosen = {key: value for key, value in environment.items() if key != "ROADMAP_CONFIG"}
    chosen |= {"GITHUB_REPOSITORY": ",".join(repositories), "ROADMAP_WAREHOUSE": project.warehouse_path(environment)}
    if not any(project.is_set(environment, name) for name in (*_CREDENTIALS, "GITHUB_APP_ID")):
        missing = " and ".join(_CREDENTIALS)
        return [Finding("credentials", "note", f"{missing} are not set: nothing was asked, all runs in the sandbox")]
    with TemporaryDirectory() as folder:
        try:
            settings = project.load_settings(chosen, Path(folder))
        except ConfigurationError as error:
            return [Finding("environment", "problem", problem) for problem in error.problems]
    with Runtime(settings) as runtime:
        return [*_check_repositories(runtime), _check_notion(runtime)]


def _check_repositories(runtime: Runtime) -> list[Finding]:
    if message := runtime.missing("github"):
        return [Finding("GitHub", "note", message)]
    try:
        readable, unreadable = check_repositories(runtime)
    except RoadmapError as error:
        return [Finding("GitHub", "problem", str(error))]
    return [
        *([Finding("GitHub", "ok", f"{', '.join(readable)} can be read")] if readable else []),
        *(Finding("GitHub", "problem", why) for why in unreadable.values()),
    ]


def _check_notion(runtime: Runtime) -> Finding:
    if message := runtime.missing("notion"):
        return Finding("Notion", "note", message)
    try:
        return Finding("Notion", "ok", look_at_notion(runtime))
    except RoadmapError as error:
        return Finding("Notion", "problem", str(error))


def existing_files(paths: Sequence[Path]) -> list[Path]:
    """Return those of ``paths`` that are there already, and would be lost."""
    return [path for path in paths if path.exists()]


def workflow_paths(folder: Path) -> list[Path]:
    """Return where the workflows of a repository at ``folder`` are."""
    return [folder / ".github" / "workflows" / name for name in WORKFLOWS]


def workflow_text(name: str, action: str = ACTION) -> str:
    """Return a workflow that uses ``action``, as ``owner/name@ref``.

    Raises:
        ConfigurationError: It isn't one.
    """
    if not _ACTION.fullmatch(action):
        raise ConfigurationError(f"--action: {action!r} is not OWNER/NAME@COMMIT")
    return _template(name).replace(ACTION, action)


def _template(name: str) -> str:
    """Return the template of a workflow: beside the package in a checkout, among the installed data in a wheel."""
    beside_package = Path(__file__).resolve().parents[2]
    places = (beside_package / "deploy" / "github", Path(sys.prefix) / "share" / "roadmap_pipeline" / "github")
    for place in places:
        with suppress(FileNotFoundError):
            return (place / name).read_text(encoding="utf-8")
    raise RoadmapError(f"the template {name} is not installed: copy it from deploy/github in the project's repository")


def write_file(path: Path, text: str) -> None:
    """Write a file at once: it is whole, or as it was.

    Raises:
        RoadmapError: It can't be written.
    """
    beside = path.with_name(f"{path.name}.{os.urandom(4).hex()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise RoadmapError(f"{path} can't be written: {error.strerror}") from error
