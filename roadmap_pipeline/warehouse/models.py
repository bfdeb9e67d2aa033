"""The model layer under one name: loading the project, and building its tables.

Belongs here: names only. Loading is in ``project``, building in ``building`` and ``incremental``.
"""

from dbt_like_sql.runner.build.building import (
    ModelResult,
    ModelTestFailed,
    Policy,
    UnitTestFailed,
    build,
    build_model,
    check_model,
)
from dbt_like_sql.runner.build.model_sql import ModelBuildError, create
from dbt_like_sql.runner.project.lineage import column_lineage
from dbt_like_sql.runner.project.project import (
    Key,
    ModelColumn,
    Project,
    SingularTest,
    SqlModel,
    UnitTest,
    load_project,
    project_directory,
)

__all__ = [
    "Key",
    "ModelBuildError",
    "ModelColumn",
    "ModelResult",
    "ModelTestFailed",
    "Policy",
    "Project",
    "SingularTest",
    "SqlModel",
    "UnitTest",
    "UnitTestFailed",
    "build",
    "build_model",
    "check_model",
    "column_lineage",
    "create",
    "load_project",
    "project_directory",
]
