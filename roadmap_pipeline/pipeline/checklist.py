"""The checklist of a whole set-up, ticked off by ``roadmap doctor``.

Belongs here: its items, in the order in which one sets things up, and how each is seen to be done. What is open is no
problem: not everybody wants all of it. What is wrong is found by ``diagnosis``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.pipeline.findings import Finding, Section, named
from roadmap_pipeline.pipeline.initialization import WORKFLOWS
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.warehouse.connection import shown_path

SECRETS = ("NOTION_API_KEY", "NOTION_PARENT_PAGE_ID")
"""Secrets that the workflows need; GitHub gives every workflow a GITHUB_TOKEN of its own."""

_PAGE = "docs/github-actions.md"


@dataclass(slots=True)
class Seen:
    """The rest of what the doctor has seen: what the checklist needn't ask for again."""

    notion_in_shape: bool = False
    run_attempts: int = 0
    readable: Sequence[str] = ()
    seconds_ahead: dict[str, float] = field(default_factory=dict)
    """The clock of each server that told it, less this machine's."""
    schedules: Sequence[str] = ()
    """The schedules and sensors that are on in a Dagster whose daemon is alive."""
    workflows: Mapping[str, str] | None = None
    """State by file name of the two workflows that were found; None where they can't be listed."""


def checklist(runtime: Runtime, seen: Seen) -> Iterator[Finding]:
    """Yield the items of the checklist, and after them the optional ones."""
    settings = runtime.settings
    yield _item(
        "Notion key configured",
        settings.notion_api_key is not None,
        "NOTION_API_KEY is set",
        "set NOTION_API_KEY to an integration's secret",
    )
    yield _item(
        "Notion databases created",
        seen.notion_in_shape,
        "both are in shape",
        "`roadmap setup-notion --create-databases` makes them, and so does the first `roadmap run`",
    )
    yield _secrets(runtime, seen)
    yield _item(
        "CI database initialised",
        seen.run_attempts > 0,
        f"{seen.run_attempts:,} run attempts in {shown_path(settings.warehouse)}",
        "`roadmap run` reads the history",
    )
    seen.workflows = _workflows(runtime, seen)
    yield _workflows_enabled(seen)
    yield from _optional(runtime, seen)


def _item(subject: str, is_done: bool, done: str, remedy: str, section: Section = "checklist") -> Finding:
    return Finding(subject, "ok" if is_done else "open", done if is_done else remedy, section)


def _secrets(runtime: Runtime, seen: Seen) -> Finding:
    subject = "repository secrets set"
    if not seen.readable:
        return Finding(subject, "open", "can't be seen: no repository can be read", "checklist")
    missing: dict[str, list[str]] = {}
    unseen: list[str] = []
    for repo in seen.readable:
        names = _secret_names(runtime, repo)
        if names is None:
            unseen.append(repo)
        elif lacking := [name for name in SECRETS if name not in names]:
            missing[repo] = lacking
        else:
            return Finding(subject, "ok", f"{' and '.join(SECRETS)} in {repo}", "checklist")
    if unseen:
        message = f"can't be seen with this token (it would need to read secrets of {named(unseen)})"
        return Finding(subject, "open", message, "checklist")
    repo, lacking = next(iter(missing.items()))
    message = f"{repo} lacks {' and '.join(lacking)}: `gh secret set {lacking[0]} --repo {repo}` ({_PAGE})"
    return Finding(subject, "open", message, "checklist")


def _secret_names(runtime: Runtime, repo: str) -> set[str] | None:
    """Return the names of the secrets that workflows of a repository get; None where they can't be listed."""
    names: set[str] = set()
    for path in ("secrets", "organization-secrets"):
        found = _list(runtime, f"/repos/{repo}/actions/{path}", "secrets")
        if found is None and path == "secrets":
            return None
        names.update(str(secret["name"]) for secret in found or ())
    return names


def _workflows(runtime: Runtime, seen: Seen) -> dict[str, str] | None:
    states: dict[str, str] = {}
    is_listed = False
    for repo in seen.readable:
        found = _list(runtime, f"/repos/{repo}/actions/workflows", "workflows")
        is_listed = is_listed or found is not None
        for workflow in found or ():
            name = str(workflow["path"]).rpartition("/")[2]
            if name in WORKFLOWS and states.get(name) != "active":
                states[name] = str(workflow["state"])
    return states if is_listed else None


def _workflows_enabled(seen: Seen) -> Finding:
    subject = "workflows enabled"
    if seen.workflows is None:
        return Finding(subject, "open", "can't be seen: no repository's workflows can be listed", "checklist")
    missing = [name for name in WORKFLOWS if name not in seen.workflows]
    disabled = [name for name in WORKFLOWS if seen.workflows.get(name, "active") != "active"]
    if not missing and not disabled:
        return Finding(subject, "ok", " and ".join(WORKFLOWS), "checklist")
    if seen.schedules:
        on = ", ".join(seen.schedules)
        return Finding(subject, "ok", f"not needed: Dagster's schedules and sensors are on ({on})", "checklist")
    if disabled:
        message = f"{' and '.join(disabled)} is switched off: `gh workflow enable {disabled[0]}`"
    else:
        message = f"no {' and '.join(missing)}: `roadmap init --workflows` writes them ({_PAGE}); or use Dagster's"
    return Finding(subject, "open", message, "checklist")


def _list(runtime: Runtime, path: str, key: str) -> list[dict[str, Any]] | None:
    """Return a whole list of GitHub; None where this token may not see it, or it can't be read now."""
    try:
        with runtime.github.trying(2):
            return [item for page in runtime.github.pages(path, items_key=key) for item in page]
    except RoadmapError:
        return None


def _optional(runtime: Runtime, seen: Seen) -> Iterator[Finding]:
    configuration = runtime.settings.configuration
    both = not (runtime.missing("github") or runtime.missing("notion"))
    yield _item(
        "two-way sync configured",
        both and seen.notion_in_shape,
        "titles, target dates and status go both ways with every sync"
        + ("; new rows become milestones" if configuration.two_way.create_milestones else ""),
        "it needs both sides, and Notion's databases (docs/sync.md)",
        "optional",
    )
    workflows = seen.workflows or {}
    by_workflow = workflows.get("ci-intelligence-report.yml") == "active"
    yield _item(
        "quarterly reports scheduled",
        "quarterly_report_schedule" in seen.schedules or by_workflow,
        "by ci-intelligence-report.yml" if by_workflow else "by quarterly_report_schedule",
        "quarterly_report_schedule in automation.running of roadmap.toml, or the workflow ci-intelligence-report.yml",
        "optional",
    )
    mapping = configuration.milestones.mapping
    yield _item(
        "custom milestone mapping",
        bool(mapping),
        f"{len(mapping)} in milestones.mapping",
        "milestones.mapping in roadmap.toml; without it names of branches and labels decide",
        "optional",
    )
    progress = configuration.progress
    is_own = progress != type(progress)()
    rules = len(progress.rules)
    yield _item(
        "advanced progress calculation",
        is_own,
        f"{rules} rules of your own" if rules else "thresholds or points of your own",
        "progress and progress.rules in roadmap.toml; without them seed_v1 with its defaults decides",
        "optional",
    )
