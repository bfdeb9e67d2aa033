"""Check suites, which are workflow runs, and check runs, which are jobs.

Belongs here: GitHub Actions as GraphQL tells of it. The same by REST is in ``roadmap_sandbox.github.checks``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from roadmap_sandbox import payloads
from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.checks import ACTIONS
from roadmap_sandbox.github.graphql.connections import connection
from roadmap_sandbox.github.graphql.problems import Problem
from roadmap_sandbox.github.graphql.query import Node, Query, enum, global_id, moment
from roadmap_sandbox.github.graphql.repositories import commit, repository
from roadmap_sandbox.github.repository_records import RepositoryRecords

AREA = ("checks", "actions")
"""Permissions of which an installation needs one."""


def check_suite(query: Query, records: RepositoryRecords, run: Payload) -> Node:
    """Return the ``CheckSuite`` of a run, as of its last attempt."""

    def check_runs(_info: Any, **arguments: Any) -> Node:
        jobs = _filtered(records.jobs_of_run.get(run["id"], ()), arguments.get("filterBy") or {})
        return connection(query, jobs, lambda job: check_run(query, records, job), arguments)

    return {
        "__typename": "CheckSuite",
        "id": run.get("check_suite_node_id", payloads.node_id("CS", run["check_suite_id"])),
        "databaseId": run["check_suite_id"],
        "status": enum(run["status"]),
        "conclusion": enum(run["conclusion"]),
        "createdAt": moment(run["created_at"]),
        "updatedAt": moment(run["updated_at"]),
        "url": f"{records.payload['html_url']}/commit/{run['head_sha']}/checks?check_suite_id={run['check_suite_id']}",
        "app": {
            "id": global_id(ACTIONS),
            "databaseId": ACTIONS["id"],
            "slug": ACTIONS["slug"],
            "name": ACTIONS["name"],
        },
        "checkRuns": check_runs,
        "workflowRun": lambda _info: workflow_run(query, records, run),
        "commit": lambda _info: commit(query, records, _commit(records, run)),
        "repository": lambda _info: repository(records),
    }


def _commit(records: RepositoryRecords, run: Payload) -> Payload:
    held = records.commit(run["head_sha"])
    if held is None:
        raise Problem(f"Could not resolve to a commit with the hash {run['head_sha']}.", "NOT_FOUND")
    return held


def workflow_run(query: Query, records: RepositoryRecords, run: Payload) -> Node:
    """Return a ``WorkflowRun``, which knows neither attempt nor outcome."""
    return {
        "__typename": "WorkflowRun",
        "id": global_id(run),
        "databaseId": run["id"],
        "runNumber": run["run_number"],
        "event": run["event"],
        "createdAt": moment(run["created_at"]),
        "updatedAt": moment(run["updated_at"]),
        "url": run["html_url"],
        "checkSuite": lambda _info: check_suite(query, records, run),
        "workflow": {
            "__typename": "Workflow",
            "id": payloads.node_id("W", run["workflow_id"]),
            "databaseId": run["workflow_id"],
            "name": run["name"] or run["path"],
            "createdAt": moment(run["created_at"]),
            "updatedAt": moment(run["updated_at"]),
            "url": f"{records.payload['html_url']}/actions/workflows/{run['path'].rpartition('/')[2]}",
        },
    }


def check_run(query: Query, records: RepositoryRecords, job: Payload) -> Node:
    """Return the ``CheckRun`` of a job; its database id is the job's."""

    def steps(_info: Any, **arguments: Any) -> Node:
        number = arguments.get("number")
        chosen = [step for step in job["steps"] or () if number in (None, step["number"])]
        return connection(query, chosen, _step, arguments)

    def annotations(_info: Any, **arguments: Any) -> Node:
        return connection(query, query.store.annotations.get(job["id"], []), _annotation, arguments)

    def suite(_info: Any) -> Node | None:
        run = records.runs.latest(job["run_id"])
        return None if run is None else check_suite(query, records, run)

    return {
        "__typename": "CheckRun",
        "id": global_id(job),
        "databaseId": job["id"],
        "name": job["name"],
        "status": enum(job["status"]),
        "conclusion": enum(job["conclusion"]),
        "startedAt": moment(job["started_at"]),
        "completedAt": moment(job["completed_at"]),
        "detailsUrl": job["html_url"],
        "externalId": payloads.node_id("EX", job["id"]),
        "permalink": job["html_url"],
        "url": job["html_url"],
        "steps": steps,
        "annotations": annotations,
        "checkSuite": suite,
        "repository": lambda _info: repository(records),
    }


def _filtered(jobs: Sequence[Payload], wanted: Mapping[str, Any]) -> list[Payload]:
    chosen = list(jobs)
    if wanted.get("checkType", "LATEST") == "LATEST":
        # Of each name the last attempt that ran it: what a re-run left alone stays.
        last: dict[str, int] = {}
        for job in jobs:
            last[job["name"]] = max(last.get(job["name"], 0), job.get("run_attempt", 1))
        chosen = [job for job in chosen if job.get("run_attempt", 1) == last[job["name"]]]
    if wanted.get("appId") is not None and wanted["appId"] != ACTIONS["id"]:
        return []
    if wanted.get("checkName") is not None:
        chosen = [job for job in chosen if job["name"] == wanted["checkName"]]
    if wanted.get("status") is not None:
        chosen = [job for job in chosen if enum(job["status"]) == wanted["status"]]
    for argument, name in (("statuses", "status"), ("conclusions", "conclusion")):
        if wanted.get(argument) is not None:
            chosen = [job for job in chosen if enum(job[name]) in wanted[argument]]
    return chosen


def _step(step: Payload) -> Node:
    started, completed = step["started_at"], step["completed_at"]
    seconds = None
    if started is not None and completed is not None:
        seconds = int((datetime.fromisoformat(completed) - datetime.fromisoformat(started)).total_seconds())
    return {
        "number": step["number"],
        "name": step["name"],
        "status": enum(step["status"]),
        "conclusion": enum(step["conclusion"]),
        "startedAt": moment(started),
        "completedAt": moment(completed),
        "secondsToCompletion": seconds,
        "externalId": None,
    }


def _annotation(annotation: Payload) -> Node:
    return {
        "annotationLevel": enum(annotation["annotation_level"]),
        "blobUrl": annotation["blob_href"],
        "path": annotation["path"],
        "title": annotation["title"],
        "message": annotation["message"],
        "rawDetails": annotation["raw_details"],
        "location": {
            "start": {"line": annotation["start_line"], "column": annotation["start_column"]},
            "end": {"line": annotation["end_line"], "column": annotation["end_column"]},
        },
    }
