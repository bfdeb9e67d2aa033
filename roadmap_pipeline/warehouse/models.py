"""The SQL models of this product: its project, its sources, and building them with its progress and safe points.

Belongs here: all that binds the runner (``dbt_like_sql.runner``), which knows nothing of the product, to it. The rest
of the product gets the runner's types and functions from here. What a build does is in the runner.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import dbt_like_sql
from dbt_like_sql.runner.build import building, diff
from dbt_like_sql.runner.build.audit import ModelTestFailed
from dbt_like_sql.runner.build.building import UnitTestFailed, build_model, check_model
from dbt_like_sql.runner.build.change_log import Versions
from dbt_like_sql.runner.build.diff import Difference
from dbt_like_sql.runner.build.model_sql import ModelBuildError, create
from dbt_like_sql.runner.build.results import DEFAULT_POLICY, ModelResult, Policy
from dbt_like_sql.runner.build.state import BuildState
from dbt_like_sql.runner.errors import RunnerError, SelectionError
from dbt_like_sql.runner.project import loading
from dbt_like_sql.runner.project.lineage import ColumnName, column_lineage
from dbt_like_sql.runner.project.project import (
    GenericTest,
    Key,
    ModelColumn,
    Project,
    SingularTest,
    SqlModel,
    UnitTest,
)
from dbt_like_sql.runner.project.selection import select_models
from dbt_like_sql.runner.testing.data_tests import TestResult, failing_rows_sql
from dbt_like_sql.runner.testing.unit_tests import UnitTests
from roadmap_pipeline import interruption
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.progress import task
from roadmap_pipeline.settings import warehouse_path
from roadmap_pipeline.warehouse.connection import is_file
from roadmap_pipeline.warehouse.source_tables import SOURCES

if TYPE_CHECKING:
    import duckdb

    from dbt_like_sql.runner.dbt_export.export import Naming

__all__ = [
    "COMPARED_TABLES",
    "BuildState",
    "ColumnName",
    "Difference",
    "GenericTest",
    "Key",
    "ModelBuildError",
    "ModelColumn",
    "ModelResult",
    "ModelTestFailed",
    "Policy",
    "Project",
    "RunnerError",
    "SingularTest",
    "SqlModel",
    "TestResult",
    "UnitTest",
    "UnitTestFailed",
    "UnitTests",
    "build",
    "build_model",
    "check_model",
    "column_lineage",
    "create",
    "dbt_naming",
    "dbt_project",
    "differences",
    "failing_rows_sql",
    "load_project",
    "project",
    "project_directory",
    "selected_models",
    "table_version",
]

COMPARED_TABLES: Mapping[str, tuple[str, ...]] = {
    "marts.ci_weekly": ("week", "repo"),
    "marts.failure_categories_weekly": ("week", "repo", "category"),
    "marts.quarterly_rollup": ("quarter", "repo"),
    "marts.milestone_metrics": ("repo", "number"),
    "publish.notion_ci_reports": ("report_name",),
    "publish.notion_roadmap": ("repo", "number"),
}
"""The tables that people read numbers from, and what a row of each is about."""
_CACHE_FOLDER = ".roadmap-cache"


def project_directory() -> Path:
    """Return the folder of the SQL models: beside the package, in a checkout as in an installed wheel."""
    return Path(dbt_like_sql.__file__).resolve().parent


@cache
def project() -> Project:
    """Return the SQL models of this installation, read once a process."""
    warehouse = warehouse_path()
    # Where the data are, parsed models can be kept even if nothing may be written where the package is.
    return load_project(project_directory(), Path(warehouse).parent if is_file(warehouse) else None)


def load_project(directory: Path, data_folder: Path | None = None) -> Project:
    """Read the SQL project in ``directory`` over the product's source tables.

    Raises:
        RunnerError: As :func:`dbt_like_sql.runner.project.loading.load_project`.
    """
    return loading.load_project(directory, SOURCES, data_folder and data_folder / _CACHE_FOLDER)


def selected_models(con: "duckdb.DuckDBPyConnection", specs: Iterable[str]) -> set[Key]:
    """Return the keys of the models that ``specs`` select in dbt's syntax.

    Raises:
        ConfigurationError: A selection can't be read, or names what no model has.
    """
    try:
        return select_models(project(), specs, BuildState(con, project()).is_modified)
    except SelectionError as error:
        raise ConfigurationError(str(error)) from error


def build(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    select: Callable[[SqlModel], bool] | None = None,
    policy: Policy = DEFAULT_POLICY,
) -> list[ModelResult]:
    """Build all models (or those that ``select`` accepts), every one after those it reads; shown, and stoppable.

    Raises:
        RunnerError: As :func:`dbt_like_sql.runner.build.building.build`.
        Interrupted: The work was asked to stop.
    """
    return building.build(con, project, select, policy, start_task=task, safe_point=interruption.check)


def differences(con: "duckdb.DuckDBPyConnection", build: Callable[[], object]) -> list[Difference]:
    """Return what ``build`` would change of :data:`COMPARED_TABLES`; everything is taken back."""
    return diff.differences(con, build, COMPARED_TABLES)


def table_version(con: "duckdb.DuckDBPyConnection", table: str) -> int | None:
    """Return the version of ``table`` (``schema.name``), None for a source table whose changes aren't counted."""
    if table in SOURCES.by_name and table not in SOURCES.change_keys:
        return None
    return Versions(con, SOURCES).of(table)[0]


def dbt_project(project: Project, warehouse: str | Path, directory: Path) -> dict[str, bytes]:
    """Return the files of a dbt project that builds ``project`` in ``warehouse``, by their paths in ``directory``."""
    from dbt_like_sql.runner.dbt_export import export

    return export.dbt_project(project, Path(warehouse) if is_file(warehouse) else None, directory, dbt_naming())


def dbt_naming() -> "Naming":
    """Return what things are called in the dbt project that is exported."""
    from dbt_like_sql.runner.dbt_export.export import Naming

    readme = Path(__file__).with_name("dbt_readme.md").read_bytes()
    return Naming("roadmap", "ROADMAP_WAREHOUSE", "roadmap export-dbt", readme)
