"""Restatements: what a build would change of published numbers, and what has changed since."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from roadmap_pipeline.failures.excerpts import make_excerpt
from roadmap_pipeline.failures.reclassification import Moved, noting_moves
from roadmap_pipeline.failures.stored_jobs import classify_failures
from roadmap_pipeline.reports.weekly import section, weekly_report
from roadmap_pipeline.sync.published_figures import note_published_figures
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.models import Policy, build, differences
from roadmap_pipeline.warehouse.session import WarehouseSession
from roadmap_pipeline.warehouse.source_tables import replace_rows
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, at, project
from roadmap_pipeline_tests.failures.logs import FAILED, job, step
from roadmap_pipeline_tests.reports.histories import fails

if TYPE_CHECKING:
    import duckdb

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 16, 6, tzinfo=UTC)


def _history() -> StoredHistory:
    history = StoredHistory()
    for minute, conclusion in enumerate(["success", "failure", "success", "success"]):
        history.run(f"11-10 12:0{minute}", conclusion, sha=f"s{minute}")
    return history


def _fill(con: "duckdb.DuckDBPyConnection", history: StoredHistory) -> None:
    for table, rows in history.tables().items():
        replace_rows(con, table, rows)


def _rerun_passes(con: "duckdb.DuckDBPyConnection", history: StoredHistory) -> None:
    history.run("11-10 12:01", "success", sha="s1", attempt=2, run_id=history.rows["raw.workflow_runs"][1]["run_id"])
    for table in ("raw.workflow_runs", "raw.workflow_jobs"):
        replace_rows(con, table, history.rows[table][-1:])


def test_a_build_shows_what_it_would_change_and_changes_nothing(tmp_path: Path) -> None:
    history = _history()
    with connect(tmp_path / "roadmap.duckdb") as con:
        _fill(con, history)
        build(con, project())
        assert differences(con, lambda: build(con, project(), policy=Policy(incremental=False))) == []
        _rerun_passes(con, history)
        for _ in range(2):
            found = differences(con, lambda: build(con, project(), policy=Policy(incremental=False)))
            of_week = {one.column: (one.before, one.after) for one in found if one.row == ("2026-W46", "*")}
            assert of_week["failed_runs"] == (1, 0)
            assert of_week["final_pass_rate"] == (0.75, 1.0)
            assert con.execute(
                "select failed_runs from marts.ci_weekly as w where w.repo = '*' and w.week = '2026-W46'"
            ).fetchall() == [(1,)]
        shown = found[0].to_json()
        assert (shown["table"], shown["week"], shown["repo"]) == ("marts.ci_weekly", "2026-W46", "*")


def test_a_published_week_that_changes_is_marked_in_the_report(tmp_path: Path) -> None:
    path, history = tmp_path / "roadmap.duckdb", _history()
    with connect(path) as con:
        _fill(con, history)
        build(con, project())
        assert section(weekly_report(con, "2026-W46").content, "Restated") == ""
        report = asdict(weekly_report(con, "2026-W46"))
        replace_rows(con, "derived.reports", [report])
    note_published_figures(WarehouseSession(str(path)), NOW)  # rendered, but not in Notion yet
    with connect(path) as con:
        assert con.execute("select count(*) from sync.published_figures").fetchall() == [(0,)]
        replace_rows(con, "sync.row_bases", [{"sync_key": "report:ci-report-2026-W46.md", "field": "x"}])
    note_published_figures(WarehouseSession(str(path)), NOW)
    with connect(path) as con:
        _rerun_passes(con, history)
        build(con, project())
        restated = section(weekly_report(con, "2026-W46").content, "Restated")
        assert "| 2026-W46 | passed in the end | 75.0 % | 100.0 % |" in restated
        assert "| 2026-W46 | failed runs | 1 | 0 |" in restated
        assert "| runs |" not in restated
    note_published_figures(WarehouseSession(str(path)), NOW)  # what was published first stays the measure
    with connect(path) as con:
        build(con, project())
        assert con.execute("select count(*) from marts.restatements as r where r.repo = '*'").fetchall()[0][0] > 0


def test_a_failure_is_known_since_its_first_time_when_new_rules_tell_it_from_others(tmp_path: Path) -> None:
    """Older rules took three failures for one by their summary: cart of W44 and W46, login of W45."""
    history, columns = StoredHistory(), "first_seen_at, last_seen_at, failed_job_attempts, is_new"
    times = {"10-27 12:00": "cart", "11-03 12:00": "login", "11-10 12:00": "cart"}
    for time, test in times.items():
        run = fails(history, time, fingerprint="of-summary", log=False)
        excerpt = make_excerpt(job(step("pytest", f"FAILED tests/a.py::test_{test} - assert 1 == {run}", FAILED)))
        row = {"repo": REPO, "job_id": history.rows["raw.workflow_jobs"][-1]["job_id"], "run_id": run, "run_attempt": 1}
        row |= {"state": "stored", "excerpt": excerpt.text, "excerpt_spans": json.dumps(excerpt.line_ranges)}
        history.add("raw.job_logs", **row)
        history.rows["derived.failure_verdicts"][-1]["judged_from"] = "log"
    with connect(tmp_path / "roadmap.duckdb") as con:
        _fill(con, history)
        build(con, project())
        groups = f"select {columns} from marts.failure_groups order by first_seen_at"
        assert con.execute(groups).fetchall() == [(at("10-27 12:00"), at("11-10 12:00"), 3, False)]
        moved: list[Moved] = []
        with noting_moves(con, moved):
            assert classify_failures(con) == 3
        assert [(one.failures, one.groups_before, one.groups_after) for one in moved] == [(1, 1, 1)] * 3
        build(con, project())
        assert con.execute(groups).fetchall() == [
            (at("10-27 12:00"), at("11-10 12:00"), 2, False),
            (at("11-03 12:00"), at("11-03 12:00"), 1, False),
        ]
        weekly = "select week, first_seen_at from marts.failure_groups_weekly where repo <> '*' order by week"
        assert con.execute(weekly).fetchall() == [
            ("2026-W44", at("10-27 12:00")),
            ("2026-W45", at("11-03 12:00")),
            ("2026-W46", at("10-27 12:00")),
        ]
