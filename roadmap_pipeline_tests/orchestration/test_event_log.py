"""The event log that stays open during a run: every other process reads it, and writes beside it, as ever."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from roadmap_pipeline.orchestration.event_log import OpenEventLog, open_instance

_KEY = dg.AssetKey("numbers")


@dg.asset(check_specs=[dg.AssetCheckSpec("positive", asset=_KEY)])
def numbers() -> dg.MaterializeResult:
    return dg.MaterializeResult(
        metadata={"dagster/row_count": 3},
        check_results=[dg.AssetCheckResult(passed=True, metadata={"failing rows": 0})],
    )


def _rows(instance: dg.DagsterInstance) -> list[object]:
    found = instance.fetch_materializations(_KEY, limit=10).records
    return [record.asset_materialization.metadata["dagster/row_count"].value for record in found]  # type: ignore[union-attr]


def test_what_a_run_leaves_is_read_by_dagsters_own_storage(tmp_path: Path) -> None:
    with open_instance(str(tmp_path)) as instance:
        assert isinstance(instance.event_log_storage, OpenEventLog)
        run_id = dg.materialize([numbers], instance=instance).run_id
        events = [record.event_log_entry for record in instance.get_records_for_run(run_id).records]
    with dg.DagsterInstance.from_config(str(tmp_path)) as plain:
        assert type(plain.event_log_storage) is SqliteEventLogStorage
        assert _rows(plain) == [3]
        assert [record.event_log_entry for record in plain.get_records_for_run(run_id).records] == events
        run = plain.get_run_by_id(run_id)
        assert run is not None and run.status == dg.DagsterRunStatus.SUCCESS
        (check,) = plain.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(_KEY, "positive"), limit=10
        )
        assert check.status.value == "SUCCEEDED"


def test_both_write_beside_each_other(tmp_path: Path) -> None:
    with open_instance(str(tmp_path)) as kept, dg.DagsterInstance.from_config(str(tmp_path)) as plain:
        for instance in (kept, plain, kept, plain):
            assert dg.materialize([numbers], instance=instance).success
        assert _rows(kept) == _rows(plain) == [3, 3, 3, 3]


def test_threads_take_turns(tmp_path: Path) -> None:
    with open_instance(str(tmp_path)) as instance, ThreadPoolExecutor(4) as pool:

        def report(number: int) -> None:
            instance.report_runless_asset_event(dg.AssetMaterialization(_KEY, metadata={"dagster/row_count": number}))

        list(pool.map(report, range(20)))
        found = instance.fetch_materializations(_KEY, limit=50).records
        counts = {record.asset_materialization.metadata["dagster/row_count"].value for record in found}  # type: ignore[union-attr]
    assert counts == set(range(20))


def test_the_files_are_closed_with_the_instance(tmp_path: Path) -> None:
    with open_instance(str(tmp_path)) as instance:
        dg.materialize([numbers], instance=instance)
        assert list(tmp_path.rglob("index.db-wal"))
    # SQLite writes its log back and removes it when the last connection is closed.
    assert not list(tmp_path.rglob("index.db-wal"))


def test_a_storage_that_somebody_chose_stays(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "dagster.yaml").write_text(f"storage:\n  sqlite:\n    base_dir: {elsewhere}\n", encoding="utf-8")
    with open_instance(str(tmp_path)) as instance:
        assert type(instance.event_log_storage) is SqliteEventLogStorage
        assert dg.materialize([numbers], instance=instance).success
    assert (elsewhere / "history" / "runs" / "index.db").is_file()
