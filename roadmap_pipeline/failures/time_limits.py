"""The signs that GitHub ended a job at a time limit, though it calls the job cancelled.

Belongs here: the words, and which stored jobs count as timed out where failures are judged. What such a job counts as
is decided in ``staging.stg_workflow_jobs`` by the same words; which cancelled jobs are asked about, in ``github``.
"""

TOLD = "exceeded the maximum execution time"
"""The note of GitHub at a job's check run, and in most logs, whatever limit it was: of the job (``timeout-minutes`` or
6 hours), of the wait for a runner, or of the run."""

TIMED_OUT = f"""(
    jobs.conclusion = 'cancelled'
    and (
        contains(logs.excerpt, '{TOLD}')
        or contains(cast(logs.annotations as varchar), '{TOLD}')
        or (
            epoch(jobs.completed_at) - epoch(jobs.started_at) >= 360 * 60
            and (
                epoch(jobs.completed_at) - epoch(jobs.started_at) < 370 * 60
                or coalesce(json_array_length(logs.annotations), 0) = 0
            )
        )
    )
)"""
"""Condition on ``jobs``, a row of ``raw.workflow_jobs``, and ``logs``, its row of ``raw.job_logs`` if it has one."""
