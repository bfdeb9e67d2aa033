"""Jobs, the weekly schedule and the on-merge sensor on a real instance, against the sandbox that is up."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from roadmap_pipeline.orchestration.assets import sources
from roadmap_pipeline.orchestration.build import build_definitions
from roadmap_pipeline.sandbox import serve
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline_tests.conftest import Ran

ROOT = Path(__file__).resolve().parents[2]
MONDAY = datetime(2026, 11, 16, 7, tzinfo=UTC)


def test_the_weekly_schedule_asks_for_the_week_that_ended(ran: Ran) -> None:
    definitions = build_definitions(ran.settings)
    schedule = definitions.resolve_schedule_def("weekly_report_schedule")
    with (
        dg.instance_for_test() as instance,
        dg.build_schedule_context(
            scheduled_execution_time=MONDAY, instance=instance, repository_def=definitions.get_repository_def()
        ) as context,
    ):
        (request,) = schedule.evaluate_tick(context).run_requests or ()
    assert request.partition_key == request.run_key == "2026-11-09"


def test_the_page_of_jobs_finds_what_the_command_line_ran(ran: Ran) -> None:
    location = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"][0]["python_module"]["location_name"]
    label = f"{build_definitions().get_repository_def().name}@{location}"
    with dg.DagsterInstance.from_config(str(ran.settings.dagster_home)) as instance:
        runs = instance.get_runs(dg.RunsFilter(job_name="main", tags={".dagster/repository": label}))
        said = [entry.user_message for entry in instance.all_logs(runs[-1].run_id) if not entry.is_dagster_event]
    assert runs[-1].status == dg.DagsterRunStatus.SUCCESS
    # The Timeline goes by this, not by the tag.
    origin = runs[-1].remote_job_origin
    assert origin and (origin.job_name, origin.repository_origin.get_label()) == ("main", label)
    for line in (
        r"Read from GitHub: \d+ repositories, .*\d,\d+ workflow runs, .*",
        r"Failed jobs judged: \d+",
        r"marts\.ci_weekly: \d+ rows \(full: first build\)",
        r"Comments rendered for open pull requests: \d+",
        r"Written to .*: .*",
        r"Readers open .*roadmap\.snapshot\.duckdb",
    ):
        assert any(re.fullmatch(line, text) for text in said), line


@pytest.mark.slow
def test_a_back_fill_reads_github_once(ran: Ran) -> None:
    def read(instance: dg.DagsterInstance, backfill: str | None) -> bool:
        before = len(ran.served.github.journal)
        result = dg.materialize(
            [sources.github_ingest],
            instance=instance,
            resources=build_definitions(ran.settings).resources,
            tags={} if backfill is None else {"dagster/backfill": backfill},
        )
        assert result.success
        asked = len(ran.served.github.journal) > before
        assert bool(result.get_asset_materialization_events()) == asked
        return asked

    with dg.DagsterInstance.ephemeral() as instance:
        assert [read(instance, backfill) for backfill in ("a", "a", "b", None)] == [True, False, True, True]


def test_checks_of_what_was_not_read_are_skipped(tmp_path: Path) -> None:
    settings = load_settings({"NOTION_API_KEY": "one-side", "NOTION_PARENT_PAGE_ID": "0" * 32}, tmp_path)
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [sources.github_ingest], instance=instance, resources=build_definitions(settings).resources
        )
    assert result.success
    assert not result.get_asset_materialization_events() and not result.get_asset_check_evaluations()


@pytest.mark.slow
def test_the_weekly_job_rewrites_nothing_for_a_week_that_is_published(ran: Ran) -> None:
    before = ran.writes()
    job = build_definitions(ran.settings).resolve_job_def("weekly_report")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, partition_key="2026-11-09")
        assert result.success
        materialized = {
            event.asset_key.to_user_string() for event in result.get_asset_materialization_events() if event.asset_key
        }
    assert {"derived/reports", "notion/ci_reports", "notion/roadmap", "warehouse/snapshot"} <= materialized
    assert "github/pull_request_comments" not in materialized
    assert ran.writes() == before


def test_a_model_shows_rows_columns_lineage_preview_and_checks(ran: Ran) -> None:
    definitions = build_definitions(ran.settings)
    key = dg.AssetKey(["marts", "ci_weekly"])
    assets = [asset for asset in definitions.resolve_asset_graph().assets_defs if key in asset.keys]
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(assets, instance=instance, selection=[key])
        (event,) = result.asset_materializations_for_node("models")
        checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    metadata: dict[str, Any] = {name: entry.value for name, entry in event.metadata.items()}
    assert metadata["dagster/row_count"] > 50
    columns = {column.name: column for column in metadata["dagster/column_schema"].columns}
    assert columns["final_pass_rate"].type == "DOUBLE"
    assert columns["final_pass_rate"].description
    lineage = metadata["dagster/column_lineage"].deps_by_column
    figures = dg.AssetKey(["intermediate", "int_period_figures"])
    assert dg.TableColumnDep(figures, "final_pass_rate") in lineage["final_pass_rate"]
    assert "2026-W46" in metadata["preview"]
    assert checks and all(checks.values())


def test_a_failing_check_keeps_the_table_and_stops_what_follows(ran: Ran, tmp_path: Path) -> None:
    import duckdb

    definitions = build_definitions(ran.settings)
    graph = definitions.resolve_asset_graph()
    broken = dg.AssetKey(["staging", "stg_repositories"])
    downstream = {key for key in graph.get(broken).child_keys if key.path[0] in ("staging", "intermediate", "marts")}
    assert downstream
    selected = [broken, *downstream]
    assets = [asset for asset in graph.assets_defs if asset.keys & {*selected}]
    with duckdb.connect(ran.settings.warehouse) as con:
        before = con.execute("select count(*) from staging.stg_repositories").fetchall()
        con.execute("insert into raw.repositories select * from raw.repositories limit 1")
    try:
        with dg.DagsterInstance.ephemeral() as instance:
            result = dg.materialize(assets, instance=instance, selection=selected, raise_on_error=False)
    finally:
        with duckdb.connect(ran.settings.warehouse) as con:
            con.execute(
                "create or replace temp table once as select distinct on (repo) * from raw.repositories;"
                " delete from raw.repositories; insert into raw.repositories select * from once"
            )
    assert not result.success
    assert not result.get_asset_materialization_events()
    assert not all(check.passed for check in result.get_asset_check_evaluations())
    with duckdb.connect(ran.settings.warehouse) as con:
        assert con.execute("select count(*) from staging.stg_repositories").fetchall() == before


def test_a_mart_materialized_alone_is_not_compared_with_what_came_since(ran: Ran) -> None:
    import duckdb

    key = dg.AssetKey(["marts", "ci_jobs"])
    graph = build_definitions(ran.settings).resolve_asset_graph()
    assets = [asset for asset in graph.assets_defs if key in asset.keys]
    with duckdb.connect(ran.settings.warehouse) as con:
        con.execute("insert into raw.workflow_jobs select * replace (-1 as job_id) from raw.workflow_jobs limit 1")
    try:
        with dg.DagsterInstance.ephemeral() as instance:
            result = dg.materialize(assets, instance=instance, selection=[key])
            said = [entry.user_message for entry in instance.all_logs(result.run_id) if not entry.is_dagster_event]
    finally:
        with duckdb.connect(ran.settings.warehouse) as con:
            con.execute("delete from raw.workflow_jobs where job_id = -1")
    # Without a result Dagster shows the check as skipped.
    made = {check.check_name for check in result.get_asset_check_evaluations()}
    assert made and "no_job_is_lost" not in made
    assert any(
        re.fullmatch(r"no_job_is_lost is skipped: (staging|intermediate)\.\w+ is not up to date", text) for text in said
    )


def test_the_sensor_asks_once_for_what_was_merged_since(tmp_path: Path) -> None:
    settings = load_settings({}, tmp_path)
    with serve(settings) as served, dg.DagsterInstance.ephemeral() as instance:
        live = settings.with_sandbox(served.environment)
        sensor = build_definitions(live).resolve_sensor_def("on_merge")

        def tick(cursor: str | None) -> tuple[list[str | None], str | None]:
            with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
                data = sensor.evaluate_tick(context)
            return [request.run_key for request in data.run_requests or ()], data.cursor

        requests, cursor = tick(None)
        assert requests == []
        repo = live.repositories[0]
        _, (pull, *_) = served.github.request("GET", f"/repos/{repo}/pulls?state=open")
        # The clock stands still: time must pass for this merge to be newer than those before it.
        served.github.clock += timedelta(minutes=5)
        status, _ = served.github.request("PUT", f"/repos/{repo}/pulls/{pull['number']}/merge")
        assert status == 200
        requests, cursor = tick(cursor)
        assert len(requests) == 1
        assert f"{repo}#{pull['number']}" in str(requests[0])
        assert tick(cursor)[0] == []


@pytest.mark.usefixtures("ran")
def test_without_a_sandbox_and_credentials_the_sensor_waits(tmp_path: Path) -> None:
    sensor = build_definitions(load_settings({}, tmp_path)).resolve_sensor_def("on_merge")
    with dg.DagsterInstance.ephemeral() as instance, dg.build_sensor_context(instance=instance) as context:
        data = sensor.evaluate_tick(context)
    assert not data.run_requests
    assert "sandbox is not up" in (data.skip_message or "")
