"""Workflows, their runs with jobs and steps, and annotations of check runs."""

from collections.abc import Sequence
from urllib.parse import quote

from roadmap_sandbox.content import Payload
from roadmap_sandbox.payloads.basics import Time, node_id, optional_timestamp, timestamp


def workflow(
    repository: Payload,
    *,
    id: int,
    name: str,
    path: str,
    created_at: Time,
    state: str = "active",
    updated_at: Time | None = None,
) -> Payload:
    """Return a *workflow*; ``state`` is active, deleted, disabled_fork, disabled_inactivity or disabled_manually."""
    page = repository["html_url"]
    return {
        "id": id,
        "node_id": node_id("W", id),
        "name": name,
        "path": path,
        "state": state,
        "created_at": timestamp(created_at),
        "updated_at": timestamp(created_at if updated_at is None else updated_at),
        "url": f"{repository['url']}/actions/workflows/{id}",
        "html_url": f"{page}/blob/{repository.get('default_branch', 'main')}/{path}",
        "badge_url": f"{page}/workflows/{quote(name)}/badge.svg",
    }


def workflow_run(
    repository: Payload,
    *,
    id: int,
    run_number: int,
    workflow_id: int,
    name: str,
    path: str,
    head_branch: str | None,
    head_sha: str,
    event: str,
    status: str,
    conclusion: str | None,
    created_at: Time,
    updated_at: Time,
    actor: Payload,
    display_title: str,
    run_attempt: int = 1,
    run_started_at: Time | None = None,
    triggering_actor: Payload | None = None,
    head_repository: Payload | None = None,
    head_commit: Payload | None = None,
    pull_requests: Sequence[Payload] = (),
    check_suite_id: int | None = None,
) -> Payload:
    """Return a *workflow run* as of one attempt.

    ``repository`` and ``head_repository`` (default: the same) are minimal repositories, ``pull_requests`` entries of
    :func:`run_pull_request`. ``run_started_at`` defaults to ``created_at``; a later attempt needs its own.
    """
    suite = id + 10_000_000_000 if check_suite_id is None else check_suite_id
    return {
        "id": id,
        "name": name,
        "node_id": node_id("WFR", id),
        "head_branch": head_branch,
        "head_sha": head_sha,
        "path": path,
        "display_title": display_title,
        "run_number": run_number,
        "event": event,
        "status": status,
        "conclusion": conclusion,
        "workflow_id": workflow_id,
        "check_suite_id": suite,
        "check_suite_node_id": node_id("CS", suite),
        **_run_addresses(repository, id),
        "pull_requests": list(pull_requests),
        "created_at": timestamp(created_at),
        "updated_at": timestamp(updated_at),
        "actor": actor,
        "run_attempt": run_attempt,
        "referenced_workflows": [],
        "run_started_at": timestamp(created_at if run_started_at is None else run_started_at),
        "triggering_actor": actor if triggering_actor is None else triggering_actor,
        **_run_links(repository, id, suite, workflow_id, run_attempt),
        "head_commit": head_commit,
        "repository": repository,
        "head_repository": repository if head_repository is None else head_repository,
    }


def _run_addresses(repository: Payload, run_id: int) -> Payload:
    below = f"actions/runs/{run_id}"
    return {"url": f"{repository['url']}/{below}", "html_url": f"{repository['html_url']}/{below}"}


def _run_links(repository: Payload, run_id: int, suite: int, workflow_id: int, run_attempt: int) -> Payload:
    """Return a run's addresses; those of jobs and logs are the same at every attempt."""
    root, url = repository["url"], _run_addresses(repository, run_id)["url"]
    return {
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{root}/check-suites/{suite}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": f"{url}/attempts/{run_attempt - 1}" if run_attempt > 1 else None,
        "workflow_url": f"{root}/actions/workflows/{workflow_id}",
    }


def run_pull_request(pull_request: Payload) -> Payload:
    """Return a pull request as the ``pull_requests`` list of a workflow run names it."""

    def end(side: Payload) -> Payload:
        repo = side["repo"]
        return {
            "ref": side["ref"],
            "sha": side["sha"],
            "repo": {"id": repo["id"], "url": repo["url"], "name": repo["name"]},
        }

    return {
        "url": pull_request["url"],
        "id": pull_request["id"],
        "number": pull_request["number"],
        "head": end(pull_request["head"]),
        "base": end(pull_request["base"]),
    }


def merge_queue_branch(base: str, number: int, sha: str) -> str:
    """Return the branch on which a merge queue tests pull request ``number``; its runs have ``event="merge_group"``."""
    return f"gh-readonly-queue/{base}/pr-{number}-{sha}"


def step(
    number: int,
    name: str,
    *,
    status: str = "completed",
    conclusion: str | None = "success",
    started_at: Time | None = None,
    completed_at: Time | None = None,
) -> Payload:
    """Return a step of a job. A dead runner leaves steps ``in_progress`` or ``pending`` with ``conclusion=None``."""
    return {
        "name": name,
        "status": status,
        "conclusion": conclusion,
        "number": number,
        "started_at": optional_timestamp(started_at),
        "completed_at": optional_timestamp(completed_at),
    }


def job(
    repository: Payload,
    *,
    id: int,
    run_id: int,
    name: str,
    workflow_name: str,
    head_branch: str | None,
    head_sha: str,
    status: str,
    conclusion: str | None,
    created_at: Time,
    started_at: Time,
    completed_at: Time | None,
    run_attempt: int = 1,
    steps: Sequence[Payload] = (),
    labels: Sequence[str] = ("ubuntu-latest",),
    runner_id: int | None = None,
    runner_name: str | None = None,
) -> Payload:
    """Return a *job* of one attempt of a run. A skipped job and one that no runner took have no ``runner_id``."""
    root = repository["url"]
    took = runner_id is not None
    return {
        "id": id,
        "run_id": run_id,
        "workflow_name": workflow_name,
        "head_branch": head_branch,
        "run_url": f"{root}/actions/runs/{run_id}",
        "run_attempt": run_attempt,
        "node_id": node_id("CR", id),
        "head_sha": head_sha,
        "url": f"{root}/actions/jobs/{id}",
        "html_url": f"{repository['html_url']}/actions/runs/{run_id}/job/{id}",
        "status": status,
        "conclusion": conclusion,
        "created_at": timestamp(created_at),
        "started_at": timestamp(started_at),
        "completed_at": optional_timestamp(completed_at),
        "name": name,
        "steps": list(steps),
        "check_run_url": f"{root}/check-runs/{id}",
        "labels": list(labels),
        "runner_id": runner_id,
        "runner_name": runner_name,
        "runner_group_id": 0 if took else None,
        "runner_group_name": "GitHub Actions" if took else None,
    }


def annotation(
    repository: Payload,
    *,
    head_sha: str,
    message: str,
    path: str = ".github",
    start_line: int = 1,
    end_line: int | None = None,
    level: str = "failure",
    title: str | None = None,
    raw_details: str | None = None,
) -> Payload:
    """Return an *annotation* of a check run; ``level`` is notice, warning or failure. About no file: in .github."""
    return {
        "path": path,
        "blob_href": f"{repository['html_url']}/blob/{head_sha}/{quote(path)}",
        "start_line": start_line,
        "end_line": start_line if end_line is None else end_line,
        "start_column": None,
        "end_column": None,
        "annotation_level": level,
        "title": title,
        "message": message,
        "raw_details": raw_details,
    }
