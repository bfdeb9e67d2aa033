"""Loading the SQL project, and building its tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dbt_like_sql.runner.build.audit import ModelTestFailed
from dbt_like_sql.runner.build.building import build, build_model
from dbt_like_sql.runner.build.model_sql import ModelBuildError
from dbt_like_sql.runner.database import scalar
from dbt_like_sql.runner.errors import RunnerError
from dbt_like_sql.runner.progress import Task
from dbt_like_sql.runner.project.problems import ProjectError
from dbt_like_sql.runner.project.project import Project
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import (
    MARTS_YML,
    RUNS_BY_REPO,
    STAGING_YML,
    STG_RUNS,
    load_project,
    new_database,
    replace_rows,
    small_project,
    write,
)


def _load(tmp_path: Path, **changed: str) -> Project:
    return load_project(write(tmp_path / "dbt_like_sql", small_project() | changed))


def _problems(tmp_path: Path, changed: dict[str, str]) -> list[str]:
    """Every problem as ``file:line text``, paths relative to the models."""
    with pytest.raises(ProjectError) as error:
        _load(tmp_path, **changed)
    models = tmp_path / "dbt_like_sql" / "models"
    return [f"{problem.path.relative_to(models)}:{problem.line} {problem.text}" for problem in error.value.problems]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with new_database() as con:
        yield con


def _runs(con: duckdb.DuckDBPyConnection, *conclusions: str | None) -> None:
    rows = [
        {
            "repo": "acme/payments",
            "run_id": number,
            "run_attempt": 1,
            "conclusion": conclusion,
            "created_at": datetime(2026, 11, 9, tzinfo=UTC).replace(tzinfo=None),
        }
        for number, conclusion in enumerate(conclusions)
    ]
    replace_rows(con, "raw.workflow_runs", rows, whole_table=True)


# Loading


def test_models_come_after_those_they_read(tmp_path: Path) -> None:
    project = _load(tmp_path)
    assert [model.qualified_name for model in project.models] == ["staging.stg_runs", "marts.runs_by_repo"]
    staging, marts = project.models
    assert staging.deps == (("raw", "workflow_runs"),)
    assert marts.deps == (("staging", "stg_runs"),)
    assert marts.description == "It's the number of attempts by repository."
    assert [column.name for column in marts.columns] == ["repo", "runs", "pass_rate"]
    assert project.model("runs_by_repo") is project.model("marts.runs_by_repo") is marts
    with pytest.raises(KeyError):
        project.model("nope")


def test_the_version_changes_with_what_the_sql_says_only(tmp_path: Path) -> None:
    first = _load(tmp_path / "a").model("stg_runs").version
    laid_out = STG_RUNS.replace("\n", "\n\n").replace("-- One row", "-- A row").replace("select", "SELECT")
    laid_out = laid_out.replace("r.repo,", "/* which */ r.repo ,")
    assert _load(tmp_path / "b", **{"models/staging/stg_runs.sql": laid_out}).model("stg_runs").version == first
    versions = {first}
    for number, changed in enumerate(
        [
            STG_RUNS.replace("r.created_at", "r.updated_at as created_at"),
            STG_RUNS.replace("r.conclusion", "'Select' as conclusion"),
            STG_RUNS.replace("r.conclusion", "'select' as conclusion"),
            STG_RUNS + "where r.run_attempt > 1",
        ]
    ):
        versions.add(_load(tmp_path / f"c{number}", **{"models/staging/stg_runs.sql": changed}).models[0].version)
    assert len(versions) == 5


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("select\n r.repo\nfrom raw.workflow_rusn as r", "3 raw.workflow_rusn is neither a model nor a table"),
        ("select r.repo\nfrom raw.workflow_runs", "2 raw.workflow_runs has no alias"),
        ("select r.repo\nfrom workflow_runs as r", "2 workflow_runs is no CTE"),
        ("select r.repo\nfrom db.raw.workflow_runs as r", "2 db.raw.workflow_runs: name tables as schema.table"),
        ("select r.repo\nfrom 'runs.parquet' as r", "2 runs.parquet is no CTE"),
        ("select 1 as repo;\n", "1 a model is one SELECT without a semicolon"),
        ("select 1 as repo\n;select 2", "2 a model is one SELECT without a semicolon"),
        ("create table x as select 1", "1 a model is one SELECT"),
        ("with d as (delete from raw.issues as i returning *) select * from d", "1 a model is one SELECT"),
        ("-- only a comment", "1 a model is one SELECT"),
        ("", "1 a model is one SELECT"),
        ("select 'open", "1 no SQL that can be read"),
        ("select 1\nfrom raw.issues as i\nwhere where", "3 no SQL that can be read"),
        ("select 1 +", "1 no SQL that can be read"),
    ],
)
def test_sql_that_is_no_plain_select_of_known_tables_is_refused(tmp_path: Path, sql: str, problem: str) -> None:
    (refusal,) = _problems(tmp_path, {"models/staging/stg_runs.sql": sql})
    assert refusal.startswith(f"staging/stg_runs.sql:{problem}")


def test_names_in_strings_and_comments_table_functions_and_ctes_are_no_tables(tmp_path: Path) -> None:
    sql = """
    with recursive r as (select 1 as n union all select r.n + 1 from r where r.n < 3), Named as (select 1 as n)
    select x.repo, u.i as run_id, 1 as run_attempt, 'from nope.table' as conclusion, x.created_at -- from nope.other
    from RAW.Workflow_Runs as x, unnest([1]) as u(i), range(2) as g(j), r, named, (values (1)) as v(k)
    """
    project = _load(tmp_path, **{"models/staging/stg_runs.sql": sql})
    assert project.model("stg_runs").deps == (("raw", "workflow_runs"),)


def test_models_that_read_each_other_are_refused_with_the_way_round(tmp_path: Path) -> None:
    sql = STG_RUNS + "where r.repo in (\n  select b.repo from marts.runs_by_repo as b)\n"
    (refusal,) = _problems(tmp_path, {"models/staging/stg_runs.sql": sql})
    assert "marts.runs_by_repo → staging.stg_runs" in refusal
    assert "staging.stg_runs → marts.runs_by_repo" in refusal


def test_two_models_of_one_name_are_refused(tmp_path: Path) -> None:
    problems = _problems(tmp_path, {"models/marts/stg_runs.sql": STG_RUNS})
    assert any("the name stg_runs is taken" in problem for problem in problems)


def test_everything_without_description_is_listed_at_once(tmp_path: Path) -> None:
    problems = _problems(
        tmp_path,
        {
            "models/marts/another.sql": "select 1 as x",
            "models/marts/schema.yml": MARTS_YML.replace(", description: Attempts.", "").replace(
                "    description: It's the number of attempts by repository.\n", ""
            ),
        },
    )
    assert problems == [
        "marts/another.sql:1 marts.another is described in no .yml",
        "marts/schema.yml:3 runs_by_repo has no description",
        "marts/schema.yml:6 runs_by_repo.runs has no description",
    ]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"models/x.sql": "select 1 as x"}, "x.sql:1 models are files models/<schema>"),
        ({"models/marts/Runs.sql": "select 1 as x"}, "marts/Runs.sql:1 names of schemas and models"),
        ({"models/raw/x.sql": "select 1 as x"}, "raw/x.sql:1 the schema raw holds tables that Python fills"),
        (
            {"models/marts/more.yml": "models: [{name: gone, description: x}]"},
            "marts/more.yml:1 there is no model gone",
        ),
        (
            {"models/staging/zoo.yml": "models: [{name: stg_runs, description: x}]"},
            "staging/zoo.yml:1 stg_runs is described twice",
        ),
        (
            {"models/marts/more.yml": "sources:\n  - name: raw\n    tables: [{name: isues}]"},
            "marts/more.yml:3 there is no source table raw.isues",
        ),
        (
            {"models/staging/schema.yml": STAGING_YML.replace("[run_id, run_attempt]", "[run_id, atempt]")},
            "staging/schema.yml:14 stg_runs has no column atempt",
        ),
        (
            {"models/staging/schema.yml": STAGING_YML.replace("[not_null]", "[unique_combination: {arguments: {}}]")},
            "staging/schema.yml:8 models.columns.data_tests: unique_combination needs",
        ),
        (
            {"models/staging/schema.yml": STAGING_YML + "      - not_null\n"},
            "staging/schema.yml:16 the test not_null belongs below a column",
        ),
        (
            {"models/staging/schema.yml": STAGING_YML.replace("[not_null]", "[not_null, not_null]")},
            "staging/schema.yml:8 stg_runs has 2 tests called not_null_repo",
        ),
        (
            {
                "models/staging/schema.yml": STAGING_YML.replace(
                    "[not_null]", "[relationships: {to: ref('x'), field: y}]"
                )
            },
            "staging/schema.yml:8 there is no model x",
        ),
        ({"tests/none.sql": "select x.repo\nfrom marts.nope as x"}, "tests/none.sql:2 marts.nope is neither"),
    ],
)
def test_what_does_not_fit_together_is_refused_with_its_place(
    tmp_path: Path, changed: dict[str, str], problem: str
) -> None:
    with pytest.raises(ProjectError) as error:
        _load(tmp_path, **changed)
    (refusal,) = error.value.problems
    assert f"{problem}".replace(" ", ": ", 1) in str(refusal)


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match="no folder models"):
        load_project(tmp_path)


# Building


def test_tables_are_built_with_rows_types_and_comments(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    _runs(con, "success", "failure", "success", None)
    staging, marts = build(con, _load(tmp_path))
    assert (staging.rows, marts.rows) == (4, 1)
    assert marts.columns == (("repo", "VARCHAR"), ("runs", "BIGINT"), ("pass_rate", "DOUBLE"))
    assert [(test.name, test.passed) for test in marts.tests] == [("unique_repo", True), ("not_null_repo", True)]
    assert con.execute("select * from marts.runs_by_repo").fetchall() == [("acme/payments", 4, 2 / 3)]
    comments = con.execute(
        "select comment from duckdb_tables() where table_name = 'runs_by_repo' union all"
        " select comment from duckdb_columns() where table_name = 'runs_by_repo'"
    ).fetchall()
    assert comments == [
        ("It's the number of attempts by repository.",),
        ("Repository.",),
        ("Attempts.",),
        ("Share of attempts that succeeded.",),
    ]


def test_building_again_replaces_the_rows_also_of_a_view_that_becomes_a_table(
    tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    view = STAGING_YML.replace("description: Attempts.", "description: Attempts.\n    config: {materialized: view}")
    kinds = []
    for number, schema_yml in enumerate([view, STAGING_YML, view, view]):
        _runs(con, *["success"] * (number + 1))
        project = _load(tmp_path, **{"models/staging/schema.yml": schema_yml})
        assert [result.rows for result in build(con, project)] == [None if schema_yml is view else number + 1, 1]
        assert con.execute("select runs from marts.runs_by_repo").fetchall() == [(number + 1,)]
        kinds.append(scalar(con, "select table_type from information_schema.tables where table_name = 'stg_runs'"))
        assert scalar(con, "select comment from duckdb_columns() where table_name = 'stg_runs'") == "Repository."
    assert kinds == ["VIEW", "BASE TABLE", "VIEW", "VIEW"]
    assert scalar(con, "select count(*) from information_schema.tables where table_name like '%building%'") == 0


def test_a_view_is_not_computed_when_it_is_built_or_skipped(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    """Whoever reads it computes it: of a long history that takes as long as building a table."""
    _runs(con, "success")
    view = """\
models:
  - name: runs_by_repo
    description: A view.
    config: {materialized: view}
    columns:
      - {name: runs, description: Attempts.}
"""
    failing = "select cast(error('computed') as bigint) as runs from staging.stg_runs as s where s.repo is not null"
    project = _load(tmp_path, **{"models/marts/schema.yml": view, "models/marts/runs_by_repo.sql": failing})
    for action in ("full", "skipped"):
        assert [(one.action, one.rows) for one in build(con, project)] == [(action, 1), (action, None)]
    with pytest.raises(duckdb.InvalidInputException, match="computed"):
        con.sql("select count(runs) from marts.runs_by_repo").fetchall()


def test_only_what_is_selected_is_built(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    results = build(con, _load(tmp_path), lambda model: model.schema == "staging")
    assert [result.model.name for result in results] == ["stg_runs"]
    assert scalar(con, "select count(*) from duckdb_tables() where schema_name = 'marts'") == 0


def test_whoever_watches_sees_each_model(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    calls: list[Any] = []

    class Watcher:
        def advance(self, n: int = 1) -> None:
            calls.append(n)

        def describe(self, text: str) -> None:
            calls.append(text)

    @contextmanager
    def start_task(text: str, total: int) -> Iterator[Task]:
        calls.append((text, total))
        yield Watcher()
        calls.append("finished")

    build(con, _load(tmp_path), start_task=start_task)
    assert calls == [("Building models", 2), "staging.stg_runs", 1, "marts.runs_by_repo", 1, "finished"]


def test_a_build_ends_before_the_model_at_whose_safe_point_it_is_to_end(
    tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    answers = iter([None, KeyboardInterrupt()])

    def safe_point() -> None:
        if error := next(answers):
            raise error

    with pytest.raises(KeyboardInterrupt):
        build(con, _load(tmp_path), safe_point=safe_point)
    assert con.execute("select model from build.models").fetchall() == [("staging.stg_runs",)]


def test_a_failing_test_leaves_the_old_table(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    _runs(con, "success")
    build(con, _load(tmp_path))
    bad = RUNS_BY_REPO + "union all select 'acme/payments', 7, null\n"
    project = _load(tmp_path, **{"models/marts/runs_by_repo.sql": bad})
    with pytest.raises(ModelTestFailed) as error:
        build_model(con, project, project.model("runs_by_repo"))
    assert error.value.model.name == "runs_by_repo"
    assert [(test.name, test.failing_rows, test.sample) for test in error.value.tests] == [
        ("unique_repo", 1, ({"repo": "acme/payments", "occurrences": 2},))
    ]
    assert "unique_repo (1 row, e.g. {'repo': 'acme/payments', 'occurrences': 2})" in str(error.value)
    assert con.execute("select runs from marts.runs_by_repo").fetchall() == [(1,)]
    assert scalar(con, "select comment from duckdb_tables() where table_name = 'runs_by_repo'")
    assert scalar(con, "select count(*) from duckdb_tables() where table_name like '%building%'") == 0


def test_a_warning_does_not_stop_the_build(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    warn = MARTS_YML.replace("data_tests: [unique,", "data_tests: [unique: {config: {severity: warn}},").replace(
        "[unique: {config: {severity: warn}}, not_null]", "[{unique: {config: {severity: warn}}}, not_null]"
    )
    doubled = RUNS_BY_REPO + "union all select 'acme/payments', 7, null\n"
    _runs(con, "success")
    changed = {"models/marts/schema.yml": warn, "models/marts/runs_by_repo.sql": doubled}
    _, result = build(con, _load(tmp_path, **changed))
    assert [(test.name, test.passed, test.severity) for test in result.tests] == [
        ("unique_repo", False, "warn"),
        ("not_null_repo", True, "error"),
    ]
    assert result.rows == 2


def test_sql_that_fails_names_file_and_line_and_leaves_the_old_table(
    tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    _runs(con, "success")
    build(con, _load(tmp_path))
    for wrong, line, message in (
        (STG_RUNS.replace("r.conclusion", "r.conclusoin"), 6, "conclusoin"),
        (STG_RUNS.replace("r.conclusion", "r.conclusion::integer as conclusion"), 6, "success"),
    ):
        project = _load(tmp_path, **{"models/staging/stg_runs.sql": wrong})
        with pytest.raises(ModelBuildError, match=message) as error:
            build(con, project)
        assert f"stg_runs.sql:{line}: staging.stg_runs can't be built" in str(error.value)
        assert "\n" not in str(error.value)
        assert scalar(con, "select count(*) from staging.stg_runs") == 1


def test_columns_that_differ_from_their_description_are_named(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    sql = STG_RUNS.replace("r.conclusion", "r.status, 1::hugeint as h, now() as t")
    with pytest.raises(ModelBuildError) as error:
        build(con, _load(tmp_path, **{"models/staging/stg_runs.sql": sql}))
    text = str(error.value)
    assert "its .yml doesn't describe status, h, t" in text
    assert "the SQL doesn't give conclusion, which its .yml describes" in text
    assert "h is HUGEINT: cast it to bigint" in text
    assert "t is TIMESTAMP WITH TIME ZONE" in text


@pytest.mark.skipif(duckdb.__version__ < "2", reason="DuckDB 1 gives a bare NULL the type INTEGER")
def test_a_column_without_type_is_refused(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    sql = STG_RUNS.replace("r.conclusion", "null as conclusion")
    with pytest.raises(ModelBuildError, match='conclusion is "NULL": cast it'):
        build(con, _load(tmp_path, **{"models/staging/stg_runs.sql": sql}))


def test_what_a_test_looks_at_is_built_first(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    # By name alone `a_first` would come before `stg_runs`, which it doesn't read.
    project = _load(
        tmp_path,
        **{
            "models/marts/a_first.sql": "select b.repo from config.repositories as b",
            "models/marts/more.yml": "models: [{name: a_first, description: x, columns: [{name: repo, description: x,"
            " data_tests: [{relationships: {to: ref('stg_runs'), field: repo}}]}]}]",
        },
    )
    names = [model.name for model in project.models]
    assert names.index("stg_runs") < names.index("a_first")
    _runs(con, "success")
    replace_rows(con, "config.repositories", [{"repo": "acme/payments"}])
    build(con, project)
    replace_rows(con, "config.repositories", [{"repo": "acme/gone"}])
    with pytest.raises(ModelTestFailed, match="relationships_repo_to_stg_runs"):
        build(con, project)


def test_readers_in_the_same_process_see_old_or_new_never_none(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    _runs(con, "success")
    project = _load(tmp_path)
    build(con, project)
    with con.cursor() as reader:
        reader.execute("begin")
        assert scalar(reader, "select runs from marts.runs_by_repo") == 1
        _runs(con, "success", "failure")
        build(con, project)
        assert scalar(reader, "select runs from marts.runs_by_repo") == 1
        reader.execute("commit")
        assert scalar(reader, "select runs from marts.runs_by_repo") == 2
