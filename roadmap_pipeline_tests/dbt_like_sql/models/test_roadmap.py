"""Milestones of runs, and the publish tables."""

from datetime import date
from typing import Any

import pytest

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, at


def _milestone_of(history: StoredHistory) -> list[tuple[int | None, str | None]]:
    with history.built() as warehouse:
        return warehouse.rows("select pull_request_number, milestone from marts.ci_runs order by run_id")


def test_mapping_then_pull_request_then_branch_name():
    history = StoredHistory()
    history.milestone("Stage 7.3")
    for branch in ("a", "b"):
        history.belongs(branch, "Stage 7.3")
    history.belongs("c", "Mapped", rule="mapping")
    history.pull_request(1, milestone_title="From GitHub")
    history.run("11-10 12:00", branch="a")
    for branch in ("b", "c"):
        history.run("11-10 12:00", branch=branch, pull_request_numbers=[1])
    history.run("11-10 12:00", branch="d")
    assert _milestone_of(history) == [(None, "Stage 7.3"), (1, "From GitHub"), (1, "Mapped"), (None, None)]


def test_a_milestone_renamed_since_the_pull_request_was_read_goes_by_its_number():
    history = StoredHistory()
    history.milestone("New name")
    history.pull_request(1, milestone_number=1, milestone_title="Old name")
    history.run("11-10 12:00", branch="x", pull_request_numbers=[1])
    assert _milestone_of(history) == [(1, "New name")]


def test_runs_of_forks_find_their_pull_request_by_commit_or_branch():
    history = StoredHistory()
    fork = {"head_repo": "someone/payments", "event": "pull_request", "branch": "fix"}
    history.pull_request(3, head_repo="someone/payments", head_branch="fix", head_sha="z", created_at=at("11-09 00:00"))
    history.pull_request(4, head_repo="else/payments", head_branch="fix", head_sha="y", created_at=at("11-09 00:00"))
    history.run("11-10 12:00", sha="z", **fork)
    history.run("11-09 12:00", sha="earlier", **fork)
    history.run("11-08 12:00", sha="before it was opened", **fork)
    history.run("11-10 12:00", sha="y", event="pull_request", branch="fix", head_repo=None)  # the fork is gone
    assert [number for number, _ in _milestone_of(history)] == [3, 3, None, 4]


def test_merge_queues_name_the_pull_request_in_their_branch():
    history = StoredHistory()
    history.pull_request(12, milestone_title="Stage 7.3")
    history.run("11-10 12:00", event="merge_group", branch="gh-readonly-queue/main/pr-12-abcdef")
    assert _milestone_of(history) == [(12, "Stage 7.3")]


@pytest.mark.parametrize(
    ("milestone", "labels", "status"),
    [
        ({}, None, "Planned"),
        ({"closed_issues": 1}, None, "In Progress"),
        ({"closed_issues": 1}, ["tracking", "status: planned"], "Planned"),
        ({}, ["tracking", "Status: In Progress"], "In Progress"),
        ({}, ["Tracking", "status: blocked", "status: planned"], "Blocked"),
        ({}, ["status: blocked"], "Planned"),  # no tracking issue
        ({"state": "closed"}, ["tracking", "status: blocked"], "Completed"),
    ],
)
def test_status(milestone: dict[str, Any], labels: list[str] | None, status: str):
    history = StoredHistory()
    history.milestone(**milestone)
    if labels is not None:
        history.add("raw.issues", repo=REPO, number=4, state="open", milestone_number=1, labels=labels)
        history.add(
            "raw.issues", repo=REPO, number=9, state="open", milestone_number=1, labels=["tracking", "status: x"]
        )
    with history.built() as warehouse:
        assert warehouse.one("select status from publish.notion_roadmap") == status


@pytest.mark.parametrize(
    ("issues", "number", "status"),
    [
        # a person's in the milestone, where none of ours is
        ([{"number": 4, "milestone_number": 1, "labels": ["tracking", "status: blocked"]}], 4, "Blocked"),
        # ours is no item of the milestone, and its labels count alone
        (
            [
                {"number": 4, "milestone_number": 1, "labels": ["tracking", "status: blocked"]},
                {"number": 9, "tracks_milestone": "MI_1", "labels": ["tracking", "status: in-progress"]},
            ],
            9,
            "In Progress",
        ),
        # of two of ours the first stays, unless it was closed as a duplicate
        (
            [
                {"number": 7, "tracks_milestone": "MI_1", "labels": ["tracking"], "state": "closed"}
                | {"state_reason": "duplicate"},
                {"number": 8, "tracks_milestone": "MI_1", "labels": ["tracking", "status: blocked"]},
                {"number": 9, "tracks_milestone": "MI_1", "labels": ["tracking"]},
            ],
            8,
            "Blocked",
        ),
        # a copied marker counts for nothing beside a labelled issue
        (
            [
                {"number": 3, "tracks_milestone": "MI_1", "labels": []},
                {"number": 8, "tracks_milestone": "MI_1", "labels": ["Tracking", "Status: Planned"]},
            ],
            8,
            "Planned",
        ),
        # that of another milestone, of another repository, and of a milestone whose id isn't known
        (
            [
                {"number": 4, "milestone_number": 1, "tracks_milestone": "MI_2", "labels": ["tracking"]},
                {"number": 5, "tracks_milestone": "MI_1", "labels": ["tracking"], "repo": "acme/other"},
                {"number": 6, "labels": ["tracking"]},
            ],
            None,
            "Planned",
        ),
    ],
)
def test_the_tracking_issue_is_ours_else_peoples(issues: list[dict[str, Any]], number: int | None, status: str):
    history = StoredHistory()
    history.milestone(node_id="MI_1")
    for issue in issues:
        history.add("raw.issues", **{"repo": REPO, "state": "open", **issue})
    with history.built() as warehouse:
        assert warehouse.rows("select node_id, tracking_issue_number, status from marts.milestones") == [
            ("MI_1", number, status)
        ]


def test_rows_of_the_roadmap_have_unique_titles():
    history = StoredHistory()
    history.milestone("Stage 7.3", due_on=at("12-15 08:00"))
    history.milestone("Stage 7.3", number=4, repo="acme/storefront")
    history.milestone("Other", number=2)
    with history.built() as warehouse:
        assert warehouse.rows(
            "select repo, number, title, milestone, target_date, status, progress, trend"
            " from publish.notion_roadmap order by repo, number"
        ) == [
            (REPO, 1, f"Stage 7.3 · {REPO}", "Stage 7.3", date(2026, 12, 15), "Planned", 0.0, "Stable"),
            (REPO, 2, "Other", "Other", None, "Planned", 0.0, "Stable"),
            ("acme/storefront", 4, "Stage 7.3 · acme/storefront", "Stage 7.3", None, "Planned", 0.0, "Stable"),
        ]


def test_the_related_pull_request_is_the_latest_merged_else_the_latest_open():
    history = StoredHistory()
    history.milestone("A", 1)
    history.milestone("B", 2)
    for number, milestone, values in (
        (1, 1, {"merged_at": at("11-01 00:00"), "state": "closed"}),
        (2, 1, {"merged_at": at("11-02 00:00"), "state": "closed"}),
        (3, 1, {}),
        (4, 2, {}),
        (5, 2, {"created_at": at("11-03 00:00")}),
        (6, 2, {"created_at": at("11-04 00:00"), "state": "closed"}),
    ):
        history.pull_request(number, milestone_number=milestone, **values)
    with history.built() as warehouse:
        assert warehouse.rows("select title, related_pr from publish.notion_roadmap order by number") == [
            ("A", f"https://github.com/{REPO}/pull/2"),
            ("B", f"https://github.com/{REPO}/pull/5"),
        ]


def test_notes_recommend_what_gives_most_first_and_end_with_the_milestone():
    history = StoredHistory()
    history.milestone("Open", 1)
    history.milestone("Done", 2, state="closed")
    history.run("11-10 12:00")
    with history.built() as warehouse:
        notes = dict(warehouse.rows("select title, notes from publish.notion_roadmap"))
        assert notes["Done"] is None
        assert notes["Open"].split("\n") == [
            "Merging a pull request that changes documentation (docs/ or *.md) would give +30"
            " (no pull request of the milestone merged).",
            "A passing run would give +25 (no runs in the last 28 days).",
            "A run without failures would give +15 (no runs in the last 28 days).",
        ]


def test_report_rows_carry_the_figures_of_their_period():
    history = StoredHistory()
    for number in range(3):
        history.run("11-10 12:00", "failure", sha=f"s{number}", minutes=0)
    history.run("11-10 19:20", sha="ok", minutes=0)
    for name, kind, period, day in (
        ("ci-report-2026-W46.md", "weekly", "2026-W46", date(2026, 11, 16)),
        ("ci-report-2026-W20.md", "weekly", "2026-W20", date(2026, 5, 18)),
        ("roadmap-report-Q4-2026.md", "quarterly", "2026-Q4", date(2027, 1, 1)),
    ):
        table = "sync.released_reports" if period == "2026-W20" else "derived.reports"
        history.add(table, report_name=name, kind=kind, period=period, report_date=day, content="# R")
    with history.built() as warehouse:
        link = f"https://github.com/{REPO}/actions"
        assert warehouse.rows("from publish.notion_ci_reports order by report_date") == [
            ("ci-report-2026-W20.md", date(2026, 5, 18), 7, 0, None, None, None, "# R", link),
            ("ci-report-2026-W46.md", date(2026, 11, 16), 7, 3, None, 7.33, "unknown (3 of 3)", "# R", link),
            ("roadmap-report-Q4-2026.md", date(2027, 1, 1), 92, 3, None, 7.33, "unknown (3 of 3)", "# R", link),
        ]


def test_only_ended_weeks_that_are_due_or_were_asked_for_are_published():
    """On Monday of W47, W46 is due; W30 was looked at, W31 given out, W32 is in Notion from an older version."""
    history = StoredHistory()
    history.milestone()
    for week in (30, 32, 46, 47):
        _report(history, "derived.reports", week, is_over=week != 47)
    _report(history, "derived.reports", 31, is_over=True, content="as it is now")
    _report(history, "sync.released_reports", 31)
    _report(history, "sync.released_reports", 46, content="as it was an hour ago")
    history.add("sync.row_bases", sync_key="report:ci-report-2026-W32.md", page_id="p", field="x")
    history.add("sync.row_bases", sync_key="report:ci-report-2026-W46.md", page_id="q", field="x")
    published = "select report_name[11:18], report_content from publish.notion_ci_reports order by report_date"
    latest = "select distinct latest_report_name from publish.notion_roadmap"
    with history.built() as warehouse:
        assert warehouse.rows(published) == [("2026-W31", "# R"), ("2026-W32", "# R"), ("2026-W46", "# R")]
        assert warehouse.rows(latest) == [("ci-report-2026-W46.md",)]
    # Rendered while the week still ran, and not since: the text is no report of the whole week.
    next(row for row in history.rows["derived.reports"] if row["period"] == "2026-W46")["is_over"] = False
    with history.built() as warehouse:
        assert [week for week, _ in warehouse.rows(published)] == ["2026-W31", "2026-W32"]
        assert warehouse.rows(latest) == [("ci-report-2026-W32.md",)]


def _report(history: StoredHistory, table: str, week: int, **values: Any) -> None:
    day = date.fromisocalendar(2026, week + 1, 1)
    name = f"ci-report-2026-W{week}.md"
    row = {"report_name": name, "kind": "weekly", "period": f"2026-W{week}", "report_date": day, "content": "# R"}
    history.add(table, **row | values)


def test_only_open_pull_requests_have_a_comment():
    history = StoredHistory()
    history.pull_request(1, head_sha="abc")
    history.pull_request(2, state="closed")
    for number in (1, 2):
        history.add("derived.pull_request_comments", repo=REPO, number=number, body="Hello", state="red")
    with history.built() as warehouse:
        assert warehouse.rows("from publish.pull_request_comments") == [(REPO, 1, "abc", "Hello", "Hello", True)]


def test_of_quarters_the_one_that_ended_last_is_published_once_it_was_read_whole():
    """In Q4, Q3 is due; Q2 was given out, Q1 never was, and Q4 still runs."""
    history = StoredHistory()
    for quarter, day, whole in (
        (1, date(2026, 4, 1), True),
        (3, date(2026, 10, 1), True),
        (4, date(2027, 1, 1), False),
    ):
        _quarter(history, "derived.quarterly_reports", quarter, day, is_over=quarter != 4, is_whole=whole)
    _quarter(history, "derived.quarterly_reports", 2, date(2026, 7, 1), is_over=True, is_whole=True, content="now")
    _quarter(history, "sync.released_reports", 2, date(2026, 7, 1))
    _quarter(history, "sync.released_reports", 3, date(2026, 10, 1), content="as it was an hour ago")
    published = (
        "select report_name, report_content, analysis_period from publish.notion_ci_reports order by report_date"
    )
    with history.built() as warehouse:
        assert warehouse.rows(published) == [
            ("roadmap-report-Q2-2026.md", "# R", 91),
            ("roadmap-report-Q3-2026.md", "# R", 92),
        ]
    next(row for row in history.rows["derived.quarterly_reports"] if row["period"] == "2026-Q3")["is_whole"] = False
    with history.built() as warehouse:
        assert [name for name, _, _ in warehouse.rows(published)] == ["roadmap-report-Q2-2026.md"]


def _quarter(history: StoredHistory, table: str, quarter: int, day: date, content: str = "# R", **values: bool) -> None:
    history.add(
        table, report_name=f"roadmap-report-Q{quarter}-2026.md", kind="quarterly", period=f"2026-Q{quarter}",
        report_date=day, content=content, **values,
    )  # fmt: skip
