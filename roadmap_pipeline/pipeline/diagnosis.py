"""Diagnosis: what ``roadmap doctor`` finds, each problem with its remedy.

Belongs here: how what was asked is told to a person. What is asked of both sides is in ``access``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.pipeline.access import check_repositories, describe_notion
from roadmap_pipeline.reports.format import several
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.warehouse.connection import WarehouseError
from roadmap_pipeline.warehouse.critical_workflows import unknown_critical_workflows
from roadmap_pipeline.warehouse.query import published

LOCK_TIMEOUT_S = 2
"""Seconds to wait for the warehouse: whoever asks what is wrong does not want to wait for a minute."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one thing that ``roadmap doctor`` looked at."""

    subject: str
    state: Literal["ok", "problem", "note"]
    message: str

    def to_json(self) -> dict[str, Any]:
        """Return it as one object."""
        return {"subject": self.subject, "state": self.state, "message": self.message}


def diagnose(runtime: Runtime) -> list[Finding]:
    """Look at the settings, both servers, the warehouse and what could not be read; every problem says its remedy."""
    settings = runtime.settings
    exists = settings.config_path.is_file()
    return [
        Finding(
            "configuration",
            "ok" if exists else "note",
            f"{settings.config_path}" if exists else "no roadmap.toml: defaults",
        ),
        *(Finding("configuration", "note", warning) for warning in settings.warnings),
        *_check_github(runtime),
        *_check_notion_and_warehouse(runtime),
    ]


def _check_notion_and_warehouse(runtime: Runtime) -> list[Finding]:
    warehouse = _check(None, runtime, _describe_warehouse)
    if warehouse.state == "problem":  # in which is noted which databases are ours, and what could not be read
        return [Finding("Notion", "note", "not looked at: the warehouse can't be opened"), warehouse]
    return [
        _check("notion", runtime, describe_notion),
        warehouse,
        *_look_into_warehouse(runtime),
        *_check_sections(runtime),
    ]


def _check_github(runtime: Runtime) -> list[Finding]:
    """Return one finding for all that can be read, and one for each repository that can't."""
    from roadmap_pipeline.github.client.errors import Paused

    if message := runtime.missing("github"):
        return [Finding("GitHub", "note", message)]
    try:
        readable, unreadable = check_repositories(runtime)
    except Paused as pause:
        return [Finding("GitHub", "note", str(pause))]
    except ConfigurationError as error:
        return [Finding("GitHub", "problem", "; ".join(error.problems))]
    settings = runtime.settings
    where = f"at {settings.github_api_url}" + (" (sandbox)" if settings.deployment != "real" else "")
    found = [Finding("GitHub", "ok", f"{', '.join(readable)} {where}")] if readable else []
    return [*found, *(Finding("GitHub", "problem", why) for why in unreadable.values())]


def _check(side: Literal["notion"] | None, runtime: Runtime, describe: Callable[[Runtime], str]) -> Finding:
    subject = "Notion" if side else "warehouse"
    if side and (message := runtime.missing(side)):
        return Finding(subject, "note", message)
    try:
        return Finding(subject, "ok", describe(runtime))
    except ConfigurationError as error:
        return Finding(subject, "problem", "; ".join(error.problems))
    except RoadmapError as error:
        return Finding(subject, "problem", str(error))


def _describe_warehouse(runtime: Runtime) -> str:
    path = Path(runtime.settings.warehouse)
    if not path.exists():
        return f"{path} does not exist yet; the first run makes it"
    with runtime.warehouse.connect(lock_timeout_s=LOCK_TIMEOUT_S) as con:
        ((runs,),) = con.execute("select count(*) from raw.workflow_runs").fetchall()
    return f"{path}, {runs:,} run attempts"


def _check_sections(runtime: Runtime) -> list[Finding]:
    """Return which sections of one's own can't be made; nothing where there are none, or nothing is built yet."""
    from roadmap_pipeline.pipeline.rendering import sections_that_fail

    settings = runtime.settings
    added = sum(section.is_own for section in settings.configuration.reports.sections)
    runtime.warehouse.close()
    try:
        if not added or not Path(published(settings.warehouse, or_live=True)).exists():
            return []
        failing = sections_that_fail(settings)
    except WarehouseError:
        return []  # said already
    if failing:
        return [Finding("reports", "problem", sentence) for sentence in failing]
    return [Finding("reports", "ok", f"{several(added, 'section')} of your own can be made")]


def _look_into_warehouse(runtime: Runtime) -> list[Finding]:
    """Return what was read and shows a mistake in the configuration, and what could not be read."""
    from roadmap_pipeline.reports.coverage import unread

    path = Path(runtime.settings.warehouse)
    if not path.exists():
        return []
    with runtime.warehouse.connect(lock_timeout_s=LOCK_TIMEOUT_S) as con:
        unknown = unknown_critical_workflows(con, runtime.settings.configuration)
        return [
            *(Finding("configuration", "note", sentence) for sentence in unknown),
            *(Finding("not read", "note", one.sentence()) for one in unread(con)),
        ]
