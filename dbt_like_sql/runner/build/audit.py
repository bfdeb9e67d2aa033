"""The audit between writing a model's rows and publishing them: its columns, its data tests, the tests across models.

Belongs here: refusing rows. Running a test is in ``testing``; what is written and taken back is decided by whoever
calls this inside a transaction.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from dbt_like_sql.runner.build.model_sql import ModelBuildError
from dbt_like_sql.runner.build.state import BuildState
from dbt_like_sql.runner.database import columns_of
from dbt_like_sql.runner.errors import RunnerError
from dbt_like_sql.runner.project.project import SingularTest, SqlModel
from dbt_like_sql.runner.testing.data_tests import TestResult

if TYPE_CHECKING:
    import duckdb

# Types that mislead readers: a zone that depends on the session, integers that pandas turns to floats, no type at all.
_UNWANTED_TYPES = {
    "TIMESTAMP WITH TIME ZONE": "store UTC in a TIMESTAMP (… at time zone 'UTC')",
    "HUGEINT": "cast it to bigint",
    '"NULL"': "cast it to the type it should have",
}


class ModelTestFailed(RunnerError):
    """Data tests that must hold failed; the table keeps its previous content."""

    def __init__(self, model: SqlModel, tests: Sequence[TestResult]) -> None:
        self.model = model
        self.tests = tuple(tests)
        summaries = "; ".join(test.summary for test in self.tests)
        super().__init__(
            f"{model.qualified_name} ({model.path}) keeps its previous content, since these tests failed: {summaries}"
        )


def checked_columns(con: "duckdb.DuckDBPyConnection", model: SqlModel, relation: str) -> tuple[tuple[str, str], ...]:
    """Return the columns of ``relation`` (an SQL name), which holds the model's new rows.

    Raises:
        ModelBuildError: They aren't those that its ``.yml`` describes, or are of a type that misleads readers.
    """
    columns = columns_of(con, relation)
    built = {name for name, _ in columns}
    described = {column.name for column in model.columns}
    differences = []
    if undescribed := [name for name, _ in columns if name not in described]:
        differences.append(f"its .yml doesn't describe {', '.join(undescribed)}")
    if missing := [column.name for column in model.columns if column.name not in built]:
        differences.append(f"the SQL doesn't give {', '.join(missing)}, which its .yml describes")
    differences += [
        f"{name} is {type_}: {_UNWANTED_TYPES[type_]}" for name, type_ in columns if type_ in _UNWANTED_TYPES
    ]
    if differences:
        raise ModelBuildError(model, 1, "; ".join(differences))
    return columns


def accepted(model: SqlModel, results: Sequence[TestResult]) -> tuple[TestResult, ...]:
    """Return ``results``, when none must keep the new rows out.

    Raises:
        ModelTestFailed: A test of severity error failed.
    """
    if failed := [test for test in results if test.blocking]:
        raise ModelTestFailed(model, failed)
    return tuple(results)


def singular_test_results(
    state: BuildState, model: SqlModel, run: Callable[[SingularTest], TestResult]
) -> Iterator[TestResult]:
    """Yield the results of the tests across models that belong to ``model``, each made by ``run``.

    One that would compare tables in different states isn't run.
    """
    for test in model.singular_tests:
        outdated = state.outdated_input(model, test)
        if outdated is None:
            yield run(test)
        else:
            reason = f"{outdated} is not up to date"
            yield TestResult(test.name, passed=False, severity="warn", failing_rows=0, not_run=reason)


def accepted_across_models(
    state: BuildState, model: SqlModel, run: Callable[[SingularTest], TestResult]
) -> tuple[TestResult, ...]:
    """Return the results of :func:`singular_test_results`, when none must keep the new rows out.

    Raises:
        ModelTestFailed: As :func:`accepted`.
    """
    return accepted(model, list(singular_test_results(state, model, run)))
