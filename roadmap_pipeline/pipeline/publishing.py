"""Publishing: Notion and GitHub brought to what ``publish`` says, and the copy for those who read the warehouse.

Belongs here: which parts, and what the run's summary says of them. Plan and apply are in :mod:`roadmap_pipeline.sync`.
"""

from collections import Counter
from collections.abc import Callable, Collection
from contextlib import nullcontext, suppress
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, TypeVar

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.pipeline.access import require_a_readable_repository
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import Settings
from roadmap_pipeline.warehouse.connection import rolled_back
from roadmap_pipeline.warehouse.models import dbt_project, project
from roadmap_pipeline.warehouse.origin import require

if TYPE_CHECKING:
    from roadmap_pipeline.milestones.checkout import CheckedOut
    from roadmap_pipeline.sync.desired import DesiredState
    from roadmap_pipeline.sync.plan import Plan
    from roadmap_pipeline.sync.reconciler import Part
    from roadmap_pipeline.sync.result import SyncResult
    from roadmap_pipeline.sync.roadmap_planning import Selection


ROUNDS = 3
"""Times that a sync looks and plans when people edit what it is about to write."""

Area = Literal["reports", "roadmap", "comments"]
"""A part of what is published, as people choose it."""

P = ParamSpec("P")
T = TypeVar("T")


def _one_at_a_time(publish: Callable[Concatenate[Runtime, P], T]) -> Callable[Concatenate[Runtime, P], T]:
    """Let nobody else on this machine write to the same places from the first look to the last write."""

    @wraps(publish)
    def publish_alone(runtime: Runtime, /, *positional: P.args, **named: P.kwargs) -> T:
        from roadmap_pipeline.sync.lock import exclusive

        with exclusive(runtime.settings):
            return publish(runtime, *positional, **named)

    return publish_alone


def parts_of(areas: Collection[Area]) -> "list[Part] | None":
    """Return the parts that the areas are made of, in the order in which they are planned; None for no area."""
    from roadmap_pipeline.sync.reconciler import ALL_PARTS, ROADMAP_PARTS

    made_of: dict[Area, tuple[Part, ...]] = {
        "reports": ("databases", "reports"),
        "roadmap": ("databases", *ROADMAP_PARTS),
        "comments": ("comments",),
    }
    wanted = {part for area in areas for part in made_of[area]}
    return [part for part in ALL_PARTS if part in wanted] or None


@_one_at_a_time
def sync(
    runtime: Runtime,
    parts: "Collection[Part] | None" = None,
    *,
    selection: "Selection | None" = None,
    week: str | None = None,
    report_name: str | None = None,
    dry_run: bool = False,
    render: bool = False,
) -> "SyncResult":
    """Bring Notion and GitHub in step, and to what ``publish`` says; a dry run only makes the plan.

    Args:
        parts: What is brought up to date; all of it by default.
        selection: What narrows or widens the roadmap's part: one milestone alone, rows to restore, mass changes.
        week: An ended ISO week whose report is to be published, too.
        report_name: The only report whose row is written.
        dry_run: Leave both sides and the warehouse as they are.
        render: Make the latest report, that of ``week``, the comments and the ``publish`` tables first.
    """
    from roadmap_pipeline.sync.published_figures import note_published_figures
    from roadmap_pipeline.sync.reconciler import ALL_PARTS, ROADMAP_PARTS

    require(runtime.settings.warehouse, runtime.settings.origin)
    is_narrowed = selection is not None and not selection.is_everything
    wanted = parts or (ROADMAP_PARTS if is_narrowed else ALL_PARTS)
    result = _in_rounds(runtime, wanted, selection, report_name, week, dry_run=dry_run, render=render)
    if dry_run:
        return result
    if "reports" in wanted:
        note_published_figures(runtime.warehouse, runtime.settings.now())
    for place, counts in result.counts().items():
        runtime.run_summary.written.setdefault(place, Counter()).update(counts)
    runtime.run_summary.conflicts.extend(result.plan.conflicts)
    runtime.run_summary.mass_changes.extend(result.plan.mass_changes)
    if result.pause:
        runtime.run_summary.notes.append(result.pause)
    return result


def _in_rounds(
    runtime: Runtime,
    parts: "Collection[Part]",
    selection: "Selection | None",
    report_name: str | None,
    week: str | None,
    *,
    dry_run: bool,
    render: bool,
) -> "SyncResult":
    """Look, plan and apply; again for what people edited between planning and writing."""
    from roadmap_pipeline.notion.schema import SchemaError
    from roadmap_pipeline.sync.plan import Plan
    from roadmap_pipeline.sync.reconciler import Reconciler
    from roadmap_pipeline.sync.result import SyncResult

    total: SyncResult | None = None
    for _ in range(ROUNDS):
        session = Reconciler(runtime)
        try:
            session.look()
        except SchemaError as error:
            if not dry_run:
                # Once its type is set right, such a property is filled again: nobody emptied it row by row.
                runtime.journal.forget_fields(filter(None, (problem.emptied_id for problem in error.problems)))
            raise
        desired, notes = _rendered(runtime, parts, week, keep=not dry_run) if render else (None, [])
        plan = Plan(notes=tuple(notes)) + session.plan(
            parts, selection=selection, report_name=report_name, desired=desired
        )
        if total is None:
            _require_restored(plan, selection)
        if dry_run:
            return SyncResult(plan, dry_run=True, pause=session.pause)
        result = session.apply(plan)
        total = result if total is None else total.followed_by(result)
        if not result.is_to_be_planned_again:
            break
        render = False
    assert total is not None
    return total


def _require_restored(plan: "Plan", selection: "Selection | None") -> None:
    """Raise ConfigurationError for a title to restore of which no row is in the trash that stands for a milestone."""
    if missing := sorted(selection.restore - plan.restored) if selection is not None else []:
        raise ConfigurationError(
            f"--restore: no row called {missing[0]!r} is in Notion's trash, unless another one took its place;"
            " `roadmap sync` names those that can be restored"
        )


def milestone_checked_out(runtime: Runtime, folder: Path) -> "CheckedOut | None":
    """Return the stored milestone that the git branch checked out in ``folder`` names; None where it names none."""
    from roadmap_pipeline.milestones.checkout import milestone_checked_out

    with runtime.warehouse.connect() as con:
        return milestone_checked_out(con, runtime.settings.configuration.milestones.mapping, folder)


def two_way(runtime: Runtime, *, allow_mass_change: bool = False, dry_run: bool = False) -> "SyncResult":
    """Bring the shared fields of rows and milestones in step; both sides are read afresh, nothing else is needed.

    A warehouse without the tables that a build makes is enough: computed figures are left as they are then.
    """
    from roadmap_pipeline.github.client.errors import Paused
    from roadmap_pipeline.sync.reconciler import SHARED_PARTS
    from roadmap_pipeline.sync.roadmap_planning import Selection

    for side in ("github", "notion"):
        if message := runtime.missing(side):
            raise ConfigurationError(message.replace("is skipped", "is needed on both sides"))
    with suppress(Paused):  # a wrong token is said as such, whatever else there would be to say
        require_a_readable_repository(runtime)
    return sync(runtime, SHARED_PARTS, selection=Selection(allow_mass_change=allow_mass_change), dry_run=dry_run)


def _rendered(
    runtime: Runtime, parts: "Collection[Part]", week: str | None, *, keep: bool
) -> "tuple[DesiredState, list[str]]":
    """Return what would be published if it were rendered now, and notes; keep it in the warehouse if ``keep``."""
    from roadmap_pipeline.pipeline.rendering import sections_of_published
    from roadmap_pipeline.sync.desired import read_desired_state
    from roadmap_pipeline.sync.release import render_published

    sections = sections_of_published(runtime, week)
    with runtime.warehouse.connect() as con, nullcontext() if keep else rolled_back(con):
        # Nothing can be attached within a transaction, which is what an incremental build needs.
        notes = render_published(con, project, runtime.settings.now(), week=week, sections=sections, incremental=keep)
        return read_desired_state(con, parts), [*sections.failures, *notes]


@_one_at_a_time
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
            "select title, target_date, status, progress, work_done, workflow_pass_rate, trend"
            " from publish.notion_roadmap order by status = 'Completed', target_date nulls last, title"
        ).fetchall()
    return [
        {
            "milestone": title,
            "target": target and target.isoformat(),
            "status": status,
            "progress": fmt.percent(progress, 0),
            "done": fmt.percent(work_done, 0),
            "pass rate": fmt.percent(pass_rate),
            "trend": trend,
        }
        for title, target, status, progress, work_done, pass_rate, trend in rows
    ]


def snapshot(runtime: Runtime) -> Path | str:
    """Replace the copy that readers open, or on a lake the snapshot; return its path or address."""
    from roadmap_pipeline.warehouse.connection import STORAGE_VERSION, shown_path
    from roadmap_pipeline.warehouse.lake.address import is_lake
    from roadmap_pipeline.warehouse.snapshot import publish_lake_snapshot, publish_snapshot

    settings = runtime.settings
    if is_lake(settings.warehouse):
        return shown_path(publish_lake_snapshot(settings.warehouse))
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
