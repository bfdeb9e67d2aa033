"""Waste and trend of each workflow and job by week, and what the report says of much waste."""

from datetime import date

import pytest

from roadmap_pipeline.reports.weekly import section, weekly_report
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory


def _wasteful() -> StoredHistory:
    """W45: one run, 60 minutes of unit, nothing wasted. W46: of 40 minutes 10 failed, and 10 ran again to green."""
    history = StoredHistory()
    history.run("11-03 12:00", sha="a", minutes=60, jobs={"unit (3.11)": "success"})
    run = history.run("11-10 12:00", "failure", sha="b", minutes=10, jobs={"unit (3.11)": "failure"})
    history.run("11-10 12:00", sha="b", attempt=2, run_id=run, started="11-10 13:00", minutes=10,
              jobs={"unit (3.11)": "success"})  # fmt: skip
    history.run("11-11 12:00", sha="c", minutes=10, jobs={"unit (3.12)": "success", "lint": "success"})
    return history


def test_waste_and_trend_by_workflow_and_job() -> None:
    history = _wasteful()
    for number in range(20):  # another workflow, from 20 of 20 in W45 to none of 20 in W46
        history.run("11-04 12:00", sha=f"o{number}", workflow_path="b.yml", jobs={"old": "success"})
        history.run("11-12 12:00", "failure", sha=f"n{number}", workflow_path="b.yml", jobs={"old": "failure"})
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(
            "select job_base_name, job_attempts, job_seconds, wasted_seconds, made_green_seconds, rerun_seconds,"
            " wasted_share, previous_wasted_share, wasted_share_delta, week_start, is_complete from marts.waste_weekly"
            " where week = '2026-W46' and workflow_path like '%ci.yml' order by job_base_name"
        ) == [
            ("*", 4, 2400, 1200, 600, 600, 0.5, 0.0, 0.5, date(2026, 11, 9), True),
            ("lint", 1, 600, 0, 0, 0, 0.0, None, None, date(2026, 11, 9), True),
            ("unit", 3, 1800, 1200, 600, 600, pytest.approx(2 / 3), 0.0, pytest.approx(2 / 3), date(2026, 11, 9), True),
        ]
        columns = (
            "workflow_path, job_base_name, runs, conclusive_runs, passed_runs, first_attempt_pass_rate,"
            " final_pass_rate, failed_job_attempts, previous_conclusive_runs, trend"
        )
        ci = ".github/workflows/ci.yml"
        assert warehouse.rows(
            f"select {columns} from marts.workflow_weekly where repo = '{REPO}' and week = '2026-W46' order by 1, 2"
        ) == [
            (ci, "*", 2, 2, 2, 0.5, 1.0, 1, 1, "Stable"),
            (ci, "lint", 1, 1, 1, None, 1.0, 0, 0, "Stable"),
            (ci, "unit", 2, 2, 2, None, 1.0, 1, 1, "Stable"),
            ("b.yml", "*", 20, 20, 0, 0.0, 0.0, 20, 20, "Degrading"),
            ("b.yml", "old", 20, 20, 0, None, 0.0, 20, 20, "Degrading"),
        ]


def test_much_waste_is_a_line_of_the_report() -> None:
    with _wasteful().built() as warehouse:
        text = weekly_report(warehouse.con, "2026-W46").content
        before = weekly_report(warehouse.con, "2026-W45").content
    assert section(text, "Scorecard").splitlines()[-1] == (
        "**50.0 % of the job time was wasted**, 20 min of 40 min: 10 min in attempts that were run again until they"
        " passed, 10 min in second and later attempts. Most of it in `unit` in `ci.yml` of acme/payments, 20 min"
        " (`marts.waste_weekly`)."
    )
    assert "wasted" not in before
