"""Workflows, runs, attempts, jobs, re-runs and the way to the logs."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from roadmap_sandbox import payloads
from roadmap_sandbox.content import Payload
from roadmap_sandbox.github import lifecycle
from roadmap_sandbox.github.messages import ApiError, Request, Response, invalid, json_response, malformed, not_found
from roadmap_sandbox.github.paging import Page, listed, page_response
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.routing import Router
from roadmap_sandbox.github.search_dates import normalised, parse_range
from roadmap_sandbox.github.store import Store

routes = Router()

FILTERED_CAP = 1_000
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


def workflows(records: RepositoryRecords) -> list[Payload]:
    """Return those that ran, as their runs tell of them, and those that are known without; by id."""
    known_workflows = dict(records.workflows)
    for workflow_id, (oldest, newest) in records.runs.workflows().items():
        path = newest["path"].partition("@")[0]
        known_workflows.setdefault(
            workflow_id,
            payloads.workflow(
                records.payload,
                id=workflow_id,
                name=newest.get("name") or posixpath.basename(path),
                path=path,
                created_at=oldest["created_at"],
            ),
        )
    return [known_workflows[workflow_id] for workflow_id in sorted(known_workflows) if known_workflows[workflow_id]]


def _workflow(records: RepositoryRecords, key: str) -> Payload:
    for workflow in workflows(records):
        if key in (str(workflow["id"]), posixpath.basename(workflow["path"])):
            return workflow
    raise not_found()


@routes.add("GET", "actions/workflows")
def list_workflows(_store: Store, request: Request, records: RepositoryRecords) -> Response:
    return listed(request, records.path("actions/workflows"), workflows(records), wrapped_as="workflows")


@routes.add("GET", "actions/workflows/{key}")
def get_workflow(_store: Store, _request: Request, records: RepositoryRecords, key: str) -> Response:
    return json_response(_workflow(records, key))


@routes.add("GET", "actions/runs")
def list_runs(store: Store, request: Request, records: RepositoryRecords) -> Response:
    return _list_runs(store, request, records, "actions/runs", None)


@routes.add("GET", "actions/workflows/{key}/runs")
def list_workflow_runs(store: Store, request: Request, records: RepositoryRecords, key: str) -> Response:
    workflow_id = _workflow(records, key)["id"]
    return _list_runs(store, request, records, f"actions/workflows/{workflow_id}/runs", workflow_id)


def _list_runs(
    store: Store, request: Request, records: RepositoryRecords, path: str, workflow_id: int | None
) -> Response:
    filters = {name: request.query[name] for name in _FILTERS if request.query.get(name)}
    lag = _lag(store) if filters else None
    runs = _matching(store, records, filters, workflow_id, lag)
    total = len(runs)
    cap = FILTERED_CAP if filters else store.switches.unfiltered_cap
    page = Page.of(request.query)
    if filters:
        if page.start >= FILTERED_CAP and store.switches.beyond_filtered_cap == "422":
            raise ApiError(422, _TOO_DEEP)
        if store.switches.clamp_filtered_total:
            total = min(total, FILTERED_CAP)
    else:
        if page.start >= cap and store.switches.beyond_unfiltered_cap == "422":
            raise ApiError(422, _TOO_DEEP)
        if store.switches.clamp_unfiltered_total:
            total = min(total, cap)
    shown = [] if page.start >= cap else list(page.cut(runs))[: cap - page.start]
    if request.query.get("exclude_pull_requests") == "true":
        shown = [{**run, "pull_requests": []} for run in shown]
    data = {"total_count": total, "workflow_runs": shown}
    return page_response(request, records.path(path), data, page, min(total, cap))


_Lag = Literal["missing", "empty", "old"]


def _lag(store: Store) -> _Lag | None:
    """Return how the index behind filtered lists fails this request; None where it doesn't."""
    switches = store.switches
    if switches.empty_filtered_responses > 0:
        switches.empty_filtered_responses -= 1
        return "empty"
    if switches.stale_index is None or store.random.random() >= switches.stale_chance:
        return None
    return store.random.choice(list(switches.stale_responses))


def _matching(
    store: Store, records: RepositoryRecords, filters: Mapping[str, str], workflow_id: int | None, lag: _Lag | None
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
    if lag == "empty":
        return []
    indexed = None
    if lag is not None and store.switches.stale_index is not None:
        indexed = payloads.timestamp(store.clock - store.switches.stale_index)
        last = indexed if last is None else min(last, indexed)
    others = tuple((name, value) for name, value in filters.items() if name != "created")
    if not others and workflow_id is None and lag != "old":
        return records.runs.newest_first(first, last)

    def choose() -> list[Payload]:
        runs: Sequence[Payload] = records.runs.newest_first(first, last)
        if "head_sha" in filters and lag != "old":
            runs = [run for run in records.runs.of_commit(filters["head_sha"]) if _within(run, first, last)]
        elif lag == "old" and indexed is not None:
            runs = _as_of(
                records, indexed, [*runs, *(run for run in records.runs.deleted if _within(run, first, last))]
            )
        return [run for run in runs if workflow_id in (None, run["workflow_id"]) and _fits(run, others)]

    return records.runs.selection((first, last, others, workflow_id, lag == "old"), choose)


def _within(run: Payload, first: str | None, last: str | None) -> bool:
    created = normalised(run["created_at"])
    return (first is None or created >= first) and (last is None or created <= last)


def _fits(run: Payload, filters: Iterable[tuple[str, str]]) -> bool:
    for name, value in filters:
        if name == "status":
            actual = run["status"] if value in _STATUSES else run["conclusion"]
        elif name == "actor":
            actual = (run.get("actor") or {}).get("login")
        else:
            actual = run.get("head_branch" if name == "branch" else name)
        if str(actual) != value:
            return False
    return True


def _as_of(records: RepositoryRecords, moment: str, runs: Iterable[Payload]) -> list[Payload]:
    """Return runs as an index knew them at ``moment``, newest first: by their attempt of then, unfinished if it was."""
    known_runs = []
    for run in runs:
        begun = [
            attempt
            for attempt in records.runs.attempts(run["id"])
            if normalised(attempt.get("run_started_at") or attempt["created_at"]) <= moment
        ]
        known = begun[-1] if begun else run
        if normalised(known["updated_at"]) > moment:
            started = known.get("run_started_at") or known["created_at"]
            known = {**known, "status": "in_progress", "conclusion": None, "updated_at": started}
        known_runs.append(known)
    return sorted(known_runs, key=lambda run: (normalised(run["created_at"]), run["id"]), reverse=True)


def _run(records: RepositoryRecords, run_id: int) -> Payload:
    run = records.runs.latest(run_id)
    if run is None:
        raise not_found()
    return run


@routes.add("GET", "actions/runs/{run_id:int}")
def get_run(_store: Store, request: Request, records: RepositoryRecords, run_id: int) -> Response:
    return _one_run(request, _run(records, run_id))


def _one_run(request: Request, run: Payload) -> Response:
    if request.query.get("exclude_pull_requests") == "true":
        run = {**run, "pull_requests": []}
    return json_response(run)


@routes.add("DELETE", "actions/runs/{run_id:int}")
def delete_run(_store: Store, _request: Request, records: RepositoryRecords, run_id: int) -> Response:
    if _run(records, run_id)["status"] != "completed":
        raise ApiError(403, "Could not delete the workflow run")
    records.delete_run(run_id)
    return Response(204)


@routes.add("POST", "actions/runs/{run_id:int}/rerun")
def rerun(store: Store, request: Request, records: RepositoryRecords, run_id: int) -> Response:
    run = _run(records, run_id)
    _check_rerun(store, request, run)
    lifecycle.rerun(store, records, run, request.user())
    return json_response({}, 201)


@routes.add("POST", "actions/runs/{run_id:int}/rerun-failed-jobs")
def rerun_failed_jobs(store: Store, request: Request, records: RepositoryRecords, run_id: int) -> Response:
    run = _run(records, run_id)
    _check_rerun(store, request, run)
    failed = lifecycle.failed_jobs(records, run)
    if not failed:
        raise ApiError(403, "This workflow run has no failed jobs")
    lifecycle.rerun(store, records, run, request.user(), failed)
    return json_response({}, 201)


@routes.add("POST", "actions/jobs/{job_id:int}/rerun")
def rerun_job(store: Store, request: Request, records: RepositoryRecords, job_id: int) -> Response:
    job = _job(records, job_id)
    run = _run(records, job["run_id"])
    _check_rerun(store, request, run)
    lifecycle.rerun(store, records, run, request.user(), [job])
    return json_response({}, 201)


def _check_rerun(store: Store, request: Request, run: Payload) -> None:
    debug = request.json().get("enable_debug_logging", False)
    if not isinstance(debug, bool):
        raise malformed(f"For 'properties/enable_debug_logging', {debug!r} is not a boolean.")
    lifecycle.check_rerun(store, run)


@routes.add("POST", "actions/runs/{run_id:int}/cancel")
def cancel_run(store: Store, _request: Request, records: RepositoryRecords, run_id: int) -> Response:
    if _run(records, run_id)["status"] == "completed":
        raise ApiError(409, "Cannot cancel a workflow run that is completed.")
    lifecycle.complete(store, records, run_id, "cancelled")
    return json_response({}, 202)


@routes.add("GET", "actions/runs/{run_id:int}/attempts/{number:int}")
def get_attempt(_store: Store, request: Request, records: RepositoryRecords, run_id: int, number: int) -> Response:
    run = records.runs.attempt(run_id, number)
    if run is None:
        raise not_found()
    url = f"{run['url']}/attempts"
    return _one_run(
        request,
        {
            **run,
            "run_attempt": number,
            "jobs_url": f"{url}/{number}/jobs",
            "logs_url": f"{url}/{number}/logs",
            "previous_attempt_url": f"{url}/{number - 1}" if number > 1 else None,
        },
    )


@routes.add("GET", "actions/runs/{run_id:int}/jobs")
def list_jobs(_store: Store, request: Request, records: RepositoryRecords, run_id: int) -> Response:
    run = _run(records, run_id)
    # Since 2025-05 only those of the last attempt: what passed before a re-run of the failed ones is absent.
    every = request.query.get("filter") == "all"
    jobs = records.jobs_of_run.get(run_id, []) if every else records.jobs_of_attempt(run)
    return listed(request, records.path(f"actions/runs/{run_id}/jobs"), jobs, wrapped_as="jobs")


@routes.add("GET", "actions/runs/{run_id:int}/attempts/{number:int}/jobs")
def list_attempt_jobs(
    _store: Store, request: Request, records: RepositoryRecords, run_id: int, number: int
) -> Response:
    if records.runs.attempt(run_id, number) is None:
        raise not_found()
    jobs = [job for job in records.jobs_of_run.get(run_id, ()) if job.get("run_attempt", 1) == number]
    return listed(request, records.path(f"actions/runs/{run_id}/attempts/{number}/jobs"), jobs, wrapped_as="jobs")


def _job(records: RepositoryRecords, job_id: int) -> Payload:
    if job_id not in records.jobs:
        raise not_found()
    return records.jobs[job_id]


@routes.add("GET", "actions/jobs/{job_id:int}")
def get_job(_store: Store, _request: Request, records: RepositoryRecords, job_id: int) -> Response:
    return json_response(_job(records, job_id))


@routes.add("GET", "actions/jobs/{job_id:int}/logs")
def get_job_log(store: Store, request: Request, records: RepositoryRecords, job_id: int) -> Response:
    job = _job(records, job_id)
    if job["status"] != "completed":
        raise not_found()
    _may_read_logs(request)
    if job_id in store.expired_logs:
        raise _expired()
    if store.switches.unwritten_log == "404" and store.storage.log(job_id) is None:
        raise not_found()
    return Response(302, headers={"Location": store.storage.signed_url(f"{job_id}.txt")})


@routes.add("GET", "actions/runs/{run_id:int}/logs")
def get_run_logs(store: Store, request: Request, records: RepositoryRecords, run_id: int) -> Response:
    return _archive(store, request, records, _run(records, run_id))


@routes.add("GET", "actions/runs/{run_id:int}/attempts/{number:int}/logs")
def get_attempt_logs(store: Store, request: Request, records: RepositoryRecords, run_id: int, number: int) -> Response:
    run = records.runs.attempt(run_id, number)
    if run is None:
        raise not_found()
    return _archive(store, request, records, run)


def _archive(store: Store, request: Request, records: RepositoryRecords, run: Payload) -> Response:
    """Return the way to the logs of one attempt, of all jobs that wrote one."""
    if run["status"] != "completed":
        raise not_found()
    _may_read_logs(request)
    jobs = records.jobs_of_attempt(run)
    if any(job["id"] in store.expired_logs for job in jobs):
        raise _expired()
    written = [job for job in jobs if store.storage.log(job["id"]) is not None]
    if not written:
        raise not_found()
    return Response(302, headers={"Location": store.storage.archive_url(run["id"], run.get("run_attempt", 1), written)})


def _may_read_logs(request: Request) -> None:
    if request.caller is None:
        raise ApiError(403, "Must have admin rights to Repository.")


def _expired() -> ApiError:
    # Expiry really is told in these words.
    return ApiError(410, "Server Error")
