"""Runs that hardly ever happen and that every metric must get right; none is left to chance.

Belongs here: a run that never started, one that GitHub's time limit cut off so that it looks cancelled, runs that only
skipped, one that ended neutral, two releases that are refused, a run that also lists another repository's pull request,
and where pull requests end on commits that start no run (``untested``).
"""

from hashlib import sha1

from .history import JOB_LIMIT, History
from .people import Repository
from .records import DAY, Attempt, Commit, Failure, Job, Run
from .untested import add_untested_commits
from .workflows import workflow


def add_oddities(repository: Repository, history: History, start: int, end: int) -> None:
    """Change some runs of a finished history and add others."""
    runs = sorted(history.runs, key=lambda run: run.created_at)
    if repository.name == "payments":
        _time_out(runs, end)
        _refused(runs, end - 20 * DAY, "publish", "bad-credentials")
        _only_skipped(repository, history, runs)
        for run in _linked(runs, end - 60 * DAY)[:1]:
            run.foreign_pull_request = True
    elif repository.name == "storefront":
        _refused(runs, end - 34 * DAY, "deploy", "push-denied")
        _neutral(runs, end)
    else:
        for days in (97, 12):
            if end - days * DAY > start:
                _never_started(repository, history, end - days * DAY)
        add_untested_commits(repository, history, start, end)


def _linked(runs: list[Run], after: int) -> list[Run]:
    """Pull request runs from this repository's own branches."""
    return [
        run
        for run in runs
        if run.event == "pull_request"
        and run.created_at > after
        and run.pull_request is not None
        and run.pull_request.fork is None
    ]


def _time_out(runs: list[Run], end: int) -> None:
    """A nightly run hangs until GitHub ends it after six hours: the job and the run say ``cancelled``."""
    nightly = [run for run in runs if run.workflow.file == "nightly.yml" and run.created_at < end - 30 * DAY]
    for run in nightly[-1:]:
        attempt = run.attempts[0]
        run.attempts = [attempt]
        job = attempt.jobs[0]
        job.failure, job.conclusion = Failure("too-long", 0), "cancelled"
        job.completed_at = job.started_at + JOB_LIMIT + 9
        attempt.completed_at = job.completed_at + 2
        attempt.conclusion, attempt.timed_out = "cancelled", True


def _refused(runs: list[Run], before: int, name: str, cause: str) -> None:
    """A release is refused, and its log shows a token that should have been hidden."""
    for run in [run for run in runs if run.workflow.file == "release.yml" and run.created_at < before][-1:]:
        attempt = run.attempts[0]
        run.attempts = [attempt]
        job = next(job for job in attempt.jobs if job.name == name)
        if job.conclusion == "skipped":
            return
        job.conclusion, job.failure = "failure", Failure(cause, 41)
        run.tree = {(run.workflow.path, name): job.failure}
        for later in attempt.jobs:
            if name in later.spec.needs:
                later.created_at = later.started_at = later.completed_at = (job.completed_at or before) + 1
                later.conclusion, later.failure, later.runner, later.lost = "skipped", None, 0, False
        attempt.conclusion = "failure"
        attempt.completed_at = max(job.completed_at or 0 for job in attempt.jobs) + 1


def _only_skipped(repository: Repository, history: History, runs: list[Run]) -> None:
    """The push run beside the run of a pull request finds that the commit is tested already, and skips every job."""
    ci = workflow(repository, "ci.yml")
    for run in [each for each in _linked(runs, 0) if each.workflow is ci][5::40]:
        at = run.created_at
        jobs = [Job(spec, 1, at, at, at, "completed", "skipped") for spec in ci.jobs]
        attempt = Attempt(1, run.actor, at, at + 1, "completed", "skipped", jobs)
        history.runs.append(Run(repository, ci, "push", run.branch, run.commit, run.actor, at, [attempt]))


def _neutral(runs: list[Run], end: int) -> None:
    lint = [run for run in _linked(runs, end - 50 * DAY) if run.workflow.file == "lint.yml"]
    for run in [each for each in lint if each.last.conclusion == "success" and len(each.attempts) == 1][:1]:
        run.last.conclusion = run.last.jobs[0].conclusion = "neutral"


def _never_started(repository: Repository, history: History, time: int) -> None:
    """The workflow file on a side branch is broken: a run without jobs."""
    author, branch = repository.team[0], "spike/matrix"
    sha = sha1(f"{repository.name}/{branch}/{time}".encode(), usedforsecurity=False).hexdigest()
    commit = Commit(sha, "Try a larger matrix", author, time, branch, None, "work", {})
    history.commits.append(commit)
    attempt = Attempt(1, author, time + 3, time + 4, "completed", "startup_failure", [])
    ci = workflow(repository, "ci.yml")
    history.runs.append(Run(repository, ci, "push", branch, commit, author, time + 3, [attempt]))
