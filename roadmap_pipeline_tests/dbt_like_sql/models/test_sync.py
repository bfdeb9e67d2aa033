"""The journal of writes as analysts see it."""

import json
from typing import Any

import pytest

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import StoredHistory, at


def _write(
    history: StoredHistory, number: int, time: str, state: str = "done", seconds: float | None = 2, **values: Any
) -> None:
    intended = at(time)
    settled = None if seconds is None else intended.replace(second=int(seconds))
    row = {
        "change_id": f"c{number}",
        "target": "notion",
        "kind": "update_row",
        "place": "CI Intelligence Reports",
        "title": f"row {number}",
        "fields": json.dumps([{"field": "Total Failures", "before": 1, "after": 2}, {"field": "Report Content"}]),
        "state": state,
        "intended_at": intended,
        "settled_at": settled,
    }
    history.add("sync.changes", **row | values)


def test_every_write_is_a_row():
    history = StoredHistory()
    _write(history, 1, "11-22 10:00")
    _write(history, 2, "11-22 10:01", "intended", None, target="github", fields="[]")
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(
            "select change_id, target, state, changed_fields, settle_seconds, day::varchar, week"
            " from marts.sync_changes order by change_id"
        ) == [
            ("c1", "notion", "done", ["Total Failures", "Report Content"], 2.0, "2026-11-22", "2026-W47"),
            ("c2", "github", "intended", [], None, "2026-11-22", "2026-W47"),
        ]


def test_reliability_is_what_was_read_back_among_what_was_sent():
    history = StoredHistory()
    _write(history, 0, "10-20 10:00", "failed", error="old")  # more than 30 days before the latest write
    for number in range(1, 4):
        _write(history, number, f"11-2{number} 10:00", seconds=10 * number)
    _write(history, 4, "11-20 09:00", "failed", error="interrupted")
    _write(history, 5, "11-20 10:00", "failed", error="429")
    _write(history, 6, "11-20 10:00", "refused", error="a person edited it")
    _write(history, 7, "11-23 11:00", target="github", seconds=1)
    _write(history, 8, "11-23 12:00", "intended", None, target="github")
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(
            "select target, changes, verified, failed, refused, unsettled, reliability, last_error, settle_p50_seconds"
            " from marts.sync_reliability order by target"
        ) == [
            ("*", 8, 4, 2, 1, 1, pytest.approx(4 / 6), "429", 15.0),
            ("github", 2, 1, 0, 0, 1, 1.0, None, 1.0),
            ("notion", 6, 3, 2, 1, 0, 0.6, "429", 20.0),
        ]
        assert warehouse.row(
            "select window_ends_at, oldest_unsettled_at, last_verified_at from marts.sync_reliability"
            " where target = '*'"
        ) == (at("11-23 12:00"), at("11-23 12:00"), at("2026-11-23 11:00:01"))


def test_without_writes_there_is_nothing_to_say():
    with StoredHistory().built(checked=True) as warehouse:
        assert warehouse.rows("from marts.sync_changes") == []
        assert warehouse.rows("from marts.sync_reliability") == []
