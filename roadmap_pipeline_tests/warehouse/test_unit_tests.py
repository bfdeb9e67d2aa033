"""Unit tests of models on given rows."""

from pathlib import Path

import pytest

from roadmap_pipeline.warehouse.models import ModelBuildError, load_project
from roadmap_pipeline.warehouse.problems import ProjectError
from roadmap_pipeline.warehouse.unit_tests import UnitTestResult, run_unit_tests
from roadmap_pipeline_tests.warehouse.small_project import MARTS_YML, STAGING_YML, STG_RUNS, small_project, write

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


@pytest.mark.parametrize(
    ("was", "becomes", "line", "said"),
    [
        ("name: rates", "name: rates", 0, ""),
        ("model: runs_by_repo", "model: nope", 11, "there is no model nope"),
        ("ref('stg_runs')", "ref('runs_by_repo')", 14, "marts.runs_by_repo doesn't read marts.runs_by_repo"),
        ("ref('stg_runs')", "source('raw', 'nope')", 14, "there is no source table raw.nope"),
        ("repo: a/b, conclusion: success", "repoo: a/b", 16, "staging.stg_runs has no column repoo"),
        ("          - {repo: a/c}", "          - {share: 1}", 23, "marts.runs_by_repo has no column share"),
    ],
)
def test_what_does_not_exist_is_refused_at_load(tmp_path: Path, was: str, becomes: str, line: int, said: str) -> None:
    text = MARTS_YML + _GIVEN + "          - {repo: a/c}\n"
    assert was in text
    directory = write(tmp_path, small_project() | {"models/marts/schema.yml": text.replace(was, becomes)})
    if not said:
        assert load_project(directory).model("runs_by_repo").unit_tests[0].name == "rates"
        return
    with pytest.raises(ProjectError) as error:
        load_project(directory)
    assert (line, said) in [(problem.line, problem.text) for problem in error.value.problems]


def test_every_table_that_is_read_must_be_given(tmp_path: Path) -> None:
    text = MARTS_YML + "unit_tests: [{name: t, model: runs_by_repo, given: [], expect: {rows: []}}]\n"
    directory = write(tmp_path, small_project() | {"models/marts/schema.yml": text})
    with pytest.raises(ProjectError, match=r"t must give rows for ref\('stg_runs'\)"):
        load_project(directory)
