"""A build after changes: nothing, the rows that changed, or everything. The real models are tested with
random histories in ``marts/test_incremental``."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dbt_like_sql.runner.build import change_log
from dbt_like_sql.runner.build.audit import ModelTestFailed
from dbt_like_sql.runner.build.building import build
from dbt_like_sql.runner.build.model_sql import ModelBuildError
from dbt_like_sql.runner.build.results import Policy
from dbt_like_sql.runner.project.problems import ProjectError
from dbt_like_sql.runner.project.project import Project
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import (
    MARTS_YML,
    RUNS_BY_REPO,
    SOURCES,
    STAGING_YML,
    STG_RUNS,
    load_project,
    new_database,
    replace_rows,
    small_project,
    write,
)

_BY_CHANGES = Policy(small_rows=0, share=2)
_INCREMENTAL = "description: Attempts.\n    config: {materialized: incremental, unique_key: run_id}"
_YML = {
    "models/staging/schema.yml": STAGING_YML.replace("description: Attempts.", _INCREMENTAL, 1).replace(
        "- {name: run_id, description: Run.}", "- {name: run_id, description: Run., data_tests: [not_null]}"
    ),
    "models/marts/schema.yml": MARTS_YML.replace(
        "attempts by repository.",
        "attempts by repository.\n    config: {materialized: incremental, unique_key: repo}",
        1,
    ),
}


def _load(tmp_path: Path, **changed: str) -> Project:
    return load_project(write(tmp_path / "dbt_like_sql", small_project() | _YML | changed))


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with new_database() as con:
        yield con


def _put(con: duckdb.DuckDBPyConnection, *runs: tuple[str, int, str]) -> None:
    rows = [
        {
            "repo": f"acme/{repo}",
            "run_id": run_id,
            "run_attempt": 1,
            "conclusion": conclusion,
            "created_at": datetime(2026, 11, 9),  # noqa: DTZ001
        }
        for repo, run_id, conclusion in runs
    ]
    replace_rows(con, "raw.workflow_runs", rows)


def _did(con: duckdb.DuckDBPyConnection, project: Project, **policy: Any) -> list[tuple[str, str, int | None]]:
    results = build(con, project, policy=Policy(**({"small_rows": 0, "share": 2} | policy)))
    return [(result.model.name, result.action, result.changed_rows) for result in results]


def _mart(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return con.execute("select repo, runs from marts.runs_by_repo order by repo").fetchall()


def test_the_rows_that_changed_are_replaced_and_nothing_else_is_built(
    tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    project = _load(tmp_path)
    _put(con, ("payments", 1, "success"), ("storefront", 2, "success"))
    assert _did(con, project) == [("stg_runs", "full", None), ("runs_by_repo", "full", None)]
    assert _did(con, project) == [("stg_runs", "skipped", 0), ("runs_by_repo", "skipped", 0)]
    _put(con, ("storefront", 3, "failure"))
    # One row more in staging; in the mart one row goes and one comes.
    assert _did(con, project) == [("stg_runs", "incremental", 1), ("runs_by_repo", "incremental", 2)]
    assert _mart(con) == [("acme/payments", 1), ("acme/storefront", 2)]


def test_a_row_that_moves_to_another_key_leaves_the_old_one(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    project = _load(tmp_path)
    _put(con, ("payments", 1, "success"), ("storefront", 2, "success"))
    _did(con, project)
    _put(con, ("payments", 2, "success"))
    _did(con, project)
    assert _mart(con) == [("acme/payments", 2)]


def test_a_change_that_ends_in_the_same_rows_goes_no_further(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    project = _load(tmp_path)
    _put(con, ("payments", 1, "success"))
    _did(con, project)
    _put(con, ("payments", 1, "success"))
    assert _did(con, project) == [("stg_runs", "incremental", 0), ("runs_by_repo", "skipped", 0)]


def test_a_table_can_be_followed_from_any_time_on(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    """Nobody took in the changes of stg_runs row by row when it was built."""
    whole = {"models/marts/schema.yml": MARTS_YML}
    _put(con, ("payments", 1, "success"))
    _did(con, _load(tmp_path, **whole))
    followed = _load(tmp_path)
    _did(con, followed)
    _put(con, ("storefront", 3, "failure"))
    assert _did(con, followed) == [("stg_runs", "incremental", 1), ("runs_by_repo", "incremental", 1)]
    assert _mart(con) == [("acme/payments", 1), ("acme/storefront", 1)]


def test_layout_and_comments_are_no_change_but_the_sql_and_the_tests_are(
    tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    _put(con, ("payments", 1, "success"))
    _did(con, _load(tmp_path))
    commented = {"models/staging/stg_runs.sql": STG_RUNS.replace("-- One row", "-- A row")}
    assert [action for _, action, _ in _did(con, _load(tmp_path, **commented))] == ["skipped", "skipped"]
    other = {"models/staging/stg_runs.sql": STG_RUNS + "where r.run_id > 0\n"}
    # The same rows come out: what reads them need not be built.
    assert [action for _, action, _ in _did(con, _load(tmp_path, **other))] == ["full", "skipped"]
    tested = {"models/marts/schema.yml": _YML["models/marts/schema.yml"].replace("[unique, not_null]", "[unique]")}
    assert [action for _, action, _ in _did(con, _load(tmp_path, **other, **tested))] == ["skipped", "full"]


def test_a_new_description_is_stored_without_building(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    _did(con, _load(tmp_path))
    changed = {"models/marts/schema.yml": _YML["models/marts/schema.yml"].replace("Attempts.}", "Run attempts.}")}
    assert [action for _, action, _ in _did(con, _load(tmp_path, **changed))] == ["skipped", "skipped"]
    assert con.execute("select comment from duckdb_columns() where column_name = 'runs'").fetchall() == [
        ("Run attempts.",)
    ]


def test_a_full_refresh_builds_everything(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    project = _load(tmp_path)
    _did(con, project)
    assert [action for _, action, _ in _did(con, project, full_refresh=True)] == ["full", "full"]


def test_what_is_small_or_mostly_touched_is_built_whole(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    project = _load(tmp_path)
    _put(con, *(("payments", number, "success") for number in range(10)))
    _did(con, project)
    _put(con, ("payments", 1, "failure"))
    assert _did(con, project, small_rows=50)[0] == ("stg_runs", "full", 2)
    _put(con, *(("payments", number, "failure") for number in range(5)))
    assert _did(con, project, share=0.3)[0][:2] == ("stg_runs", "full")


def test_rows_written_around_the_log_are_found_by_their_number(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    project = _load(tmp_path)
    _put(con, ("payments", 1, "success"))
    _did(con, project)
    con.execute("insert into raw.workflow_runs by name select 'acme/x' as repo, 9 as run_id, 1 as run_attempt")
    assert _did(con, project)[0][:2] == ("stg_runs", "full")
    assert _mart(con) == [("acme/payments", 1), ("acme/x", 1)]


def test_a_model_built_alone_later_takes_in_all_it_missed(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    project = _load(tmp_path)
    _put(con, ("payments", 1, "success"), ("storefront", 2, "success"))
    _did(con, project)
    for number in (3, 4):
        _put(con, ("storefront", number, "success"))
        build(con, project, lambda model: model.schema == "staging", _BY_CHANGES)
    (result,) = build(con, project, lambda model: model.schema == "marts", _BY_CHANGES)
    assert (result.action, _mart(con)) == ("incremental", [("acme/payments", 1), ("acme/storefront", 3)])
    assert con.execute("select count(*) from changes.stg_runs").fetchall() == [(0,)]  # seen by everybody


def test_a_failing_test_on_a_changed_row_leaves_table_and_log_as_they_were(
    tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    accepted = (
        _YML["models/staging/schema.yml"]
        .replace(
            "- {name: conclusion, description: Conclusion.}",
            "- {name: conclusion, description: Conclusion., data_tests: [accepted_values: {values: [success]}]}",
        )
        .replace("[accepted_values: {values: [success]}]", "[{accepted_values: {values: [success]}}]")
    )
    project = _load(tmp_path, **{"models/staging/schema.yml": accepted})
    _put(con, ("payments", 1, "success"))
    _did(con, project)
    _put(con, ("payments", 1, "failure"), ("payments", 2, "success"))
    for _ in range(2):
        with pytest.raises(ModelTestFailed, match="accepted_values_conclusion"):
            _did(con, project)
        assert con.execute("select run_id, conclusion from staging.stg_runs").fetchall() == [(1, "success")]
    _put(con, ("payments", 1, "success"))
    assert _did(con, project)[0] == ("stg_runs", "incremental", 1)


def test_a_key_that_must_be_unique_is_compared_with_rows_that_did_not_change(
    tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    unique = _YML["models/staging/schema.yml"].replace(
        "combination_of_columns: [run_id, run_attempt]", "combination_of_columns: [repo]"
    )
    project = _load(tmp_path, **{"models/staging/schema.yml": unique})
    _put(con, ("payments", 1, "success"))
    _did(con, project)
    _put(con, ("payments", 2, "success"))
    with pytest.raises(ModelTestFailed, match="unique_combination_of_columns_repo"):
        _did(con, project)


def test_filters_and_keys_are_sql_and_their_errors_name_the_model(
    tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    def with_affected_keys(sql: str) -> Project:
        meta = f"{{incremental: {{affected_keys: '{sql}'}}}}"
        config = f"config: {{materialized: incremental, unique_key: run_id, meta: {meta}}}"
        yml = _YML["models/staging/schema.yml"].replace(_INCREMENTAL.split("\n")[1].strip(), config)
        return _load(tmp_path, **{"models/staging/schema.yml": yml})

    _put(con, ("payments", 1, "success"))
    _did(con, with_affected_keys("select c.run_id from changes.workflow_runs as c"))
    for sql, message in (
        (
            "select c.run_id from changes.workflow_rusn as c",
            r"schema\.yml:5: .*affected_keys: .*workflow_rusn",
        ),
        ("select 1 as x", r"schema\.yml:5: .*it must give the columns"),
    ):
        _put(con, ("payments", 2, sql[:10]))
        with pytest.raises(ModelBuildError, match=message):
            _did(con, with_affected_keys(sql))
    assert con.execute("select current_setting('search_path')").fetchall() != [("roadmap_overlay",)]
    _did(con, with_affected_keys("select c.run_id from changes.workflow_runs as c"))
    assert _mart(con) == [("acme/payments", 2)]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{materialized: incremental}", "an incremental model needs unique_key"),
        ("{materialized: incremental, unique_key: rnu_id}", "stg_runs has no column rnu_id"),
        ("{materialized: incremental, unique_key: run_id, event_time: day}", "stg_runs has no column day"),
        (
            "{materialized: incremental, unique_key: run_id, meta: {incremental: {input_filters: {raw.isues: x}}}}",
            "stg_runs doesn't read raw.isues",
        ),
        (
            "{materialized: incremental, unique_key: run_id, meta: {incremental: {untracked_inputs: [config.x]}}}",
            "stg_runs doesn't read config.x",
        ),
        ("{materialized: incremental, unique_key: run_id, meta: {incremental: {touchd: x}}}", "unknown key touchd"),
    ],
)
def test_a_declaration_that_does_not_fit_is_refused_with_its_line(tmp_path: Path, config: str, message: str) -> None:
    yml = STAGING_YML.replace("description: Attempts.", f"description: Attempts.\n    config: {config}", 1)
    with pytest.raises(ProjectError, match=message) as error:
        _load(tmp_path, **{"models/staging/schema.yml": yml})
    assert [problem.line for problem in error.value.problems] == [5]


def test_the_log_holds_nothing_before_something_was_built(con: duckdb.DuckDBPyConnection) -> None:
    _put(con, ("payments", 1, "success"))
    assert change_log.Versions(con, SOURCES).of("raw.workflow_runs") == (1, 1)
    assert con.execute("select count(*) from changes.workflow_runs").fetchall() == [(0,)]


def _stored(con: duckdb.DuckDBPyConnection) -> list[str]:
    rows = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('staging', 'marts')"
    ).fetchall()
    return sorted(name for (name,) in rows)


def test_what_was_built_of_a_model_that_is_gone_is_dropped_when_all_others_are_built(
    tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    """A table that nobody brings up to date looks as good as any other."""
    _put(con, ("payments", 1, "success"))
    _did(con, _load(tmp_path))
    # the staging model moves to another schema
    moved = write(
        tmp_path / "moved",
        {
            "models/intermediate/stg_runs.sql": STG_RUNS,
            "models/intermediate/schema.yml": _YML["models/staging/schema.yml"],
            "models/marts/runs_by_repo.sql": RUNS_BY_REPO.replace("staging.", "intermediate."),
            "models/marts/schema.yml": MARTS_YML,
        },
    )
    project = load_project(moved)
    build(con, project, lambda model: model.schema == "intermediate")
    assert "staging.stg_runs" in _stored(con), "the mart still stands as it was built from it"
    build(con, project)
    assert _stored(con) == ["marts.runs_by_repo"]
    assert con.execute("select model from build.models order by 1").fetchall() == [
        ("intermediate.stg_runs",),
        ("marts.runs_by_repo",),
    ]
    assert _mart(con) == [("acme/payments", 1)]
