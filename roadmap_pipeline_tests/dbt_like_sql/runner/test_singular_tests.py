"""Tests across models, as part of a build: when they run, on which rows, and what a failure leaves as it was."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from dbt_like_sql.runner.build.audit import ModelTestFailed
from dbt_like_sql.runner.build.building import build
from dbt_like_sql.runner.build.results import ModelResult, Policy
from dbt_like_sql.runner.project.problems import ProjectError
from dbt_like_sql.runner.project.project import Project
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import (
    MARTS_YML,
    RUNS_BY_REPO,
    STAGING_YML,
    load_project,
    new_database,
    replace_rows,
    small_project,
    write,
)

_INCREMENTAL = "description: Attempts.\n    config: {materialized: incremental, unique_key: run_id}"
_BY_RUN = {"models/staging/schema.yml": STAGING_YML.replace("description: Attempts.", _INCREMENTAL, 1)}
_NO_RUN_LOST = (
    "select r.run_id from raw.workflow_runs as r anti join staging.stg_runs as s on s.run_id = r.run_id"
    " where r.conclusion = 'failure'"
)
_NONE_CANCELLED = "select s.run_id from staging.stg_runs as s where s.conclusion = 'cancelled'"
_FEW = "select b.repo, b.runs from marts.runs_by_repo as b where b.runs > 2"


def _load(tmp_path: Path, **files: str) -> Project:
    return load_project(write(tmp_path / "dbt_like_sql", small_project() | files))


def _tests_yml(**entries: str) -> str:
    return "data_tests:\n" + "".join(f"  - {{name: {name}, {rest}}}\n" for name, rest in entries.items())


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with new_database() as con:
        yield con


def _put(con: duckdb.DuckDBPyConnection, *runs: tuple[int, str], repo: str = "acme/a") -> None:
    rows = [
        {
            "repo": repo,
            "run_id": run_id,
            "run_attempt": 1,
            "conclusion": conclusion,
            "created_at": datetime(2026, 11, 9),  # noqa: DTZ001
        }
        for run_id, conclusion in runs
    ]
    replace_rows(con, "raw.workflow_runs", rows)


def _build(con: duckdb.DuckDBPyConnection, project: Project, **policy: object) -> list[ModelResult]:
    return build(con, project, policy=Policy(**({"small_rows": 0, "share": 2} | policy)))  # type: ignore[arg-type]


def _warnings(results: list[ModelResult]) -> dict[str, list[tuple[str, int]]]:
    return {
        result.model.name: [(test.name, test.failing_rows) for test in result.tests if not test.passed]
        for result in results
    }


def test_a_failure_keeps_the_old_rows_and_all_that_comes_after(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    project = _load(tmp_path, **{"tests/none_cancelled.sql": _NONE_CANCELLED})
    _put(con, (1, "success"))
    _build(con, project)
    _put(con, (2, "cancelled"))
    for _ in range(2):  # it isn't forgotten by failing
        with pytest.raises(ModelTestFailed) as error:
            _build(con, project)
        assert "staging.stg_runs" in str(error.value)
        assert "keeps its previous content" in str(error.value)
        assert "none_cancelled (1 row, e.g. {'run_id': 2})" in str(error.value)
        assert con.execute("select run_id from staging.stg_runs").fetchall() == [(1,)]
        assert con.execute("select runs from marts.runs_by_repo").fetchall() == [(1,)]
    _put(con, (2, "success"))
    assert [result.action for result in _build(con, project)] == ["full", "full"]


def test_it_waits_for_every_model_it_reads(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    """Neither mart reads the other; whichever the test belongs to is built second."""
    same = "select b.repo from marts.runs_by_repo as b join marts.a_copy as c on c.repo = b.repo where c.runs <> b.runs"
    copy_yml = MARTS_YML.split("models:\n")[1].replace("runs_by_repo", "a_copy")
    for name in ("a_copy", "z_copy"):
        files = {
            f"models/marts/{name}.sql": RUNS_BY_REPO,
            f"models/marts/{name}.yml": "models:\n" + copy_yml.replace("a_copy", name),
            "tests/same.sql": same.replace("a_copy", name),
        }
        project = load_project(write(tmp_path / name, small_project() | files))
        (last,) = (model for model in project.models if model.singular_tests)
        assert last == project.models[-1]
        assert set(last.compared_with) | {last.key} == {("marts", "runs_by_repo"), ("marts", name)}
        _put(con, (len(name), "success"), (100, "success"))
        assert _warnings(_build(con, project)) == {"stg_runs": [], "runs_by_repo": [], name: []}


def test_it_runs_again_when_only_what_it_compares_with_changed(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    milestones = "select m.title from raw.milestones as m join marts.runs_by_repo as b on b.repo = m.repo"
    project = _load(tmp_path, **{"tests/no_milestones.sql": milestones})
    _put(con, (1, "success"))
    _build(con, project)
    replace_rows(con, "raw.milestones", [{"repo": "acme/a", "number": 1, "title": "Stage 1"}])
    for _ in range(2):
        with pytest.raises(ModelTestFailed, match=r"no_milestones \(1 row, e\.g\. \{'title': 'Stage 1'\}\)"):
            _build(con, project)
    replace_rows(con, "raw.milestones", [], whole_table=True)
    assert [result.action for result in _build(con, project)] == ["skipped", "skipped"]


def test_a_test_of_what_python_fills_keeps_the_first_model_that_reads_it(
    tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    cancelled = "select r.run_id from raw.workflow_runs as r where r.conclusion = 'cancelled'"
    project = _load(tmp_path, **{"tests/none_cancelled.sql": cancelled})
    _put(con, (1, "cancelled"))
    with pytest.raises(ModelTestFailed, match=r"staging\.stg_runs .* none_cancelled"):
        _build(con, project)
    assert con.execute("from duckdb_tables() where schema_name = 'staging'").fetchall() == []


def test_a_warning_stays_until_it_is_gone(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    yml = _tests_yml(few="config: {severity: warn}")
    project = _load(tmp_path, **{"tests/few.sql": _FEW, "tests/schema.yml": yml})
    _put(con, (1, "success"), (2, "success"), (3, "success"))
    warned = {"stg_runs": [], "runs_by_repo": [("few", 1)]}
    assert _warnings(_build(con, project)) == warned
    assert con.execute("select runs from marts.runs_by_repo").fetchall() == [(3,)]
    assert _warnings(_build(con, project)) == warned  # skipped
    _put(con, (3, "success"), repo="acme/b")
    assert _warnings(_build(con, project)) == {"stg_runs": [], "runs_by_repo": []}


def test_only_rows_that_share_its_key_with_changed_ones_are_looked_at(
    tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    files = _BY_RUN | {"tests/none_cancelled.sql": _NONE_CANCELLED}
    project = _load(
        tmp_path, **files, **{"tests/schema.yml": _tests_yml(none_cancelled="config: {meta: {by: run_id}}")}
    )
    _put(con, (1, "success"), (2, "success"))
    _build(con, project)
    con.execute("update staging.stg_runs set conclusion = 'cancelled' where run_id = 1")  # behind the build's back
    _put(con, (3, "success"))
    assert [result.action for result in _build(con, project)] == ["incremental", "full"]
    _put(con, (4, "cancelled"))
    with pytest.raises(ModelTestFailed, match=r"none_cancelled \(1 row, e\.g\. \{'run_id': 4\}\)"):
        _build(con, project)
    assert con.execute("select run_id from staging.stg_runs order by 1").fetchall() == [(1,), (2,), (3,)]


def test_without_a_key_all_rows_are_looked_at_each_time(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    project = _load(tmp_path, **_BY_RUN, **{"tests/none_cancelled.sql": _NONE_CANCELLED})
    _put(con, (1, "success"), (2, "success"))
    _build(con, project)
    con.execute("update staging.stg_runs set conclusion = 'cancelled' where run_id = 1")
    _put(con, (3, "success"))
    with pytest.raises(ModelTestFailed, match=r"none_cancelled \(1 row, e\.g\. \{'run_id': 1\}\)"):
        _build(con, project)


def test_a_row_that_never_reached_the_model_is_looked_at(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    """It touches no row of the model: the test's key comes from what it compares with."""
    files = _BY_RUN | {
        "models/staging/stg_runs.sql": small_project()["models/staging/stg_runs.sql"] + "where r.run_id <> 7\n",
        "tests/no_run_lost.sql": _NO_RUN_LOST,
        "tests/schema.yml": _tests_yml(no_run_lost="config: {meta: {by: run_id}}"),
    }
    project = _load(tmp_path, **files)
    _put(con, (1, "failure"), (2, "success"))
    _build(con, project)
    _put(con, (7, "failure"), (3, "success"))
    with pytest.raises(ModelTestFailed, match=r"no_run_lost \(1 row, e\.g\. \{'run_id': 7\}\)"):
        _build(con, project)
    assert con.execute("select count(*) from staging.stg_runs").fetchall() == [(2,)]


def test_all_rows_are_looked_at_when_nobody_noted_which_changed(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    """Milestones are compared as a whole: their rows may concern repositories of which no run changed."""
    incremental = "attempts by repository.\n    config: {materialized: incremental, unique_key: repo}"
    files = _BY_RUN | {
        "models/marts/schema.yml": MARTS_YML.replace("attempts by repository.", incremental, 1),
        "tests/none_due.sql": "select m.title, b.repo from raw.milestones as m"
        " join marts.runs_by_repo as b on b.repo = m.repo",
        "tests/schema.yml": _tests_yml(none_due="config: {meta: {by: repo}}"),
    }
    project = _load(tmp_path, **files)
    _put(con, (1, "success"))
    _put(con, (2, "success"), repo="acme/b")
    _build(con, project)
    replace_rows(con, "raw.milestones", [{"repo": "acme/a", "number": 1, "title": "Stage 1"}])
    _put(con, (3, "success"), repo="acme/b")
    with pytest.raises(ModelTestFailed, match=r"none_due \(1 row, e\.g\. \{'title': 'Stage 1', 'repo': 'acme/a'\}\)"):
        _build(con, project)


@pytest.mark.parametrize(
    ("yml", "test", "problem"),
    [
        ("no_such: 'description: Nothing.'", _FEW, "tests/schema.yml:2: there is no test no_such"),
        ("few: 'config: {meta: {by: head}}'", _FEW, "schema.yml:2: marts.runs_by_repo has no column head, named by"),
        (
            "few: 'config: {meta: {by: repo}}'",
            _FEW,
            "schema.yml:2: config.meta.by: repo is no part of the unique_key of marts.runs_by_repo",
        ),
        ("few: 'config: {meta: {key: repo}}'", _FEW, "schema.yml:2: unknown key key"),
        ("few: 'tags: [x]'", _FEW, "schema.yml:2: unknown key tags"),
        ("few: 'description: x'", "select 1 as one", "tests/few.sql:1: no model reads any of its tables"),
        (
            "few: 'description: x'",
            "select i.number from raw.issues as i",
            "few.sql:1: no model reads any of its tables",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(tmp_path: Path, yml: str, test: str, problem: str) -> None:
    name, _, rest = yml.partition(": ")
    files = {"tests/few.sql": test, "tests/schema.yml": _tests_yml(**{name: rest.strip("'")})}
    with pytest.raises(ProjectError) as error:
        _load(tmp_path, **files)
    assert problem in str(error.value)


def test_a_test_is_described_once_and_is_not_called_like_a_kind_of_test(tmp_path: Path) -> None:
    files = {"tests/unique.sql": _FEW, "tests/schema.yml": _tests_yml(unique="description: Once.")}
    with pytest.raises(ProjectError, match=r"unique\.sql:1: the name unique is taken: it is a kind of test"):
        _load(tmp_path, **files)
    twice = "data_tests:\n  - {name: few}\n  - {name: few}\n"
    with pytest.raises(ProjectError, match=r"schema\.yml:3: few is described twice"):
        load_project(write(tmp_path / "other", small_project() | {"tests/few.sql": _FEW, "tests/schema.yml": twice}))


def test_states_that_do_not_belong_together_are_not_compared(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    """A mart built alone after an ingest rests on what staging was before it."""
    lost = "select r.run_id from raw.workflow_runs as r anti join marts.copied as c on c.run_id = r.run_id"
    yml = MARTS_YML + STAGING_YML.split("models:\n")[1].replace("stg_runs", "copied")
    project = _load(
        tmp_path,
        **{
            "models/marts/copied.sql": "select s.* from staging.stg_runs as s where s.run_id <> 2\n",
            "models/marts/schema.yml": yml,
            "tests/lost.sql": lost,
        },
    )
    _put(con, (1, "success"))
    build(con, project)
    _put(con, (2, "success"))
    results = build(con, project, lambda model: model.name == "copied")
    (result,) = (test for model in results for test in model.tests if test.name == "lost")
    assert (result.passed, result.blocking, result.not_run) == (False, False, "staging.stg_runs is not up to date")
    build(con, project, lambda model: model.name == "stg_runs")
    for _ in range(2):  # made up for as soon as it can be, although nothing that the mart reads makes it change
        with pytest.raises(ModelTestFailed, match=r"lost \(1 row, e\.g\. \{'run_id': 2\}\)"):
            build(con, project, lambda model: model.name == "copied")
