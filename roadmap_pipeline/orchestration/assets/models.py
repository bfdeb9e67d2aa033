"""One asset per SQL model; dependencies, checks, columns and lineage come from the file and its ``schema.yml``."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

import dagster as dg

from roadmap_pipeline.orchestration.assets.derived import LATE
from roadmap_pipeline.orchestration.assets.sources import OWNERS, WRITER
from roadmap_pipeline.orchestration.lineage import lineage_metadata
from roadmap_pipeline.orchestration.metadata import (
    UNRECORDED,
    data_version,
    is_recorded,
    markdown_table,
    table_metadata,
)
from roadmap_pipeline.orchestration.partitions import ISO_WEEKS
from roadmap_pipeline.orchestration.resources import WorkspaceParam
from roadmap_pipeline.warehouse.models import (
    GenericTest,
    ModelBuildError,
    ModelTestFailed,
    Project,
    SingularTest,
    SqlModel,
    TestResult,
    UnitTestFailed,
    build_model,
    check_model,
)

REFRESH = (
    # Unpartitioned models below partitioned reports: not every week has one, which `eager` alone would wait for.
    dg.AutomationCondition.eager().without(~dg.AutomationCondition.any_deps_missing())
    & dg.AutomationCondition.all_deps_blocking_checks_passed()
).with_label("eager_after_checks")
"""Under automation a model follows what it reads; late data of any age is taken in by the build itself."""

BY_WEEK = frozenset({("publish", "notion_ci_reports")})
"""Models between a week's report and its page: a chain of partitions has no link without them."""


def model_assets(project: Project) -> list[dg.AssetsDefinition]:
    """The assets of all models, in build order."""
    return [_asset(project, model) for model in project.models]


def checks_of(model: SqlModel) -> Mapping[str, Sequence[GenericTest | SingularTest]]:
    """The model's tests by asset check: one check a kind of test and severity, and one a test across models.

    A check of its own for each test would be 400 of them: every one costs two events in each run's log (half of a run's
    time), and a person reads "not_null" once, with the columns that break it, sooner than twenty times.
    """
    checks: dict[str, list[GenericTest | SingularTest]] = defaultdict(list)
    for test in model.tests:
        checks[test.kind if test.severity == "error" else f"{test.kind}_warning"].append(test)
    for across in model.singular_tests:
        checks[across.name].append(across)
    return checks


def _asset(project: Project, model: SqlModel) -> dg.AssetsDefinition:
    key = dg.AssetKey(list(model.key))
    checks = checks_of(model)

    @dg.multi_asset(
        name="__".join(model.key),
        specs=[
            dg.AssetSpec(
                key,
                # The journal is read as it stands: waiting for this run's writes would keep the readers' copy from
                # them. What its tests look at must be up to date before they run.
                deps=[
                    dg.AssetKey(list(dep))
                    for dep in (*model.deps, *model.tested_against, *model.compared_with)
                    if dep[0] != "sync"
                ],
                description=model.description,
                group_name=model.schema,
                kinds={"sql", "duckdb"},
                owners=OWNERS,
                code_version=model.version,
                automation_condition=LATE if model.key in BY_WEEK else REFRESH,
                partitions_def=ISO_WEEKS if model.key in BY_WEEK else None,
            )
        ],
        pool=WRITER,
        # A failing check of severity error leaves the old table in place and stops what comes after.
        check_specs=[
            dg.AssetCheckSpec(name, asset=key, description=_description(tests), blocking=_is_blocking(tests))
            for name, tests in checks.items()
        ],
        # So that checks can be run without building anything, and one that can't be made shows as skipped.
        can_subset=True,
    )
    def build(context: dg.AssetExecutionContext, workspace: WorkspaceParam) -> Iterator[Any]:
        wanted = {check.name for check in context.selected_asset_check_keys}
        chosen = {name: tests for name, tests in checks.items() if name in wanted}
        with workspace.warehouse.connect() as con:
            if key not in context.selected_asset_keys:
                found = {test.name: test for test in check_model(con, project, model)}
                yield from _results(context, chosen, found, key)
                return
            try:
                result = build_model(con, project, model)
            except ModelTestFailed as error:
                # What failed belongs on the checks, although the table keeps its previous content.
                for test in error.tests:
                    context.log.error(test.summary)
                failed = {test.name: test for test in error.tests}
                yield from _results(context, _evaluated(chosen, failed), failed, key)
                raise dg.Failure(str(error), allow_retries=False) from error
            except UnitTestFailed as error:
                raise dg.Failure(str(error), metadata={"sql": _sql(model)}, allow_retries=False) from error
            except ModelBuildError as error:
                raise dg.Failure(
                    error.details, metadata={"sql": _sql(model), "file": model.path.name}, allow_retries=False
                ) from error
            check_results = list(_results(context, chosen, {test.name: test for test in result.tests}))
            if result.action == "skipped" and is_recorded(context, key):
                yield dg.MaterializeResult(metadata=UNRECORDED, check_results=check_results)
                return
            metadata = table_metadata(con, *model.key) | lineage_metadata(
                workspace.settings.dagster_home, project, model, con
            )
            version = data_version(con, *model.key)
        if result.action != "skipped":
            changed = "" if result.changed_rows is None else f", {result.changed_rows:,} changed"
            context.log.info(
                f"{model.qualified_name}: {result.rows:,} rows{changed} ({result.action}: {result.reason})"
            )
        yield dg.MaterializeResult(
            metadata=metadata
            | {
                "seconds": round(result.seconds, 3),
                "build": f"{result.action}: {result.reason}",
                "sql": _sql(model),
            }
            | ({} if result.changed_rows is None else {"changed rows": result.changed_rows}),
            check_results=check_results,
            data_version=version,
        )

    return build


def _sql(model: SqlModel) -> dg.MetadataValue:
    return dg.MetadataValue.md(f"```sql\n{model.sql}\n```")


def _is_blocking(tests: Sequence[GenericTest | SingularTest]) -> bool:
    """Whether a failure keeps the new table out: a check's tests are of one severity."""
    return tests[0].severity == "error"


def _description(tests: Sequence[GenericTest | SingularTest]) -> str:
    """What holds, as a person says it: one phrase for all columns that must not be NULL, one for each other test."""
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


def _evaluated(
    checks: Mapping[str, Sequence[GenericTest | SingularTest]], failed: Mapping[str, TestResult]
) -> Mapping[str, Sequence[GenericTest | SingularTest]]:
    """The checks that were made when these failed: tests across models run only on rows that passed the others."""
    across = {test.name for tests in checks.values() for test in tests if isinstance(test, SingularTest)}
    if across & failed.keys():
        return checks
    return {name: tests for name, tests in checks.items() if name not in across}


def _results(
    context: dg.AssetExecutionContext,
    checks: Mapping[str, Sequence[GenericTest | SingularTest]],
    found: Mapping[str, TestResult],
    key: dg.AssetKey | None = None,
) -> Iterator[dg.AssetCheckResult]:
    """A result per check that was made; a test that is not in ``found`` did not fail."""
    for name, tests in checks.items():
        failed = [found[test.name] for test in tests if test.name in found and not found[test.name].passed]
        if not_run := [f"{test.name} is skipped: {test.not_run}" for test in failed if test.not_run]:
            # Without a result Dagster shows it as skipped.
            context.log.info("; ".join(not_run))
            continue
        metadata: dict[str, Any] = {"tests": len(tests), "failing rows": sum(test.failing_rows for test in failed)}
        if failed:
            metadata["failed"] = dg.MetadataValue.md(
                "\n\n".join(f"**{test.name}**\n\n{markdown_table(test.sample)}" for test in failed)
            )
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=name,
            passed=not failed,
            severity=dg.AssetCheckSeverity.ERROR if _is_blocking(tests) else dg.AssetCheckSeverity.WARN,
            metadata=metadata,
        )
