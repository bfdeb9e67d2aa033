"""Runs that hardly ever happen and that every metric must get right; none is left to chance.

Belongs here: a run that never started, two that a time limit cut off so that they look cancelled, runs that only
skipped, one that ended neutral, two releases that are refused, a run that also lists another repository's pull request,
runs of a service of GitHub's own, runs in which two jobs bear one name, a pull request that breaks another test than
the default branch fails by meanwhile, and where pull requests end on commits that start no run (``untested``).
"""

from hashlib import sha1
from itertools import pairwise

from .ci import JOB_LIMIT
from .history import History
from .people import DEPENDABOT, Repository
from .records import DAY, HOUR, MINUTE, Attempt, Commit, Failure, Job, Run
from .untested import add_untested_commits
from .workflows import MIRROR, UPDATES, workflow


def add_oddities(repository: Repository, history: History, start: int, end: int) -> None:
    """Change some runs of a finished history and add others."""
    runs = sorted(history.runs, key=lambda run: run.created_at)
    if repository.name == "payments":
        _time_out(runs, end - 30 * DAY, "too-long", JOB_LIMIT)
        _update(repository, history, runs)
        _refused(runs, end - 20 * DAY, "publish", "bad-credentials")
        _by_another_test(repository, runs, end - 15 * DAY)
        _only_skipped(repository, history, runs)
        for run in _linked(runs, end - 60 * DAY)[:1]:
            run.foreign_pull_request = True
    elif repository.name == "storefront":
        _refused(runs, end - 34 * DAY, "deploy", "push-denied")
        _neutral(runs, end)
        _time_out(runs, end - 24 * DAY, "over-limit", 45 * MINUTE)
    else:
        _share_a_name(repository, history, runs)
        for days in (97, 12):
            if end - days * DAY > start:
                _never_started(repository, history, end - days * DAY)
        add_untested_commits(repository, history, start, end)


def _linked(runs: list[Run], after: int) -> list[Run]:
    """Return pull request runs from this repository's own branches."""
    return [
        run
        for run in runs
        if run.event == "pull_request"
        and run.created_at > after
        and run.pull_request is not None
        and run.pull_request.fork is None
    ]


def _time_out(runs: list[Run], before: int, cause: str, limit: int) -> None:
    """Let a nightly run hang until GitHub ends it: the job and the run say ``cancelled``."""
    nightly = [run for run in runs if run.workflow.file == "nightly.yml" and run.created_at < before]
    for run in [each for each in nightly if cause == "too-long" or each.attempts[0].conclusion == "success"][-1:]:
        attempt = run.attempts[0]
        run.attempts = [attempt]
        job = attempt.jobs[0]
        job.failure, job.conclusion = Failure(cause, 0), "cancelled"
        job.completed_at = job.started_at + limit + 9
        attempt.completed_at = max(each.completed_at or 0 for each in attempt.jobs) + 2
        attempt.conclusion, attempt.timed_out = "cancelled", True


def _pushes(runs: list[Run]) -> list[Run]:
    """Return the runs of pushes to the default branch, one for each commit."""
    pushes = {run.commit.sha: run for run in runs if run.event == "push" and run.on_default_branch}
    return list(pushes.values())


def _update(repository: Repository, history: History, runs: list[Run]) -> None:
    """Let Dependabot look for updates beside two pushes, in vain the second time: nobody's build is red for that."""
    for push, failure in zip(_pushes(runs)[-9:-7], (None, Failure("bad-gateway", 3)), strict=False):
        at = push.created_at + HOUR
        conclusion = "success" if failure is None else "failure"
        job = Job(UPDATES.jobs[0], 1, at, at + 6, at + 75, "completed", conclusion, failure, runner=312)
        attempt = Attempt(1, DEPENDABOT, at, at + 76, "completed", conclusion, [job], is_service=True)
        history.runs.append(Run(repository, UPDATES, "dynamic", "main", push.commit, DEPENDABOT, at, [attempt]))


def _share_a_name(repository: Repository, history: History, runs: list[Run]) -> None:
    """Fail one of two jobs of one name: once nobody tries again, once somebody does and it passes (a flake)."""
    pushes = _pushes(runs)
    if len(pushes) < 12:
        return
    for push, fails, again in ((pushes[-12], True, False), (pushes[-11], False, False), (pushes[-7], True, True)):
        at, actor = push.created_at + 2 * HOUR, repository.team[0]
        jobs = [
            Job(spec, 1, at + 2, at + 8, at + 40 + place, "completed", "success", runner=417 + place)
            for place, spec in enumerate(MIRROR.jobs)
        ]
        if fails:
            jobs[1].conclusion, jobs[1].failure = "failure", Failure("bad-gateway", 5 + again)
        attempts = [Attempt(1, actor, at, at + 42, "completed", "failure" if fails else "success", jobs)]
        if again:
            later = at + HOUR
            job = Job(MIRROR.jobs[1], 2, later + 2, later + 9, later + 38, "completed", "success", runner=421)
            attempts.append(Attempt(2, actor, later, later + 39, "completed", "success", [job]))
        history.runs.append(Run(repository, MIRROR, "workflow_dispatch", "main", push.commit, actor, at, attempts))


def _refused(runs: list[Run], before: int, name: str, cause: str) -> None:
    """Let a release be refused; its log shows a token that should have been hidden."""
    for run in [run for run in runs if run.workflow.file == "release.yml" and run.created_at < before][-1:]:
        attempt = run.attempts[0]
        run.attempts = [attempt]
        job = next(job for job in attempt.jobs if job.name == name)
        if job.conclusion == "skipped":
            return
        fail_job(run, job, Failure(cause, 41))


def fail_job(run: Run, job: Job, failure: Failure, *, by_chance: bool = False) -> None:
    """Let a job of a run's first and only attempt fail; a gate fails with it, others that need it are skipped.

    The tested tree holds the failure unless it comes ``by_chance``.
    """
    attempt, end = run.attempts[0], job.completed_at or job.started_at
    job.conclusion, job.failure = "failure", failure
    if not by_chance:
        run.tree = {(run.workflow.path, job.name): failure}
    for later in attempt.jobs:
        if job.name in later.spec.needs and later.spec.kind == "gate":
            later.conclusion, later.failure = "failure", Failure("gate", 0)
        elif job.name in later.spec.needs:
            later.created_at = later.started_at = later.completed_at = end + 1
            later.conclusion, later.failure, later.runner, later.lost = "skipped", None, 0, False
    attempt.conclusion = "failure"
    attempt.completed_at = max(job.completed_at or 0 for job in attempt.jobs) + 1


def _by_another_test(repository: Repository, runs: list[Run], before: int) -> None:
    """Break one test of the default branch by a push, and another by a pull request that is tested meanwhile."""
    ci = workflow(repository, "ci.yml")
    tested = [run for run in runs if run.workflow is ci]
    passed = [run for run in tested if len(run.attempts) == 1 and run.attempts[0].conclusion == "success"]
    pushes = [run for run in tested if run.event == "push" and run.on_default_branch]
    for push, following in reversed(list(pairwise(pushes))):
        for run in _linked(passed, push.attempts[0].completed_at or before):
            until = run.attempts[0].completed_at or before
            if push in passed and until < min(before, following.created_at):
                for broken, test in ((push, 6), (run, 7)):
                    tests = next(job for job in broken.attempts[0].jobs if job.spec.kind == "pytest")
                    fail_job(broken, tests, Failure("pytest-assertion", test))
                return


def _only_skipped(repository: Repository, history: History, runs: list[Run]) -> None:
    """Let the push run beside a pull request's find that the commit is tested already, and skip every job."""
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
    """Break the workflow file on a side branch: a run without jobs."""
    author, branch = repository.team[0], "spike/matrix"
    sha = sha1(f"{repository.name}/{branch}/{time}".encode(), usedforsecurity=False).hexdigest()
    commit = Commit(sha, "Try a larger matrix", author, time, branch, None, "work", {})
    history.commits.append(commit)
    attempt = Attempt(1, author, time + 3, time + 4, "completed", "startup_failure", [])
    ci = workflow(repository, "ci.yml")
    history.runs.append(Run(repository, ci, "push", branch, commit, author, time + 3, [attempt]))
