"""Unit tests of models on given rows."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbt_like_sql.runner.build.building import UnitTestFailed, build
from dbt_like_sql.runner.build.model_sql import ModelBuildError
from dbt_like_sql.runner.project.problems import ProjectError
from dbt_like_sql.runner.project.project import Project
from dbt_like_sql.runner.testing.unit_tests import UnitTestResult, UnitTests, run_unit_tests
from roadmap_pipeline.warehouse import models as real_models
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import (
    MARTS_YML,
    RUNS_BY_REPO,
    STAGING_YML,
    STG_RUNS,
    load_project,
    new_database,
    small_project,
    write,
)

_GIVEN = """
unit_tests:
  - name: rates
    model: runs_by_repo
    given:
      - input: ref('stg_runs')
        rows:
          - {repo: a/b, conclusion: success}
          - {repo: a/b, conclusion: failure}
          - {repo: a/b, conclusion: failure}
          - {repo: a/c, conclusion: success, created_at: 2026-11-09T10:00:00Z}
          - {}
    expect:
      rows:
"""


def _run(tmp_path: Path, expected: str, **changed: str) -> UnitTestResult:
    files = small_project() | {"models/marts/schema.yml": MARTS_YML + _GIVEN + expected} | changed
    (result,) = run_unit_tests(load_project(write(tmp_path, files)))
    return result


def test_rows_in_any_order_of_the_named_columns_are_compared(tmp_path: Path) -> None:
    result = _run(
        tmp_path,
        """\
          - {repo: a/c, pass_rate: 1}
          - {repo: a/b, pass_rate: 0.3333333333}
          - {repo: null, pass_rate: null}
""",
    )
    assert result == UnitTestResult("rates", "marts.runs_by_repo", passed=True)


def test_a_difference_is_shown_from_both_sides(tmp_path: Path) -> None:
    result = _run(
        tmp_path,
        """\
          - {repo: a/c, runs: 1}
          - {repo: a/c, runs: 1}
          - {repo: a/b, runs: 4}
          - {runs: 1}
""",
    )
    assert not result.passed
    assert result.missing == ({"repo": "a/c", "runs": 1}, {"repo": "a/b", "runs": 4})
    assert result.unexpected == ({"repo": "a/b", "runs": 3},)


def test_no_row_can_be_expected(tmp_path: Path) -> None:
    result = _run(tmp_path, "        []\n")
    assert not result.passed
    assert {row["repo"] for row in result.unexpected} == {"a/b", "a/c", None}


def test_a_value_that_does_not_fit_its_column_is_an_error_of_the_test(tmp_path: Path) -> None:
    result = _run(tmp_path, "          - {repo: a/b, runs: many}\n")
    assert not result.passed
    assert result.error
    assert "many" in result.error


def test_types_are_those_of_the_real_tables(tmp_path: Path) -> None:
    sql = """
    select r.repo, r.run_id, len(r.pull_request_numbers) as run_attempt, r.payload ->> 'k' as conclusion,
        date_trunc('hour', r.created_at) as created_at
    from raw.workflow_runs as r
    """
    test = """
unit_tests:
  - name: types
    model: stg_runs
    given:
      - input: source('raw', 'workflow_runs')
        rows:
          - {run_id: 5, pull_request_numbers: [3, 4], payload: {k: {n: 1}}, created_at: 2026-11-09T10:59:00+01:00}
          - {run_id: '6', pull_request_numbers: [], payload: '{"k": "v"}', created_at: 2026-11-09 10:59:00}
          - {run_id: 7, created_at: 2026-11-09}
    expect:
      rows:
        - {run_id: 5, run_attempt: 2, conclusion: '{"n":1}', created_at: 2026-11-09T09:00:00Z}
        - {run_id: 6, run_attempt: 0, conclusion: v, created_at: '2026-11-09 10:00'}
        - {run_id: 7, run_attempt: null, conclusion: null, created_at: 2026-11-09}
"""
    files = small_project() | {"models/staging/stg_runs.sql": sql, "models/staging/schema.yml": STAGING_YML + test}
    (result,) = run_unit_tests(load_project(write(tmp_path, files)))
    assert (result.passed, result.missing, result.error) == (True, (), None), result


def test_each_test_starts_from_empty_tables(tmp_path: Path) -> None:
    twice = (
        _GIVEN
        + "          - {repo: a/c}\n"
        + _GIVEN.replace("unit_tests:\n", "").replace("name: rates", "name: again")
        + "          - {repo: a/c}\n"
    )
    files = small_project() | {"models/marts/schema.yml": MARTS_YML + twice}
    first, second = run_unit_tests(load_project(write(tmp_path, files)))
    assert first.unexpected == second.unexpected


def test_a_model_that_does_not_bind_is_an_error_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ModelBuildError, match=r"stg_runs\.sql:6"):
        _run(tmp_path, "          []\n", **{"models/staging/stg_runs.sql": STG_RUNS.replace("conclusion", "nope")})


def test_a_model_that_does_not_bind_is_an_error_whatever_its_rows_are(tmp_path: Path) -> None:
    broken = RUNS_BY_REPO.replace("counted.runs", "counted.nope")
    with pytest.raises(ModelBuildError, match=r"runs_by_repo\.sql:6.*nope"):
        _run(tmp_path, "          - {repo: a/b, runs: many}\n", **{"models/marts/runs_by_repo.sql": broken})


_NUMBERS = """
select s.repo, cast(s.conclusion as int) as runs, s.run_id / 2 as pass_rate
from staging.stg_runs as s
"""


def _numbers(tmp_path: Path, *tests: str, **changed: str) -> Project:
    """Return the small project with ``_NUMBERS`` as runs_by_repo, and ``tests`` (rows given and expected) of it."""
    entries = [
        f"  - {{name: t{number}, model: runs_by_repo, given: [{{input: ref('stg_runs'), rows: [{rows}]}}],"
        f" expect: {{rows: [{expected}]}}}}\n"
        for number, (rows, _, expected) in enumerate(test.partition(" -> ") for test in tests)
    ]
    text = MARTS_YML + "unit_tests:\n" + "".join(entries)
    files = {"models/marts/runs_by_repo.sql": _NUMBERS, "models/marts/schema.yml": text}
    return load_project(write(tmp_path, small_project() | files | changed))


def test_what_fails_in_one_test_does_not_touch_the_next(tmp_path: Path) -> None:
    project = _numbers(
        tmp_path,
        "{conclusion: '1'} -> {runs: 1}",
        "{conclusion: word} -> {runs: 1}",
        "{conclusion: '2'} -> {runs: 2}",
        "{conclusion: '3'}, {run_id: letters} -> {runs: 3}",
        "{conclusion: '4'} -> {runs: 4}",
        "{conclusion: '5'} -> {runs: figures}",
        "{conclusion: '6'} -> {runs: 6}",
    )
    results = run_unit_tests(project)
    assert [result.passed for result in results] == [True, False] * 3 + [True]
    for result, message in zip(results[1::2], ("word", "letters", "figures"), strict=True):
        assert result.error
        assert message in result.error
        assert (result.missing, result.unexpected) == ((), ())


def test_columns_left_out_are_null_in_each_row_of_its_own(tmp_path: Path) -> None:
    project = _numbers(
        tmp_path,
        "{repo: a/b}, {run_id: 5, conclusion: '1'}, {}, {conclusion: '2', repo: a/c}"
        " -> {repo: a/b}, {runs: 1, pass_rate: 2.5}, {}, {runs: 2, repo: a/c}",
        "{}, {} -> {}, {}",
        "{} -> {repo: null}, {repo: null}",
        " -> ",
    )
    first, second, third, fourth = run_unit_tests(project)
    assert (first.passed, second.passed, fourth.passed) == (True, True, True), (first, second, fourth)
    assert (third.missing, third.unexpected) == (({"repo": None},), ())


def test_many_rows_are_given_and_expected_at_once(tmp_path: Path) -> None:
    project = _numbers(tmp_path, "{} -> {}")
    model = project.model("runs_by_repo")
    rows = [{"repo": f"a/{number % 7}", "run_id": number, "conclusion": number} for number in range(2000)]
    expect = [{"repo": f"a/{number % 7}", "runs": number} for number in reversed(range(2000))]
    expect[100] = {"repo": "a/9", "runs": 4}
    (test,) = model.unit_tests
    test = dataclasses.replace(test, given={("staging", "stg_runs"): rows}, expect=expect)
    with UnitTests(project) as unit_tests:
        (result,) = unit_tests.run(dataclasses.replace(model, unit_tests=(test,)))
    assert result.missing == ({"repo": "a/9", "runs": 4},)
    assert result.unexpected == ({"repo": f"a/{1899 % 7}", "runs": 1899},)


@pytest.mark.parametrize("materialized", ["table", "view", "incremental"])
def test_it_does_not_matter_how_models_are_stored(tmp_path: Path, materialized: str) -> None:
    config = f"    config: {{materialized: {materialized}"
    config += ", unique_key: [run_id]}\n" if materialized == "incremental" else "}\n"
    stored = STAGING_YML.replace("    columns:\n", f"{config}    columns:\n", 1)
    test = "{repo: a/b, conclusion: '1'}, {repo: a/b, conclusion: '1'} -> {repo: a/b, runs: 1}, {repo: a/b, runs: 1}"
    project = _numbers(tmp_path, test, **{"models/staging/schema.yml": stored})
    assert project.model("stg_runs").materialized == materialized
    (result,) = run_unit_tests(project)
    assert result.passed, result


def test_a_seed_has_no_rows_but_those_given(tmp_path: Path) -> None:
    seeds = """
seeds:
  - name: rates
    description: Prices.
    config: {column_types: {cents: integer}}
    columns: [{name: label, description: Label.}, {name: cents, description: Cents.}]
"""
    text = MARTS_YML + (
        "unit_tests: [{name: t, model: runs_by_repo, given: [{input: ref('rates'), rows: [{label: a, cents: '7'}]}],"
        " expect: {rows: [{repo: a, runs: 8}]}}]\n"
    )
    files = {
        "seeds/reference/rates.csv": "label,cents\nx,1\n",
        "seeds/schema.yml": seeds,
        "models/marts/runs_by_repo.sql": "select r.label as repo, r.cents + 1 as runs, 1 as pass_rate"
        " from reference.rates as r",
        "models/marts/schema.yml": text,
    }
    (result,) = run_unit_tests(load_project(write(tmp_path, small_project() | files)))
    assert result.passed, result


def test_a_model_needs_only_what_it_reads(tmp_path: Path) -> None:
    other = "select s.nope as repo, 1 as runs, 1 as pass_rate from staging.stg_runs as s"
    described = MARTS_YML.replace("runs_by_repo", "other").removeprefix("version: 2\nmodels:\n")
    text = MARTS_YML + described + _GIVEN + "          - {repo: a/c}\n          - {repo: a/b}\n          - {}\n"
    text += "  - {name: o, model: other, given: [{input: ref('stg_runs'), rows: []}], expect: {rows: []}}\n"
    files = {"models/marts/other.sql": other, "models/marts/schema.yml": text}
    project = load_project(write(tmp_path, small_project() | files))
    with UnitTests(project) as unit_tests:
        assert unit_tests.run(project.model("stg_runs")) == ()
        (first,) = unit_tests.run(project.model("runs_by_repo"))
        with pytest.raises(ModelBuildError, match=r"other\.sql:1"):
            unit_tests.run(project.model("other"))
        (again,) = unit_tests.run(project.model("runs_by_repo"))
    assert first == again == UnitTestResult("rates", "marts.runs_by_repo", passed=True)


@pytest.fixture(scope="module")
def one_too_many() -> Project:
    """Return the real models, their tests expecting each the first row once more: what they find then are rows."""
    project = real_models.project()
    models = [
        dataclasses.replace(
            model,
            unit_tests=tuple(
                dataclasses.replace(test, expect=[*test.expect, *test.expect[:1]]) for test in model.unit_tests
            ),
        )
        for model in project.models
    ]
    return dataclasses.replace(project, models=tuple(models))


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_models_are_tested_in_any_order_and_again(one_too_many: Project, data: st.DataObject) -> None:
    tested = [model for model in one_too_many.models if model.unit_tests]
    chosen = data.draw(st.lists(st.integers(0, len(tested) - 1), min_size=2, max_size=6))
    models = [tested[index] for index in chosen]
    with UnitTests(one_too_many) as unit_tests:
        runs = [unit_tests.run(model) for model in models]
    for model, results in zip(models, runs, strict=True):
        assert [result.name for result in results] == [test.name for test in model.unit_tests]
        for result, test in zip(results, model.unit_tests, strict=True):
            assert (result.error, len(result.missing), result.unexpected) == (None, min(len(test.expect), 1), ())


@pytest.mark.parametrize(
    ("was", "becomes", "line", "message"),
    [
        ("name: rates", "name: rates", 0, ""),
        ("model: runs_by_repo", "model: nope", 11, "there is no model nope"),
        ("ref('stg_runs')", "ref('runs_by_repo')", 14, "marts.runs_by_repo doesn't read marts.runs_by_repo"),
        ("ref('stg_runs')", "source('raw', 'nope')", 14, "there is no source table raw.nope"),
        ("repo: a/b, conclusion: success", "repoo: a/b", 16, "staging.stg_runs has no column repoo"),
        ("          - {repo: a/c}", "          - {share: 1}", 23, "marts.runs_by_repo has no column share"),
    ],
)
def test_what_does_not_exist_is_refused_at_load(
    tmp_path: Path, was: str, becomes: str, line: int, message: str
) -> None:
    text = MARTS_YML + _GIVEN + "          - {repo: a/c}\n"
    assert was in text
    directory = write(tmp_path, small_project() | {"models/marts/schema.yml": text.replace(was, becomes)})
    if not message:
        assert load_project(directory).model("runs_by_repo").unit_tests[0].name == "rates"
        return
    with pytest.raises(ProjectError) as error:
        load_project(directory)
    assert (line, message) in [(problem.line, problem.text) for problem in error.value.problems]


def test_every_table_that_is_read_must_be_given(tmp_path: Path) -> None:
    text = MARTS_YML + "unit_tests: [{name: t, model: runs_by_repo, given: [], expect: {rows: []}}]\n"
    directory = write(tmp_path, small_project() | {"models/marts/schema.yml": text})
    with pytest.raises(ProjectError, match=r"t must give rows for ref\('stg_runs'\)"):
        load_project(directory)


def test_a_new_definition_is_built_once_it_passes(tmp_path: Path) -> None:
    """As dbt does: a definition that makes something else of given rows replaces no table."""
    expected = "          - {repo: a/c, runs: 1}\n          - {repo: a/b, runs: 3}\n          - {repo: null, runs: 1}\n"
    good = small_project() | {"models/marts/schema.yml": MARTS_YML + _GIVEN + expected}
    wrong = {"models/marts/runs_by_repo.sql": RUNS_BY_REPO.replace("count(*) as runs", "count(*) + 1 as runs")}
    directory = tmp_path / "dbt_like_sql"
    with new_database() as con:
        con.execute("insert into raw.workflow_runs (repo, run_id, run_attempt) values ('a/b', 1, 1)")
        build(con, load_project(write(directory, good)))
        for _ in range(2):
            with pytest.raises(UnitTestFailed) as error:
                build(con, load_project(write(directory, good | wrong)))
            message = str(error.value)
            assert message.startswith("marts.runs_by_repo (")
            assert "keeps its previous content, since these unit tests failed: " in message
            assert "schema.yml:11: rates: missing {'repo': 'a/c', 'runs': 1}, " in message
            assert "unexpected {'repo': 'a/b', 'runs': 4}" in message
            assert con.execute("select runs from marts.runs_by_repo").fetchall() == [(1,)]
        build(con, load_project(write(directory, good)))
        # What is expected is a part of the definition.
        changed = good | {"models/marts/schema.yml": MARTS_YML + _GIVEN + expected.replace("runs: 3", "runs: 2")}
        with pytest.raises(UnitTestFailed, match="'runs': 2"):
            build(con, load_project(write(directory, changed)))
