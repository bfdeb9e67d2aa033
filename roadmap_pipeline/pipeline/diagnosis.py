"""Diagnosis: what ``roadmap doctor`` finds, each problem with its remedy.

Belongs here: how what was asked is told to a person. What is asked of both sides is in ``access``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.pipeline.access import check_repositories, describe_notion
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.warehouse.critical_workflows import unknown_critical_workflows

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
        *_check_notifications(runtime),
    ]


def _check_notion_and_warehouse(runtime: Runtime) -> list[Finding]:
    warehouse = _check(None, runtime, _describe_warehouse)
    if warehouse.state == "problem":  # in which is noted which databases are ours, and what could not be read
        return [Finding("Notion", "note", "not looked at: the warehouse can't be opened"), warehouse]
    return [_check("notion", runtime, describe_notion), warehouse, *_look_into_warehouse(runtime)]


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


def _check_notifications(runtime: Runtime) -> list[Finding]:
    """Return where messages go and what did not arrive there; nothing where they go nowhere."""
    from roadmap_pipeline.notifications import Notifier
    from roadmap_pipeline.notifications.delivery import UNKNOWN, is_known

    addresses = Notifier(runtime.settings, runtime.warehouse).addresses
    known = [address.shown for address in addresses if is_known(address)]
    findings = [Finding("notifications", "ok", f"to {', '.join(known)}")] if known else []
    findings += [
        Finding("notifications", "problem", f"ROADMAP_NOTIFY_URLS: {address.shown} {UNKNOWN}")
        for address in addresses
        if not is_known(address)
    ]
    return findings + (_undelivered(runtime) if addresses else [])


def _undelivered(runtime: Runtime) -> list[Finding]:
    from roadmap_pipeline.notifications.journal import troubles

    if not Path(runtime.settings.warehouse).exists():
        return []
    try:
        with runtime.warehouse.connect(lock_timeout_s=LOCK_TIMEOUT_S) as con:
            found = troubles(con)
    except RoadmapError:  # which the warehouse's own finding tells
        return []
    again = {"failed": "; the next run tries again", "interrupted": ""}
    return [
        Finding(
            "notifications",
            "note",
            f"{one.address} was not told of {one.title!r} at {one.at:%Y-%m-%d %H:%M} UTC: {one.error}"
            f"{again[one.state]}",
        )
        for one in found
    ]


def _describe_warehouse(runtime: Runtime) -> str:
    path = Path(runtime.settings.warehouse)
    if not path.exists():
        return f"{path} does not exist yet; the first run makes it"
    with runtime.warehouse.connect(lock_timeout_s=LOCK_TIMEOUT_S) as con:
        ((runs,),) = con.execute("select count(*) from raw.workflow_runs").fetchall()
    return f"{path}, {runs:,} run attempts"


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
