"""The code location: what it offers, that every asset is described, and that Dagster loads it as deployments do."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from roadmap_pipeline.orchestration.build import build_definitions
from roadmap_pipeline.orchestration.checks import BLOCKING, WARNING
from roadmap_pipeline.orchestration.partitions import iso_weeks, note_first_week
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.models import project
from roadmap_pipeline.warehouse.source_tables import TABLES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions()


def test_it_is_loadable(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_workspace_yaml_loads_without_any_setting(tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "dagster", "definitions", "validate", "-w", "workspace.yaml"],
        cwd=ROOT,
        env={"PATH": str(Path(sys.executable).parent), "DAGSTER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_asset_has_group_kinds_owner_and_description(definitions: dg.Definitions) -> None:
    for node in definitions.resolve_asset_graph().asset_nodes:
        name = node.key.to_user_string()
        assert node.group_name and node.group_name != "default", name
        assert node.kinds, name
        assert node.owners, name
        assert node.description, name


def test_every_table_is_an_asset(definitions: dg.Definitions) -> None:
    keys = definitions.resolve_asset_graph().get_all_asset_keys()
    for table in TABLES:
        if table.qualified_name in ("config.origin", "sync.databases"):
            continue  # marks of the file itself, no data to look at
        assert dg.AssetKey([table.schema, table.name]) in keys, table.qualified_name


def test_checks_say_in_words_what_holds(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()

    def of(model: str, check: str) -> str:
        return graph.get_check_spec(dg.AssetCheckKey(dg.AssetKey(model.split(".")), check)).description or ""

    weekly = of("marts.ci_weekly", BLOCKING)
    assert weekly.startswith("never NULL: repo, week, week_start, runs")
    phrases = weekly.split("; ")
    assert "trend is one of Improving, Stable, Degrading" in phrases
    assert "one row per repo, week" in phrases
    assert "week_start = date_trunc('week', week_start)" in phrases
    assert "job_id is found in marts.ci_jobs.job_id" in of("marts.ci_failures", BLOCKING)
    assert of("marts.ci_jobs", "no_job_is_lost").startswith("Every job that was read is in marts.ci_jobs")


def test_a_model_has_one_check_that_blocks_and_one_that_warns(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    across = {test.name for test in project().singular_tests}
    for model in project().models:
        specs = [graph.get_check_spec(key) for key in graph.get_check_keys_for_assets({dg.AssetKey(list(model.key))})]
        blocking = {spec.name: spec.blocking for spec in specs if spec.name not in across}
        severities = {test.severity for test in model.tests}
        wanted = {BLOCKING: True} if "error" in severities else {}
        assert blocking == wanted | ({WARNING: False} if "warn" in severities else {}), model.qualified_name


def test_a_test_across_models_runs_after_all_it_reads_and_stops_what_comes_after(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for test in project().singular_tests:
        (model,) = (model for model in project().models if test in model.singular_tests)
        key = dg.AssetKey(list(model.key))
        assert graph.get_check_spec(dg.AssetCheckKey(key, test.name)).blocking
        before = {key, *graph.get_ancestor_asset_keys(key)}
        assert {dg.AssetKey(list(dep)) for dep in test.deps} <= before, test.name


def test_models_depend_on_what_their_sql_reads(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    parents = graph.get(dg.AssetKey(["publish", "notion_ci_reports"])).parent_keys
    assert dg.AssetKey(["derived", "reports"]) in parents
    assert dg.AssetKey(["marts", "ci_weekly"]) in parents


def test_nothing_is_published_before_it_is_computed(definitions: dg.Definitions) -> None:
    """From every outside write there is a way back to every raw table that it rests on."""
    graph = definitions.resolve_asset_graph()
    selection = dg.AssetSelection.assets("notion/roadmap").upstream()
    upstream = selection.resolve(graph)
    for key in (
        ["raw", "workflow_runs"],
        ["raw", "milestones"],
        ["derived", "failure_verdicts"],
        ["notion", "databases"],
    ):
        assert dg.AssetKey(key) in upstream


_BY_WEEK = (["derived", "reports"], ["publish", "notion_ci_reports"], ["notion", "ci_reports"])


def test_reports_are_partitioned_by_iso_week(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in _BY_WEEK:
        partitions = graph.get(dg.AssetKey(key)).partitions_def
        assert isinstance(partitions, dg.WeeklyPartitionsDefinition)
        window = partitions.time_window_for_partition_key("2026-11-09")
        assert (window.start.isoweekday(), (window.end - window.start).days) == (1, 7)


def test_a_chain_of_partitions_has_no_link_without_them(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    partitioned = {node.key for node in graph.asset_nodes if node.partitions_def is not None}
    assert partitioned == {dg.AssetKey(key) for key in _BY_WEEK}
    for key in partitioned:
        below = graph.get_ancestor_asset_keys(key)
        assert not {other for other in below - partitioned if graph.get_ancestor_asset_keys(other) & partitioned}


def test_partitions_begin_with_the_first_stored_week(tmp_path: Path) -> None:
    settings = load_settings({"ROADMAP_NOW": "2026-11-16T06:00:00Z"}, tmp_path)

    def first() -> str | None:
        graph = build_definitions(settings).resolve_asset_graph()
        found = {graph.get(dg.AssetKey(key)).partitions_def for key in _BY_WEEK}
        assert len(found) == 1
        return next(iter(found)).get_first_partition_key()  # type: ignore[union-attr]

    with connect(settings.warehouse) as con:
        note_first_week(settings.dagster_home, con, settings.now().date())
        assert first() == "2018-01-01"  # nothing is stored yet
        for created_at, week in (
            ("2026-11-18", "2026-11-09"),
            ("2026-11-10", "2026-11-09"),
            ("2026-05-20", "2026-05-18"),
        ):
            con.execute(
                f"insert into raw.workflow_runs (run_id, run_attempt, created_at) values (1, 1, '{created_at}')"
            )
            note_first_week(settings.dagster_home, con, settings.now().date())
            assert first() == week
    assert iso_weeks(settings.dagster_home).get_first_partition_key() == "2026-05-18"
    assert iso_weeks(settings.dagster_home, date(2026, 3, 4)).get_first_partition_key() == "2026-02-23"
    (settings.dagster_home / "first-week.txt").write_text("damaged")
    assert first() == "2018-01-01"


def test_what_the_ingest_remembers_for_itself_is_in_a_group_of_its_own(definitions: dg.Definitions) -> None:
    groups = {node.key.to_user_string(): node.group_name for node in definitions.resolve_asset_graph().asset_nodes}
    assert {groups[f"raw/{name}"] for name in ("http_cache", "ingest_state", "read_coverage", "run_details")} == {
        "plumbing"
    }
    assert {groups[f"raw/{name}"] for name in ("workflow_runs", "issues", "job_logs", "read_failures")} == {"raw"}


def test_jobs_schedules_and_sensor_exist_under_their_names(definitions: dg.Definitions) -> None:
    for name in ("main", "hourly_ingest", "weekly_report", "quarterly_report", "roadmap_on_merge", "roadmap_two_way"):
        assert definitions.resolve_job_def(name).description
    for name in ("weekly_report_schedule", "quarterly_report_schedule", "hourly_ingest_schedule"):
        assert definitions.resolve_schedule_def(name).description
    for name in ("on_merge", "on_weekly_ci", "on_notion_edit", "on_run_failure", "automation"):
        assert definitions.resolve_sensor_def(name).description


def test_every_model_says_when_it_is_due_and_what_is_read_when_it_is_stale(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for node in graph.asset_nodes:
        assert (node.freshness_policy_or_from_metadata is not None) == (node.key.path[0] == "raw"), node.key
    for model in project().models:
        node = graph.get(dg.AssetKey(list(model.key)))
        assert node.automation_condition is not None, node.key
        assert node.code_version == model.version


def test_automation_follows_new_data_through_the_models_and_only_then(tmp_path: Path) -> None:
    """Two models in a row: the second waits for the first, and neither is asked for again while nothing is new."""
    definitions = build_definitions()
    target = dg.AssetSelection.assets("staging/stg_issues", "staging/stg_milestones", "marts/milestones")
    graph = definitions.resolve_asset_graph()
    first, second = dg.AssetKey(["staging", "stg_issues"]), dg.AssetKey(["marts", "milestones"])
    assert {first, second} <= target.resolve(graph)
    with dg.DagsterInstance.ephemeral() as instance:
        cursor = None
        asked: list[set[dg.AssetKey]] = []
        for step in range(3):
            if step == 1:
                instance.report_runless_asset_event(dg.AssetMaterialization(dg.AssetKey(["raw", "issues"])))
            evaluated = dg.evaluate_automation_conditions(
                defs=definitions, instance=instance, asset_selection=target, cursor=cursor
            )
            cursor = evaluated.cursor
            asked.append({result.key for result in evaluated.results if result.true_subset.size})
    assert asked[1] >= {first}
    assert asked[2] == set()


def test_pools_keep_writers_of_the_file_apart(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for node in graph.asset_nodes:
        if node.is_materializable:
            expected = {"notion": "notion_api", "github": "github_api"}.get(node.group_name, "duckdb_writer")
            assert node.pools == {expected}, node.key
