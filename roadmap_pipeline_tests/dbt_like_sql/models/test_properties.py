"""Properties that must hold for any history: order of rows is irrelevant, rates stay fractions, nothing is lost."""

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbt_like_sql.runner.testing.unit_tests import run_unit_tests
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import BOT, CI, StoredHistory, at, project

_CONCLUSIONS = st.sampled_from(
    ["success", "success", "failure", "failure", "cancelled", "skipped", "timed_out", "startup_failure", None]
)
_ATTEMPTS = st.fixed_dictionaries(
    {
        # Both sides of a midnight, of a week's and a quarter's border, and one of each again.
        "day": st.sampled_from(
            ["09-30", "10-01", "10-04", "10-05", "11-01", "11-08", "11-09", "11-10", "11-12", "11-15"]
        ),
        "minute": st.integers(0, 3),
        "conclusion": _CONCLUSIONS,
        "sha": st.sampled_from(["a", "b", "c", None]),
        "branch": st.sampled_from(["main", "main", "feature/stage-7-3", None]),
        "event": st.sampled_from(["push", "pull_request", "schedule", None]),
        "author": st.sampled_from(["Ada", BOT, "other[bot]", None]),
        "triggering_actor": st.sampled_from(["ada", "github-actions[bot]", None]),
        "repo": st.sampled_from(["acme/payments", "acme/storefront"]),
        "workflow_path": st.sampled_from([CI, ".github/workflows/release.yml", None]),
        "jobs": st.dictionaries(st.sampled_from(["test (1)", "test (2)", "lint"]), _CONCLUSIONS, max_size=3),
        "attempts": st.integers(1, 3),
        "minutes": st.sampled_from([0, 1, 400]),
        "has_times": st.booleans(),
        "runner": st.sampled_from(["runner-1", "", None]),
        "labels": st.sampled_from([["ubuntu-latest"], ["linux", "self-hosted"], ["self-hosted", "linux"], [], None]),
        "fingerprint": st.sampled_from(["f1", "f2", None]),
        "is_carried_over": st.booleans(),
    }
)


def _history(histories: list[dict[str, Any]]) -> StoredHistory:
    stored = StoredHistory()
    for number in (1, 2):
        stored.milestone("Stage 7.3" if number == 1 else "Other", number)
        stored.pull_request(number, milestone_number=number, head_branch="feature/stage-7-3", head_sha="c")
    stored.belongs("feature/stage-7-3", "Stage 7.3")
    for history in histories:
        values = dict(history)
        time = f"{values.pop('day')} 12:{values.pop('minute'):02d}"
        attempts, has_times = values.pop("attempts"), values.pop("has_times")
        runner, labels, fingerprint = values.pop("runner"), values.pop("labels"), values.pop("fingerprint")
        is_carried_over = values.pop("is_carried_over")
        run_id = None
        for attempt in range(1, attempts + 1):
            started = f"{time[:6]}{12 + attempt}:00"
            known = len(stored.rows.get("raw.workflow_jobs", []))
            run_id = stored.run(time, attempt=attempt, run_id=run_id, started=started, **values)
            for job in stored.rows.get("raw.workflow_jobs", [])[known:]:
                job |= {"runner_name": runner, "labels": labels}
                if is_carried_over and attempt > 1 and job["completed_at"]:
                    job["created_at"] = job["completed_at"] + timedelta(minutes=1)
                if job["conclusion"] == "failure" and fingerprint:
                    verdict = {key: job[key] for key in ("repo", "job_id", "run_id", "run_attempt")}
                    stored.add(
                        "derived.failure_verdicts", **verdict, category="test", domain="code", fingerprint=fingerprint
                    )
            if not has_times:
                stored.rows["raw.workflow_runs"][-1] |= {"created_at": None, "run_started_at": None, "updated_at": None}
    for number, state in enumerate(("done", "failed", "intended")):
        stored.add(
            "sync.changes", change_id=str(number), target="notion", kind="update_row", state=state, fields="[]",
            intended_at=at(f"11-1{number} 12:00"), settled_at=None if state == "intended" else at("11-13 12:00"),
        )  # fmt: skip
    return stored


def _everything(stored: StoredHistory) -> dict[str, list[tuple[Any, ...]]]:
    with stored.built(checked=True) as warehouse:
        return {
            model.qualified_name: warehouse.rows(f"from {model.qualified_name} order by all")
            for model in project().models
        }


@pytest.mark.slow
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories=st.lists(_ATTEMPTS, max_size=25), seed=st.integers())
def test_the_order_of_rows_changes_nothing_and_every_data_test_holds(histories: list[dict[str, Any]], seed: int):
    """``checked`` runs all data tests: rates between 0 and 1, no NULL where none may be, keys unique, every run and job
    kept, sums of days equal to sums of weeks and quarters, ``*`` to the sum of all repositories."""
    stored = _history(histories)
    before = _everything(stored)
    for rows in stored.rows.values():
        random.Random(seed).shuffle(rows)
    assert _everything(stored) == before


def test_an_empty_warehouse_builds():
    stored = StoredHistory(default_branch=None)
    filled = {name for name, rows in _everything(stored).items() if rows and name.startswith(("marts", "publish"))}
    assert filled == {"marts.learnt_progress_accuracy"}, "one row that says why nothing is learnt"


def test_the_models_unit_tests_pass():
    results = run_unit_tests(project())
    assert len(results) >= 5
    assert [result for result in results if not result.passed] == []
