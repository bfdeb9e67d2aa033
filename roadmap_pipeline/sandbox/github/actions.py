"""Workflows, runs, attempts, jobs and the way to a job's log."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

from roadmap_pipeline.sandbox.content import HTML_ROOT, Payload
from roadmap_pipeline.sandbox.github.calls import Answer, ApiError, Call, Router, answer, invalid, not_found
from roadmap_pipeline.sandbox.github.paging import Page, listed
from roadmap_pipeline.sandbox.github.search_dates import parse_range, seconds
from roadmap_pipeline.sandbox.github.store import RepositoryRecords, Store

routes = Router()

FILTERED_CAP = 1_000
UNFILTERED_CAP = 40_000
_TOO_DEEP = "In order to keep the API fast for everyone, pagination is limited for this resource."
_FILTERS = ("actor", "branch", "check_suite_id", "created", "event", "head_sha", "status")
_STATUSES = frozenset({"completed", "in_progress", "queued", "requested", "waiting", "pending"})
_CONCLUSIONS = frozenset(
    {
        "action_required",
        "cancelled",
        "failure",
        "neutral",
        "skipped",
        "stale",
        "success",
        "timed_out",
        # Not in the description's list of values, but GitHub's own command line sends it.
        "startup_failure",
    }
)


def _workflows(records: RepositoryRecords) -> list[Payload]:
    """The workflows that ran, oldest first: what the runs tell of them."""
    found = []
    for workflow_id, (oldest, newest) in sorted(records.runs.workflows().items()):
        path = newest["path"].partition("@")[0]
        name = newest.get("name") or posixpath.basename(path)
        page = f"{HTML_ROOT}/{records.full_name}"
        found.append(
            {
                "id": workflow_id,
                "node_id": f"W_kwDO{workflow_id}",
                "name": name,
                "path": path,
                "state": "active",
                "created_at": oldest["created_at"],
                "updated_at": oldest["created_at"],
                "url": f"{records.payload['url']}/actions/workflows/{workflow_id}",
                "html_url": f"{page}/blob/{records.payload.get('default_branch', 'main')}/{path}",
                "badge_url": f"{page}/workflows/{quote(name)}/badge.svg",
            }
        )
    return found


def _workflow(records: RepositoryRecords, key: str) -> Payload:
    for workflow in _workflows(records):
        if key in (str(workflow["id"]), posixpath.basename(workflow["path"])):
            return workflow
    raise not_found()


@routes.add("GET", "actions/workflows")
def list_workflows(_store: Store, call: Call, records: RepositoryRecords) -> Answer:
    return listed(call, records.path("actions/workflows"), _workflows(records), wrapped_as="workflows")


@routes.add("GET", "actions/workflows/{key}")
def get_workflow(_store: Store, _call: Call, records: RepositoryRecords, key: str) -> Answer:
    return answer(_workflow(records, key))


@routes.add("GET", "actions/runs")
def list_runs(store: Store, call: Call, records: RepositoryRecords) -> Answer:
    return _list_runs(store, call, records, "actions/runs", None)


@routes.add("GET", "actions/workflows/{key}/runs")
def list_workflow_runs(store: Store, call: Call, records: RepositoryRecords, key: str) -> Answer:
    workflow_id = _workflow(records, key)["id"]
    return _list_runs(store, call, records, f"actions/workflows/{workflow_id}/runs", workflow_id)


def _list_runs(store: Store, call: Call, records: RepositoryRecords, path: str, workflow_id: int | None) -> Answer:
    filters = {name: call.query[name] for name in _FILTERS if call.query.get(name)}
    runs = _matching(store, records, filters, workflow_id)
    total = len(runs)
    cap = FILTERED_CAP if filters else UNFILTERED_CAP
    page = Page.of(call.query)
    if filters:
        if store.switches.empty_filtered_answers > 0:
            store.switches.empty_filtered_answers -= 1
            runs, total = [], 0
        if page.start >= FILTERED_CAP and store.switches.beyond_filtered_cap == "422":
            raise ApiError(422, _TOO_DEEP)
        if store.switches.clamp_filtered_total:
            total = min(total, FILTERED_CAP)
    else:
        if page.start >= UNFILTERED_CAP:
            raise ApiError(422, _TOO_DEEP)
        total = min(total, UNFILTERED_CAP)
    shown = [] if page.start >= cap else list(page.cut(runs))[: cap - page.start]
    if call.query.get("exclude_pull_requests") == "true":
        shown = [{**run, "pull_requests": []} for run in shown]
    result = answer({"total_count": total, "workflow_runs": shown})
    link = page.link(records.path(path), call.query, min(total, cap))
    if link is not None:
        result.headers["Link"] = link
    return result


def _matching(
    store: Store, records: RepositoryRecords, filters: Mapping[str, str], workflow_id: int | None
) -> Sequence[Payload]:
    first = last = None
    if "created" in filters:
        try:
            first, last = parse_range(filters["created"])
        except ValueError as error:
            raise invalid("WorkflowRun", "created", "invalid", value=filters["created"]) from error
    status = filters.get("status")
    if status is not None and status not in _STATUSES | _CONCLUSIONS:
        raise invalid("WorkflowRun", "status", "invalid", value=status)
    if filters and store.switches.stale_index is not None:
        indexed = seconds(store.clock - store.switches.stale_index)
        last = indexed if last is None else min(last, indexed)
    runs: Iterable[Payload] = (span := records.runs.newest_first(first, last))
    wanted = {name: value for name, value in filters.items() if name not in ("created", "status", "actor")}
    if not wanted and status is None and "actor" not in filters and workflow_id is None:
        return span
    if workflow_id is not None:
        runs = [run for run in runs if run["workflow_id"] == workflow_id]
    if status is not None:
        field = "status" if status in _STATUSES else "conclusion"
        runs = [run for run in runs if run[field] == status]
    if "actor" in filters:
        runs = [run for run in runs if (run.get("actor") or {}).get("login") == filters["actor"]]
    for name, value in wanted.items():
        field = "head_branch" if name == "branch" else name
        runs = [run for run in runs if str(run.get(field)) == value]
    return list(runs)


def _run(records: RepositoryRecords, run_id: int) -> Payload:
    run = records.runs.latest(run_id)
    if run is None:
        raise not_found()
    return run


@routes.add("GET", "actions/runs/{run_id:int}")
def get_run(_store: Store, call: Call, records: RepositoryRecords, run_id: int) -> Answer:
    return _one_run(call, _run(records, run_id))


def _one_run(call: Call, run: Payload) -> Answer:
    if call.query.get("exclude_pull_requests") == "true":
        run = {**run, "pull_requests": []}
    return answer(run)


@routes.add("DELETE", "actions/runs/{run_id:int}")
def delete_run(_store: Store, _call: Call, records: RepositoryRecords, run_id: int) -> Answer:
    if _run(records, run_id)["status"] != "completed":
        raise ApiError(403, "Could not delete the workflow run")
    records.delete_run(run_id)
    return Answer(204)


@routes.add("GET", "actions/runs/{run_id:int}/attempts/{number:int}")
def get_attempt(_store: Store, call: Call, records: RepositoryRecords, run_id: int, number: int) -> Answer:
    run = records.runs.attempt(run_id, number)
    if run is None:
        raise not_found()
    url = f"{run['url']}/attempts"
    return _one_run(
        call,
        {
            **run,
            "run_attempt": number,
            "jobs_url": f"{url}/{number}/jobs",
            "logs_url": f"{url}/{number}/logs",
            "previous_attempt_url": f"{url}/{number - 1}" if number > 1 else None,
        },
    )


@routes.add("GET", "actions/runs/{run_id:int}/jobs")
def list_jobs(_store: Store, call: Call, records: RepositoryRecords, run_id: int) -> Answer:
    run = _run(records, run_id)
    jobs = records.jobs_of_run.get(run_id, [])
    if call.query.get("filter") != "all":
        # Since 2025-05 only those of the last attempt: what passed before a re-run of the failed ones is absent.
        latest = run.get("run_attempt", 1)
        jobs = [job for job in jobs if job.get("run_attempt", 1) == latest]
    return listed(call, records.path(f"actions/runs/{run_id}/jobs"), jobs, wrapped_as="jobs")


@routes.add("GET", "actions/runs/{run_id:int}/attempts/{number:int}/jobs")
def list_attempt_jobs(_store: Store, call: Call, records: RepositoryRecords, run_id: int, number: int) -> Answer:
    if records.runs.attempt(run_id, number) is None:
        raise not_found()
    jobs = [job for job in records.jobs_of_run.get(run_id, ()) if job.get("run_attempt", 1) == number]
    return listed(call, records.path(f"actions/runs/{run_id}/attempts/{number}/jobs"), jobs, wrapped_as="jobs")


@routes.add("GET", "actions/jobs/{job_id:int}")
def get_job(_store: Store, _call: Call, records: RepositoryRecords, job_id: int) -> Answer:
    if job_id not in records.jobs:
        raise not_found()
    return answer(records.jobs[job_id])


@routes.add("GET", "actions/jobs/{job_id:int}/logs")
def get_job_log(store: Store, call: Call, records: RepositoryRecords, job_id: int) -> Answer:
    job = records.jobs.get(job_id)
    if job is None or job["status"] != "completed":
        raise not_found()
    if call.caller is None:
        raise ApiError(403, "Must have admin rights to Repository.")
    if job_id in store.expired_logs:
        # Expiry really is told in these words.
        raise ApiError(410, "Server Error")
    return Answer(302, headers={"Location": store.storage.signed_url(job_id)})
