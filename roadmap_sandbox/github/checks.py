"""Check runs, check suites and annotations: GitHub Actions as the Checks API tells of it.

A job is a check run of the same id, a run is a check suite.
"""

from roadmap_sandbox import payloads
from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.messages import Request, Response, json_response, no_commit, not_found
from roadmap_sandbox.github.paging import listed
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.routing import Router
from roadmap_sandbox.github.store import Store

routes = Router()

ACTIONS = payloads.github_app(
    "github-actions",
    15_368,
    payloads.user("github", 9919, type="Organization"),
    created_at="2018-07-30T09:30:17Z",
    permissions={"actions": "write", "checks": "write", "contents": "read", "metadata": "read"},
)


def _pull_requests(run: Payload) -> list[Payload]:
    return list(run.get("pull_requests") or ())


def _check_run(store: Store, records: RepositoryRecords, job: Payload) -> Payload:
    run = records.runs.latest(job["run_id"]) or {}
    url = f"{records.payload['url']}/check-runs/{job['id']}"
    return {
        "id": job["id"],
        "node_id": job["node_id"],
        "name": job["name"],
        "head_sha": job["head_sha"],
        "external_id": payloads.node_id("EX", job["id"]),
        "url": url,
        "html_url": job["html_url"],
        "details_url": job["html_url"],
        "status": job["status"],
        "conclusion": job["conclusion"],
        "started_at": job["started_at"],
        "completed_at": job["completed_at"],
        "output": {
            "title": None,
            "summary": None,
            "text": None,
            "annotations_count": len(store.annotations.get(job["id"], ())),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": run["check_suite_id"]} if "check_suite_id" in run else None,
        "app": ACTIONS,
        "pull_requests": _pull_requests(run),
    }


def _check_suite(records: RepositoryRecords, run: Payload) -> Payload:
    suite = run["check_suite_id"]
    url = f"{records.payload['url']}/check-suites/{suite}"
    return {
        "id": suite,
        "node_id": run.get("check_suite_node_id", payloads.node_id("CS", suite)),
        "head_branch": run["head_branch"],
        "head_sha": run["head_sha"],
        "status": run["status"],
        "conclusion": run["conclusion"],
        "url": url,
        "before": None,
        "after": run["head_sha"],
        "pull_requests": _pull_requests(run),
        "app": ACTIONS,
        "repository": run["repository"],
        "created_at": run["created_at"],
        "updated_at": run["updated_at"],
        "head_commit": run["head_commit"],
        "latest_check_runs_count": len(records.jobs_of_attempt(run)),
        "check_runs_url": f"{url}/check-runs",
        "rerequestable": True,
        "runs_rerequestable": True,
    }


def _runs_of(records: RepositoryRecords, ref: str) -> list[Payload]:
    """Return the runs of a commit, given by hash or by a branch whose last commit it is.

    Raises:
        ApiError: 422: neither a commit nor a branch.
    """
    if not records.knows_commit(ref):
        for run in records.runs.newest_first():
            if run["head_branch"] == ref:
                return records.runs.of_commit(run["head_sha"])
        raise no_commit(ref)
    return records.runs.of_commit(ref)


@routes.add("GET", "commits/{ref}/check-suites")
def list_check_suites(_store: Store, request: Request, records: RepositoryRecords, ref: str) -> Response:
    runs = _runs_of(records, ref)
    if request.query.get("app_id") not in (None, "", str(ACTIONS["id"])):
        runs = []
    suites = [_check_suite(records, run) for run in runs if "check_suite_id" in run]
    return listed(request, records.path(f"commits/{ref}/check-suites"), suites, wrapped_as="check_suites")


@routes.add("GET", "commits/{ref}/check-runs")
def list_check_runs(store: Store, request: Request, records: RepositoryRecords, ref: str) -> Response:
    jobs = []
    for run in _runs_of(records, ref):
        every = request.query.get("filter") == "all"
        jobs += records.jobs_of_run.get(run["id"], []) if every else records.jobs_of_attempt(run)
    if request.query.get("check_name"):
        jobs = [job for job in jobs if job["name"] == request.query["check_name"]]
    if request.query.get("status"):
        jobs = [job for job in jobs if job["status"] == request.query["status"]]
    if request.query.get("app_id") not in (None, "", str(ACTIONS["id"])):
        jobs = []
    check_runs = [_check_run(store, records, job) for job in jobs]
    return listed(request, records.path(f"commits/{ref}/check-runs"), check_runs, wrapped_as="check_runs")


def _job(records: RepositoryRecords, check_run_id: int) -> Payload:
    if check_run_id not in records.jobs:
        raise not_found()
    return records.jobs[check_run_id]


@routes.add("GET", "check-runs/{check_run_id:int}")
def get_check_run(store: Store, _request: Request, records: RepositoryRecords, check_run_id: int) -> Response:
    return json_response(_check_run(store, records, _job(records, check_run_id)))


@routes.add("GET", "check-runs/{check_run_id:int}/annotations")
def list_annotations(store: Store, request: Request, records: RepositoryRecords, check_run_id: int) -> Response:
    _job(records, check_run_id)
    found = store.annotations.get(check_run_id, [])
    return listed(request, records.path(f"check-runs/{check_run_id}/annotations"), found)
