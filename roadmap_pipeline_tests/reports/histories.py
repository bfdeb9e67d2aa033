"""Small histories for the texts: runs of one week, and failed jobs with a verdict and a log.

Belongs here: making rows. What a text says about them belongs to the tests.
"""

from typing import Any

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory


def passes(history: StoredHistory, time: str, number: int, **values: Any) -> None:
    """Add ``number`` passing runs of commits of their own, on a branch that is no default branch."""
    for at in range(number):
        history.run(time, sha=f"pass{time}{at}", branch="topic", **values)


def fails(
    history: StoredHistory,
    time: str,
    category: str | None = "test",
    *,
    domain: str = "code",
    fingerprint: str | None = "f1",
    evidence: str | None = "AssertionError: 1 != 2",
    retryable: bool = False,
    job: str = "test",
    sha: str | None = None,
    log: bool = True,
    **values: Any,
) -> int:
    """Add a run with one failing job, judged unless ``category`` is None; of a branch of its own unless told."""
    run = history.run(
        time,
        "failure",
        sha=sha or f"fail{time}{len(history.rows.get('raw.workflow_runs', ()))}",
        jobs={job: "failure"},
        **{"branch": "topic", "event": "pull_request"} | values,
    )
    row = history.rows["raw.workflow_jobs"][-1]
    repo = values.get("repo", REPO)
    row["html_url"] = f"https://github.com/{repo}/actions/runs/{run}/job/{row['job_id']}"
    judge(history, row, category, domain, fingerprint, evidence, retryable)
    if log:
        history.add("raw.job_logs", repo=repo, job_id=row["job_id"], run_id=run, run_attempt=1, state="stored")
    return run


def judge(
    history: StoredHistory,
    job: dict[str, Any],
    category: str | None,
    domain: str = "code",
    fingerprint: str | None = "f1",
    evidence: str | None = "AssertionError: 1 != 2",
    retryable: bool = False,
) -> None:
    """Add a verdict on a failed job."""
    if category is not None:
        history.add(
            "derived.failure_verdicts", repo=job["repo"], job_id=job["job_id"], run_id=job["run_id"],
            run_attempt=job["run_attempt"], category=category, domain=domain, fingerprint=fingerprint,
            evidence=evidence, retryable=retryable, ruleset_version="1.2.3",
        )  # fmt: skip
