"""Changes that are tried on a small history, their effects worked out by hand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.explain.answers import explain
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, at

BRANCH = "feature/stage-7-3"
TEST, OTHER = "tests/test_a.py::test_x", "tests/test_a.py::test_y"


def _history() -> StoredHistory:
    """Return a milestone with 6 runs that passed and 3 that failed: of a test, of two tests, and of something else."""
    history = StoredHistory()
    history.milestone(open_issues=3, closed_issues=1)
    history.belongs(BRANCH, "Stage 7.3")
    for number in range(6):
        history.run("11-10 12:00", sha=f"s{number}", branch=BRANCH)
    for number, tests in enumerate(([TEST], [TEST, OTHER], [])):
        run = history.run("11-10 12:00", "failure", sha=f"f{number}", branch=BRANCH, jobs={"unit": "failure"})
        job = history.rows["raw.workflow_jobs"][-1]["job_id"]
        history.add(
            "derived.failure_verdicts", repo=REPO, job_id=job, run_id=run, run_attempt=1,
            category="test" if tests else "network", domain="code", known_by="tests", fingerprint=f"f{number}",
            failed_tests=tests, failed_tests_why=["" for _ in tests], failed_tests_count=len(tests),
            judged_from="log", ruleset_version="1", evidence="x", retryable=False,
        )  # fmt: skip
    history.add(
        "raw.issues", repo=REPO, number=20, state="open", milestone_number=1, labels=[], created_at=at("11-01 00:00")
    )
    history.pull_request(21, milestone_number=1, changed_files=["docs/a.md"])
    history.add("config.progress_rules", rule="half", position=1, metric="work_done", comparison="at_least",
                threshold=0.4, points=20)  # fmt: skip
    return history


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield a warehouse with a snapshot of that history."""
    path: Path = tmp_path_factory.mktemp("explained") / "roadmap.duckdb"
    with _history().built() as built:
        built.con.execute(f"attach '{path.with_name('roadmap.snapshot.duckdb')}' as stored")
        built.con.execute("copy from database memory to stored")
        built.con.execute("detach stored")
    yield str(path)


def _changed(warehouse: str, *changes: str, metric: str | None = None, name: str = "Stage 7.3") -> dict[str, Any]:
    (answer,) = explain(warehouse, name, metric, changes=changes)
    assert answer.differences is not None
    return {one.what: (one.before, one.after) for one in answer.differences}


def test_a_test_that_no_longer_fails(warehouse: str) -> None:
    changed = _changed(warehouse, f"fixed={TEST}")
    # 7 of 9 instead of 6: the run that failed of both tests still does.
    assert changed["pass_rate"] == (6 / 9, 7 / 9)
    assert changed["pass_rate: next step"] == (
        "6 more passing runs would give +25",  # (6 + 6) of (9 + 6) is 80 %
        "1 more passing run would give +25",  # (7 + 1) of (9 + 1)
    )
    assert "progress" not in changed
    changed = _changed(warehouse, f"fixed={TEST}", f"fixed={OTHER}")
    assert changed["pass_rate: reason"][1] == "pass rate 88.89 % ≥ 80 % (8 of 9 runs)"
    assert changed["pass_rate: points"] == (0, 25)


def test_numbers_of_a_report_follow(warehouse: str) -> None:
    week = {"metric": "failed_job_attempts", "name": "2026-W46"}
    assert _changed(warehouse, f"fixed={TEST}", **week) == {"failed_job_attempts": (3, 2)}
    assert _changed(warehouse, "pass_rate_threshold=0.5", **week) == {}


def test_another_threshold(warehouse: str) -> None:
    changed = _changed(warehouse, "pass_rate_threshold=0.66")
    assert changed["pass_rate: points"] == (0, 25)
    assert changed["pass_rate: reason"][1] == "pass rate 66.67 % ≥ 66 % (6 of 9 runs)"
    assert set(_changed(warehouse, "window_days=3")) >= {"pass_rate: reason", "autofix_success: reason"}


def test_an_issue_that_is_closed_and_a_pull_request_that_is_merged(warehouse: str) -> None:
    changed = _changed(warehouse, f"closed={REPO}#20")
    assert changed == {
        "work_done": (0.25, 0.5),
        "half: points": (0, 20),
        "half: reason": ("work done 25 % < 40 %", "work done 50 % ≥ 40 %"),
        "half: next step": ("work done ≥ 40 % would give +20", None),
        "progress": (0.0, 20 / 120),
    }
    changed = _changed(warehouse, f"closed={REPO}#20", f"merged={REPO}#21")
    assert changed["work_done"] == (0.25, 0.75)
    assert changed["docs_and_pr_merged: reason"][1] == "#21 merged with documentation"


def test_a_rule_of_ones_own(warehouse: str) -> None:
    assert _changed(warehouse, "half=0.25")["half: points"] == (0, 20)
    # 120 possible points, 15 of them others'
    assert _changed(warehouse, "half=0.25", "points.pass_rate=5")["progress"] == (0.0, 0.2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("pass_rate_treshold=0.7", "did you mean pass_rate_threshold?"),
        ("pass_rate_threshold=70", "a fraction from 0 to 1"),
        ("pass_rate_threshold=high", "'high' is no number"),
        ("window_days=2.5", "a whole number from 1 to 366"),
        ("fixed=tests/test_a.py::test_z", "did you mean tests/test_a.py::test_"),
        (f"closed={REPO}#99", "no such issue or pull request is stored"),
        (f"merged={REPO}#20", "no such pull request is stored"),
        ("closed=20", "give owner/name#12"),
        ("fixed=' or 1 = 1 --", "no stored failure names this test"),
        ("pass_rate_threshold", "give KEY=VALUE"),
    ],
)
def test_what_cannot_be_tried(change: str, said: str, warehouse: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        explain(warehouse, "Stage 7.3", changes=[change])
    assert said in str(caught.value)
