"""Open pull requests whose last run fails, one for each verdict that a comment can give.

Belongs here: what is changed in a finished history so that a person who looks at the sandbox's comments sees probably
yours, known flaky, failing on main and infrastructure, and a failure that no rule knows and whose log is still there.
"""

from collections import Counter
from dataclasses import replace

from .history import History
from .oddities import fail_job
from .odds import RECURRING
from .people import Repository
from .records import DAY, Attempt, Failure, Job, Run


def show_every_verdict(repository: Repository, history: History, end: int) -> None:
    """Let runs of open pull requests fail that had passed."""
    latest = _latest_of_open_pull_requests(history)
    if repository.name == "payments":
        _fail_first(latest, "lint.yml", "ruff", Failure("ruff", 5))
        _fail_first(latest, "ci.yml", "integration", Failure("pip-timeout", 3), by_chance=True)
        _fail_for_no_known_reason(history, end - 60 * DAY, end - 8 * DAY)
    elif repository.name == "storefront":
        latest = [run for run in latest if run.workflow.file == "ci.yml"][-1:]
        if latest and (flake := _flake(history, "e2e", latest[0].created_at)):
            _fail_first(latest, "ci.yml", "e2e", flake, by_chance=True)
    else:
        _fail_first(latest, "ci.yml", "cargo", Failure("cargo-test", 2))
        _tested_while_main_is_red(history, latest, end)


def _latest_of_open_pull_requests(history: History) -> list[Run]:
    """Return finished runs that passed at once on the present head of an open pull request, one that nothing failed."""
    return [
        run
        for run in sorted(history.runs, key=lambda run: run.created_at)
        if run.event == "pull_request"
        and run.pull_request is not None
        and run.pull_request.closed_at is None
        and run.pull_request.merged_at is None
        and run.commit is run.pull_request.head
        and len(run.attempts) == 1
        and run.last.outcome == "pass"
    ]


def _fail_first(runs: list[Run], file: str, kind: str, failure: Failure, *, by_chance: bool = False) -> None:
    """Let the first of the runs that has such a job fail in it, and take all runs of its pull request off the list."""
    for run in runs:
        jobs = [job for job in run.last.jobs if job.spec.kind == kind and job.conclusion == "success"]
        if run.workflow.file == file and jobs:
            fail_job(run, jobs[0], failure, by_chance=by_chance)
            runs[:] = [other for other in runs if other.pull_request is not run.pull_request]
            return


def _fail_for_no_known_reason(history: History, after: int, before: int) -> None:
    """Let a script of the project's own fail in two releases: its log says what no rule knows."""
    passed = [
        (run, job)
        for run in sorted(history.runs, key=lambda run: run.created_at)
        if after < run.created_at < before and len(run.attempts) == 1 and run.last.outcome == "pass"
        for job in run.last.jobs
        if job.spec.kind == "script" and job.conclusion == "success"
    ]
    for run, job in passed[-2:]:
        fail_job(run, job, Failure("tells-nothing", 7))


def _flake(history: History, kind: str, before: int) -> Failure | None:
    """Return what failed such jobs on most commits of the 30 days before on which the same job passed, too."""
    window = [run for run in history.runs if before - 30 * DAY < run.created_at < before]
    ended = [(run.commit, job) for run in window for attempt in run.attempts for job in attempt.jobs]
    passed = {(commit.sha, job.name) for commit, job in ended if job.conclusion == "success"}
    came_and_went = Counter(
        failure
        for failure, _ in {
            (job.failure, commit.sha)
            for commit, job in ended
            if job.spec.kind == kind and job.failure and (commit.sha, job.name) in passed
        }
        if failure.cause in RECURRING
    )
    return max(came_and_went, key=lambda one: (came_and_went[one], one.detail), default=None)


def _tested_while_main_is_red(history: History, runs: list[Run], end: int) -> None:
    """Open a pull request again while main is red: the merge with it is tested, and fails by the same tests."""
    broken = [
        (run, job)
        for run in sorted(history.runs, key=lambda run: run.created_at)
        if run.on_default_branch and run.event == "push" and run.last.completed_at and run.last.outcome == "fail"
        for job in run.last.jobs
        if job.spec.kind == "go" and job.failure is not None and job.failure.cause == "go-test"
    ]
    tested = [run for run in runs if broken and run.workflow is broken[-1][0].workflow]
    if not broken or not tested:
        return
    (main, red), run = broken[-1], tested[-1]
    at = max((main.last.completed_at or end) + 600, end - DAY // 2)
    later = at - run.created_at
    jobs = [_moved(job, later) for job in run.last.jobs]
    attempt = Attempt(
        1, run.actor, run.last.started_at + later, (run.last.completed_at or end) + later, "completed", "success", jobs
    )
    again = replace(run, created_at=at, attempts=[attempt])
    history.runs.append(again)
    same = [job for job in jobs if job.name == red.name]
    if same and red.failure is not None:
        fail_job(again, same[0], red.failure)


def _moved(job: Job, later: int) -> Job:
    completed = job.completed_at
    return replace(
        job,
        created_at=job.created_at + later,
        started_at=job.started_at + later,
        completed_at=None if completed is None else completed + later,
    )
