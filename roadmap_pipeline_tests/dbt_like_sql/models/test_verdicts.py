"""Verdicts on a failing job, and the same failure over time: small histories, the answers by hand."""

import pytest

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, at
from roadmap_pipeline_tests.reports.histories import fails

DOCS = ".github/workflows/docs.yml"


def _verdicts(history: StoredHistory) -> dict[str, tuple[str, str, int | None]]:
    """Verdict, reason and n by commit."""
    with history.built(checked=True) as warehouse:
        found = warehouse.rows("select head_sha, verdict, reason, n from marts.ci_verdicts")
    return {sha: (verdict, reason, n) for sha, verdict, reason, n in found}


def _main(history: StoredHistory, time: str, conclusion: str, sha: str, fingerprint: str | None = "f1") -> None:
    if conclusion == "failure":
        fails(history, time, sha=sha, branch="main", event="push", fingerprint=fingerprint)
    else:
        history.run(time, conclusion, sha=sha)


def test_already_failing_since_the_first_failure_after_the_last_pass():
    """Jobs take ten minutes: the failure of 11-10 12:00 is known at 12:10, from when on it excuses others."""
    history = StoredHistory()
    _main(history, "11-08 12:00", "failure", "red0")
    _main(history, "11-09 12:00", "success", "green")
    _main(history, "11-10 12:00", "failure", "c0ffee1234")
    _main(history, "11-10 18:00", "failure", "red2")
    fails(history, "11-10 12:05", sha="early")
    fails(history, "11-10 12:11", sha="after-one")
    fails(history, "11-11 12:00", sha="after-two")
    fails(history, "11-11 12:00", sha="other", fingerprint="f2")
    found = _verdicts(history)
    since = "2026-11-10 12:10 UTC (commit c0ffee1)"
    assert found["after-one"] == ("already_failing", f"also failed on main in the last run, at {since}", 1)
    assert found["after-two"] == ("already_failing", f"also failed on main in 2 of the last 2 runs, since {since}", 2)
    for sha in ("early", "other", "c0ffee1234"):
        assert found[sha][0] == "this_change"
    assert found["red2"] == ("already_failing", f"also failed on main in the last run, at {since}", 1)


def test_a_failure_of_another_kind_does_not_move_the_beginning():
    history = StoredHistory()
    _main(history, "11-09 12:00", "failure", "a1", "f1")
    _main(history, "11-10 12:00", "failure", "b2", "f2")
    _main(history, "11-11 12:00", "failure", "c3", "f2")
    fails(history, "11-12 12:00", sha="mine", fingerprint="f2")
    assert _verdicts(history)["mine"] == (
        "already_failing",
        "also failed on main in 2 of the last 3 runs, since 2026-11-10 12:10 UTC (commit b2)",
        2,
    )


def _flake(history: StoredHistory, day: str, sha: str, fingerprint: str = "f1") -> None:
    run = fails(history, f"{day} 12:00", sha=sha, fingerprint=fingerprint)
    history.run(f"{day} 12:00", attempt=2, run_id=run, sha=sha, branch="topic", event="pull_request",
              started=f"{day} 13:00")  # fmt: skip


@pytest.mark.parametrize(
    ("flaked", "failed", "verdict"),
    [
        (2, 0, "known_flaky"),
        (2, 2, "known_flaky"),  # every second time
        (2, 3, "this_change"),  # mostly it was real
        (1, 0, "this_change"),  # one commit is no flake yet
    ],
)
def test_known_flaky_when_the_same_failure_came_and_went(flaked: int, failed: int, verdict: str):
    history = StoredHistory()
    for number in range(flaked):
        _flake(history, f"11-0{number + 1}", f"flaked{number}")
    for number in range(failed):
        fails(history, f"11-0{number + 4} 12:00", sha=f"failed{number}")
    fails(history, "11-12 12:00", sha="mine")
    found = _verdicts(history)
    assert found["mine"][0] == verdict
    assert found["flaked0"][0] == "known_flaky"
    commits = flaked + failed + 1
    assert found["flaked0"][1:] == ("flaky: the same job passed on this commit", commits)
    if verdict == "known_flaky":
        reason = f"flaky: this failure came and went on {flaked} of {flaked + failed} other commits in 30 days"
        assert found["mine"][1:] == (reason, commits)


def test_the_rate_of_a_job_is_told_from_ten_commits_on():
    history = StoredHistory()
    _flake(history, "11-01", "flaked")
    for number in range(9):
        history.run(f"11-0{number + 1} 15:00", sha=f"pass{number}")
    assert _verdicts(history)["flaked"] == (
        "known_flaky",
        "flaky: 1 of 10 commits (10.0 %), and the same job passed on this commit",
        10,
    )


def test_flakes_of_more_than_thirty_days_before_excuse_nothing():
    history = StoredHistory()
    _flake(history, "10-10", "a")
    _flake(history, "10-11", "b")
    fails(history, "11-12 12:00", sha="mine")
    assert _verdicts(history)["mine"][0] == "this_change"


@pytest.mark.parametrize(
    ("category", "domain", "retryable", "verdict"),
    [
        ("lint_format", "code", False, "this_change"),
        ("workflow_config", "pipeline", False, "this_change"),
        ("network", "platform", True, "infrastructure"),
        ("dependency_install", "platform", False, "unclear"),
        ("unknown", "unknown", False, "unclear"),
        (None, "unknown", False, "unclear"),
    ],
)
def test_what_only_the_cause_tells(category: str | None, domain: str, retryable: bool, verdict: str):
    history = StoredHistory()
    fails(history, "11-12 12:00", category, domain=domain, retryable=retryable, sha="mine")
    assert _verdicts(history)["mine"][0] == verdict


def test_a_failure_of_an_unknown_commit_counts_itself():
    history = StoredHistory()
    fails(history, "11-12 12:00", sha="mine")
    for row in history.rows["raw.workflow_runs"] + history.rows["raw.workflow_jobs"]:
        row["head_sha"] = None
    with history.built(checked=True) as warehouse:
        assert warehouse.row("select verdict, n from marts.ci_verdicts") == ("this_change", 1)


def test_ninety_days_and_open_pull_requests():
    history = StoredHistory()
    fails(history, "2026-08-18T05:00:00", sha="old")
    fails(history, "2026-08-18T07:00:00", sha="recent")
    fails(history, "2026-05-01T12:00:00", sha="open")
    fails(history, "2026-05-01T12:00:00", sha="closed")
    history.pull_request(1, head_sha="open")
    history.pull_request(2, head_sha="closed", state="closed")
    assert _verdicts(history).keys() == {"recent", "open"}


def test_a_group_of_failures_over_time():
    """Three job attempts in two ISO weeks: of ada, of bob (twice in one run), ten minutes each; a bot is no person."""
    history = StoredHistory()
    fails(history, "11-05 12:00", sha="a", branch="x", pull_request_numbers=[1])
    fails(history, "11-10 12:00", sha="b", branch="y", actor="bob", workflow_path=DOCS, evidence="the latest")
    run = history.rows["raw.workflow_runs"][-1]
    history.job("test (2)", "failure", run, at("11-10 12:00"), at("11-10 12:20"))
    history.add("derived.failure_verdicts", **history.rows["derived.failure_verdicts"][-1]
              | {"job_id": history.last_id, "evidence": "even later"})  # fmt: skip
    fails(history, "11-12 12:00", sha="c", fingerprint="f2", actor="renovate[bot]")
    with history.built(checked=True) as warehouse:
        columns = (
            "repo, first_seen_at, last_seen_at, first_week, last_week, weeks_active, failed_job_attempts, failed_runs,"
            " jobs, branches, commits, people, round(minutes_lost, 6), is_new, evidence, category"
        )
        assert warehouse.rows(f"select {columns} from marts.failure_groups order by fingerprint") == [
            (REPO, at("11-05 12:00"), at("11-10 12:00"), "2026-W45", "2026-W46", 2, 3, 2,
             2, 2, 2, 2, 40.0, False, "even later", "test"),
            (REPO, at("11-12 12:00"), at("11-12 12:00"), "2026-W46", "2026-W46", 1, 1, 1,
             1, 1, 1, 0, 10.0, True, "AssertionError: 1 != 2", "test"),
        ]  # fmt: skip
