"""Observed flakiness, its ranking, and failures that the default branch had already."""

from datetime import timedelta
from typing import Any

import pytest

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import CI, REPO, StoredHistory, at


def _commits(history: StoredHistory, job: str, flaky: int, total: int, branch: str = "main") -> None:
    for number in range(total):
        sha = f"{job}{number}"
        time = f"11-{14 - number % 14:02d} 12:00"
        run = history.run(time, "failure" if number < flaky else "success", sha=sha, branch=branch, jobs={
            job: "failure" if number < flaky else "success"
        })  # fmt: skip
        if number < flaky:
            history.run(
                time, attempt=2, run_id=run, sha=sha, branch=branch, started=time[:6] + "13:00", jobs={job: "success"}
            )


def test_ranking_by_the_wilson_lower_bound():
    """Golden: 3/10 → 0.1078, 6/48 → 0.0586, 2/2 → 0.3424 (too few commits to be ranked)."""
    history = StoredHistory()
    _commits(history, "e2e", 3, 10)
    _commits(history, "unit", 6, 48)
    _commits(history, "docs", 2, 2)
    _commits(history, "steady", 0, 20)
    with history.built() as warehouse:
        assert warehouse.rows(
            "select job_name, flaky_commits, commits, round(wilson_lower_bound, 4), flake_rank, status"
            " from marts.flaky_jobs order by wilson_lower_bound desc"
        ) == [
            ("docs", 2, 2, 0.3424, None, "flaky"),
            ("e2e", 3, 10, 0.1078, 1, "flaky"),
            ("unit", 6, 48, 0.0586, 2, "flaky"),
        ]


def test_shares_of_flaky_commits_among_those_that_passed_and_among_those_that_failed():
    """10 commits: 2 flaky, 3 that failed throughout, 5 that passed."""
    history = StoredHistory()
    _commits(history, "e2e", 2, 7)
    for number in range(3):
        history.run("11-01 12:00", "failure", sha=f"red{number}", jobs={"e2e": "failure"}, workflow_path=CI)
    with history.built() as warehouse:
        assert warehouse.row(
            "select commits, flaky_commits, red_commits, flake_rate, flaky_share_of_passes, flaky_share_of_reds, status"
            " from marts.flaky_jobs"
        ) == (10, 2, 3, 0.2, pytest.approx(2 / 7), 0.4, "flaky")


@pytest.mark.parametrize(
    ("days_ago", "flaky", "later_reds", "status"),
    [
        (3, 2, 0, "flaky"),
        (3, 1, 0, "healthy"),  # one commit of few
        (9, 2, 0, "healthy"),  # nothing for 7 days
        (3, 2, 3, "broken"),  # the latest 3 commits failed throughout: broken goes before flaky
    ],
)
def test_status(days_ago: int, flaky: int, later_reds: int, status: str):
    history = StoredHistory()
    for number in range(flaky):
        day = f"11-{16 - days_ago:02d}"
        run = history.run(f"{day} 1{number}:00", "failure", sha=f"f{number}")
        history.run(f"{day} 1{number}:00", attempt=2, run_id=run, sha=f"f{number}", started=f"{day} 20:00")
    for number in range(later_reds):
        history.run(f"11-15 1{number}:00", "failure", sha=f"r{number}")
    with history.built() as warehouse:
        assert warehouse.one("select status from marts.flaky_jobs") == status


def test_two_percent_of_the_last_hundred_commits_are_flaky():
    history = StoredHistory()
    _commits(history, "once", 1, 50)
    _commits(history, "rarely", 1, 51)
    with history.built() as warehouse:
        assert warehouse.rows("select job_name, commits, status from marts.flaky_jobs order by job_name") == [
            ("once", 50, "flaky"),
            ("rarely", 51, "healthy"),
        ]


def test_a_failure_is_flaky_when_the_same_full_name_passed_on_the_commit():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure", jobs={"test (1/2)": "failure", "test (2/2)": "failure"})
    history.run(
        "11-10 12:00", "failure", attempt=2, run_id=run, started="11-10 13:00",
        jobs={"test (1/2)": "success", "test (2/2)": "failure"},
    )  # fmt: skip
    history.run("11-10 14:00", sha="b", jobs={"test (2/2)": "success"})
    history.run("11-10 14:00", workflow_path=".github/workflows/x.yml", jobs={"test (2/2)": "success"})
    with history.built() as warehouse:
        assert warehouse.rows("select job_name, run_attempt, is_flaky from marts.ci_failures order by all") == [
            ("test (1/2)", 1, True),
            ("test (2/2)", 1, False),
            ("test (2/2)", 2, False),
        ]
        assert warehouse.weekly("flaky_jobs") == (1,)


def _twins(history: StoredHistory, time: str, first: str, second: str, **values: Any) -> int:
    """Return a run in which two jobs are called ``test``."""
    conclusion = "failure" if "failure" in (first, second) else "success"
    run = history.run(time, conclusion, jobs={"test": first}, **values)
    begin = at(values.get("started", time))
    history.job("test", second, history.rows["raw.workflow_runs"][-1], begin, begin + timedelta(minutes=11))
    return run


@pytest.mark.parametrize(("first", "second"), [("failure", "success"), ("success", "failure"), ("failure", "failure")])
def test_two_jobs_of_one_name_in_one_attempt_are_counted_together(first: str, second: str):
    """Nothing was tried twice: no outcome contradicts another one."""
    history = StoredHistory()
    _twins(history, "11-10 12:00", first, second)
    with history.built(checked=True) as warehouse:
        assert set(warehouse.rows("select is_flaky from marts.ci_failures")) == {(False,)}
        assert warehouse.weekly("flaky_jobs") == (0,)
        assert warehouse.rows("from marts.flaky_jobs") == []
        assert set(warehouse.rows("select verdict from marts.ci_verdicts")) == {("unclear",)}


@pytest.mark.parametrize(
    ("again", "is_flaky"),
    [(("success", "success"), True), (("success", "failure"), False), (("failure", "failure"), False)],
)
@pytest.mark.parametrize("in_another_run", [False, True])
def test_jobs_of_one_name_flake_when_another_attempt_or_run_passes_as_a_whole(
    again: tuple[str, str], is_flaky: bool, in_another_run: bool
):
    history = StoredHistory()
    run = _twins(history, "11-10 12:00", "failure", "success", branch="feature/x")
    if in_another_run:
        _twins(history, "11-10 13:00", *again, branch="feature/x")
    else:
        _twins(history, "11-10 12:00", *again, branch="feature/x", run_id=run, attempt=2, started="11-10 13:00")
    with history.built(checked=True) as warehouse:
        assert set(warehouse.rows("select is_flaky from marts.ci_failures")) == {(is_flaky,)}
        assert warehouse.weekly("flaky_jobs") == (int(is_flaky),)
        assert len(warehouse.rows("from marts.flaky_jobs where flaky_commits = 1")) == int(is_flaky)
        verdicts = {verdict for (verdict,) in warehouse.rows("select verdict from marts.ci_verdicts")}
        assert verdicts == {"known_flaky" if is_flaky else "unclear"}


def test_a_passing_twin_does_not_turn_the_default_branch_green():
    """The default branch failed, though a job of the same name passed beside: the change is not to blame."""
    history = StoredHistory()
    before = _twins(history, "11-10 10:00", "failure", "success", sha="m1")
    run = history.run("11-10 12:00", "failure", sha="p1", branch="feature/x", event="pull_request")
    _verdict(history, before, "same")
    _verdict(history, run, "same")
    with history.built() as warehouse:
        found = f"select is_preexisting from marts.ci_failures where run_id = {run}"
        assert warehouse.one(found) is True
        assert warehouse.one(f"select verdict from marts.ci_verdicts where run_id = {run}") == "already_failing"


def test_flaky_jobs_sees_through_shards_but_not_across_them():
    history = StoredHistory()
    # Another shard failed than the one that passed in the same attempt: nothing flaked.
    history.run("11-10 12:00", "failure", sha="a", jobs={"test (1, 3.12)": "failure", "test (2, 3.12)": "success"})
    # After the re-run the test sits in another shard.
    run = history.run("11-11 12:00", "failure", sha="b", jobs={"test (1, 3.12)": "failure"})
    history.run(
        "11-11 12:00", sha="b", attempt=2, run_id=run, started="11-11 13:00", jobs={"test (2, 3.12)": "success"}
    )
    with history.built() as warehouse:
        assert warehouse.rows("select job_name, flaky_commits, commits from marts.flaky_jobs") == [("test", 1, 2)]


@pytest.mark.parametrize(
    ("name", "base_name"),
    [
        ("test", "test"),
        ("test (ubuntu-latest, 3.12)", "test"),
        ("build (3.12) / test [2/4]", "build / test"),
        ("unit shard 3", "unit"),
        ("unit - part 2 of 5", "unit"),
        ("e2e-shard-2", "e2e"),
        ("integration 3/8", "integration"),
        ("python3", "python3"),
        ("(all)", "(all)"),
    ],
)
def test_base_names(name: str, base_name: str):
    history = StoredHistory()
    history.run("11-10 12:00", jobs={name: "success"})
    with history.built() as warehouse:
        assert warehouse.one("select job_base_name from marts.ci_jobs") == base_name


@pytest.mark.parametrize("gate", ["CLA", "Check PR title", "labeler", "all-green", "CI success", "Changelog"])
def test_gates_and_summaries_are_not_ranked(gate: str):
    history = StoredHistory()
    _commits(history, gate, 3, 10)
    with history.built() as warehouse:
        assert warehouse.rows("from marts.flaky_jobs") == []
        assert warehouse.one("select count(*) from marts.ci_failures where is_flaky") == 3


def test_mass_failures_and_broken_weeks_are_the_environments():
    history = StoredHistory()
    names = [f"suite {letter}" for letter in "abcdefghij"]
    run = history.run("11-10 12:00", "failure", sha="m", jobs=dict.fromkeys(names, "failure"))
    history.run(
        "11-10 12:00", sha="m", attempt=2, run_id=run, started="11-10 13:00", jobs=dict.fromkeys(names, "success")
    )
    path = ".github/workflows/broken.yml"
    for number in range(12):
        history.run("11-10 12:00", "failure", sha=f"s{number}", workflow_path=path)
    history.run("11-10 15:00", sha="s0", workflow_path=path)
    with history.built() as warehouse:
        assert warehouse.rows("select job_name from marts.flaky_jobs") == []


def _verdict(history: StoredHistory, run: int, fingerprint: str) -> None:
    job = next(row["job_id"] for row in history.rows["raw.workflow_jobs"] if row["run_id"] == run)
    history.add(
        "derived.failure_verdicts", repo=REPO, job_id=job, run_id=run, run_attempt=1, category="test",
        domain="code", fingerprint=fingerprint,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("default_branch", "mine", "expected"),
    [
        ("failure", "same", True),
        ("failure", "other", False),
        ("failure", None, False),  # nobody can tell by what it failed
        ("success", None, False),
        (None, None, False),  # still running on the default branch
    ],
)
def test_a_failure_is_preexisting_when_the_default_branch_failed_before(
    default_branch: str | None, mine: str | None, expected: bool
):
    history = StoredHistory()
    before = history.run("11-10 10:00", default_branch, sha="m1")
    run = history.run("11-10 12:00", "failure", sha="p1", branch="feature/x", event="pull_request")
    after = history.run("11-10 13:00", "failure", sha="m2")
    if default_branch == "failure":
        _verdict(history, before, "same")
    if mine:
        _verdict(history, run, mine)
        _verdict(history, after, "same")
    with history.built() as warehouse:
        query = f"select is_preexisting from marts.ci_failures where run_id = {run} and workflow_path = '{CI}'"
        assert warehouse.one(query) is expected


@pytest.mark.parametrize(("since_then", "expected"), [(None, True), ("success", False)])
def test_the_default_branch_latest_result_counts_however_old_it_is(since_then: str | None, expected: bool):
    history = StoredHistory()
    before = history.run("2026-03-02T10:00:00", "failure", sha="m1")
    if since_then:
        history.run("2026-03-03T10:00:00", since_then, sha="m2")
    run = history.run("11-10 12:00", "failure", sha="p1", branch="feature/x", event="pull_request")
    _verdict(history, before, "same")
    _verdict(history, run, "same")
    with history.built() as warehouse:
        assert warehouse.one(f"select is_preexisting from marts.ci_failures where run_id = {run}") is expected
