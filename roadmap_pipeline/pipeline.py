"""The steps of the pipeline, each callable on its own: what the assets and the command line both call.

A stage takes a :class:`~roadmap_pipeline.runtime.Workspace`, opens the warehouse for as short as it can, and notes in
the workspace's outcome what it did. No Dagster here; what a stage is made of lives in the other packages.
"""

from collections.abc import Callable, Collection
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.runtime import Workspace
from roadmap_pipeline.settings import Settings
from roadmap_pipeline.warehouse.connection import connect, rolled_back, transaction
from roadmap_pipeline.warehouse.models import (
    Difference,
    ModelResult,
    Policy,
    SqlModel,
    build,
    dbt_project,
    differences,
    project,
    selected_models,
)
from roadmap_pipeline.warehouse.origin import claim, gives_way, require, room_for_real
from roadmap_pipeline.warehouse.parameters import store_parameters
from roadmap_pipeline.warehouse.source_tables import replace_table

if TYPE_CHECKING:
    import duckdb

    from roadmap_pipeline.failures.reclassification import Moved
    from roadmap_pipeline.github.ingest.store import IngestSummary
    from roadmap_pipeline.reports.weekly import Report
    from roadmap_pipeline.sync.desired import Published
    from roadmap_pipeline.sync.run import Part, SyncResult

COMPUTED_SCHEMAS = ("staging", "marts")
"""Schemas whose models are built before anything is rendered; ``publish`` comes after."""

NAMED_AT_MOST = 3
"""Reasons that an error names."""

SHARE_FOR_COMMENTS = 0.05
"""Of GitHub's hourly quota, which a first back-fill would use up for hours."""


def ingest(workspace: Workspace) -> "IngestSummary":
    """Read GitHub into ``raw``, as far as it lets us.

    Raises :class:`ConfigurationError` when that side is not configured or not one repository can be read.
    """
    from roadmap_pipeline.failures.rules.own_rules import classifier_with
    from roadmap_pipeline.github.ingest.repositories import ingest as read_github
    from roadmap_pipeline.github.ingest.store import IngestSummary

    if message := workspace.missing("github"):
        raise ConfigurationError(message)
    settings = workspace.settings
    # The project's own rules are made ready by the first log that is read; people's rules are checked before anything.
    classifier = None if settings.rules_file is None else classifier_with(settings.rules_file)
    _claim(workspace)
    github, limits = workspace.github, settings.configuration.limits
    summary, outcome = IngestSummary(), workspace.outcome
    try:
        with (
            connect(settings.warehouse) as con,
            github.spending_at_most(limits.github_requests_per_run, leaving=SHARE_FOR_COMMENTS),
        ):
            read_github(
                github,
                con,
                settings.repositories,
                history_days=settings.configuration.history_days,
                now=settings.now(),
                classifier=classifier,
                passing_logs=limits.passing_logs_per_run,
                cancelled_jobs=limits.cancelled_jobs_per_run,
                summary=summary,
            )
    finally:
        # Also of a reading that was stopped or failed and is tried again: what it read is stored.
        for table, count in summary.read.items():
            outcome.read[table] = outcome.read.get(table, 0) + count
        outcome.notes.extend(note for note in summary.notes if note not in outcome.notes)
    outcome.paused = summary.paused
    outcome.unreadable.update(summary.unreadable)
    return summary


def _claim(workspace: Workspace) -> None:
    if gives_way(workspace.settings.warehouse, workspace.settings.origin):
        # A wrong token or address must not have set the sandbox's file aside.
        _ask_for_repositories(workspace)
    # Who still has the file loaded would go on with the sandbox's after it was renamed.
    workspace.warehouse.close()
    note = claim(workspace.settings.warehouse, workspace.settings.origin)
    if note:
        workspace.outcome.notes.append(note)


def ingest_dump(workspace: Workspace, folder: Path) -> "IngestSummary":
    """Read a folder of recorded API answers into ``raw``.

    Raises :class:`RoadmapError` when nothing of it could be stored; the warehouse is then as it was.
    """
    from roadmap_pipeline.failures.rules.own_rules import classifier_with
    from roadmap_pipeline.github.dump.loading import ingest_dump as read_folder
    from roadmap_pipeline.github.ingest.store import IngestSummary

    settings = workspace.settings
    classifier = classifier_with(settings.rules_file)
    summary = IngestSummary()
    workspace.warehouse.close()
    with room_for_real(settings.warehouse, lambda: summary.placed > 0) as (file, notes), connect(file) as con:
        read_at = settings.now().astimezone(UTC).replace(tzinfo=None)
        read_folder(folder, con, read_at, classifier=classifier, summary=summary)
    if not summary.placed:
        found = "; ".join(summary.notes[:NAMED_AT_MOST]) or "it holds logs of unknown jobs only"
        raise RoadmapError(f"Nothing of {folder} could be stored, and {settings.warehouse} is as it was: {found}")
    summary.notes.extend(notes)
    return summary


def configure(workspace: Workspace) -> dict[str, int]:
    """Write the settings that metrics depend on into ``config``. Returns rows by table."""
    with connect(workspace.settings.warehouse) as con:
        return store_parameters(con, workspace.settings)


def classify(workspace: Workspace) -> int:
    """Judge the failed jobs that have no verdict of the present rules. Returns how many were judged."""
    from roadmap_pipeline.failures.rules.own_rules import rules_with
    from roadmap_pipeline.failures.stored_jobs import classify_failures

    rules = rules_with(workspace.settings.rules_file)
    with connect(workspace.settings.warehouse) as con:
        return classify_failures(con, rules=rules)


def derive(workspace: Workspace) -> list[str]:
    """Match branches and pull requests to milestones. Returns a sentence per name that matches none."""
    from roadmap_pipeline.milestones.derive import derive_milestones

    with connect(workspace.settings.warehouse) as con:
        return derive_milestones(con, workspace.settings.configuration.milestones.mapping)


@dataclass(slots=True)
class Built:
    """Models that were built, and what a person should know."""

    models: list[ModelResult]
    notes: list[str] = field(default_factory=list)

    def rows(self) -> list[dict[str, Any]]:
        """One row a model, for printing."""
        return [
            {
                "model": result.model.qualified_name,
                "build": result.action,
                "rows": result.rows,
                "changed": result.changed_rows,
                "checks": len(result.tests),
                "warnings": [
                    f"{test.name} not run: {test.not_run}" if test.not_run else test.name
                    for test in result.tests
                    if not test.passed
                ],
                "seconds": round(result.seconds, 3),
                "reason": result.reason,
            }
            for result in self.models
        ]


def build_models(
    workspace: Workspace,
    schemas: Collection[str] | None = None,
    *,
    select: Collection[str] = (),
    full_refresh: bool = False,
) -> list[ModelResult]:
    """Bring the SQL models up to date, each after those it reads: all, or those of ``schemas``, or those that
    ``select`` names in dbt's syntax. Raises :class:`ConfigurationError` for a selection that names none."""
    with connect(workspace.settings.warehouse) as con:
        return build(con, project(), _chosen(con, schemas, select), Policy(full_refresh=full_refresh))


def _chosen(
    con: "duckdb.DuckDBPyConnection", schemas: Collection[str] | None, select: Collection[str]
) -> Callable[[SqlModel], bool]:
    if select:
        keys = selected_models(con, select)
        return lambda model: model.key in keys
    return lambda model: schemas is None or model.schema in schemas


def build_all(workspace: Workspace, *, select: Collection[str] = (), full_refresh: bool = False) -> Built:
    """Settings, verdicts, milestones, all models (or those selected): everything between reading and rendering."""
    configure(workspace)
    classify(workspace)
    notes = derive(workspace)
    return Built(build_models(workspace, select=select, full_refresh=full_refresh), notes)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a build would change: published figures, and the causes of failures."""

    figures: list[Difference]
    moved: "list[Moved]"

    def rows(self) -> list[dict[str, Any]]:
        """One object a change; ``table`` tells figures from causes."""
        causes = [{"table": "derived.failure_verdicts"} | one.to_json() for one in self.moved]
        return causes + [one.to_json() for one in self.figures]


def build_differences(workspace: Workspace, *, select: Collection[str] = (), full_refresh: bool = False) -> Preview:
    """What :func:`build_all` would change. Nothing is written."""
    from roadmap_pipeline.failures.reclassification import noting_moves
    from roadmap_pipeline.failures.rules.own_rules import rules_with
    from roadmap_pipeline.failures.stored_jobs import classify_failures
    from roadmap_pipeline.milestones.derive import derive_milestones

    settings = workspace.settings
    rules = rules_with(settings.rules_file)
    moved: list[Moved] = []
    with connect(settings.warehouse) as con:

        def build_it() -> None:
            store_parameters(con, settings)
            with noting_moves(con, moved):
                classify_failures(con, rules=rules)
            derive_milestones(con, settings.configuration.milestones.mapping)
            # Nothing can be attached within a transaction, which is what taking in changes needs.
            policy = Policy(full_refresh=full_refresh, incremental=False)
            build(con, project(), _chosen(con, None, select), policy)

        return Preview(differences(con, build_it), moved)


def report(workspace: Workspace, week: str | None = None) -> "Report":
    """Render the report of an ISO week (default: the last complete one) and store it in ``derived.reports``."""
    from roadmap_pipeline.reports.rendering import newest_ended_week, store_report
    from roadmap_pipeline.reports.weekly import weekly_report

    now = workspace.settings.now()
    with connect(workspace.settings.warehouse) as con:
        rendered = weekly_report(con, week or newest_ended_week(con, now))
        with transaction(con):
            store_report(con, rendered, now)
    workspace.outcome.report_name = rendered.report_name
    workspace.outcome.report_content = rendered.content
    return rendered


def look_at_report(settings: Settings, week: str | None = None) -> "Report":
    """Render the report of an ISO week (default: the last complete one) from what readers see. Nothing is written."""
    from roadmap_pipeline.reports.rendering import newest_ended_week
    from roadmap_pipeline.reports.weekly import weekly_report
    from roadmap_pipeline.warehouse.query import open_published

    with open_published(settings.warehouse, or_live=True) as con:
        return weekly_report(con, week or newest_ended_week(con, settings.now()))


def publish_week(workspace: Workspace, week: str) -> None:
    """Give out the report of an ended ISO week for publication, whatever was rendered or built before."""
    from roadmap_pipeline.reports import rendering

    with connect(workspace.settings.warehouse) as con:
        rendering.publish_week(con, project, week, workspace.settings.now())


def comments(workspace: Workspace) -> int:
    """Render the sticky comment of every open pull request into ``derived``. Returns how many."""
    from roadmap_pipeline.reports.pull_request import pull_request_comments

    with connect(workspace.settings.warehouse) as con:
        rows = pull_request_comments(con)
        with transaction(con):
            return replace_table(con, "derived.pull_request_comments", rows)


def sync(
    workspace: Workspace,
    parts: "Collection[Part] | None" = None,
    *,
    milestone: str | None = None,
    week: str | None = None,
    report_name: str | None = None,
    dry_run: bool = False,
    render: bool = False,
) -> "SyncResult":
    """Bring Notion and GitHub to what ``publish`` says; a dry run only makes the plan.

    With ``render`` the latest report, that of ``week`` (an ended one that is to be published, too), the comments and
    the ``publish`` tables are made first. A dry run leaves the warehouse as it is all the same.
    """
    from roadmap_pipeline.sync.plan import Plan
    from roadmap_pipeline.sync.published import note_published_figures
    from roadmap_pipeline.sync.run import ALL_PARTS, Sync, SyncResult

    require(workspace.settings.warehouse, workspace.settings.origin)
    session = Sync(workspace)
    wanted = ALL_PARTS if parts is None else parts
    published, notes = _rendered(workspace, wanted, week, keep=not dry_run) if render else (None, [])
    plan = Plan(notes=tuple(notes)) + session.plan(
        wanted, milestone=milestone, report_name=report_name, published=published
    )
    if dry_run:
        return SyncResult(plan, dry_run=True, pause=session.pause)
    result = session.apply(plan)
    if parts is None or "reports" in parts:
        note_published_figures(workspace.settings.warehouse, workspace.settings.now())
    for place, phrases in result.written().items():
        workspace.outcome.written.setdefault(place, []).extend(phrases)
    workspace.outcome.conflicts.extend(plan.conflicts)
    if result.pause:
        workspace.outcome.notes.append(result.pause)
    return result


def _rendered(
    workspace: Workspace, parts: "Collection[Part]", week: str | None, *, keep: bool
) -> "tuple[Published, list[str]]":
    """What would be published if it were rendered now, and notes; unless ``keep``, the warehouse stays as it was."""
    from roadmap_pipeline.reports.rendering import render_published
    from roadmap_pipeline.sync.desired import read_published

    with connect(workspace.settings.warehouse) as con, nullcontext() if keep else rolled_back(con):
        # Nothing can be attached within a transaction, which is what taking in changes needs.
        notes = render_published(con, project, workspace.settings.now(), week=week, incremental=keep)
        return read_published(con, parts), notes


def setup_notion(workspace: Workspace) -> "SyncResult":
    """Create both Notion databases, or add what is missing to them; rows are left alone."""
    from roadmap_pipeline.sync.run import Sync

    if message := workspace.missing("notion"):
        raise ConfigurationError(message)
    session = Sync(workspace, mend=True)
    return session.apply(session.plan(["databases"]))


def snapshot(workspace: Workspace) -> Path:
    """Replace the copy that readers open."""
    from roadmap_pipeline.warehouse.connection import STORAGE_VERSION
    from roadmap_pipeline.warehouse.snapshot import publish_snapshot

    settings = workspace.settings
    # Copying closes a descriptor of the file, with which POSIX takes the lock from whoever still has it loaded.
    workspace.warehouse.close()
    version = settings.configuration.snapshot.storage_version or STORAGE_VERSION
    return publish_snapshot(settings.warehouse, storage_version=version)


def export_dbt(settings: Settings, directory: Path) -> dict[str, Any]:
    """Write the models as a dbt project into ``directory``. Returns where, and how many models and tests."""
    from roadmap_pipeline.warehouse.folders import replaced_folder

    models = project()
    with replaced_folder(directory, "dbt project") as building:
        for name, content in dbt_project(models, settings.warehouse, directory).items():
            (building / name).parent.mkdir(parents=True, exist_ok=True)
            (building / name).write_bytes(content)
    return {
        "directory": str(directory),
        "models": len(models.models),
        "data_tests": sum(len(model.tests) for model in models.models),
        "unit_tests": sum(len(model.unit_tests) for model in models.models),
        "singular_tests": len(models.singular_tests),
    }


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that ``roadmap doctor`` looked at."""

    subject: str
    state: Literal["ok", "problem", "note"]
    message: str

    def to_json(self) -> dict[str, Any]:
        """As one object."""
        return {"subject": self.subject, "state": self.state, "message": self.message}


def diagnose(workspace: Workspace) -> list[Finding]:
    """Look at the settings, both servers, the warehouse and what could not be read; every problem says its remedy."""
    settings = workspace.settings
    exists = settings.config_path.is_file()
    return [
        Finding(
            "configuration",
            "ok" if exists else "note",
            f"{settings.config_path}" if exists else "no roadmap.toml: defaults",
        ),
        *(Finding("configuration", "note", warning) for warning in settings.warnings),
        *_check_github(workspace),
        *_check_notion_and_warehouse(workspace),
    ]


def _check_notion_and_warehouse(workspace: Workspace) -> list[Finding]:
    warehouse = _check(None, workspace, _look_at_warehouse)
    if warehouse.state == "problem":  # in which is noted which databases are ours, and what could not be read
        return [Finding("Notion", "note", "not looked at: the warehouse can't be opened"), warehouse]
    return [_check("notion", workspace, _look_at_notion), warehouse, *_unread(workspace)]


def _check_github(workspace: Workspace) -> list[Finding]:
    """What can be read is one finding, each repository that can't another one."""
    from roadmap_pipeline.github.client.errors import Paused

    if message := workspace.missing("github"):
        return [Finding("GitHub", "note", message)]
    try:
        found, unreadable = _look_at_repositories(workspace)
    except Paused as pause:
        return [Finding("GitHub", "note", str(pause))]
    except ConfigurationError as error:
        return [Finding("GitHub", "problem", "; ".join(error.problems))]
    settings = workspace.settings
    where = f"at {settings.github_api_url}" + (" (sandbox)" if settings.uses_sandbox else "")
    readable = [Finding("GitHub", "ok", f"{', '.join(found)} {where}")] if found else []
    return [*readable, *(Finding("GitHub", "problem", why) for why in unreadable.values())]


def _check(side: str | None, workspace: Workspace, look: Any) -> Finding:
    subject = "Notion" if side else "warehouse"
    if side and (message := workspace.missing(side)):
        return Finding(subject, "note", message)
    try:
        return Finding(subject, "ok", look(workspace))
    except ConfigurationError as error:
        return Finding(subject, "problem", "; ".join(error.problems))
    except RoadmapError as error:
        return Finding(subject, "problem", str(error))


def _look_at_repositories(workspace: Workspace) -> tuple[list[str], dict[str, str]]:
    """The canonical names of the repositories that can be read; by the names of the others why not.

    Raises Paused, and :class:`ConfigurationError` for what concerns all of them.
    """
    from roadmap_pipeline.github.client.errors import GitHubError, Paused, UnknownRepository

    found: list[str] = []
    unreadable: dict[str, str] = {}
    for name in workspace.settings.repositories:
        try:
            found.append(str(workspace.github.repository(name).data["full_name"]))
        except UnknownRepository as error:
            unreadable[name] = "; ".join(error.problems)
        except Paused:
            raise
        except GitHubError as error:
            unreadable[name] = f"{name}: {error}; try again later"
    return found, unreadable


def _look_at_notion(workspace: Workspace) -> str:
    from roadmap_pipeline.sync.databases import NotionSide

    settings = workspace.settings
    side = NotionSide.look(workspace)
    missing = [key for key, found in side.observed.databases.items() if found is None]
    state = "databases will be created" if missing else "both databases are in shape"
    return f"{state} at {settings.notion_api_url}" + (" (sandbox)" if settings.uses_sandbox else "")


def _look_at_warehouse(workspace: Workspace) -> str:
    path = Path(workspace.settings.warehouse)
    if not path.exists():
        return f"{path} does not exist yet; the first run makes it"
    with connect(path, lock_timeout_s=2) as con:
        ((runs,),) = con.execute("select count(*) from raw.workflow_runs").fetchall()
    return f"{path}, {runs:,} run attempts"


def _unread(workspace: Workspace) -> list[Finding]:
    from roadmap_pipeline.reports.coverage import unread

    path = Path(workspace.settings.warehouse)
    if not path.exists():
        return []
    with connect(path, lock_timeout_s=2) as con:
        return [Finding("not read", "note", one.sentence()) for one in unread(con)]


def preflight(workspace: Workspace) -> None:
    """Ask both sides once before anything is read or written, so that a wrong token costs seconds, not an ingest.

    Raises :class:`ConfigurationError` for credentials and addresses that are wrong and where not one repository can be
    read, other errors for databases that are out of shape. That GitHub may not be asked now stops nothing.
    """
    from roadmap_pipeline.github.client.errors import Paused

    if not workspace.missing("github"):
        with suppress(Paused):
            _ask_for_repositories(workspace)
    if not workspace.missing("notion"):
        workspace.notion.request("GET", "users/me")
    if gives_way(workspace.settings.warehouse, workspace.settings.origin) and workspace.missing("github"):
        require(workspace.settings.warehouse, workspace.settings.origin)
    if not workspace.missing("notion"):
        _look_at_notion(workspace)


def _ask_for_repositories(workspace: Workspace) -> None:
    """Raise :class:`ConfigurationError` when not one repository can be read."""
    found, unreadable = _look_at_repositories(workspace)
    if unreadable and not found:
        raise ConfigurationError(*unreadable.values())


def roadmap_table(workspace: Workspace) -> list[dict[str, Any]]:
    """The roadmap as people see it in Notion, one row a milestone."""
    with connect(workspace.settings.warehouse) as con:
        rows = con.execute(
            "select title, target_date, status, progress, workflow_pass_rate, trend"
            " from publish.notion_roadmap order by status = 'Completed', target_date nulls last, title"
        ).fetchall()
    return [
        {
            "milestone": title,
            "target": target and target.isoformat(),
            "status": status,
            "progress": fmt.percent(progress, 0),
            "pass rate": fmt.percent(pass_rate),
            "trend": trend,
        }
        for title, target, status, progress, pass_rate, trend in rows
    ]


def week_partition(workspace: Workspace) -> str:
    """The Monday of the last complete week, which is the partition that the main job works on."""
    today = workspace.settings.now().date()
    return (today - timedelta(days=today.weekday() + 7)).isoformat()
