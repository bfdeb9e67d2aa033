"""Keeps ``derived.forecast_backtest`` and ``derived.milestone_forecasts`` up to date.

Belongs here: which days are forecast, and what is left as it is because nothing that it rests on has changed. Both read
``intermediate.int_milestone_kind_days``, which must be built.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.milestones.forecast.backtest import Key, Row, backtest, calibration_of
from roadmap_pipeline.milestones.forecast.calendar import WorkingCalendar
from roadmap_pipeline.milestones.forecast.course import Course, read_courses
from roadmap_pipeline.milestones.forecast.forecast import VERSION, Forecast, forecasts, gather
from roadmap_pipeline.milestones.forecast.wording import reason
from roadmap_pipeline.warehouse.connection import transaction
from roadmap_pipeline.warehouse.source_tables import replace_rows, replace_table

if TYPE_CHECKING:
    import duckdb

BACKTEST = "derived.forecast_backtest"
FORECASTS = "derived.milestone_forecasts"
TABLES = frozenset({("derived", "forecast_backtest"), ("derived", "milestone_forecasts")})
BUILT_FROM = ("intermediate", "int_milestone_kind_days")
DAYS_BACK = 14
"""Days before today that are forecast, too: what changed within a week shows from the first run on."""


def store_backtest(con: "duckdb.DuckDBPyConnection", calendar: WorkingCalendar) -> int:
    """Bring the back-test up to date; return how many rows were computed. Untouched where none was."""
    stored = _stored(con, BACKTEST)
    rows = backtest(read_courses(con), _today(con), calendar, stored)
    changed = [row for row in rows if row != stored.get(_key(row))]
    if changed or len(rows) != len(stored):
        with transaction(con):
            replace_table(con, BACKTEST, rows)
    return len(changed)


def store_forecasts(con: "duckdb.DuckDBPyConnection", calendar: WorkingCalendar) -> int:
    """Bring the forecasts of today and the days before up to date; return how many rows were computed.

    Rows of days before stay as they were stored while what was known then is the same: their targets are those of that
    time, for GitHub keeps no history of them.
    """
    stored = _stored(con, FORECASTS)
    scored = list(_stored(con, BACKTEST).values())
    courses = read_courses(con)
    ended = {(each.repo, each.number): each.closed_on for of_repo in courses.values() for each in of_repo}
    today = _today(con)
    rows: list[Row] = []
    for back in range(DAYS_BACK, -1, -1):
        day = today - timedelta(days=back)
        calibration = calibration_of([row for row in scored if row["as_of"] < day], ended, day)
        for repo, of_repo in courses.items():
            then = of_repo if day == today else [_with_target_of(course, stored, day) for course in of_repo]
            inputs = gather(then, day, calendar, calibration=calibration)
            if any(
                stored.get((repo, one.course.number, day), {}).get("fingerprint")
                != inputs.fingerprint(one.course.number)
                for one in inputs.known
            ):
                rows.extend(_row(forecast) for forecast in forecasts(inputs))
    changed = [row for row in rows if row != stored.get(_key(row))]
    if changed:
        with transaction(con):
            replace_rows(con, FORECASTS, changed)
    return len(changed)


def _with_target_of(course: Course, stored: Mapping[Key, Row], day: date) -> Course:
    row = stored.get((course.repo, course.number, day))
    return course if row is None else replace(course, due_date=row["target_date"])


def _row(forecast: Forecast) -> Row:
    """Return the row of ``derived.milestone_forecasts``."""
    dates, raw = forecast.dates(forecast.offsets), forecast.dates(forecast.raw_offsets)
    return {
        "repo": forecast.repo,
        "number": forecast.number,
        "as_of": forecast.as_of,
        "state": forecast.state,
        "reason": reason(forecast),
        "target_date": forecast.target_date,
        "measured_by": forecast.measured_by,
        "open_items": forecast.open_items,
        "closed_items": forecast.closed_items,
        "active_weeks": forecast.active_weeks,
        "history": forecast.history,
        "weekly_closed": _rounded(forecast.weekly_closed),
        "weekly_added": _rounded(forecast.weekly_added),
        "share_of_throughput": _rounded(forecast.share),
        **dict(zip(("p50_date", "p85_date", "p95_date"), dates, strict=True)),
        **dict(zip(("raw_p50_date", "raw_p85_date", "raw_p95_date"), raw, strict=True)),
        "probability_on_time": _rounded(forecast.probability_on_time),
        "probability_never": _rounded(forecast.probability_never),
        "calibrated_on": forecast.calibrated_on,
        "definition_version": VERSION,
        "fingerprint": forecast.fingerprint,
    }


def _rounded(value: float | None) -> float | None:
    """Return ``value`` to 4 places: machines may differ in the last bits."""
    return None if value is None else round(value, 4)


def _today(con: "duckdb.DuckDBPyConnection") -> date:
    (today,) = con.execute("select cast(as_of as date) from config.parameters").fetchall()[0]
    return today  # type: ignore[no-any-return]


def _key(row: Row) -> Key:
    return row["repo"], row["number"], row["as_of"]


def _stored(con: "duckdb.DuckDBPyConnection", table: str) -> dict[Key, Row]:
    stored = con.execute(f"from {table} order by as_of, repo, number")
    names = [column[0] for column in stored.description or ()]
    return {_key(row): row for row in _dicts(names, stored.fetchall())}


def _dicts(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Iterator[Row]:
    return (dict(zip(names, row, strict=True)) for row in rows)
