"""Diagnosis: what ``roadmap doctor`` finds, each problem with its remedy.

Belongs here: how what was asked is told to a person. What is asked of both sides is in ``access``, the items of the
checklist are in ``checklist``.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.pipeline import instance_file
from roadmap_pipeline.pipeline.access import DATABASES_MISSING, check_repositories, look_at_notion
from roadmap_pipeline.pipeline.automation import Automation, read_automation
from roadmap_pipeline.pipeline.checklist import Seen, checklist
from roadmap_pipeline.pipeline.findings import Finding, named
from roadmap_pipeline.reports.format import several
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.warehouse.connection import WarehouseError, is_file, shown_path
from roadmap_pipeline.warehouse.critical_workflows import unknown_critical_workflows
from roadmap_pipeline.warehouse.query import published
from roadmap_pipeline.warehouse.retention import dropped_so_far

__all__ = ["Finding", "diagnose"]

LOCK_TIMEOUT_S = 2
"""Seconds to wait for the warehouse: whoever asks what is wrong does not want to wait for a minute."""


LARGEST_SKEW_S = 30.0
"""Difference of clocks (seconds) that is let pass: GitHub refuses an App's signature that is a minute off."""

_FEW_REQUESTS = 200
_STORAGES = ("storage", "schedule_storage")
"""Keys of ``dagster.yaml`` that name another place for the state of schedules."""


def diagnose(runtime: Runtime) -> list[Finding]:
    """Look at the settings, both servers, the warehouse and what could not be read; every problem says its remedy."""
    settings = runtime.settings
    exists = settings.config_path.is_file()
    seen = Seen()
    findings = [
        Finding(
            "configuration",
            "ok" if exists else "note",
            f"{settings.config_path}" if exists else "no roadmap.toml: defaults; `roadmap init` writes one",
        ),
        *(Finding("configuration", "note", warning) for warning in settings.warnings),
        *_check_github(runtime, seen),
        *_check_notion_and_warehouse(runtime, seen),
        *_check_clock(seen),
        *_check_instance(runtime.settings.dagster_home),
        _check_schedules(runtime, seen),
        *_check_notifications(runtime),
    ]
    return [*findings, *checklist(runtime, seen)]


def _check_notion_and_warehouse(runtime: Runtime, seen: Seen) -> list[Finding]:
    warehouse = _check(None, runtime, partial(_describe_warehouse, seen=seen))
    if warehouse.state == "problem":  # in which is noted which databases are ours, and what could not be read
        return [Finding("Notion", "note", "not looked at: the warehouse can't be opened"), warehouse]
    notion = _check("notion", runtime, look_at_notion)
    if not runtime.missing("notion") and (ahead := runtime.notion.server_seconds_ahead) is not None:
        seen.seconds_ahead["Notion"] = ahead
    seen.notion_in_shape = notion.state == "ok" and DATABASES_MISSING not in notion.message
    return [notion, warehouse, *_look_into_warehouse(runtime), *_check_sections(runtime)]


def _check_github(runtime: Runtime, seen: Seen) -> list[Finding]:
    """Return one finding for all that can be read, one for each repository that can't, and those about the token."""
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
    seen.readable = readable
    not_asked = len(settings.repositories) - len(readable) - len(unreadable)
    rest = f"; {several(not_asked, 'further repository')} not asked for" if not_asked else ""
    repositories = [Finding("GitHub", "ok", f"{named(readable)} {where}{rest}")] if readable else []
    repositories += [Finding("GitHub", "problem", why) for why in unreadable.values()]
    return [*repositories, *_check_token(runtime, seen)]


def _check_token(runtime: Runtime, seen: Seen) -> list[Finding]:
    """Return what GitHub tells of the token itself, by a request that costs nothing: its scopes, and what is left."""
    from roadmap_pipeline.github.client.response import server_time

    try:
        response = runtime.github.get("/rate_limit")
    except RoadmapError as error:
        return [Finding("rate limit", "note", str(error))]
    seen.seconds_ahead["GitHub"] = server_time(response.headers) - time.time()
    core = response.data["resources"]["core"]
    reset = datetime.fromtimestamp(core["reset"], UTC)
    left = f"{core['remaining']:,} of {core['limit']:,} requests left until {reset:%H:%M} UTC"
    is_low = core["remaining"] < min(_FEW_REQUESTS, core["limit"])
    limit = Finding("rate limit", "note" if is_low else "ok", left + ("; what is left to read waits" if is_low else ""))
    scopes = _scopes(runtime, response.headers.get("x-oauth-scopes"))
    return [scopes, limit, _graphql(runtime, response.data["resources"].get("graphql"))]


def _graphql(runtime: Runtime, quota: Any) -> Finding:
    """Return whether jobs can be read in bulk, asked by a query of one point, and how much of that quota is left."""
    name = "GraphQL"
    try:
        runtime.github.graphql.query("rate_limit", {})
    except RoadmapError as error:
        return Finding(name, "note", f"can't be used ({error}): jobs are read by REST, one request a run")
    if not isinstance(quota, dict):
        return Finding(name, "ok", "jobs can be read in bulk")
    reset = datetime.fromtimestamp(quota["reset"], UTC)
    left = f"{quota['remaining']:,} of {quota['limit']:,} points left until {reset:%H:%M} UTC"
    return Finding(name, "ok" if quota["remaining"] else "note", left)


def _scopes(runtime: Runtime, header: str | None) -> Finding:
    """Return whether the scopes of a classic token suffice; other tokens don't tell their permissions."""
    if header is None:
        kind = "GitHub App" if runtime.settings.github_app is not None else "fine-grained or a workflow's token"
        needed = "it needs to read Actions, checks, contents, issues and to write issues and pull requests"
        return Finding("token scopes", "note", f"{kind}, which tells no scopes; {needed}")
    scopes = {scope.strip() for scope in header.split(",") if scope.strip()}
    if "repo" in scopes:
        return Finding("token scopes", "ok", f"classic token with {', '.join(sorted(scopes))}")
    if "public_repo" in scopes:
        return Finding("token scopes", "note", "classic token with public_repo: private repositories can't be read")
    remedy = "make one with the scope repo at https://github.com/settings/tokens and put it into GITHUB_TOKEN"
    return Finding("token scopes", "problem", f"classic token with {header or 'no scope'}, without repo: {remedy}")


def _check_clock(seen: Seen) -> list[Finding]:
    """Return how far this machine's clock is from those of the servers that answered."""
    ahead = seen.seconds_ahead
    if not ahead:
        return []
    wrong = {name: seconds for name, seconds in ahead.items() if abs(seconds) > LARGEST_SKEW_S}
    if not wrong:
        return [Finding("clock", "ok", f"as that of {' and '.join(ahead)}, within {LARGEST_SKEW_S:.0f} s")]
    told = ", ".join(f"{abs(s):,.0f} s {'behind' if s > 0 else 'ahead of'} {name}'s" for name, s in wrong.items())
    return [Finding("clock", "problem", f"this machine's is {told}: set it (timedatectl set-ntp true)")]


def _check_instance(home: Path) -> list[Finding]:
    """Return whether Dagster's instance is set up otherwise than the project does it; a deployment's always is."""
    if not instance_file.is_own(home) or _has_own_storage(home):
        return []
    remedy = "remove it, and the next run makes a new one, if you don't know why it is another"
    return [Finding("Dagster's instance", "note", f"{home / instance_file.NAME} isn't the project's: {remedy}")]


def _check_schedules(runtime: Runtime, seen: Seen) -> Finding:
    """Return whether anything runs by itself, as ``roadmap.toml`` and Dagster's own files tell."""
    home = runtime.settings.dagster_home
    if _has_own_storage(home):
        return Finding("schedules", "note", f"{home}/dagster.yaml keeps Dagster's state elsewhere: its UI shows them")
    automation = read_automation(home) or Automation()
    named = set(runtime.settings.configuration.automation.names) - set(automation.stopped)
    running = sorted(named | set(automation.running))
    on = ", ".join(running)
    if not on:
        remedy = "automation.running in roadmap.toml or the Dagster UI (`roadmap ui`) switches them on"
        return Finding("schedules", "note", f"none is on: {remedy}; or run by workflows (docs/github-actions.md)")
    if not automation.is_alive(datetime.now(UTC)):
        since = automation.heartbeat_at
        last = f"its last sign was at {since:%Y-%m-%d %H:%M} UTC" if since else "it never gave a sign"
        remedy = "keep `roadmap ui` or `dagster-daemon run` alive"
        return Finding("schedules", "problem", f"{on} on, but Dagster's daemon isn't running ({last}): {remedy}")
    seen.schedules = running
    return Finding("schedules", "ok", on)


def _has_own_storage(home: Path) -> bool:
    """Return whether Dagster keeps its state in another place than files in its home."""
    try:
        text = (home / "dagster.yaml").read_text(encoding="utf-8")
    except OSError:
        return False
    return any(line.partition(":")[0] in _STORAGES for line in text.splitlines())


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

    if not _is_there(runtime.settings.warehouse):
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


def _describe_warehouse(runtime: Runtime, seen: Seen) -> str:
    path = shown_path(runtime.settings.warehouse)
    if not _is_there(runtime.settings.warehouse):
        return f"{path} does not exist yet; the first run makes it"
    with runtime.warehouse.connect(lock_timeout_s=LOCK_TIMEOUT_S) as con:
        ((runs,),) = con.execute("select count(*) from raw.workflow_runs").fetchall()
    seen.run_attempts = runs
    return f"{path}, {runs:,} run attempts"


def _is_there(warehouse: str | Path) -> bool:
    """Return whether there is something to look into; a database elsewhere is made by looking into it."""
    return not is_file(warehouse) or Path(warehouse).exists()


def _check_sections(runtime: Runtime) -> list[Finding]:
    """Return which sections of one's own can't be made; nothing where there are none, or nothing is built yet."""
    from roadmap_pipeline.pipeline.rendering import sections_that_fail

    settings = runtime.settings
    added = sum(section.is_own for section in settings.configuration.reports.sections)
    runtime.warehouse.close()
    try:
        if not added or not _is_there(published(settings.warehouse, or_live=True)):
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

    if not _is_there(runtime.settings.warehouse):
        return []
    with runtime.warehouse.connect(lock_timeout_s=LOCK_TIMEOUT_S) as con:
        unknown = unknown_critical_workflows(con, runtime.settings.configuration)
        return [
            *(Finding("configuration", "note", sentence) for sentence in unknown),
            *(Finding("not read", "note", one.sentence()) for one in unread(con)),
            *(Finding("retention", "ok", f"dropped so far: {one.sentence()}") for one in dropped_so_far(con)),
        ]
