"""What a model's asset says when its tests fail, on a small SQL project."""

from pathlib import Path

import dagster as dg
import pytest

from roadmap_pipeline.orchestration.assets.models import model_assets
from roadmap_pipeline.orchestration.resources import workspace_resource
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.models import load_project
from roadmap_pipeline_tests.warehouse.small_project import MARTS_YML, small_project, write

_NONE_CANCELLED = "select s.run_id from staging.stg_runs as s where s.conclusion = 'cancelled'"
_UNIT_TEST = """
unit_tests:
  - name: attempts_are_counted
    model: runs_by_repo
    given:
      - {input: ref('stg_runs'), rows: [{repo: a/b}]}
    expect: {rows: [{repo: a/b, runs: 2}]}
"""


def _materialized(tmp_path: Path, runs: str, **files: str) -> tuple[dict[str, bool], str]:
    """Whether each check of the project passed, and what the run's failure says."""
    project = load_project(write(tmp_path / "dbt_like_sql", small_project() | files))
    settings = load_settings({"ROADMAP_WAREHOUSE": str(tmp_path / "w.duckdb")}, tmp_path)
    with connect(settings.warehouse) as con:
        con.execute(f"insert into raw.workflow_runs (repo, run_id, run_attempt, conclusion) values {runs}")
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            model_assets(project),
            instance=instance,
            resources={"workspace": workspace_resource(lambda: settings)},
            raise_on_error=False,
        )
    failures = [event.step_failure_data.user_failure_data for event in result.get_step_failure_events()]
    said = "; ".join(data.description or "" for data in failures if data is not None)
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}, said


@pytest.mark.parametrize(
    ("runs", "found"),
    [
        # What was not looked at is not said to hold.
        (
            "('a/b', 1, 1, 'cancelled'), ('a/b', 1, 1, 'cancelled')",
            {"not_null": True, "unique_combination_of_columns": False},
        ),
        (
            "('a/b', 1, 1, 'cancelled')",
            {"not_null": True, "unique_combination_of_columns": True, "none_cancelled": False},
        ),
    ],
)
def test_only_checks_that_were_made_are_reported(tmp_path: Path, runs: str, found: dict[str, bool]) -> None:
    checks, said = _materialized(tmp_path, runs, **{"tests/none_cancelled.sql": _NONE_CANCELLED})
    assert checks == found
    assert "staging.stg_runs" in said and "keeps its previous content" in said


def test_a_failing_unit_test_says_what_differs(tmp_path: Path) -> None:
    yml = {"models/marts/schema.yml": MARTS_YML + _UNIT_TEST}
    checks, said = _materialized(tmp_path, "('a/b', 1, 1, 'success')", **yml)
    assert checks == {"not_null": True, "unique_combination_of_columns": True}  # of stg_runs alone
    assert "attempts_are_counted: missing {'repo': 'a/b', 'runs': 2}, unexpected {'repo': 'a/b', 'runs': 1}" in said
