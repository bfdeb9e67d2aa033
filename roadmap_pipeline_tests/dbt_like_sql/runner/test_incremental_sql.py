"""The SQL of an incremental model may lie in files beside it."""

from pathlib import Path

import pytest

from dbt_like_sql.runner.project.problems import ProjectError
from dbt_like_sql.runner.project.project import Project
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import STAGING_YML, load_project, small_project, write

_CONFIG = "    config: {materialized: incremental, unique_key: run_id, meta: {incremental: {INCREMENTAL}}}"
_KEYS = "-- Why.\nselect changed.run_id from changes.workflow_runs as changed\n"
_FILTER = "-- Why.\nselect runs.* from raw.workflow_runs as runs\n"


def _load(tmp_path: Path, files: dict[str, str], incremental: str = "") -> Project:
    config = _CONFIG.replace("INCREMENTAL", incremental)
    yml = STAGING_YML.replace("description: Attempts.", f"description: Attempts.\n{config}", 1)
    beside = {f"models/staging/{name}": text for name, text in files.items()}
    return load_project(write(tmp_path / "p", small_project() | {"models/staging/schema.yml": yml} | beside))


def test_files_beside_a_model_are_its_incremental_sql(tmp_path: Path) -> None:
    files = {
        "stg_runs.affected_keys.sql": _KEYS,
        "stg_runs.dependent_keys.sql": _KEYS,
        "stg_runs.input_filters.raw.workflow_runs.sql": _FILTER,
    }
    project = _load(tmp_path, files)
    incremental = project.model("stg_runs").incremental
    assert incremental.affected_keys == incremental.dependent_keys == _KEYS.strip()
    assert incremental.input_filters == {"raw.workflow_runs": _FILTER.strip()}
    assert {part: place[0].name for part, place in incremental.places.items()} == {
        "affected_keys": "stg_runs.affected_keys.sql",
        "dependent_keys": "stg_runs.dependent_keys.sql",
        "input_filters.raw.workflow_runs": "stg_runs.input_filters.raw.workflow_runs.sql",
    }
    assert [model.name for model in project.models] == ["stg_runs", "runs_by_repo"]


@pytest.mark.parametrize(
    ("name", "incremental", "message"),
    [
        ("stg_run.affected_keys.sql", "", "there is no stg_run.sql beside it"),
        (
            "stg_runs.keys.sql",
            "",
            "a model has no part keys; known are affected_keys, dependent_keys and input_filters",
        ),
        ("stg_runs.affected_keys.sql", "affected_keys: select 1", "affected_keys stands in schema.yml, too"),
        ("stg_runs.input_filters.raw.issues.sql", "", "stg_runs doesn't read raw.issues"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, name: str, incremental: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message) as error:
        _load(tmp_path, {name: _KEYS}, incremental)
    assert {problem.path.name for problem in error.value.problems} == {name}
