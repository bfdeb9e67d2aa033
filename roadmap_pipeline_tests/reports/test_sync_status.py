"""The state of Notion and GitHub to each other, as people read it: small tables, the answers by hand."""

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from roadmap_pipeline.cli.rendering.reports import print_status
from roadmap_pipeline.reports.status import read_status
from roadmap_pipeline.reports.sync_status import staleness, sync_lines, sync_status
from roadmap_pipeline.reports.weekly import section, weekly_report
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, at
from roadmap_pipeline_tests.reports.histories import passes
from roadmap_pipeline_tests.reports.markdown import HOSTILE, assert_harmless
from roadmap_pipeline_tests.reports.test_status import stored


def _row(history: StoredHistory, number: int, title: str, state: str = "In step", **values: object) -> None:
    history.add(
        "sync.rows",
        **{
            "sync_key": f"milestone:MI_{number}", "repo": REPO, "number": number, "title": title, "state": state,
            "page_url": f"https://www.notion.so/{number}", "is_trashed": False, "since": at("11-14 09:00"),
        } | values,
    )  # fmt: skip


def _conflict(history: StoredHistory, number: int, field: str, github: object, notion: object) -> None:
    history.add(
        "sync.conflicts", sync_key=f"milestone:MI_{number}", field=field, github_value=json.dumps(github),
        notion_value=json.dumps(notion), since=at("11-15 10:00"),
    )  # fmt: skip


def _verified(history: StoredHistory, time: str, failed: int = 0) -> None:
    history.add("sync.verifications", verified_at=at(time), rows=4, changes=0, verified=0, failed=failed)


def _written(history: StoredHistory, number: int, time: str, state: str, seconds: int = 2, **values: object) -> None:
    history.add(
        "sync.changes",
        **{
            "change_id": f"c{number}", "target": "notion", "kind": "update_row", "place": "P", "title": f"row {number}",
            "fields": "[]", "state": state, "intended_at": at(time),
            "settled_at": at(time) + timedelta(seconds=seconds),
        } | values,
    )  # fmt: skip


def disagreeing() -> StoredHistory:
    """Return four rows: one in step, one in conflict, one that GitHub refuses, one in the trash."""
    history = StoredHistory()
    _row(history, 1, "Fine")
    _row(history, 2, "Torn", "Conflict", note="both sides were edited")
    _row(history, 3, "Too long", "Needs a person", note="GitHub takes no title of 300 characters")
    _row(history, 4, "Thrown away", is_trashed=True)
    _conflict(history, 2, "📆 Target Date", "2026-12-01", None)
    _conflict(history, 2, "✅ Status", "Completed", "Blocked")
    _written(history, 1, "11-15 08:00", "failed", title="row 2")
    _written(history, 2, "11-15 10:00", "done")
    _written(history, 3, "11-15 10:01", "done", seconds=4)
    _written(history, 4, "11-15 11:00", "failed")
    _verified(history, "11-15 10:30")
    return history


def test_what_is_not_in_step_and_what_never_arrived() -> None:
    with disagreeing().built(checked=True) as warehouse:
        status = sync_status(warehouse.con)
    assert [(row["title"], row["state"], row["note"], row["since"]) for row in status["rows"]] == [
        ("Too long", "Needs a person", "GitHub takes no title of 300 characters", "2026-11-14 09:00"),
        ("Torn", "Conflict", "both sides were edited", "2026-11-14 09:00"),
    ]
    assert [(row["title"], row["field"], row["github"], row["notion"], row["base"]) for row in status["conflicts"]] == [
        ("Torn", "✅ Status", "Completed", "Blocked", None),
        ("Torn", "📆 Target Date", "2026-12-01", None, None),
    ]
    assert [(row["title"], row["repo"], row["number"]) for row in status["trashed"]] == [("Thrown away", REPO, 4)]
    assert status["last_verified_at"] == "2026-11-15 10:30"
    # row 2 failed at 8:00 and arrived at 10:00:02; row 3 took four seconds: half way between is the median.
    assert status["reliability"] == {
        "changes": 4, "scheduled": 4, "verified": 2, "failed": 2, "reliability": 0.5, "lag_p50_seconds": 3603.0,
        "lag_p95_seconds": pytest.approx(4 + 0.95 * 7198), "conflicts": 2, "quarantined": 1, "trashed": 1, "syncs": 1,
        "complete_syncs": 1, "last_error": None, "oldest_unsynced_at": "2026-11-15 11:00",
    }  # fmt: skip


def test_before_the_first_sync() -> None:
    with StoredHistory().built(checked=True) as warehouse:
        status = sync_status(warehouse.con)
        assert sync_lines(warehouse.con) == []
        assert staleness(warehouse.con, at("11-16 06:00")) is None
    assert status == {
        "last_verified_at": None, "rows": [], "conflicts": [], "trashed": [], "reliability": None, "databases": {},
        "pages": {},
    }  # fmt: skip


def _printed(warehouse: Path) -> tuple[dict[str, object], str]:
    status = read_status(warehouse)
    stream = io.StringIO()
    print_status(Console(file=stream, width=120, color_system=None), status)
    return status["sync"], stream.getvalue()


def test_the_status_as_it_is_printed(tmp_path: Path) -> None:
    stored(disagreeing(), tmp_path / "w.duckdb")
    _, text = _printed(tmp_path / "w.duckdb")
    assert (
        "Sync last verified 2026-11-15 10:30 UTC, 50.0 % of 4 writes of 30 days arrived, within 1.0 h (p95 1.9 h),"
        " oldest that has not arrived: 2026-11-15 11:00 UTC"
    ) in " ".join(text.split())
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "Torn Conflict 2026-11-14 09:00 both sides were edited" in lines
    assert "Torn ✅ Status Completed Blocked 2026-11-15 10:00" in lines
    assert "Torn 📆 Target Date 2026-12-01 nothing 2026-11-15 10:00" in lines
    assert any(
        line.startswith("in Notion's trash: Thrown away of acme/payments, since 2026-11-14 09:00") for line in lines
    )
    assert "Fine" not in text


def test_nothing_published_is_said(tmp_path: Path) -> None:
    stored(StoredHistory(), tmp_path / "w.duckdb")
    assert "Sync nothing was published yet" in _printed(tmp_path / "w.duckdb")[1]


def test_the_warehouse_knows_more_of_the_sync_than_its_readers_copy(tmp_path: Path) -> None:
    stored(StoredHistory(), tmp_path / "w.duckdb")
    later = tmp_path / "later.duckdb"
    stored(disagreeing(), later)
    later.with_suffix(".snapshot.duckdb").rename(tmp_path / "w.duckdb")
    sync, _ = _printed(tmp_path / "w.duckdb")
    assert sync["last_verified_at"] == "2026-11-15 10:30"
    (tmp_path / "w.duckdb").write_bytes(b"no database")
    sync, _ = _printed(tmp_path / "w.duckdb")
    assert sync["last_verified_at"] is None


def test_the_report_names_what_is_in_the_trash_and_in_conflict() -> None:
    history = disagreeing()
    passes(history, "11-10 10:00", 3)
    with history.built() as warehouse:
        text = section(weekly_report(warehouse.con, "2026-W46").content, "About these numbers")
        assert (
            "- In Notion's trash, and left there: Thrown away. Restored in Notion, or by"
            " `roadmap sync --restore TITLE`, a row comes back into step." in text
        )
        assert "- In conflict between GitHub and Notion: Torn. Nothing of theirs is overwritten" in text


def test_hostile_titles_have_no_effect(tmp_path: Path) -> None:
    history = StoredHistory()
    for place, nasty in enumerate(HOSTILE):
        _row(history, 2 * place, nasty, "Conflict", note=nasty)
        _row(history, 2 * place + 1, nasty, is_trashed=True)
        _conflict(history, 2 * place, "🧩 Milestone", nasty, nasty)
    with history.built() as warehouse:
        for line in sync_lines(warehouse.con):
            assert "\n" not in line
            assert_harmless(f"- {line}")
    stored(history, tmp_path / "w.duckdb")
    _, text = _printed(tmp_path / "w.duckdb")
    assert not {character for character in text if character in "\x1b\x07\u202e"}


@pytest.mark.parametrize(
    ("verified", "written", "problem"),
    [
        ("11-15 06:00", None, None),
        ("11-15 05:59", None, "Nothing was verified since 2026-11-15 05:59 UTC"),
        ("11-10 06:00", "11-15 12:00", None),  # a write that was read back
        (None, "11-14 12:00", "Nothing was verified since 2026-11-14 12:00 UTC"),
    ],
)
def test_a_day_without_verifying_anything_is_a_problem(
    verified: str | None, written: str | None, problem: str | None
) -> None:
    history = StoredHistory()
    if verified:
        _verified(history, verified)
    if written:
        _written(history, 1, written, "done", seconds=0)
    # Answered, but never read back: that verifies nothing.
    _written(history, 2, "11-16 05:00", "failed")
    with history.built() as warehouse:
        found = staleness(warehouse.con, at("11-16 06:00"))
    assert (found or "").startswith(problem or "") and (found is None) == (problem is None)


def test_writes_that_were_never_read_back_are_a_problem() -> None:
    history = StoredHistory()
    _written(history, 1, "11-16 05:00", "failed")
    with history.built() as warehouse:
        assert "none was ever read back" in (staleness(warehouse.con, at("11-16 06:00")) or "")
