"""Work done (work_v2), milestones of one title in several repositories, and delivery by quarter."""

import json
from typing import Any

import pytest

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, at

OTHER = "acme/storefront"


def _history(**milestone: Any) -> StoredHistory:
    history = StoredHistory()
    history.milestone(**milestone)
    return history


def _issue(history: StoredHistory, number: int, state: str = "open", **values: Any) -> None:
    row = {
        "repo": REPO, "number": number, "state": state, "milestone_number": 1, "labels": [],
        "created_at": at("11-01 00:00"), "closed_at": at("11-10 00:00") if state == "closed" else None,
    }  # fmt: skip
    body = values.pop("body", None)
    payload = {"body": body} | values.pop("payload", {})
    history.add("raw.issues", **row | values, payload=json.dumps(payload))


def _work(history: StoredHistory, columns: str = "work_done, is_weighted, reason") -> tuple[Any, ...]:
    with history.built() as warehouse:
        return warehouse.row(f"select {columns} from marts.milestone_work")


def test_without_sizes_every_item_counts_alike_as_github_counts_them():
    history = _history(open_issues=3, closed_issues=1)
    _issue(history, 1, "closed")
    assert _work(history) == (0.25, False, "1 of 4 issues and pull requests closed")


def test_a_milestone_without_items_has_no_share():
    history = _history(open_issues=0, closed_issues=0)
    assert _work(history) == (None, False, "no issue and no pull request belongs to it")


@pytest.mark.parametrize(
    ("label", "size"),
    [
        ("size: S", 2), ("size/L", 5), ("Size XL", 8), ("size-xs", 1), ("size: medium", 3), ("effort: large", 5),
        ("t-shirt: XXL", 13), ("M", 3), ("points: 5", 5), ("story points/8", 8), ("3 points", 3), ("2pts", 2),
        ("sp: 1", 1), ("estimate: 0.5", 0.5), ("size: 3", 3), ("size: 0", None), ("bug", None), ("size", None),
        ("small talk", None), ("checkpoints: 3", None), ("p1", None), ("priority: L", None), ("size: huge", None),
        ("points: 1234", None),
    ],
)  # fmt: skip
def test_what_labels_say_of_a_size(label: str, size: float | None):
    history = _history()
    _issue(history, 1, labels=["bug", label])
    with history.built() as warehouse:
        assert warehouse.one("select size from intermediate.int_milestone_item_weights") == size


def test_sizes_weigh_and_what_nobody_sized_is_in_the_middle():
    history = _history(open_issues=2, closed_issues=2)
    _issue(history, 1, "closed", labels=["size: XL"])  # 8
    _issue(history, 2, labels=["size: S"])  # 2
    _issue(history, 3, "closed")  # the median of 8 and 2: 5
    history.pull_request(4, milestone_number=1, labels=["size/S", "size/M"])  # the larger: 3
    # median of 8, 2, 3 is 3: (8 + 3) of (8 + 2 + 3 + 3)
    assert _work(history) == (
        11 / 16,
        True,
        "2 of 4 issues and pull requests closed; weighed by size labels (3) and task lists (0): 11 of 16",
    )


def test_task_lists_and_sub_issues_say_how_much_of_an_open_issue_is_done():
    history = _history(open_issues=3, closed_issues=1)
    _issue(history, 1, body="Steps\n- [x] one\n- [X] two\n* [ ] three\n+ [ ] four\nnot [x] this\n-[x] nor this")
    _issue(history, 2, payload={"sub_issues_summary": {"total": 4, "completed": 1}})
    _issue(history, 3, "closed", body="- [ ] forgotten")
    history.pull_request(4, milestone_number=1, body="- [x] I read the rules\n- [x] I added tests")
    # 0.5 + 0.25 + 1 + 0 of 4
    assert _work(history, "work_done, open_task_lists, done_weight, weight") == (1.75 / 4, 2, 1.75, 4.0)


def test_velocity_and_scope_of_the_last_four_weeks():
    history = _history(open_issues=2, closed_issues=3, created_at=at("09-01 00:00"))
    _issue(history, 1, "closed", created_at=at("09-02 00:00"), closed_at=at("10-19 06:01"))
    _issue(history, 2, "closed", created_at=at("09-02 00:00"), closed_at=at("11-15 00:00"))
    _issue(history, 3, "closed", created_at=at("09-02 00:00"), closed_at=at("10-19 05:59"))  # before the window
    _issue(history, 4, created_at=at("11-01 00:00"))
    _issue(history, 5, created_at=at("09-02 00:00"))
    assert _work(history, "items_closed_28d, items_per_week, items_added_28d, items_removed_28d") == (2, 0.5, 1, 0)


def test_points_can_be_added_up_whatever_the_formula():
    history = _history()
    with history.built() as warehouse:
        assert warehouse.row("select sum(points_possible), count(*) from marts.milestone_progress") == (100, 4)


def test_milestones_of_one_title_are_added_up_and_stay_apart():
    history = _history(title="Stage 7.3", open_issues=3, closed_issues=1, due_on=at("12-11 00:00"))
    history.milestone("stage-7.3", 9, repo=OTHER, open_issues=0, closed_issues=4, state="closed")
    history.milestone("Stage 7.4", 10, repo=OTHER, open_issues=1, closed_issues=0)
    history.belongs("a", "Stage 7.3")
    history.add("derived.branch_milestones", repo=OTHER, branch="a", milestone="stage-7.3", rule="branch_name")
    for repo, conclusion in ((REPO, "failure"), (REPO, "success"), (OTHER, "success"), (OTHER, "success")):
        history.run("11-10 12:00", conclusion, sha=f"{repo}{conclusion}", branch="a", repo=repo, head_repo=repo)
    with history.built() as warehouse:
        assert warehouse.rows(
            "select milestone_key, milestone, repos, milestones, open_milestones, items, work_done, conclusive_runs,"
            " pass_rate, due_date::varchar from marts.milestone_groups order by milestone_key"
        ) == [
            ("stage 7 3", "Stage 7.3", [REPO, OTHER], 2, 1, 8, 5 / 8, 4, 0.75, "2026-12-11"),
            ("stage 7 4", "Stage 7.4", [OTHER], 1, 1, 1, 0.0, 0, None, None),
        ]
        assert warehouse.one("select count(*) from marts.milestone_metrics") == 3


def test_delivery_counts_by_the_quarter_of_the_target_date():
    history = StoredHistory()
    for number, (due, closed) in enumerate(
        [("09-30", "09-30 23:59"), ("09-30", "10-01 00:00"), ("08-01", "07-01 00:00"), ("09-01", None), ("12-11", None)]
    ):
        history.milestone(
            f"M{number}", number, due_on=at(f"{due} 07:00"), state="closed" if closed else "open",
            closed_at=closed and at(closed), open_issues=0 if closed else 3, closed_issues=2,
        )  # fmt: skip
    history.milestone("No date", 9)
    history.milestone("Given up", 10, due_on=at("09-15 07:00"), state="closed", open_issues=3, closed_issues=2,
                      closed_at=at("09-01 00:00"))  # fmt: skip
    with history.built() as warehouse:
        assert warehouse.rows(
            "select quarter, milestones, completed, completed_on_time, completed_late, overdue, dropped, judged,"
            " on_time_rate, days_late_median, is_complete from marts.milestone_delivery where repo = '*'"
            " order by quarter"
        ) == [
            ("2026-Q3", 5, 3, 2, 1, 1, 1, 4, 0.5, 0.0, True),
            ("2026-Q4", 1, 0, 0, 0, 0, 0, 0, None, None, False),
        ]


@pytest.mark.parametrize(("is_configured", "titles"), [(False, []), (True, [("Stage 8",)])])
def test_labels_ask_for_milestones_only_where_that_is_configured(is_configured, titles):
    history = StoredHistory(parameters={"milestones_create_from_labels": is_configured})
    history.pull_request(7)
    history.add("derived.pull_request_milestones", repo=REPO, number=7, rule="unknown", label_title="Stage 8")
    with history.built() as warehouse:
        assert warehouse.rows("select title from publish.milestones_to_create") == titles
