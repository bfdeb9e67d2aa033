"""The code location: what it offers, that every asset is described, and that Dagster loads it as deployments do."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from roadmap_pipeline.definitions import build_definitions
from roadmap_pipeline.warehouse.raw import TABLES

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


def test_reports_are_partitioned_by_iso_week(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in (["derived", "reports"], ["notion", "ci_reports"]):
        partitions = graph.get(dg.AssetKey(key)).partitions_def
        assert isinstance(partitions, dg.WeeklyPartitionsDefinition)
        window = partitions.time_window_for_partition_key("2026-11-09")
        assert (window.start.isoweekday(), (window.end - window.start).days) == (1, 7)


def test_jobs_schedules_and_sensor_exist_under_their_names(definitions: dg.Definitions) -> None:
    for name in ("main", "hourly_ingest", "weekly_report", "roadmap_on_merge"):
        assert definitions.resolve_job_def(name).description
    for name in ("weekly_report_schedule", "hourly_ingest_schedule"):
        assert definitions.resolve_schedule_def(name).description
    assert definitions.resolve_sensor_def("on_merge").description


def test_pools_keep_writers_of_the_file_apart(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for node in graph.asset_nodes:
        if node.is_materializable:
            expected = {"notion": "notion_api", "github": "github_api"}.get(node.group_name, "duckdb_writer")
            assert node.pools == {expected}, node.key
