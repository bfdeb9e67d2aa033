"""The event log that stays open during a run: every other process reads it, and writes beside it, as ever."""

import importlib
import queue
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from roadmap_pipeline.orchestration import event_log
from roadmap_pipeline.orchestration.event_log import kept_open, open_instance
from roadmap_pipeline.orchestration.event_log.in_home import EventLogInHome
from roadmap_pipeline.orchestration.event_log.kept_open import KeptOpenEventLog

ROOT = Path(__file__).resolve().parents[2]

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
        assert isinstance(instance.event_log_storage, KeptOpenEventLog)
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


def test_the_projects_dagster_yaml_keeps_files_open_in_whichever_home(tmp_path: Path) -> None:
    """It is what the UI, its daemon and the runs that they launch open."""
    for home in (tmp_path / "one", tmp_path / "two"):
        home.mkdir()
        shutil.copyfile(ROOT / "dagster.yaml", home / "dagster.yaml")
        with dg.DagsterInstance.from_config(str(home)) as instance:
            assert isinstance(instance.event_log_storage, KeptOpenEventLog)
            assert dg.materialize([numbers], instance=instance).success
            assert (home / "history" / "runs" / "index.db-wal").is_file()
            # A launched run gets the instance in this form.
            with dg.DagsterInstance.from_ref(instance.get_ref()) as launched:
                assert isinstance(launched.event_log_storage, KeptOpenEventLog)
                assert _rows(launched) == [3]
        with open_instance(str(home)) as instance:
            assert isinstance(instance.event_log_storage, KeptOpenEventLog)
            assert _rows(instance) == [3]


def test_the_page_of_a_run_follows_it_while_its_file_is_kept_open(tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "dagster.yaml", tmp_path / "dagster.yaml")
    seen: queue.Queue[str] = queue.Queue()
    with (
        dg.DagsterInstance.from_config(str(tmp_path)) as page,
        dg.DagsterInstance.from_config(str(tmp_path)) as running,
    ):
        run_id = dg.materialize([numbers], instance=running).run_id
        entry = running.all_logs(run_id)[-1]
        cursor = running.get_records_for_run(run_id).cursor
        page.watch_event_logs(run_id, cursor, lambda event, _cursor: seen.put(event.run_id))
        running.store_event(entry._replace(user_message="one more"))
        assert seen.get(timeout=30) == run_id


def test_many_runs_are_looked_at_with_few_open_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_open, "_RUNS_KEPT_OPEN", 2)
    with open_instance(str(tmp_path)) as instance:
        runs = [dg.materialize([numbers], instance=instance).run_id for _ in range(4)]
        assert all(instance.get_records_for_run(run_id).records for run_id in (*runs, *reversed(runs)))
        assert len(list((tmp_path / "history" / "runs").glob("*.db-wal"))) == 3  # two runs, and the common file


@pytest.fixture
def changed_dagster(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand for a release of Dagster in which a private name is gone."""
    with monkeypatch.context() as changes:
        changes.delattr(sqlite_event_log, "INDEX_SHARD_NAME")
        changes.delitem(sys.modules, "roadmap_pipeline.orchestration.event_log.kept_open")
        with pytest.warns(RuntimeWarning, match="runs take longer; nothing else is lost"):
            importlib.reload(event_log)
    yield
    importlib.reload(event_log)


@pytest.mark.usefixtures("changed_dagster")
def test_where_private_names_of_dagster_changed_its_own_storage_is_used(tmp_path: Path) -> None:
    assert event_log.EventLog is EventLogInHome
    shutil.copyfile(ROOT / "dagster.yaml", tmp_path / "dagster.yaml")
    with event_log.open_instance(str(tmp_path)) as instance:
        assert type(instance.event_log_storage) is EventLogInHome
        assert dg.materialize([numbers], instance=instance).success
        assert _rows(instance) == [3]
    assert not list(tmp_path.rglob("index.db-wal"))
    (tmp_path / "dagster.yaml").unlink()
    with event_log.open_instance(str(tmp_path)) as instance:
        assert type(instance.event_log_storage) is SqliteEventLogStorage
        assert _rows(instance) == [3]
