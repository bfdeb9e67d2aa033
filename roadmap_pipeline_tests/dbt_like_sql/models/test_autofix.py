"""The ledger of automatic repairs: every mechanism, every outcome."""

from typing import Any

import pytest

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import BOT, REPO, StoredHistory, at

BOT_RERUN: dict[str, Any] = {"triggering_actor": "github-actions[bot]", "triggering_actor_type": "Bot"}
FEATURE: dict[str, Any] = {"branch": "feature/x", "event": "pull_request"}


def _ledger(history: StoredHistory) -> list[tuple[Any, ...]]:
    with history.built() as warehouse:
        return warehouse.rows(
            "select run_id, run_attempt, mechanism, outcome from marts.autofix_attempts"
            " order by run_id, run_attempt, repaired_at"
        )


@pytest.mark.parametrize(
    ("conclusion", "outcome"),
    [("success", "fixed"), ("failure", "failed"), (None, "pending"), ("cancelled", "unverified")],
)
def test_a_re_run_by_a_bot_is_an_attempt(conclusion: str | None, outcome: str):
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure")
    history.run("11-10 12:00", conclusion, attempt=2, run_id=run, started="11-10 12:30", **BOT_RERUN)
    assert _ledger(history) == [(run, 1, "auto_rerun", outcome)]


def test_a_re_run_by_a_person_is_none():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure")
    history.run("11-10 12:00", attempt=2, run_id=run, started="11-10 12:30")
    assert _ledger(history) == []


def test_a_repair_after_the_horizon_is_none():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure", minutes=0)
    history.run("11-10 12:00", attempt=2, run_id=run, started="11-11 12:01", **BOT_RERUN)
    assert _ledger(history) == []


def test_each_re_run_answers_for_the_attempt_before_it():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure")
    history.run("11-10 12:00", "failure", attempt=2, run_id=run, started="11-10 12:30", **BOT_RERUN)
    history.run("11-10 12:00", attempt=3, run_id=run, started="11-10 13:00", **BOT_RERUN)
    assert _ledger(history) == [(run, 1, "auto_rerun", "failed"), (run, 2, "auto_rerun", "fixed")]
    with history.built() as warehouse:
        assert warehouse.weekly(
            "autofix_attempts, autofix_fixed, autofix_success_rate, autofix_retry_recovered, autofix_repaired"
        ) == (2, 1, 0.5, 1, 0)


@pytest.mark.parametrize(
    ("jobs", "conclusion", "outcome"),
    [
        ({"lint": "success", "test": "success"}, "success", "fixed"),
        ({"lint": "success", "test": "failure"}, "failure", "fixed"),  # what had failed passes, something else fails
        ({"lint": "failure", "test": "success"}, "failure", "failed"),
        ({"test": "failure"}, "failure", "failed"),  # what had failed did not run
        ({"lint": "cancelled"}, "cancelled", "unverified"),
        ({"lint": None}, None, "pending"),
    ],
)
def test_a_bot_commit_answers_for_the_jobs_that_had_failed(
    jobs: dict[str, str | None], conclusion: str | None, outcome: str
):
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure", sha="a", jobs={"lint": "failure", "test": "success"}, **FEATURE)
    history.run("11-10 12:20", conclusion, sha="b", jobs=jobs, author=BOT, **FEATURE)
    assert _ledger(history) == [(run, 1, "bot_commit", outcome)]


def test_a_bot_may_push_before_the_failing_run_has_ended():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure", sha="a", jobs={"lint": "failure"}, minutes=5, **FEATURE)
    slow = next(row for row in history.rows["raw.workflow_runs"] if row["run_id"] == run)
    history.job("e2e", "success", slow, slow["run_started_at"], slow["run_started_at"].replace(hour=14))
    history.run("11-10 12:10", sha="b", author=BOT, **FEATURE)
    assert _ledger(history) == [(run, 1, "bot_commit", "fixed")]


def test_a_person_who_commits_before_the_result_supersedes_the_bot():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure", sha="a", **FEATURE)
    history.run("11-10 12:20", sha="b", author=BOT, minutes=30, **FEATURE)
    history.run("11-10 12:40", sha="c", **FEATURE)
    assert _ledger(history) == [(run, 1, "bot_commit", "superseded_by_human")]
    with history.built() as warehouse:
        assert warehouse.weekly("autofix_attempts, autofix_fixed, autofix_success_rate") == (1, 0, None)


def test_a_person_who_commits_between_failure_and_bot_supersedes_it_too():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure", sha="a", **FEATURE)
    history.run("11-10 12:20", "cancelled", sha="h", **FEATURE)
    history.run("11-10 12:22", sha="b", author=BOT, **FEATURE)
    assert _ledger(history) == [(run, 1, "bot_commit", "superseded_by_human")]


def test_a_person_who_commits_after_the_result_changes_nothing():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure", sha="a", **FEATURE)
    history.run("11-10 12:20", sha="b", author=BOT, **FEATURE)
    history.run("11-10 15:00", sha="c", **FEATURE)
    assert _ledger(history) == [(run, 1, "bot_commit", "fixed")]


def test_a_bot_commit_repairs_nothing_that_was_green_again_or_never_failed():
    history = StoredHistory()
    history.run("11-10 12:00", "failure", sha="a", **FEATURE)
    history.run("11-10 12:20", sha="h", **FEATURE)
    history.run("11-10 13:00", sha="b", author=BOT, **FEATURE)
    history.run("11-10 13:30", sha="c", author="other-bot[bot]", **FEATURE)
    assert _ledger(history) == []


def test_a_bot_commit_that_no_run_of_the_workflow_tested_is_unverified():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure", sha="a", **FEATURE)
    history.run("11-10 12:20", sha="b", author=BOT, workflow_path=".github/workflows/labels.yml", **FEATURE)
    assert _ledger(history) == [(run, 1, "bot_commit", "unverified")]


def test_a_run_that_waits_for_approval_verifies_nothing():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure", sha="a", **FEATURE)
    history.run("11-10 12:20", "action_required", sha="b", author=BOT, jobs={}, **FEATURE)
    assert _ledger(history) == [(run, 1, "bot_commit", "unverified")]


BY_BOT: dict[str, Any] = {"author": BOT, "author_type": "Bot", "author_name": BOT}


def _failed_and_moved_on(*, head: str = "b", minutes: float = 10, **values: Any) -> tuple[StoredHistory, int]:
    """Return a pull request whose commit ``a`` failed at 12:10, and whose latest commit is another one."""
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure", sha="a", minutes=minutes, **FEATURE)
    # Somebody commented days later: no time of any commit.
    history.pull_request(7, head_branch="feature/x", head_sha=head, updated_at=at("11-14 09:00"), **values)
    return history, run


def test_a_push_of_a_bot_that_started_no_run_at_all_is_unverified_not_failed():
    history, run = _failed_and_moved_on()
    history.commit("a", "base", "11-10 11:59")
    history.commit("b", "a", "11-10 12:20", **BY_BOT)
    assert _ledger(history) == [(run, 1, "bot_commit", "unverified")]
    with history.built() as warehouse:
        assert warehouse.weekly("autofix_attempts, autofix_success_rate, ci_health_score") == (1, None, 0.0)
        assert warehouse.row("select repair_sha, repaired_at, repaired_by from marts.autofix_attempts") == (
            "b", at("11-10 12:20"), BOT
        )  # fmt: skip


@pytest.mark.parametrize(
    "made",
    [
        pytest.param({}, id="a person's"),
        pytest.param({"author": "other[bot]", "author_type": "Bot", "author_name": "other[bot]"}, id="another bot's"),
        pytest.param({**BY_BOT, "parents": ["h"]}, id="on top of another commit"),
        pytest.param({**BY_BOT, "parents": ["h", "main"]}, id="a merge of others"),
        pytest.param({**BY_BOT, "parents": []}, id="on top of nothing"),
        pytest.param({**BY_BOT, "committed_at": at("11-11 12:11")}, id="after the horizon"),
        pytest.param({**BY_BOT, "committed_at": at("11-10 12:09")}, id="before the failure"),
        pytest.param({**BY_BOT, "committed_at": None, "authored_at": None}, id="of an unknown time"),
        pytest.param({**BY_BOT, "pull_request_numbers": [8]}, id="on another branch"),
    ],
)
def test_no_other_commit_without_a_run_is_an_attempt(made: dict[str, Any]):
    history, _ = _failed_and_moved_on(head="later")
    history.pull_request(8, head_branch="feature/y", head_sha="b")
    history.commit("b", "a", "11-10 12:20", **made)
    assert _ledger(history) == []


def test_a_commit_that_nobody_read_is_none():
    history, _ = _failed_and_moved_on()
    assert _ledger(history) == []


@pytest.mark.parametrize(
    ("made", "by"),
    [
        pytest.param({"author_name": "autofix-ci", "author": None}, "autofix-ci", id="by name, without an account"),
        pytest.param({"committer": "GitHub-Actions[bot]"}, "GitHub-Actions[bot]", id="as committer"),
        pytest.param({"committer_name": BOT, "committer": None}, BOT, id="as committer by name"),
        pytest.param({"author": BOT, "author_name": "Our fixer"}, BOT, id="by login, whatever it calls itself"),
        pytest.param({**BY_BOT, "parents": ["main", "a"]}, BOT, id="as a merge that holds what failed"),
    ],
)
def test_a_bot_is_told_by_login_or_name_as_author_or_committer(made: dict[str, Any], by: str):
    history, run = _failed_and_moved_on()
    history.commit("b", "a", "11-10 12:20", **made)
    assert _ledger(history) == [(run, 1, "bot_commit", "unverified")]
    with history.built() as warehouse:
        assert warehouse.one("select repaired_by from marts.autofix_attempts") == by


def test_a_commit_of_the_last_hour_says_nothing_yet():
    history, run = _failed_and_moved_on()
    history.commit("b", "a", "11-10 12:20", **BY_BOT)
    history.as_of = at("11-10 13:19")
    assert _ledger(history) == []
    history.as_of = at("11-10 13:20")
    assert _ledger(history) == [(run, 1, "bot_commit", "unverified")]


def test_a_bot_on_top_of_a_person_s_untested_commit_repairs_nothing_tested_or_not():
    history, _ = _failed_and_moved_on(head="c")
    history.commit("h", "a", "11-10 12:20")
    history.commit("b", "h", "11-10 12:30", **BY_BOT)
    history.commit("c", "b", "11-10 12:50", message="Reword [skip ci]")
    assert _ledger(history) == []
    history.run("11-10 12:31", sha="b", author=BOT, **FEATURE)
    assert _ledger(history) == []


def test_a_bot_repairs_the_commit_it_is_made_on_though_an_older_one_failed_later():
    """A slow run of the commit before ends last; what stood on the bot's parent counts."""
    history, run = _failed_and_moved_on()
    slow = history.run("11-10 11:50", "failure", sha="z", minutes=25, **FEATURE)
    history.commit("b", "a", "11-10 12:20", **BY_BOT)
    assert _ledger(history) == [(run, 1, "bot_commit", "unverified")]
    assert slow != run


def test_a_bot_repairs_nothing_whose_failure_a_re_run_had_taken_back():
    history, run = _failed_and_moved_on()
    history.run("11-10 12:00", "success", sha="a", attempt=2, run_id=run, started="11-10 12:12", minutes=5, **FEATURE)
    history.commit("b", "a", "11-10 12:20", **BY_BOT)
    assert _ledger(history) == []


def test_the_time_of_a_tested_repair_is_the_commit_s_where_it_was_read():
    history, run = _failed_and_moved_on(head="c")
    history.commit("b", "a", "11-10 12:20", **BY_BOT)
    history.commit("c", "b", "11-10 16:00", message="Reword [skip ci]")
    history.run("11-10 12:25", sha="b", author=BOT, **FEATURE)
    assert _ledger(history) == [(run, 1, "bot_commit", "fixed")]
    with history.built() as warehouse:
        assert warehouse.one("select repaired_at from marts.autofix_attempts") == at("11-10 12:20")


def test_a_run_that_comes_late_verifies_what_was_unverified():
    history, run = _failed_and_moved_on()
    history.commit("b", "a", "11-10 12:20", **BY_BOT)
    history.run("11-10 14:00", "failure", sha="b", author=BOT, **FEATURE)
    assert _ledger(history) == [(run, 1, "bot_commit", "failed")]


def test_untested_commits_that_declare_or_revert_are_attempts_of_their_kind():
    sha = "0123456789abcdef0123456789abcdef01234567"
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure", sha=sha, **FEATURE)
    history.pull_request(7, head_branch="feature/x", head_sha="c")
    history.commit("b", sha, "11-10 12:20", message=f"Fix it\n\nAuto-Fix-For: {run}")
    revert = {"author": "other[bot]", "author_type": "Bot", "message": f"Revert\n\nThis reverts commit {sha}."}
    history.commit("c", "b", "11-10 12:40", **revert)
    assert _ledger(history) == [(run, 1, "declared", "unverified"), (run, 1, "auto_revert", "unverified")]


def test_a_dump_s_commit_that_names_no_pull_request_is_known_by_the_latest_commit():
    history, run = _failed_and_moved_on()
    history.commit("b", "a", "11-10 12:20", pull_requests=(), **BY_BOT)
    assert _ledger(history) == [(run, 1, "bot_commit", "unverified")]


def test_a_commit_of_two_pull_requests_of_one_branch_is_one_attempt():
    history, run = _failed_and_moved_on()
    history.pull_request(9, head_branch="feature/x", head_sha="b", base_branch="release")
    history.commit("b", "a", "11-10 12:20", pull_requests=(7, 9), **BY_BOT)
    assert _ledger(history) == [(run, 1, "bot_commit", "unverified")]


@pytest.mark.parametrize(("between", "outcome"), [("failure", "fixed"), ("success", "superseded_by_human")])
def test_a_revert_by_a_bot_is_an_attempt_unless_people_were_faster(between: str, outcome: str):
    history = StoredHistory()
    sha = "0123456789abcdef0123456789abcdef01234567"
    run = history.run("11-10 12:00", "failure", sha=sha)
    history.run("11-10 12:30", between, sha="other")
    message = f"Revert\n\nThis reverts commit {sha}."
    history.run("11-10 13:00", sha="r", author="revert-bot[bot]", head_commit_message=message)
    assert _ledger(history) == [(run, 1, "auto_revert", outcome)]


def test_on_the_default_branch_people_push_on_without_spoiling_a_repair():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure", sha="a")
    history.run("11-10 12:20", sha="b", author=BOT, minutes=30)
    history.run("11-10 12:40", sha="c")
    assert _ledger(history) == [(run, 1, "bot_commit", "fixed")]


def test_an_untested_repair_stays_unverified_whoever_pushes_next():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure", sha="a", **FEATURE)
    history.run("11-10 12:20", "action_required", sha="b", author=BOT, jobs={}, **FEATURE)
    history.run("11-10 12:40", sha="c", **FEATURE)
    assert _ledger(history) == [(run, 1, "bot_commit", "unverified")]


def test_a_declared_repair_counts_once_whatever_else_it_looks_like():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure", sha="a", **FEATURE)
    history.run("11-10 12:20", sha="b", author=BOT, head_commit_message=f"Fix\n\nAuto-Fix-For: {run}", **FEATURE)
    assert _ledger(history) == [(run, 1, "declared", "fixed")]


def test_pull_requests_that_declare_or_link_a_run_are_attempts():
    history = StoredHistory()
    first = history.run("11-10 12:00", "failure", sha="a", workflow_path=".github/workflows/a.yml")
    second = history.run("11-10 12:00", "failure", sha="a", workflow_path=".github/workflows/b.yml")
    merged = {"created_at": None, "merged_at": None, "state": "closed"}
    merged["created_at"] = history.rows["raw.workflow_runs"][0]["created_at"].replace(hour=13)
    merged["merged_at"] = merged["created_at"].replace(hour=14)
    history.pull_request(8, body=f"Auto-Fix-For: {first}", merge_commit_sha="m8", **merged)
    link = f"Fixes https://github.com/{REPO}/actions/runs/{second}"
    history.pull_request(9, body=link, author=BOT, author_type="Bot", merge_commit_sha="m9", **merged)
    history.run("11-10 14:00", "failure", sha="m8", workflow_path=".github/workflows/a.yml")
    history.run("11-10 14:05", sha="m9", workflow_path=".github/workflows/b.yml")
    assert _ledger(history) == [(first, 1, "declared", "failed"), (second, 1, "bot_pr", "fixed")]


def test_the_rate_is_fixed_among_judged_and_counts_in_the_failing_runs_week():
    history = StoredHistory()
    for number, conclusion in enumerate(["success", "success", "failure", None, "cancelled"]):
        run = history.run("11-08 23:30", "failure", sha=f"s{number}", branch=f"b{number}")
        history.run(
            "11-08 23:30", conclusion, attempt=2, run_id=run, sha=f"s{number}", branch=f"b{number}",
            started="11-09 08:00", **BOT_RERUN,
        )  # fmt: skip
    with history.built() as warehouse:
        assert warehouse.weekly(
            "autofix_attempts, autofix_fixed, autofix_success_rate, final_pass_rate, ci_health_score", week="2026-W45"
        ) == (5, 2, pytest.approx(2 / 3), pytest.approx(2 / 3), pytest.approx(2 / 3))


def _verdict(history: StoredHistory, run: int, fingerprint: str) -> None:
    job = next(row["job_id"] for row in history.rows["raw.workflow_jobs"] if row["run_id"] == run)
    history.add(
        "derived.failure_verdicts", repo=REPO, job_id=job, run_id=run, run_attempt=1, category="test",
        domain="code", fingerprint=fingerprint,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fixed_on", "later", "expected"),
    [
        ("11-05", None, True),
        ("11-10", None, None),  # not 7 days ago yet
        ("11-05", ("11-12 10:00", "feature/x", "same"), False),
        ("11-05", ("11-12 13:00", "feature/x", "same"), True),  # more than 7 days later
        ("11-05", ("11-06 12:00", "feature/x", "other"), True),
        ("11-05", ("11-06 12:00", "feature/y", "same"), True),  # where the repair is not
        ("11-10", ("11-11 12:00", "feature/x", "same"), False),
    ],
)
def test_a_repair_lasts_when_its_failure_stays_away_for_a_week(
    fixed_on: str, later: tuple[str, str, str] | None, expected: bool | None
):
    history = StoredHistory()
    run = history.run(f"{fixed_on} 12:00", "failure", sha="a", **FEATURE)
    _verdict(history, run, "same")
    history.run(f"{fixed_on} 12:20", sha="b", author=BOT, minutes=1, **FEATURE)
    if later:
        time, branch, fingerprint = later
        _verdict(history, history.run(time, "failure", sha="c", branch=branch, event="pull_request"), fingerprint)
    with history.built() as warehouse:
        assert warehouse.rows("select outcome, is_durable from marts.autofix_attempts where run_attempt = 1") == [
            ("fixed", expected)
        ]
        assert warehouse.row(
            "select durable, returned from marts.autofix_by_period where repo = '*' and grain = 'quarter'"
        ) == (int(expected is True), int(expected is False))


def test_a_repair_of_a_failure_without_a_fingerprint_is_neither_durable_nor_not():
    history = StoredHistory()
    history.run("11-05 12:00", "failure", sha="a", **FEATURE)
    history.run("11-05 12:20", sha="b", author=BOT, **FEATURE)
    with history.built() as warehouse:
        assert warehouse.row("select outcome, is_durable from marts.autofix_attempts") == ("fixed", None)


def test_a_rate_comes_with_its_wilson_interval():
    """3 of 10: 0.1078 to 0.6032."""
    history = StoredHistory()
    for number in range(10):
        run = history.run("11-10 12:00", "failure", sha=f"s{number}", branch=f"b{number}")
        history.run(
            "11-10 12:00", "success" if number < 3 else "failure", attempt=2, run_id=run, sha=f"s{number}",
            branch=f"b{number}", started="11-10 13:00", **BOT_RERUN,
        )  # fmt: skip
    with history.built() as warehouse:
        for table in ("ci_weekly", "quarterly_rollup"):
            rate, low, high = warehouse.row(
                "select autofix_success_rate, autofix_success_rate_low, autofix_success_rate_high"
                f" from marts.{table} where repo = '*'"
            )
            assert (rate, low, high) == (0.3, pytest.approx(0.1078, abs=5e-5), pytest.approx(0.6032, abs=5e-5))


def test_without_a_judged_repair_there_is_no_rate_and_no_interval():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure")
    history.run("11-10 12:00", "cancelled", attempt=2, run_id=run, started="11-10 13:00", **BOT_RERUN)
    with history.built() as warehouse:
        assert warehouse.weekly(
            "autofix_attempts, autofix_success_rate, autofix_success_rate_low, autofix_success_rate_high"
        ) == (1, None, None, None)
