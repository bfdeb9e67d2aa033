"""The words and records of a model's asset: when its tests fail, when nothing changed, of its checks alone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from roadmap_pipeline.orchestration.assets.models import model_assets
from roadmap_pipeline.orchestration.checks import BLOCKING, WARNING
from roadmap_pipeline.orchestration.resources import run_resources
from roadmap_pipeline.settings import Settings, load_settings
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.models import load_project
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import MARTS_YML, small_project, write

_NONE_CANCELLED = "select s.run_id from staging.stg_runs as s where s.conclusion = 'cancelled'"
_UNIT_TEST = """
unit_tests:
  - name: attempts_are_counted
    model: runs_by_repo
    given:
      - {input: ref('stg_runs'), rows: [{repo: a/b}]}
    expect: {rows: [{repo: a/b, runs: 2}]}
"""


def _settings(root: Path) -> Settings:
    # With a token no sandbox has to be made up; nobody is asked anything.
    environment = {"GITHUB_TOKEN": "unused", "GITHUB_REPOSITORY": "a/b", "ROADMAP_WAREHOUSE": str(root / "w.duckdb")}
    return load_settings(environment, root)


def _result(tmp_path: Path, runs: str, **files: str) -> dg.ExecuteInProcessResult:
    """Return what came of a run of the small project, with other files, on these runs."""
    project = load_project(write(tmp_path / "dbt_like_sql", small_project() | files))
    settings = _settings(tmp_path)
    with connect(settings.warehouse) as con:
        con.execute(f"insert into raw.workflow_runs (repo, run_id, run_attempt, conclusion) values {runs}")
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            model_assets(project),
            instance=instance,
            resources=run_resources(lambda: settings),
            raise_on_error=False,
        )


def _materialized(tmp_path: Path, runs: str, **files: str) -> tuple[dict[str, bool], str]:
    """Return whether each check of the project passed, and what the run's failure says."""
    result = _result(tmp_path, runs, **files)
    failures = [event.step_failure_data.user_failure_data for event in result.get_step_failure_events()]
    said = "; ".join(data.description or "" for data in failures if data is not None)
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}, said


@pytest.mark.parametrize(
    ("runs", "found"),
    [
        # What was not looked at is not said to hold.
        (
            "('a/b', 1, 1, 'cancelled'), ('a/b', 1, 1, 'cancelled')",
            {BLOCKING: False},
        ),
        (
            "('a/b', 1, 1, 'cancelled')",
            {BLOCKING: True, "none_cancelled": False},
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
    assert checks == {BLOCKING: True}  # of stg_runs alone
    assert "attempts_are_counted: missing {'repo': 'a/b', 'runs': 2}, unexpected {'repo': 'a/b', 'runs': 1}" in said


_WARNINGS = """
    data_tests:
      - dbt_utils.expression_is_true: {arguments: {expression: "runs > 5"}, config: {severity: warn}}
      - dbt_utils.expression_is_true: {arguments: {expression: "runs < 9"}, config: {severity: warn}}
"""


@pytest.mark.parametrize(
    ("runs", "check_name", "phrase", "rows", "tests"),
    [
        # Of rows that were kept out the query looks at what the model would hold, of stored ones at the table.
        (
            "('a/b', 1, 1, 'success'), ('a/b', 1, 1, 'success')",
            BLOCKING,
            "one row per run_id, run_attempt; 1 row breaks it",
            [(1, 1, 2)],
            2,
        ),
        ("('a/b', 1, 1, 'success')", WARNING, "runs > 5; 1 row breaks it", [("a/b", 1, 1.0)], 2),
    ],
)
def test_a_check_names_the_tests_that_failed_with_rows_and_a_query(
    tmp_path: Path, runs: str, check_name: str, phrase: str, rows: list[tuple[object, ...]], tests: int
) -> None:
    result = _result(tmp_path, runs, **{"models/marts/schema.yml": MARTS_YML + _WARNINGS.removeprefix("\n")})
    (check,) = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert check.check_name == check_name
    assert (check.metadata["tests"].value, check.metadata["failing rows"].value) == (tests, 1)
    assert len(check.metadata["failed tests"].value) == 1  # type: ignore[arg-type]
    text = str(check.metadata["failed"].value)
    assert phrase in text
    with connect(_settings(tmp_path).warehouse) as con:
        assert con.execute(text.split("```sql")[1].split("```")[0]).fetchall() == rows


@dg.asset(deps=[["marts", "runs_by_repo"]])
def follower() -> None:
    """Stand for what comes after the models: a report, a page."""


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


Run = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def run(tmp_path: Path, instance: dg.DagsterInstance) -> Run:
    """Materializes the small project and what follows it, always on one warehouse and one instance."""
    project = load_project(write(tmp_path / "dbt_like_sql", small_project()))
    settings = _settings(tmp_path)

    def run(
        insert: str | None = None, selection: dg.AssetSelection | None = None, succeeds: bool = True
    ) -> dg.ExecuteInProcessResult:
        if insert:
            with connect(settings.warehouse) as con:
                con.execute(f"insert into raw.workflow_runs (repo, run_id, run_attempt, conclusion) values {insert}")
        result = dg.materialize(
            [*model_assets(project), follower],
            instance=instance,
            selection=selection,
            resources=run_resources(lambda: settings),
            raise_on_error=False,
        )
        assert result.success == succeeds
        return result

    return run


def _recorded(result: dg.ExecuteInProcessResult) -> set[str]:
    events = result.get_asset_materialization_events()
    return {event.asset_key.to_user_string() for event in events if event.asset_key}


_MODELS = {"staging/stg_runs", "marts/runs_by_repo"}


def test_a_model_of_which_nothing_changed_is_not_recorded_and_what_follows_runs(
    run: Run, instance: dg.DagsterInstance
) -> None:
    assert _recorded(run("('a/b', 1, 1, 'success')")) == {*_MODELS, "follower"}
    again = run()
    assert _recorded(again) == {"follower"}
    assert {check.passed for check in again.get_asset_check_evaluations()} == {True}
    # Another conclusion within the same figures stops at the first model.
    assert _recorded(run("('a/b', 2, 1, 'success')")) == {*_MODELS, "follower"}
    key = dg.AssetKey(["marts", "runs_by_repo"])
    known = [event.asset_materialization for event in instance.fetch_materializations(key, limit=5).records]
    assert len(known) == 2
    versions = {(one.tags or {})["dagster/data_version"] for one in known if one}
    assert len(versions) == 2


def test_what_another_process_built_is_recorded_once(run: Run, instance: dg.DagsterInstance) -> None:
    run("('a/b', 1, 1, 'success')")
    instance.wipe_assets([dg.AssetKey(["marts", "runs_by_repo"])])
    assert _recorded(run()) == {"marts/runs_by_repo", "follower"}


def test_checks_run_alone_build_nothing(run: Run) -> None:
    checks = dg.AssetSelection.checks_for_assets(dg.AssetKey(["staging", "stg_runs"]))
    failed = run(selection=checks, succeeds=False)
    (event,) = failed.get_step_failure_events()
    assert event.step_failure_data.error and "nothing is stored yet" in event.step_failure_data.error.to_string()
    run("('a/b', 1, 1, 'success')")
    alone = run("('a/b', 1, 1, 'success')", selection=checks)  # twice the same row, but it isn't built
    assert _recorded(alone) == set()
    assert {check.check_name: check.passed for check in alone.get_asset_check_evaluations()} == {BLOCKING: True}
    one = run(selection=dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey(["staging", "stg_runs"]), BLOCKING)))
    assert [check.check_name for check in one.get_asset_check_evaluations()] == [BLOCKING]
    assert not run(succeeds=False).success


def test_a_built_model_says_so_in_one_line_of_the_log(run: Run, instance: dg.DagsterInstance) -> None:
    def said(result: dg.ExecuteInProcessResult) -> list[str]:
        entries = instance.all_logs(result.run_id)
        return [entry.user_message for entry in entries if not entry.is_dagster_event]

    first, second = said(run("('a/b', 1, 1, 'success')")), said(run())
    assert first == [
        "staging.stg_runs: 1 rows (full: first build)",
        "marts.runs_by_repo: 1 rows (full: first build)",
    ]
    assert second == []


_NOT_NULL = "data_tests: [not_null]"
_CANNOT_RUN = 'data_tests: [{dbt_utils.expression_is_true: {arguments: {expression: "= nowhere.nothing"}}}]'


@pytest.mark.parametrize(
    ("sql", "tests", "said"),
    [
        ("select nullif(runs.run_id, 1) as run_id from staging.stg_runs as runs", _NOT_NULL, "keeps its previous"),
        ("select runs.run_id / 'x'::integer as run_id from staging.stg_runs as runs", _NOT_NULL, "Could not convert"),
        ("select runs.run_id from staging.stg_runs as runs", _CANNOT_RUN, "can't run"),
    ],
    ids=["a test fails", "the SQL fails", "a test can't be run"],
)
def test_a_failed_model_costs_itself_and_what_reads_it(tmp_path: Path, sql: str, tests: str, said: str) -> None:
    yml = (
        "models:\n"
        "  - name: broken\n    description: Divides.\n"
        f"    columns:\n      - {{name: run_id, description: The run., {tests}}}\n"
        "  - name: after_it\n    description: Reads it.\n"
        "    columns:\n      - {name: run_id, description: The run.}\n"
    )
    files = {
        "models/marts/broken.yml": yml,
        "models/marts/broken.sql": sql,
        "models/marts/after_it.sql": "select broken.run_id from marts.broken as broken",
    }
    result = _result(tmp_path, "('a/b', 1, 1, 'success')", **files)
    assert not result.success
    assert _recorded(result) == _MODELS
    (failure,) = (event.step_failure_data.user_failure_data for event in result.get_step_failure_events())
    assert failure is not None and failure.description is not None and said in failure.description
    with connect(_settings(tmp_path).warehouse) as con:
        tables = con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
    assert ("runs_by_repo",) in tables and ("after_it",) not in tables
