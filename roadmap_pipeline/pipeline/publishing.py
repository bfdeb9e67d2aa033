"""Publishing: Notion and GitHub brought to what ``publish`` says, and the copy for those who read the warehouse.

Belongs here: which parts, and what the run's summary says of them. Plan and apply are in :mod:`roadmap_pipeline.sync`.
"""

from collections.abc import Collection
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import Settings
from roadmap_pipeline.warehouse.connection import rolled_back
from roadmap_pipeline.warehouse.models import dbt_project, project
from roadmap_pipeline.warehouse.origin import require

if TYPE_CHECKING:
    from roadmap_pipeline.sync.desired import DesiredState
    from roadmap_pipeline.sync.reconciler import Part, SyncResult


def sync(
    runtime: Runtime,
    parts: "Collection[Part] | None" = None,
    *,
    milestone: str | None = None,
    week: str | None = None,
    report_name: str | None = None,
    dry_run: bool = False,
    render: bool = False,
) -> "SyncResult":
    """Bring Notion and GitHub to what ``publish`` says; a dry run only makes the plan.

    Args:
        parts: What is brought up to date; all of it by default.
        milestone: The only milestone whose row is written.
        week: An ended ISO week whose report is to be published, too.
        report_name: The only report whose row is written.
        dry_run: Leave both sides and the warehouse as they are.
        render: Make the latest report, that of ``week``, the comments and the ``publish`` tables first.
    """
    from roadmap_pipeline.sync.plan import Plan
    from roadmap_pipeline.sync.published_figures import note_published_figures
    from roadmap_pipeline.sync.reconciler import ALL_PARTS, Reconciler, SyncResult

    require(runtime.settings.warehouse, runtime.settings.origin)
    session = Reconciler(runtime)
    wanted = ALL_PARTS if parts is None else parts
    desired, notes = _rendered(runtime, wanted, week, keep=not dry_run) if render else (None, [])
    plan = Plan(notes=tuple(notes)) + session.plan(
        wanted, milestone=milestone, report_name=report_name, desired=desired
    )
    if dry_run:
        return SyncResult(plan, dry_run=True, pause=session.pause)
    result = session.apply(plan)
    if parts is None or "reports" in parts:
        note_published_figures(runtime.settings.warehouse, runtime.settings.now())
    for place, phrases in result.written().items():
        runtime.run_summary.written.setdefault(place, []).extend(phrases)
    runtime.run_summary.conflicts.extend(plan.conflicts)
    if result.pause:
        runtime.run_summary.notes.append(result.pause)
    return result


def _rendered(
    runtime: Runtime, parts: "Collection[Part]", week: str | None, *, keep: bool
) -> "tuple[DesiredState, list[str]]":
    """Return what would be published if it were rendered now, and notes; keep it in the warehouse if ``keep``."""
    from roadmap_pipeline.sync.desired import read_desired_state
    from roadmap_pipeline.sync.release import render_published

    with runtime.warehouse.connect() as con, nullcontext() if keep else rolled_back(con):
        # Nothing can be attached within a transaction, which is what an incremental build needs.
        notes = render_published(con, project, runtime.settings.now(), week=week, incremental=keep)
        return read_desired_state(con, parts), notes


def setup_notion(runtime: Runtime) -> "SyncResult":
    """Create both Notion databases, or add what is missing to them; rows are left alone."""
    from roadmap_pipeline.sync.reconciler import Reconciler

    if message := runtime.missing("notion"):
        raise ConfigurationError(message)
    session = Reconciler(runtime, repair=True)
    return session.apply(session.plan(["databases"]))


def roadmap_table(runtime: Runtime) -> list[dict[str, Any]]:
    """Return the roadmap as people see it in Notion, one row a milestone."""
    with runtime.warehouse.connect() as con:
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


def snapshot(runtime: Runtime) -> Path:
    """Replace the copy that readers open; return its path."""
    from roadmap_pipeline.warehouse.connection import STORAGE_VERSION
    from roadmap_pipeline.warehouse.snapshot import publish_snapshot

    settings = runtime.settings
    # Copying closes a descriptor of the file, with which POSIX takes the lock from whoever still has it loaded.
    runtime.warehouse.close()
    version = settings.configuration.snapshot.storage_version or STORAGE_VERSION
    return publish_snapshot(settings.warehouse, storage_version=version)


def export_dbt(settings: Settings, directory: Path) -> dict[str, Any]:
    """Write the models as a dbt project into ``directory``; return where, and how many models and tests."""
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
