"""Everything that `roadmap status` reads from the snapshot."""

from pathlib import Path

import pytest

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.reports.status import read_status
from roadmap_pipeline.reports.status_page import status_page
from roadmap_pipeline.warehouse.snapshot import snapshot_path
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, at
from roadmap_pipeline_tests.reports.histories import fails, passes

DETAILS = ("repo", "run_id", "run_attempt", "status", "conclusion", "updated_at")


def stored(history: StoredHistory, warehouse: Path) -> None:
    """Store the history's tables as the snapshot of ``warehouse``."""
    with history.built() as built:
        built.con.execute(f"attach '{snapshot_path(warehouse)}' as file")
        built.con.execute("copy from database memory to file")
        built.con.execute("detach file")


def test_the_latest_complete_week_milestones_and_repositories(tmp_path: Path) -> None:
    history = StoredHistory()
    passes(history, "11-10 10:00", 3, read_at=at("11-16 05:30"))
    fails(history, "11-11 10:00")
    history.run("11-16 01:00", sha="today")  # of a week that is not over
    history.milestone("Soon", 1, due_on=at("12-01 00:00"), closed_issues=1)
    history.milestone("Done", 2, state="closed", due_on=at("10-01 00:00"))
    stored(history, tmp_path / "w.duckdb")
    status = read_status(tmp_path / "w.duckdb")
    assert status["warehouse"] == str(tmp_path / "w.duckdb")
    assert status["as_of"] == "2026-11-16 06:00:00"
    assert status["latest_week"] == {
        "week": "2026-W46", "runs": 4, "conclusive_runs": 4, "final_pass_rate": 0.75, "failed_job_attempts": 1,
        "top_failure_category": "test", "episodes_open": 0, "rests_on": "",
    }  # fmt: skip
    assert [(row["title"], row["status"], row["conclusive_runs"]) for row in status["milestones"]] == [
        ("Soon", "In Progress", 0), ("Done", "Completed", 0),
    ]  # fmt: skip
    (repository,) = status["repositories"]
    assert (repository["repo"], repository["runs"]) == ("acme/payments", 5)
    assert repository["newest_run"] == at("11-16 01:00")
    assert repository["last_read"] == "2026-11-16 05:30"
    assert (repository["complete_from"], repository["due_runs"], repository["listed_from"]) == ("2026-W46", 0, None)
    assert status["unread"] == []


def test_what_retention_has_dropped(tmp_path: Path) -> None:
    history = StoredHistory()
    passes(history, "11-10 10:00", 1)
    dropped = {"table_name": "job_logs", "column_name": "excerpt", "dropped_rows": 1, "older_than": at("08-16 06:00")}
    history.add("raw.retention", **dropped, dropped_at=at("11-16 06:00"))
    stored(history, tmp_path / "w.duckdb")
    assert read_status(tmp_path / "w.duckdb")["dropped"] == [
        {
            "table": "raw.job_logs",
            "column": "excerpt",
            "rows": 1,
            "older_than": at("08-16 06:00"),
            "text": "excerpts of 1 row of raw.job_logs from before 2026-08-16",
        }
    ]


def test_as_markdown_with_the_reports_headline_and_links_to_notion(tmp_path: Path) -> None:
    history = StoredHistory()
    passes(history, "11-10 10:00", 3, read_at=at("11-16 05:30"))
    fails(history, "11-11 10:00")
    history.milestone("Soon | [x](y) <b>", 1, due_on=at("12-01 00:00"), closed_issues=1)
    address = "https://app.notion.com/p/1"
    history.add("sync.rows", sync_key="milestone:1", repo=REPO, number=1, title="Soon", page_url=address)
    definition = '{"url": "https://app.notion.com/p/2"}'
    history.add("sync.databases", database="roadmap", definition=definition)
    stored(history, tmp_path / "w.duckdb")
    page = status_page(read_status(tmp_path / "w.duckdb"))
    assert page.startswith(
        "## Roadmap and CI · 2026-W46\n\n**75.0 % of 4 runs passed in the end**, 1 failed job, top cause: test."
    )
    (row,) = [line for line in page.splitlines() if line.startswith("| [Soon")]
    assert row.startswith(r"| [Soon \| \[x\]\(y\) &lt;b&gt;](https://app.notion.com/p/1) | 2026-12-01 | In Progress |")
    assert "In Notion: [Engineering Roadmap](https://app.notion.com/p/2) · CI Intelligence Reports" in page
    report = {"report_name": "ci-report-2026-W46.md", "kind": "weekly", "period": "2026-W46"}
    history.add("sync.released_reports", **report, content="# CI report\n\n**All is well.** Rest.\n\nMore")
    stored(history, tmp_path / "v.duckdb")
    assert "2026-W46\n\n**All is well.** Rest.\n\n|" in status_page(read_status(tmp_path / "v.duckdb"))


def test_what_is_still_to_read_and_what_could_not_be(tmp_path: Path) -> None:
    history = StoredHistory()
    api = "https://api.github.com/repos/acme/payments/actions/runs"
    passes(history, "11-12 10:00", 2, source=api)
    fails(history, "11-13 10:00", source=api)
    for row in history.rows["raw.workflow_runs"][:1]:
        history.add("raw.run_details", **{name: row[name] for name in DETAILS})
    history.add(
        "raw.read_coverage",
        repo=REPO,
        walk="runs",
        covered_from=at("11-11 12:00"),
        covered_to=at("11-13 10:00"),
    )
    history.add("raw.ingest_state", repo=REPO, walk="run_sweep", watermark=at("11-16 05:30"))
    failed = {"status": 500, "message": "Server Error", "is_setting": False, "tries": 2}
    for item in ("7", "8"):
        history.add(
            "raw.read_failures",
            repo=REPO,
            endpoint="log",
            item=item,
            first_failed_at=at("11-15 07:00"),
            last_failed_at=at("11-16 05:30"),
            next_try_at=at("11-16 06:30"),
            **failed,
        )
    switched_off = {"status": 410, "message": "Issues are disabled", "is_setting": True, "tries": 1}
    history.add(
        "raw.read_failures",
        repo=REPO,
        endpoint="issues",
        item="",
        first_failed_at=at("11-16 05:30"),
        last_failed_at=at("11-16 05:30"),
        next_try_at=at("11-16 05:30"),
        **switched_off,
    )
    stored(history, tmp_path / "w.duckdb")
    status = read_status(tmp_path / "w.duckdb")
    assert status["latest_week"]["rests_on"] == (
        "Not all of this week was read: the report rests on 1 of 3 runs with jobs; 1 failed run among the others;"
        " read so far from 2026-11-11 12:00; the rest follows."
    )
    (repository,) = status["repositories"]
    assert (repository["complete_from"], repository["due_runs"]) == (None, 2)
    assert repository["listed_from"] == at("11-11 12:00")
    assert [one["text"] for one in status["unread"]] == [
        "2 logs of jobs of acme/payments: 500 Server Error, since 2026-11-15 07:00; asked for again from 2026-11-16"
        " 06:30 UTC on",
        "issues of acme/payments: switched off on GitHub, so there is nothing to read",
    ]


def test_a_warehouse_without_a_run(tmp_path: Path) -> None:
    stored(StoredHistory(), tmp_path / "w.duckdb")
    status = read_status(tmp_path / "w.duckdb")
    assert (status["latest_week"], status["milestones"], status["repositories"]) == (None, [], [])


def test_without_a_snapshot_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RoadmapError, match="run `roadmap run` first"):
        read_status(tmp_path / "w.duckdb")
