"""The check that something was verified within a day, made by its own job on a warehouse of a few rows."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from roadmap_pipeline.orchestration.build import build_definitions
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.warehouse.connection import connect


@pytest.mark.parametrize(
    ("age", "passed", "told"),
    [
        (timedelta(hours=23), True, None),
        (timedelta(hours=25), False, "Nothing was verified since "),
        (None, True, None),  # nothing was ever published
    ],
)
def test_a_day_without_verifying_anything_warns(
    tmp_path: Path, age: timedelta | None, passed: bool, told: str | None
) -> None:
    settings = load_settings({}, tmp_path)
    with connect(settings.warehouse) as con:
        if age is not None:
            at = datetime.now(UTC).replace(tzinfo=None) - age
            con.execute("insert into sync.verifications (verified_at, failed) values (?, 0)", [at])
    job = build_definitions(settings).resolve_job_def("sync_freshness")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance)
    assert result.success
    (check,) = result.get_asset_check_evaluations()
    assert (check.asset_key, check.check_name) == (dg.AssetKey(["sync", "verifications"]), "verified_within_a_day")
    assert (check.passed, check.severity) == (passed, dg.AssetCheckSeverity.WARN)
    assert (check.description or "").startswith(told or "")
    assert not any(materialization for materialization in result.get_asset_materialization_events())


def test_the_check_is_made_every_hour_and_with_the_main_job(tmp_path: Path) -> None:
    definitions = build_definitions(load_settings({}, tmp_path))
    schedule = definitions.resolve_schedule_def("sync_freshness_schedule")
    assert (schedule.job_name, schedule.cron_schedule) == ("sync_freshness", "45 * * * *")
    key = dg.AssetCheckKey(dg.AssetKey(["sync", "verifications"]), "verified_within_a_day")
    assert key in definitions.resolve_job_def("main").asset_layer.asset_graph.asset_check_keys
