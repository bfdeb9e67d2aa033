"""A run's life: queued, in progress, completed, and back to queued when it is run again.

Belongs here: what one step of it changes in a run and its jobs. Who may ask for it belongs to the routes. A re-run
rewrites the run in place (same id and creation time, next attempt), as GitHub's does.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from roadmap_sandbox import payloads
from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.messages import ApiError
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.search_dates import normalised
from roadmap_sandbox.github.store import Store

RERUN_WINDOW = timedelta(days=30)
MOST_RERUNS = 50
WAITING = ("queued", "requested", "waiting", "pending")
_FAILED = ("failure", "timed_out", "cancelled", "startup_failure", "action_required")


def put(store: Store, records: RepositoryRecords, run: Payload) -> None:
    """Add an attempt of a run or replace it; one that is not completed goes on by the clock where that is switched on.

    Webhooks tell of every step but those of a run that couldn't start.
    """
    before = records.runs.attempt(run["id"], run.get("run_attempt", 1))
    records.put_run(run)
    if run["conclusion"] != "startup_failure" and (before is None or before["status"] != run["status"]):
        action = "requested" if run["status"] in WAITING else run["status"]
        _tell_of_run(store, records, run, action)
    if before is None and run["status"] != "completed" and store.switches.run_takes is not None:
        _make_appointments(store, records, run)


def put_job(store: Store, records: RepositoryRecords, job: Payload) -> None:
    """Add a job or replace it."""
    before = records.jobs.get(job["id"])
    records.put_job(job)
    if before is None or before["status"] != job["status"]:
        store.notify(records, "workflow_job", job["status"], _actor(records, job["run_id"]), {"workflow_job": job})


def _tell_of_run(store: Store, records: RepositoryRecords, run: Payload, action: str) -> None:
    actor = run.get("triggering_actor") or run.get("actor") or store.viewer
    store.notify(records, "workflow_run", action, actor, {"workflow_run": run, "workflow": None})


def _actor(records: RepositoryRecords, run_id: int) -> Payload:
    run = records.runs.latest(run_id) or {}
    actor: Payload = run.get("triggering_actor") or run.get("actor") or records.payload["owner"]
    return actor


def _make_appointments(store: Store, records: RepositoryRecords, run: Payload) -> None:
    run_id, attempt = run["id"], run.get("run_attempt", 1)
    switches = store.switches
    assert switches.run_takes is not None
    queued = datetime.fromisoformat(normalised(run.get("run_started_at") or run["created_at"]))

    def still(statuses: Collection[str]) -> bool:
        latest = records.runs.latest(run_id)
        return latest is not None and latest.get("run_attempt", 1) == attempt and latest["status"] in statuses

    def begin() -> None:
        if still(WAITING):
            start(store, records, run_id)

    def end() -> None:
        if still((*WAITING, "in_progress")):
            complete(store, records, run_id, switches.run_ends)

    store.at(queued + switches.run_waits, begin)
    store.at(queued + switches.run_waits + switches.run_takes, end)


def _latest(records: RepositoryRecords, run_id: int) -> Payload:
    run = records.runs.latest(run_id)
    if run is None:
        raise KeyError(f"{records.full_name} has no run {run_id}")
    return run


def start(store: Store, records: RepositoryRecords, run_id: int) -> None:
    """Let runners take the jobs that wait. ``KeyError`` for an unknown run."""
    run, now = _latest(records, run_id), store.now()
    put(store, records, {**run, "status": "in_progress", "updated_at": now})
    for job in records.jobs_of_attempt(run):
        if job["status"] in WAITING:
            steps = [{**step, "status": "in_progress" if step["number"] == 1 else "pending"} for step in job["steps"]]
            put_job(store, records, {**job, "status": "in_progress", "started_at": now, "steps": steps})


def complete(
    store: Store,
    records: RepositoryRecords,
    run_id: int,
    conclusion: str,
    job_conclusions: Mapping[str, str] | None = None,
) -> None:
    """End a run and its jobs that are open still, each with the run's conclusion or its own, by name.

    The last step of a job that didn't succeed is the one that failed. ``KeyError`` for an unknown run.
    """
    run, now = _latest(records, run_id), store.now()
    for job in records.jobs_of_attempt(run):
        if job["status"] != "completed":
            own = (job_conclusions or {}).get(job["name"], conclusion)
            put_job(store, records, _completed(job, own, now))
    put(store, records, {**run, "status": "completed", "conclusion": conclusion, "updated_at": now})


def _completed(job: Payload, conclusion: str, now: str) -> Payload:
    last = max((step["number"] for step in job["steps"]), default=0)
    steps = [
        {
            **step,
            "status": "completed",
            "conclusion": conclusion if step["number"] == last else "success",
            "started_at": step["started_at"] or job["started_at"],
            "completed_at": now,
        }
        for step in job["steps"]
    ]
    return {**job, "status": "completed", "conclusion": conclusion, "completed_at": now, "steps": steps}


def check_rerun(store: Store, run: Payload) -> None:
    """Raise unless a run may be run again.

    Raises:
        ApiError: 403: it isn't completed, is older than 30 days or was run again 50 times.
    """
    if run["status"] != "completed":
        raise ApiError(403, "This workflow is already running")
    if normalised(run["created_at"]) < payloads.timestamp(store.clock - RERUN_WINDOW):
        raise ApiError(403, "Unable to retry this workflow run because it was created over a month ago")
    if run.get("run_attempt", 1) > MOST_RERUNS:
        raise ApiError(403, f"Unable to retry this workflow run because it was re-run {MOST_RERUNS} times")


def failed_jobs(records: RepositoryRecords, run: Payload) -> list[Payload]:
    """Return the jobs that a re-run of failed jobs takes: of every name the last one, where it failed."""
    last: dict[str, Payload] = {}
    for job in records.jobs_of_run.get(run["id"], ()):
        if job["name"] not in last or job.get("run_attempt", 1) >= last[job["name"]].get("run_attempt", 1):
            last[job["name"]] = job
    return [job for job in last.values() if job["conclusion"] in _FAILED]


def rerun(
    store: Store, records: RepositoryRecords, run: Payload, actor: Payload, jobs: Collection[Payload] | None = None
) -> None:
    """Run a completed run again: all jobs of its last attempt, or those given."""
    attempt, now = run.get("run_attempt", 1) + 1, store.now()
    before = records.jobs_of_attempt(run)
    chosen = before if jobs is None else jobs
    again = {
        **run,
        "status": "queued",
        "conclusion": None,
        "run_attempt": attempt,
        "run_started_at": now,
        "updated_at": now,
        "triggering_actor": actor,
        "previous_attempt_url": f"{run['url']}/attempts/{attempt - 1}",
    }
    for job in chosen:
        put_job(store, records, _queued_again(store, records, job, attempt, now))
    if store.switches.carried_over_jobs:
        names = {job["name"] for job in chosen}
        for job in before:
            if job["name"] not in names:
                put_job(store, records, _copied(store, records, job, attempt, now))
    put(store, records, again)


def _copied(store: Store, records: RepositoryRecords, job: Payload, attempt: int, now: str) -> Payload:
    """Return the same job under a new id: made now, run long ago."""
    job_id, root = store.next_id("jobs"), records.payload["url"]
    return {
        **job,
        "id": job_id,
        "node_id": payloads.node_id("CR", job_id),
        "run_attempt": attempt,
        "url": f"{root}/actions/jobs/{job_id}",
        "html_url": f"{records.payload['html_url']}/actions/runs/{job['run_id']}/job/{job_id}",
        "check_run_url": f"{root}/check-runs/{job_id}",
        "created_at": now,
    }


def _queued_again(store: Store, records: RepositoryRecords, job: Payload, attempt: int, now: str) -> Payload:
    nothing_yet = {"status": "queued", "conclusion": None, "started_at": None, "completed_at": None}
    return {
        **_copied(store, records, job, attempt, now),
        "status": "queued",
        "conclusion": None,
        "started_at": now,
        "completed_at": None,
        "steps": [{**step, **nothing_yet} for step in job["steps"]],
    }
