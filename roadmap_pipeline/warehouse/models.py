"""The model layer under one name: loading the project, and building its tables.

Belongs here: names only. Loading is in ``project``, building in ``building`` and ``incremental``.
"""

from roadmap_pipeline.warehouse.building import (
    ModelResult,
    ModelTestFailed,
    Policy,
    UnitTestFailed,
    build,
    build_model,
    check_model,
)
from roadmap_pipeline.warehouse.lineage import column_lineage
from roadmap_pipeline.warehouse.model_sql import ModelBuildError, create
from roadmap_pipeline.warehouse.project import (
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
