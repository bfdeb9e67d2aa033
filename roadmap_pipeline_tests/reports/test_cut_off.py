"""Weeks that history, an import or the ingest's coverage cuts off: greyed with the reason, and compared with none."""

from datetime import date, timedelta

from roadmap_pipeline.reports.weekly import section, weekly_report
from roadmap_pipeline.warehouse.models import SqlModel
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import at, project
from roadmap_pipeline_tests.reports.histories import passes
from roadmap_pipeline_tests.reports.test_weekly import WEEK, busy, cells, headline, line


def test_a_week_that_is_cut_off_is_greyed_with_the_reason_and_compared_with_nothing() -> None:
    """Files hold runs from Wednesday of W45 on, which may not be all of that day's, and to Monday of W47."""
    history = busy()
    for table in ("raw.workflow_runs", "raw.workflow_jobs"):
        history.rows[table] = [row for row in history.rows[table] if row["created_at"] > at("11-01 00:00")]
        for row in history.rows[table]:
            if row["created_at"] < at("11-09 00:00"):
                row["created_at"] += timedelta(days=1)
    passes(history, "11-16 05:00", 2)
    history.source = "exports/runs.json"
    with history.built(checked=True) as warehouse:
        text = weekly_report(warehouse.con, WEEK).content
        first = weekly_report(warehouse.con, "2026-W45").content
        assert warehouse.weekly("is_complete, trend, previous_conclusive_runs, first_whole_day") == (
            True, "Stable", 0, date(2026, 11, 9),
        )  # fmt: skip
        assert warehouse.weekly("is_complete, first_whole_day, last_whole_day", "2026-W45") == (
            False, date(2026, 11, 5), date(2026, 11, 8),
        )  # fmt: skip
        for model in by_period():
            columns = {column.name for column in model.columns}
            name = next(name for name in ("week", "quarter", "period") if name in columns)
            found = warehouse.rows(
                f"select distinct first_whole_day, last_whole_day, is_complete from {model.qualified_name}"
                f" where {name} in ('2026-W45', '2026-Q4')"
            )
            # The quarter began before what was imported, too, and goes on.
            day = date(2026, 11, 15 if name == "quarter" else 8)
            assert {row for row in found if row[1] != date(2026, 11, 15) or name == "quarter"} <= {
                (date(2026, 11, 5), day, False)
            }, model.qualified_name
        assert warehouse.rows(
            "select first_whole_day, is_complete from marts.quarterly_rollup where quarter = '2026-Q4' and repo = '*'"
        ) == [(date(2026, 11, 5), False)]
    assert line(text, "passed in the end")[:3] == ["70.0 %", "*90.0 %*", "–"]
    assert line(text, "runs")[:4] == ["20", "*10*", "–", "·▄"]
    assert "▼" not in headline(text)
    assert section(text, "What changed").startswith(
        "- *2026-W45 is compared with no other period: what was imported does not cover it, whole days are there from"
        " 2026-11-05 to 2026-11-08 only.*\n- "
    )
    assert "of last week not seen in this one" not in text
    assert cells(text, "Failures by category")[0][3] == "–"
    assert (
        "**Not all of this week was read**: the report rests on 10 of 10 runs with jobs; what was imported holds"
        in first
    )
    assert line(first, "passed in the end")[0] == "*90.0 %*"


def by_period() -> list[SqlModel]:
    """Return the marts that say of a week or another period whether it is whole."""
    found = [
        model
        for model in project().models
        if model.schema == "marts" and "first_whole_day" in {column.name for column in model.columns}
    ]
    return [model for model in found if model.name != "quarterly_rollup"]


def test_every_mart_by_week_or_quarter_says_whether_the_period_is_whole() -> None:
    told = {model.name for model in by_period()} | {"quarterly_rollup"}
    for model in project().models:
        columns = {column.name for column in model.columns}
        is_of_things = bool(
            columns & {"run_id", "started_at", "as_of", "change_id", "target"}
        )  # its rows are no periods
        if model.schema == "marts" and columns & {"week", "quarter", "grain"} and not is_of_things:
            # Milestones are read whole, whatever span of runs was: a quarter is over or not.
            others = {"ci_daily", "ingest_coverage", "restatements"} | (
                {"milestone_delivery"} if "is_complete" in columns else set()
            )
            assert model.name in told | others, model.name
