"""Milestone progress by seed_v1, to the letter."""

from typing import Any

import pytest

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import CI, REPO, StoredHistory, at

BRANCH = "feature/stage-7-3"
BOT_RERUN: dict[str, Any] = {"triggering_actor": "github-actions[bot]", "triggering_actor_type": "Bot"}


def _history() -> StoredHistory:
    history = StoredHistory()
    history.milestone()
    history.belongs(BRANCH, "Stage 7.3")
    return history


def _rule(history: StoredHistory, rule: str) -> tuple[Any, ...]:
    with history.built() as warehouse:
        return warehouse.row(
            f"select points, value, reason, next_step from marts.milestone_progress where rule = '{rule}'"
        )


def _runs(history: StoredHistory, passed: int, failed: int) -> None:
    for number in range(passed + failed):
        history.run("11-10 12:00", "success" if number < passed else "failure", sha=f"s{number}", branch=BRANCH)


def test_a_pass_rate_of_exactly_80_percent_is_enough():
    history = _history()
    _runs(history, 4, 1)
    assert _rule(history, "pass_rate") == (25, 0.8, "pass rate 80 % ≥ 80 % (4 of 5 runs)", None)


@pytest.mark.parametrize(
    ("passed", "failed", "points"),
    [(4, 1, 25), (400, 100, 25), (399, 101, 0), (799, 200, 0), (1, 0, 25), (0, 1, 0)],
)
def test_the_border_of_the_pass_rate(passed: int, failed: int, points: int):
    history = _history()
    _runs(history, passed, failed)
    # 79.98 % is no 80 %, whatever a report rounds it to.
    assert _rule(history, "pass_rate")[:2] == (points, pytest.approx(passed / (passed + failed)))


@pytest.mark.parametrize(("fixed", "failed", "points"), [(7, 3, 0), (70, 30, 0), (701, 299, 15), (1, 0, 15), (0, 1, 0)])
def test_the_border_of_auto_fix(fixed: int, failed: int, points: int):
    history = _history()
    _repairs(history, fixed, failed)
    assert _rule(history, "autofix_success")[:2] == (points, pytest.approx(fixed / (fixed + failed)))


def test_a_pass_rate_below_80_percent_says_what_is_missing():
    history = _history()
    _runs(history, 2, 1)
    # (2 + 2) of (3 + 2) is 80 %.
    assert _rule(history, "pass_rate") == (
        0,
        pytest.approx(2 / 3),
        "pass rate 66.67 % < 80 % (2 of 3 runs)",
        "2 more passing runs would give +25",
    )


def _repairs(history: StoredHistory, fixed: int, failed: int) -> None:
    for number in range(fixed + failed):
        run = history.run("11-10 12:00", "failure", sha=f"r{number}", branch=BRANCH)
        history.run(
            "11-10 12:00", "success" if number < fixed else "failure", sha=f"r{number}", branch=BRANCH, attempt=2,
            run_id=run, started="11-10 12:30", **BOT_RERUN,
        )  # fmt: skip


def test_an_auto_fix_rate_of_exactly_70_percent_is_not_enough():
    history = _history()
    _repairs(history, 7, 3)
    assert _rule(history, "autofix_success") == (
        0,
        0.7,
        "auto-fix success 70 % ≤ 70 % (7 of 10 repairs)",
        "1 more repair would give +15",
    )


def test_an_auto_fix_rate_above_70_percent_is():
    history = _history()
    _repairs(history, 8, 3)
    assert _rule(history, "autofix_success")[:3] == (
        15,
        pytest.approx(8 / 11),
        "auto-fix success 72.73 % > 70 % (8 of 11 repairs)",
    )


def test_more_repairs_than_needed_are_never_asked_for():
    history = _history()
    _repairs(history, 1, 1)
    # (1 + k) / (2 + k) > 0.7 from k = 2 on: 3 of 4.
    assert _rule(history, "autofix_success")[3] == "2 more repairs would give +15"


def test_without_runs_neither_rate_gives_points():
    history = _history()
    history.run("09-01 12:00", branch=BRANCH)  # before the window
    assert _rule(history, "pass_rate")[:3] == (0, None, "no runs in the last 28 days")
    assert _rule(history, "autofix_success")[:3] == (0, None, "no runs in the last 28 days")


def test_without_a_failure_there_was_nothing_to_fix():
    history = _history()
    _runs(history, 1, 0)
    assert _rule(history, "autofix_success") == (15, None, "no failure in the last 28 days: nothing to fix", None)


def test_failures_that_nothing_tried_to_repair_give_no_points():
    history = _history()
    _runs(history, 1, 2)
    assert _rule(history, "autofix_success")[:3] == (0, None, "failing attempts: 2, none repaired automatically")


def test_repairs_without_a_result_give_no_points():
    history = _history()
    run = history.run("11-10 12:00", "failure", branch=BRANCH)
    history.run("11-10 12:00", None, branch=BRANCH, attempt=2, run_id=run, started="11-10 12:30", **BOT_RERUN)
    assert _rule(history, "autofix_success")[:3] == (0, None, "automatic repairs: 1, none with a result yet")


def test_the_window_is_28_days():
    history = _history()
    history.run("10-19 06:00", sha="a", branch=BRANCH)  # exactly 28 days before now
    history.run("10-19 05:59", "failure", sha="b", branch=BRANCH)
    history.run("11-16 06:01", "failure", sha="c", branch=BRANCH)  # after now
    assert _rule(history, "pass_rate")[:2] == (25, 1.0)


def test_all_critical_workflows_must_be_green():
    history = _history()
    history.run("11-01 12:00", "failure", sha="a")
    history.run("11-10 12:00", sha="b")
    assert _rule(history, "critical_workflows_green") == (30, 1.0, "critical workflows green: 1 of 1", None)
    history.run("11-11 12:00", "cancelled", sha="c")  # says nothing
    history.run("11-10 12:00", "failure", sha="b", workflow_path=".github/workflows/release.yml")
    assert _rule(history, "critical_workflows_green") == (
        0,
        0.5,
        "critical workflows green: 1 of 2, not release.yml (failing)",
        "getting release.yml green would give +30",
    )


def test_configured_critical_workflows_replace_the_default_and_must_have_run():
    history = _history()
    history.run("11-10 12:00")
    history.run("11-10 12:00", "failure", workflow_path=".github/workflows/other.yml")
    history.add("config.critical_workflows", repo=REPO, workflow_path=CI)
    assert _rule(history, "critical_workflows_green")[:2] == (30, 1.0)
    history.add("config.critical_workflows", repo=REPO, workflow_path=".github/workflows/release.yml")
    assert _rule(history, "critical_workflows_green")[:3] == (
        0,
        0.5,
        "critical workflows green: 1 of 2, not release.yml (no result)",
    )


def test_a_workflow_that_only_skips_is_not_critical_and_none_at_all_gives_nothing():
    history = _history()
    history.run("11-10 12:00", "skipped")
    assert _rule(history, "critical_workflows_green")[:3] == (
        0,
        None,
        "no workflow ran on the default branch in the last 28 days",
    )


@pytest.mark.parametrize(
    ("files", "merged", "points", "value", "reason"),
    [
        (["src/a.py", "docs/guide/a.rst"], "2025-01-01 00:00:00", 30, 1.0, "#5 merged with documentation"),
        (["src/README.md"], "11-10 12:00", 30, 1.0, "#5 merged with documentation"),
        (["src/a.py", "mydocs/a.rst"], "11-10 12:00", 0, 0.0, "merged pull requests: 1, none with documentation"),
        (["docs/a.md"], None, 0, 0.0, "no pull request of the milestone merged"),
        (None, "11-10 12:00", 0, None, "merged pull requests: 1, which files they change is not known"),
    ],
)
def test_documentation_and_pull_request_merged(
    files: list[str] | None, merged: str | None, points: int, value: float | None, reason: str
):
    history = _history()
    history.pull_request(
        5, milestone_number=1, milestone_title="Stage 7.3", changed_files=files, merged_at=merged and at(merged)
    )
    assert _rule(history, "docs_and_pr_merged")[:3] == (points, value, reason)


def test_points_add_up_and_follow_the_configuration():
    history = _history()
    _runs(history, 5, 0)
    with history.built() as warehouse:
        assert warehouse.row("select progress, points, pass_rate, trend from marts.milestone_metrics") == (
            0.4,
            40,
            1.0,
            "Stable",
        )
    history.parameters = {"points_pass_rate": 60, "points_docs_and_pr_merged": 0, "points_critical_workflows_green": 25}
    with history.built() as warehouse:
        assert warehouse.row("select progress, points from marts.milestone_metrics") == (0.75, 75)


def test_every_rule_leaves_a_row_that_says_why_also_when_it_could_not_be_judged():
    history = StoredHistory()
    history.milestone()
    with history.built() as warehouse:
        assert warehouse.rows(
            "select rule, points, points_possible, value, threshold, reason from marts.milestone_progress order by rule"
        ) == [
            ("autofix_success", 0, 15, None, 0.7, "no runs in the last 28 days"),
            (
                "critical_workflows_green", 0, 30, None, 1.0,
                "no workflow ran on the default branch in the last 28 days",
            ),
            ("docs_and_pr_merged", 0, 30, 0.0, 1.0, "no pull request of the milestone merged"),
            ("pass_rate", 0, 25, None, 0.8, "no runs in the last 28 days"),
        ]  # fmt: skip
        assert warehouse.row("select progress, points from marts.milestone_metrics") == (0.0, 0)


def test_each_repository_is_judged_by_its_own_runs():
    history = _history()
    other = "acme/storefront"
    history.milestone("Stage 7.3", 8, repo=other)
    history.add("derived.branch_milestones", repo=other, branch=BRANCH, milestone="Stage 7.3", rule="branch_name")
    history.run("11-10 12:00", "failure", branch=BRANCH)
    history.run("11-10 12:00", branch=BRANCH, repo=other, head_repo=other, sha="o")
    history.run("11-10 12:00", repo=other, head_repo=other, sha="m")
    with history.built() as warehouse:
        assert warehouse.rows("select repo, points from marts.milestone_metrics order by repo") == [
            (REPO, 0),
            (other, 25 + 15 + 30),
        ]


def _own_rule(history: StoredHistory, **rule: Any) -> None:
    row = {"rule": "own", "position": 1, "metric": "work_done", "comparison": "at_least", "threshold": 0.5}
    history.add("config.progress_rules", **row | {"points": 20} | rule)


@pytest.mark.parametrize(
    ("rule", "points", "value", "reason", "next_step"),
    [
        ({}, 20, 0.5, "work done 50 % ≥ 50 %", None),
        ({"comparison": "above"}, 0, 0.5, "work done 50 % ≤ 50 %", "work done > 50 % would give +20"),
        ({"metric": "open_items", "comparison": "at_most", "threshold": 2}, 20, 2.0, "open items 2 ≤ 2", None),
        (
            {"metric": "open_items", "comparison": "below", "threshold": 2},
            0, 2.0, "open items 2 ≥ 2", "open items < 2 would give +20",
        ),
        (
            {"metric": "mttr_hours", "comparison": "below", "threshold": 1.5},
            0, None, "no value of mttr hours to judge", "mttr hours < 1.5 would give +20",
        ),
    ],
)  # fmt: skip
def test_a_rule_of_ones_own(rule: dict[str, Any], points: int, value: float | None, reason: str, next_step: str | None):
    history = StoredHistory()
    history.milestone(open_issues=2, closed_issues=2)
    history.parameters = {"points_pass_rate": 5}
    _own_rule(history, **rule)
    with history.built() as warehouse:
        assert warehouse.row(
            "select points, value, reason, next_step from marts.milestone_progress where rule = 'own'"
        ) == (points, value, reason, next_step)
        assert warehouse.one("select progress from marts.milestone_metrics") == points / 100


def test_mttr_of_a_milestone_is_that_of_its_branches():
    history = _history()
    history.run("11-10 12:00", "failure", sha="a", branch=BRANCH, minutes=0)
    history.run("11-10 15:00", sha="b", branch=BRANCH, minutes=0)
    history.run("11-11 12:00", "failure", sha="c", branch=BRANCH, minutes=0)
    history.run("11-10 12:00", "failure", sha="m", minutes=0)
    history.run("11-10 13:00", sha="n", minutes=0)
    with history.built() as warehouse:
        assert warehouse.row("select mttr_hours, spells_closed, spells_open from marts.milestone_metrics") == (
            3.0,
            1,
            1,
        )
        assert warehouse.one("select hours from marts.red_episodes") == 1.0
