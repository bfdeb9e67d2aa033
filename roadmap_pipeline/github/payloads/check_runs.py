"""From check runs of the GraphQL API to rows of ``raw.workflow_jobs``: a job of Actions is a check run.

Pure functions, as ``records``, whose conversion they share. Judging whether a suite's check runs are all jobs of a run
belongs to ``ingest.bulk_jobs``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from roadmap_pipeline.github.payloads.records import BULK, Provenance, Row, job_row

_UNTOLD = ("created_at", "workflow_name", "runner_name", "labels")
"""Columns that GraphQL doesn't tell of a job."""


def bulk_job_row(
    check_run: Mapping[str, Any],
    repo: str,
    provenance: Provenance,
    *,
    run_id: int,
    head_branch: str | None,
    head_sha: str | None,
    steps: Sequence[Mapping[str, Any]] | None,
) -> Row:
    """Return the row of ``raw.workflow_jobs`` for a check run of the first attempt of a run.

    Args:
        check_run: The node of GraphQL.
        repo: owner/name.
        provenance: How it was read.
        run_id: The run.
        head_branch: The run's, and so each job's.
        head_sha: The run's, and so each job's.
        steps: The nodes of its steps; None where they were not read.

    Raises:
        UnusableError: No row can be made of it.
    """
    import orjson

    payload = {
        "id": check_run.get("databaseId"),
        "run_id": run_id,
        "run_attempt": 1,
        "name": check_run.get("name"),
        "head_branch": head_branch,
        "head_sha": head_sha,
        "status": _lower(check_run.get("status")),
        "conclusion": _lower(check_run.get("conclusion")),
        "started_at": check_run.get("startedAt"),
        "completed_at": check_run.get("completedAt"),
        "steps": [_step(step) for step in steps or ()],
        "html_url": check_run.get("detailsUrl"),
    }
    row = job_row(payload, repo, provenance)
    untold = dict.fromkeys(_UNTOLD if steps is not None else (*_UNTOLD, "steps", "failed_steps"))
    told = dict(check_run) if steps is None else {**check_run, "steps": list(steps)}
    return {**row, **untold, "detail_state": BULK, "payload": orjson.dumps(told).decode()}


def _step(step: Mapping[str, Any]) -> Row:
    return {
        "number": step.get("number"),
        "name": step.get("name"),
        "status": _lower(step.get("status")),
        "conclusion": _lower(step.get("conclusion")),
        "started_at": step.get("startedAt"),
        "completed_at": step.get("completedAt"),
    }


def _lower(value: Any) -> str | None:
    return value.lower() if isinstance(value, str) else None
