"""Outcomes of runs and jobs, judged from payloads and logs alone: an implementation apart from the organisation's."""

from roadmap_sandbox.content import GitHubContent, Payload

_FAILED = {"failure", "timed_out", "startup_failure"}


def timed_out(content: GitHubContent, job: Payload) -> bool:
    """Return whether a cancelled job was ended by a time limit, as GitHub noted at it."""
    noted = content.annotations.get(job["id"], ())
    return job["conclusion"] == "cancelled" and any(
        "exceeded the maximum execution time" in one["message"] for one in noted
    )


def is_service(run: Payload) -> bool:
    """Return whether a run is one of GitHub's own, of which this organisation has Dependabot's."""
    return run["path"].startswith("dynamic/dependabot/")


def jobs_by_attempt(content: GitHubContent) -> dict[tuple[int, int], list[Payload]]:
    grouped: dict[tuple[int, int], list[Payload]] = {}
    for jobs in content.jobs.values():
        for job in jobs:
            grouped.setdefault((job["run_id"], job["run_attempt"]), []).append(job)
    return grouped


def job_outcome(content: GitHubContent, job: Payload) -> str:
    if job["conclusion"] is None:
        return "pending"
    if job["conclusion"] == "success":
        return "pass"
    return "fail" if job["conclusion"] in _FAILED or timed_out(content, job) else "void"


def run_outcome(content: GitHubContent, run: Payload, jobs: list[Payload]) -> str:
    if is_service(run):
        return "void"
    if run["status"] != "completed":
        return "pending"
    if run["conclusion"] == "success":
        return "pass"
    if run["conclusion"] in _FAILED:
        return "fail"
    cut_off = run["conclusion"] == "cancelled" and any(timed_out(content, job) for job in jobs)
    return "fail" if cut_off else "void"
