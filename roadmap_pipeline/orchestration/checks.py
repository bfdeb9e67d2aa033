"""The tests of a model as asset checks: which there are, what they say in words, and what came of them.

Belongs here: translating the runner's tests into Dagster's checks. A check of its own for each test would be 400 of
them: every one costs two events in each run's log (half of a run's time), and a person reads "never NULL" once, with
the columns that break it, sooner than twenty times. So a model has two: one that keeps its new rows out and one that
warns, each with a list of what failed. A test across models stays a check of its own: there are few, each is a
statement about more than this model, and one that couldn't be made shows as skipped.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

import dagster as dg

from roadmap_pipeline.orchestration.metadata import markdown_table
from roadmap_pipeline.warehouse.models import GenericTest, SingularTest, SqlModel, TestResult, failing_rows_sql

BLOCKING = "data_tests"
WARNING = "data_tests_that_warn"

Checks = Mapping[str, Sequence[GenericTest | SingularTest]]
"""Tests by the check that they are part of."""


def checks_of(model: SqlModel) -> Checks:
    """Return the tests of a model by asset check."""
    checks: dict[str, list[GenericTest | SingularTest]] = {
        BLOCKING: [test for test in model.tests if test.severity == "error"],
        WARNING: [test for test in model.tests if test.severity != "error"],
    }
    checks |= {test.name: [test] for test in model.singular_tests}
    return {name: tests for name, tests in checks.items() if tests}


def check_specs(model: SqlModel, checks: Checks) -> list[dg.AssetCheckSpec]:
    """Return what the checks promise; one of severity error leaves the old table in place and stops what follows."""
    key = dg.AssetKey(list(model.key))
    return [
        dg.AssetCheckSpec(name, asset=key, description=_description(tests), blocking=_is_blocking(tests))
        for name, tests in checks.items()
    ]


def evaluated(checks: Checks, failed: Mapping[str, TestResult]) -> Checks:
    """Return the checks that were made when these failed: only rows that passed them are tested across models."""
    across = {test.name for tests in checks.values() for test in tests if isinstance(test, SingularTest)}
    if across & failed.keys():
        return checks
    return {name: tests for name, tests in checks.items() if name not in across}


def check_results(
    context: dg.AssetExecutionContext, model: SqlModel, checks: Checks, results: Mapping[str, TestResult]
) -> Iterator[dg.AssetCheckResult]:
    """Yield a result for each check that was made.

    Args:
        context: Of the step, whose log says why a check was not made.
        model: The tested one.
        checks: Those that were made.
        results: What came of its tests, by name; one that is missing did not fail.
    """
    for name, tests in checks.items():
        failed = [test for test in tests if test.name in results and not results[test.name].passed]
        if not_run := [f"{test.name} is skipped: {why}" for test in failed if (why := results[test.name].not_run)]:
            # Without a result Dagster shows it as skipped.
            context.log.info("; ".join(not_run))
            continue
        metadata: dict[str, Any] = {
            "tests": len(tests),
            "failing rows": sum(results[test.name].failing_rows for test in failed),
        }
        if failed:
            metadata["failed tests"] = dg.MetadataValue.json([test.name for test in failed])
            metadata["failed"] = dg.MetadataValue.md(
                "\n\n".join(_failure(model, test, results[test.name]) for test in failed)
            )
        yield dg.AssetCheckResult(
            asset_key=dg.AssetKey(list(model.key)),
            check_name=name,
            passed=not failed,
            severity=dg.AssetCheckSeverity.ERROR if _is_blocking(tests) else dg.AssetCheckSeverity.WARN,
            metadata=metadata,
        )


def failing_rows_query(model: SqlModel, test: GenericTest | SingularTest) -> str:
    """Return a query of the rows that break a test; of rows that were kept out, on what the model would hold."""
    if isinstance(test, SingularTest):
        return test.sql
    if test.severity != "error":
        return failing_rows_sql(test, model.qualified_name, of=model.key)
    return f"with new_rows as (\n{model.sql}\n)\n{failing_rows_sql(test, 'new_rows', of=model.key)}"


def _failure(model: SqlModel, test: GenericTest | SingularTest, result: TestResult) -> str:
    """Return what failed as Markdown: what should hold, how many rows break it, some of them, and how to find them."""
    rows = "1 row breaks it" if result.failing_rows == 1 else f"{result.failing_rows:,} rows break it"
    return (
        f"**{test.name}**: {_phrase(test)}; {rows}\n\n{markdown_table(result.sample)}\n\n"
        f"```sql\n{failing_rows_query(model, test)}\n```"
    )


def _is_blocking(tests: Sequence[GenericTest | SingularTest]) -> bool:
    """Return whether a failure keeps the new table out: a check's tests are of one severity."""
    return tests[0].severity == "error"


def _description(tests: Sequence[GenericTest | SingularTest]) -> str:
    """Return what holds, as a person says it: one phrase for all columns never NULL, one for each other test."""
    required = [column for test in tests if _is_plain_not_null(test) for column in test.columns]
    phrases = [f"never NULL: {', '.join(required)}"] if required else []
    phrases += [_phrase(test) for test in tests if not _is_plain_not_null(test)]
    return "; ".join(phrases)


def _is_plain_not_null(test: GenericTest | SingularTest) -> TypeGuard[GenericTest]:
    return isinstance(test, GenericTest) and test.kind == "not_null" and not test.description and test.where is None


def _phrase(test: GenericTest | SingularTest) -> str:
    if isinstance(test, SingularTest):
        return test.description or f"{test.path.name} finds no row"
    columns = ", ".join(test.columns)
    if test.description:
        return test.description
    if test.kind == "accepted_values":
        phrase = f"{columns} is one of {', '.join(map(str, test.values))}"
    elif test.kind == "relationships" and test.parent is not None:
        phrase = f"{columns} is found in {'.'.join(test.parent)}"
    elif test.kind == "expression_is_true":
        phrase = f"{columns} {test.expression}".strip()
    elif test.kind == "not_null":
        phrase = f"{columns} is never NULL"
    else:
        phrase = f"one row per {columns}"
    return phrase if test.where is None else f"{phrase}, where {test.where}"
