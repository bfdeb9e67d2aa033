"""Acquitting by the same tests only, and failures by test: small histories, the answers by hand."""

from typing import Any

import pytest

from roadmap_pipeline.failures.logs.fingerprint import fingerprint_of_tests
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, at
from roadmap_pipeline_tests.reports.histories import fails

MAIN: dict[str, Any] = {"branch": "main", "event": "push"}


def breaks(stored: StoredHistory, time: str, *tests: str, count: int | None = None, **values: Any) -> int:
    """Return a run whose job fails by these tests (of ``count``); without any, in a way that the log doesn't tell."""
    run = fails(stored, time, fingerprint=fingerprint_of_tests(tests) if tests else "of-the-job", **values)
    stored.rows["derived.failure_verdicts"][-1] |= {
        "known_by": "tests" if tests else "job",
        "failed_tests": list(tests),
        "failed_tests_why": [f"{test} said no" for test in tests],
        "failed_tests_count": len(tests) if count is None else count,
    }
    return run


def verdict_on(stored: StoredHistory, sha: str) -> tuple[str, str, str]:
    with stored.built(checked=True) as warehouse:
        return warehouse.row(f"select verdict, grounds, reason from marts.ci_verdicts where head_sha = '{sha}'")


@pytest.mark.parametrize(
    ("there", "mine", "verdict", "reason"),
    [
        (["cart"], ["login"], "this_change", "main did not fail like this, and"),
        (["cart"], ["cart"], "already_failing", "also failed on main in the last run, at"),
        (["cart", "login", "tax"], ["tax", "cart"], "already_failing", "also failed on main in the last run, at"),
        (
            ["cart", "login"],
            ["cart", "login", "tax"],
            "this_change",
            "2 of 3 failing tests also fail on main, the others do not, and",
        ),
        ([], ["cart"], "unclear", "this job fails on main, too, but its log does not tell"),
        (["cart"], [], "unclear", "this job fails on main, too, but this log does not tell"),
        ([], [], "unclear", "this job fails on main, too, but this log does not tell"),
    ],
)
def test_only_the_same_tests_acquit(there: list[str], mine: list[str], verdict: str, reason: str):
    stored = StoredHistory()
    breaks(stored, "11-10 10:00", *there, sha="m1", **MAIN)
    breaks(stored, "11-10 12:00", *mine, sha="mine")
    found = verdict_on(stored, "mine")
    assert found[0] == verdict
    assert found[2].startswith(reason)


def breaks_beside(
    stored: StoredHistory, time: str, cause: str, *tests: str, count: int | None = None, **values: Any
) -> int:
    """Return a run whose job fails by something else than these tests, which failed, too."""
    run = fails(stored, time, values.pop("category", "lint_format"), fingerprint=cause, **values)
    stored.rows["derived.failure_verdicts"][-1] |= {
        "known_by": "cause",
        "failed_tests": list(tests),
        "failed_tests_why": [""] * len(tests),
        "failed_tests_count": len(tests) if count is None else count,
    }
    return run


@pytest.mark.parametrize(
    ("there", "mine", "verdict"),
    [
        (("lint",), ("lint",), "already_failing"),
        (("lint",), ("lint", "login"), "this_change"),
        (("lint", "cart"), ("lint", "login"), "this_change"),
        (("lint", "cart", "login"), ("lint", "login"), "already_failing"),
        (("lint", "cart"), ("types", "cart"), "this_change"),
    ],
)
def test_what_fails_beside_its_tests_is_acquitted_by_the_cause_and_the_tests(
    there: tuple[str, ...], mine: tuple[str, ...], verdict: str
):
    stored = StoredHistory()
    breaks_beside(stored, "11-10 10:00", *there, sha="m1", **MAIN)
    breaks_beside(stored, "11-10 12:00", *mine, sha="mine")
    assert verdict_on(stored, "mine")[0] == verdict


def test_tests_that_fail_beside_another_cause_there_acquit_by_themselves():
    stored = StoredHistory()
    breaks_beside(stored, "11-10 10:00", "lint", "cart", "login", sha="m1", **MAIN)
    breaks(stored, "11-10 12:00", "login", sha="mine")
    breaks(stored, "11-10 12:00", "tax", sha="other")
    assert verdict_on(stored, "mine")[0] == "already_failing"
    assert verdict_on(stored, "other")[0] == "this_change"


def test_beside_another_cause_more_tests_than_are_listed_acquit_never():
    stored = StoredHistory()
    for time, values in (("11-10 10:00", {"sha": "m1", **MAIN}), ("11-10 12:00", {"sha": "mine"})):
        breaks_beside(stored, time, "lint", "cart", count=51, **values)
    assert verdict_on(stored, "mine")[0] == "this_change"


@pytest.mark.parametrize(
    ("tests", "verdict", "reason"),
    [
        ((), "infrastructure", "network says nothing about the code, and may be gone next time"),
        (("cart",), "unclear", "network may be gone next time, but a test failed, too"),
        (("cart", "login"), "unclear", "network may be gone next time, but 2 tests failed, too"),
    ],
)
def test_infrastructure_excuses_no_test(tests: tuple[str, ...], verdict: str, reason: str):
    stored = StoredHistory()
    breaks_beside(
        stored, "11-12 12:00", "net", *tests, category="network", domain="platform", retryable=True, sha="mine"
    )
    assert verdict_on(stored, "mine") == (verdict, "open" if tests else "retryable", reason)


@pytest.mark.parametrize(("tests", "verdict"), [((), "known_flaky"), (("cart",), "this_change")])
def test_a_flaky_cause_excuses_no_test_beside_it(tests: tuple[str, ...], verdict: str):
    stored = StoredHistory()
    for number in (1, 2):
        sha = f"flaked{number}"
        run = breaks_beside(stored, f"11-0{number} 12:00", "lint", sha=sha)
        stored.run(f"11-0{number} 12:00", attempt=2, run_id=run, sha=sha, branch="topic", event="pull_request",
                  started=f"11-0{number} 13:00")  # fmt: skip
    breaks_beside(stored, "11-12 12:00", "lint", *tests, sha="mine")
    assert verdict_on(stored, "mine")[0] == verdict


@pytest.mark.parametrize("judged", [{"m1"}, {"mine"}, set()])
def test_a_failure_without_a_verdict_is_never_already_there(judged: set[str]):
    """Judged or not, nobody can tell whether both are the same."""
    stored = StoredHistory()
    runs: list[tuple[str, dict[str, Any]]] = [("11-10 10:00", {"sha": "m1", **MAIN}), ("11-10 12:00", {"sha": "mine"})]
    for time, values in runs:
        fails(stored, time, "test" if values["sha"] in judged else None, **values)
    assert verdict_on(stored, "mine")[0] == "unclear"


def test_what_the_default_branch_no_longer_fails_is_no_part_in_common():
    stored = StoredHistory()
    breaks(stored, "11-10 10:00", "cart", sha="m1", **MAIN)
    stored.run("11-10 11:00", sha="m2")
    breaks(stored, "11-10 12:00", "cart", "login", sha="mine")
    verdict, grounds, reason = verdict_on(stored, "mine")
    assert (verdict, grounds) == ("this_change", "code")
    assert reason.startswith("main did not fail like this, and")


def test_of_more_tests_than_are_listed_the_very_same_must_fail():
    fifty = [f"test{number:02d}" for number in range(50)]
    for there, verdict in ((60, "already_failing"), (61, "this_change")):
        stored = StoredHistory()
        breaks(stored, "11-10 10:00", *fifty, count=there, sha="m1", **MAIN)
        breaks(stored, "11-10 12:00", *fifty, count=60, sha="mine")
        rows = stored.rows["derived.failure_verdicts"]
        rows[0]["fingerprint"], rows[1]["fingerprint"] = f"of {there}", "of 60"
        assert verdict_on(stored, "mine")[0] == verdict


def test_a_failure_that_is_known_by_its_job_is_no_known_flake():
    def history(*tests: str) -> StoredHistory:
        stored = StoredHistory()
        for number in (1, 2):
            run = breaks(stored, f"11-0{number} 12:00", *tests, sha=f"flaked{number}")
            stored.run(f"11-0{number} 12:00", attempt=2, run_id=run, sha=f"flaked{number}", branch="topic",
                      event="pull_request", started=f"11-0{number} 13:00")  # fmt: skip
        breaks(stored, "11-12 12:00", *tests, sha="mine")
        return stored

    assert verdict_on(history("cart"), "mine")[0] == "known_flaky"
    assert verdict_on(history(), "mine")[0] == "this_change"


def test_a_row_a_failing_job_attempt_and_test():
    stored = StoredHistory()
    breaks(stored, "11-10 12:00", "cart", "login", sha="a", pull_request_numbers=[1])
    breaks(stored, "11-11 12:00", sha="b")
    with stored.built(checked=True) as warehouse:
        columns = "repo, head_sha, test, why, tests_failed_with_it, is_default_branch, is_flaky, week"
        assert warehouse.rows(f"select {columns} from marts.failed_tests order by test") == [
            (REPO, "a", "cart", "cart said no", 2, False, False, "2026-W46"),
            (REPO, "a", "login", "login said no", 2, False, False, "2026-W46"),
        ]


def test_how_often_a_test_fails_and_by_luck():
    """Jobs take ten minutes: cart has half of the first failure's and all of the second's, login half of the first."""
    stored = StoredHistory()
    run = breaks(stored, "11-10 12:00", "cart", "login", sha="a")
    stored.run("11-10 12:00", attempt=2, run_id=run, sha="a", branch="topic", event="pull_request",
              started="11-10 13:00")  # fmt: skip
    breaks(stored, "11-11 12:00", "cart", sha="b", **MAIN)
    with stored.built(checked=True) as warehouse:
        columns = (
            "test, failed_job_attempts, flaky_job_attempts, commits_failed, commits_passed_too, jobs,"
            " hit_default_branch, round(minutes_lost, 6), first_failed_at, last_failed_at"
        )
        assert warehouse.rows(f"select {columns} from marts.test_flakiness order by test") == [
            ("cart", 2, 1, 2, 1, 1, True, 15.0, at("11-10 12:00"), at("11-11 12:00")),
            ("login", 1, 1, 1, 1, 1, False, 5.0, at("11-10 12:00"), at("11-10 12:00")),
        ]
