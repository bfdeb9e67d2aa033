"""The history of target dates: noted once, kept whatever GitHub says later."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from roadmap_pipeline.milestones.targets import note_targets
from roadmap_pipeline.warehouse.source_tables import create_source_tables, replace_rows
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, at


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as con:
        create_source_tables(con)
        yield con


def _read(con: duckdb.DuckDBPyConnection, due: str | None, updated: str, read: str) -> int:
    row: dict[str, Any] = {"repo": REPO, "number": 1, "title": "Stage 7.3", "state": "open"}
    row |= {"due_on": due and at(due), "created_at": at("10-01 08:00"), "updated_at": at(updated), "read_at": at(read)}
    replace_rows(con, "raw.milestones", [row])
    return note_targets(con)


def _noted(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return con.execute(
        "select target_date, strftime(valid_from, '%m-%d %H:%M'), strftime(seen_at, '%m-%d %H:%M')"
        " from derived.milestone_targets order by seen_at"
    ).fetchall()


def test_every_other_date_is_noted_once(con: duckdb.DuckDBPyConnection) -> None:
    assert _read(con, "12-01 08:00", "11-01 10:00", "11-02 06:00") == 1
    # Read again, edited otherwise, at another hour of the day: the same target.
    assert _read(con, "12-01 23:00", "11-03 10:00", "11-04 06:00") == 0
    assert _read(con, "12-15 08:00", "11-05 10:00", "11-06 06:00") == 1
    assert _read(con, None, "11-07 10:00", "11-08 06:00") == 1
    assert note_targets(con) == 0
    assert _noted(con) == [
        (date(2026, 12, 1), "10-01 08:00", "11-02 06:00"),
        (date(2026, 12, 15), "11-05 10:00", "11-06 06:00"),
        (None, "11-07 10:00", "11-08 06:00"),
    ]


def test_a_clock_that_stands_still_loses_no_change(con: duckdb.DuckDBPyConnection) -> None:
    for due in ("12-01 08:00", "12-02 08:00", "12-03 08:00"):
        assert _read(con, due, "11-01 10:00", "11-02 06:00") == 1
    assert [row[0].day for row in _noted(con)] == [1, 2, 3]
