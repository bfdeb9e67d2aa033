"""Commits, and what CI makes of them: runs, attempts, jobs, re-runs and cancellations.

Belongs here: how CI answers. A commit carries the failures its tree holds (``defects``); a job fails when the tree
holds one for it, else by chance (``flake_odds``). Who pushes what when is ``pull_requests`` and ``simulation``.
"""

from collections.abc import Callable, Sequence
from hashlib import sha1
from random import Random

from .agenda import Agenda
from .history import History, Mood
from .odds import DEFECTS, RECURRING, TRANSIENT, draw
from .people import ACTIONS, Person, Repository
from .records import DAY, HOUR, MINUTE, Attempt, Commit, Defects, Failure, Job, PullRequest, Run, failed_jobs
from .workflows import WORKFLOWS, JobSpec, Workflow, workflow

JOB_LIMIT = 6 * HOUR
"""GitHub's own limit for a job."""


class ContinuousIntegration(Agenda):
    """The CI of one repository. ``mood`` gives for a time how bad it is then."""

    def __init__(
        self, repository: Repository, rng: Random, start: int, end: int, mood: Callable[[int], Mood], history: History
    ) -> None:
        super().__init__(rng, start, end)
        self.repository, self.mood, self.history = repository, mood, history
        self.workflows = WORKFLOWS[repository.full_name]
        self._main = self._commit(start, "Start of the season", repository.team[0], "main", None, "work", {})
        """The newest commit of the default branch."""
        self._open_runs: dict[str, list[Run]] = {}

    def _commit(
        self,
        time: int,
        title: str,
        author: Person,
        branch: str,
        parent: Commit | None,
        kind: str,
        defects: Defects,
        body: str = "",
    ) -> Commit:
        text = f"{self.repository.full_name}/{self._count}/{self.rng.random()}"
        commit = Commit(
            sha1(text.encode(), usedforsecurity=False).hexdigest(),
            title,
            author,
            time,
            branch,
            parent,
            kind,
            defects,
            body,
        )
        self._count += 1
        self.history.commits.append(commit)
        return commit

    def _failure(self, cause: str) -> Failure:
        detail = self.rng.randrange(5) if cause in RECURRING else self.rng.randrange(10**6)
        return Failure(cause, detail)

    def _new_defects(self, time: int) -> Defects:
        """Return what a change breaks: usually nothing, else one job and its siblings in the matrix."""
        files = [file for file in self.workflows if "pull_request" in file.on and file.file in ("ci.yml", "lint.yml")]
        odds = {"payments": 0.41, "storefront": 0.25, "platform": 0.25}[self.repository.name]
        if self.rng.random() >= odds * self.mood(time).defects:
            return {}
        file = self.rng.choice(files)
        if file.file == "lint.yml" and self.repository.name == "payments" and self.rng.random() < 0.06:
            file = workflow(self.repository, "secrets.yml")
        return self._defect_of(file, self.rng.choice([job for job in file.jobs if job.kind in DEFECTS]))

    def _defect_of(self, file: Workflow, job: JobSpec, cause: str | None = None) -> Defects:
        failure = self._failure(cause or draw(self.rng, DEFECTS[job.kind]))
        whole = job.kind != "e2e" and self.rng.random() < 0.8
        hit = [each for each in file.jobs if each is job or (whole and each.base_name == job.base_name)]
        return {(file.path, each.name): failure for each in hit}

    def _start(
        self,
        file: Workflow,
        event: str,
        branch: str,
        commit: Commit,
        actor: Person,
        time: int,
        pull_request: PullRequest | None = None,
        defects: Defects | None = None,
    ) -> Run:
        run = Run(self.repository, file, event, branch, commit, actor, time, [], pull_request)
        run.tree = tree = commit.defects if defects is None else defects
        run.attempts.append(self._attempt(run, 1, file.jobs, actor, time, tree))
        self._settled(run, tree)
        self.history.runs.append(run)
        self._open_runs.setdefault(branch, []).append(run)
        return run

    def _settled(self, run: Run, tree: Defects) -> None:
        """Plan that somebody may run it again once the attempt is over."""
        attempt = run.last
        if attempt.completed_at is not None:
            self.at(attempt.completed_at, lambda time: self._after_attempt(run, attempt, tree, time))

    def _attempt(
        self, run: Run, number: int, specs: Sequence[JobSpec], actor: Person, time: int, tree: Defects
    ) -> Attempt:
        jobs: list[Job] = []
        done: dict[str, Job] = {}
        path_filtered = run.event == "pull_request" and int(run.commit.sha[:2], 16) < 90
        # So that nothing but the open incident is red at the end: what fails late has no later run to close it.
        calm = {"schedule": 2.2, "workflow_dispatch": 8.0}.get(run.event, 3.2)
        quiet = run.on_default_branch and (time > self.end - calm * DAY or run.commit.kind in ("fix", "revert"))
        for spec in specs:
            before = [done[name] for name in spec.needs if name in done]
            created = max((job.completed_at or time for job in before), default=time) + 2
            blocked = any(job.conclusion != "success" for job in before)
            skipped = (
                (blocked and not (spec.condition == "queue" and run.event == "merge_group"))
                or (spec.condition == "main" and run.branch != "main")
                or (spec.condition == "changes" and path_filtered)
            )
            if skipped:
                # A job skipped by its paths doesn't stop those that need it; one skipped for a failure does.
                job = Job(spec, number, created, created, created, "completed", "skipped")
            else:
                job = self._job(run, spec, number, created, tree, failed=blocked, quiet=quiet)
            jobs.append(job)
            if not skipped or spec.condition == "needs":
                done[spec.name] = job
        end = max((job.completed_at or time for job in jobs), default=time)
        conclusions = {job.conclusion for job in jobs}
        conclusion = "failure" if "failure" in conclusions else "skipped" if conclusions == {"skipped"} else "success"
        return Attempt(number, actor, time, end + 1, "completed", conclusion, jobs)

    def _job(
        self, run: Run, spec: JobSpec, number: int, created: int, tree: Defects, *, failed: bool, quiet: bool
    ) -> Job:
        rng = self.rng
        started = (
            created + 3 + int(rng.expovariate(1 / 9)) + (int(rng.expovariate(1 / 240)) if rng.random() < 0.04 else 0)
        )
        seconds = sum(step.seconds for step in spec.steps) * rng.lognormvariate(0, 0.16) + 4
        failure = tree.get((run.workflow.path, spec.name))
        odds = spec.flake_odds * self.mood(created).flakes * (0 if quiet else 1)
        if number > 1:
            # The machine or the test that was unlucky once is so again more often than any other.
            odds = max(odds, 0.0 if quiet else min(0.16, 4 * odds))
        if spec.kind == "gate":
            failure = Failure("gate", 0) if failed else None
        elif failure is None and rng.random() < odds:
            failure = self._failure(draw(rng, TRANSIENT[spec.kind]))
        if failure is not None and spec.kind != "gate":
            seconds *= rng.uniform(0.25, 0.97)
        completed = started + max(3, int(seconds))
        return Job(
            spec,
            number,
            created,
            started,
            completed,
            "completed",
            "success" if failure is None else "failure",
            failure,
            lost=failure is not None and failure.cause == "lost",
            runner=rng.randrange(1, 1000),
        )

    def _after_attempt(self, run: Run, attempt: Attempt, tree: Defects, time: int) -> None:
        """Let somebody, or an app, run the failed jobs again, perhaps."""
        if attempt is not run.last or attempt.outcome != "fail" or attempt.number >= 4:
            return
        rng = self.rng
        causes = [job.failure for job in failed_jobs(attempt) if job.failure is not None and job.spec.kind != "gate"]
        real = any(failure in tree.values() for failure in causes)
        # The shop has had a workflow that runs failed jobs again since its tenth week.
        if self.repository.name == "storefront" and time > self.start + 10 * 7 * DAY:
            odds = 0.5
        else:
            odds = 0.0 if run.branch == "main" else 0.08
        if attempt.number <= 2 and rng.random() < odds and (not real or rng.random() < 0.1):
            self.at(time + 25 + rng.randrange(60), lambda when: self._again(run, ACTIONS, tree, when))
        elif rng.random() < (0.05 if real else 0.75):
            actor = run.actor if not run.actor.is_bot else rng.choice(self.repository.team)
            when = self._at_work(time + self._spread(16 * MINUTE, 0.9))
            self.at(when, lambda when: self._again(run, actor, tree, when))

    def _again(self, run: Run, actor: Person, tree: Defects, time: int) -> None:
        """Run the failed jobs again, with those that were skipped because of them."""
        before = run.last
        if before.outcome != "fail" or before.completed_at is None or before.completed_at > time:
            return
        pull_request = run.pull_request
        if (
            pull_request is not None
            and run.event == "pull_request"
            and (pull_request.head is not run.commit or pull_request.closed_at is not None)
        ):
            return
        again = {job.name for job in failed_jobs(before)}
        for spec in run.workflow.jobs:
            if again & set(spec.needs):
                again.add(spec.name)
        specs = [spec for spec in run.workflow.jobs if spec.name in again]
        run.attempts.append(self._attempt(run, before.number + 1, specs, actor, time, tree))
        self._settled(run, tree)

    def _cancel(self, run: Run, time: int) -> None:
        """Cancel a run that is still going: a newer one of the branch takes its place."""
        attempt = run.last
        if attempt.completed_at is None or attempt.completed_at <= time:
            return
        for job in attempt.jobs:
            if job.completed_at is None or job.completed_at > time:
                if job.started_at >= time:
                    job.created_at = min(job.created_at, time)
                    job.started_at, job.runner = time, 0
                job.completed_at = time + 2
                job.conclusion, job.failure, job.lost = "cancelled", None, False
        attempt.completed_at = time + 3
        attempt.conclusion = "cancelled"

    def _cancel_branch(self, branch: str, time: int) -> None:
        for run in self._open_runs.pop(branch, []):
            if run.workflow.concurrency:
                self._cancel(run, time)
