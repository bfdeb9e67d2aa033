"""The simulation of one repository: pushes, workflow runs, repairs and merges, event after event.

Belongs here: the whole, and what happens on the default branch. What is planned in advance (pull requests, incidents,
milestones) is ``plans``; how records become payloads is ``rendering``.

All chance comes from one generator per repository, and events are handled in the order of their times, so that the same
seed gives the same history.
"""

from collections.abc import Callable, Sequence
from random import Random

from .history import History, Incident, Mood, Work
from .people import MERGE_QUEUE, RENOVATE, Person, Repository
from .pull_requests import PullRequests
from .records import DAY, HOUR, MINUTE, Attempt, Commit, PullRequest, Run
from .workflows import Workflow, workflow


class Simulation(PullRequests):
    """A repository from ``start`` to ``end`` (seconds). ``mood`` gives for a time how bad it is then."""

    def __init__(
        self,
        repository: Repository,
        rng: Random,
        start: int,
        end: int,
        work: Sequence[Work],
        incidents: Sequence[Incident],
        mood: Callable[[int], Mood],
    ) -> None:
        super().__init__(repository, rng, start, end, mood, History(incidents=list(incidents)))
        for each in work:
            self.at(each.pull_request.created_at - each.early_pushes * 5 * HOUR, self._begin(each))
        for incident in incidents:
            self.at(incident.start, self._break_main(incident))
        self._schedule_clockwork()

    def run(self) -> History:
        """Let it happen. Call it once."""
        self._let_happen()
        self.history.runs = [run for run in self.history.runs if run.created_at <= self.end]
        for run in self.history.runs:
            self._freeze(run.last)
        return self.history

    def _freeze(self, attempt: Attempt) -> None:
        """Take back what would happen after the end: jobs still run, wait for a runner, or are not there yet."""
        if attempt.completed_at is None or attempt.completed_at <= self.end:
            return
        attempt.jobs = [job for job in attempt.jobs if job.created_at <= self.end]
        for job in attempt.jobs:
            if job.completed_at is not None and job.completed_at > self.end:
                job.completed_at, job.conclusion, job.failure, job.lost = None, None, None, False
                job.status = "in_progress" if job.started_at <= self.end else "queued"
                if job.status == "queued":
                    job.started_at, job.runner = job.created_at, 0
        running = any(job.status != "queued" for job in attempt.jobs)
        attempt.status = "in_progress" if running else "queued"
        attempt.completed_at, attempt.conclusion = None, None

    def _schedule_clockwork(self) -> None:
        repository = self.repository
        nightly = workflow(repository, "nightly.yml")
        release = workflow(repository, "release.yml")
        minute = {"payments": 17, "storefront": 42, "platform": 51}[repository.name]
        for day in range(self.start // DAY + 1, self.end // DAY + 1):
            weekday = (day + 3) % 7
            if repository.name != "payments" or weekday < 5:
                time = day * DAY + (5 if repository.name == "platform" else 2) * HOUR + minute * MINUTE
                self.at(time, lambda time: self._start_on_main(nightly, "schedule", time))
            if weekday == 2:
                time = day * DAY + 13 * HOUR + self.rng.randrange(2 * HOUR)
                self.at(time, lambda time: self._start_on_main(release, "workflow_dispatch", time))

    def _start_on_main(self, file: Workflow, event: str, time: int) -> None:
        actor = self.rng.choice(self.repository.team) if event == "workflow_dispatch" else self.repository.team[0]
        self._start(file, event, "main", self._main, actor, time)

    def _merge(self, work: Work, commit: Commit, time: int) -> None:
        """Merge, through the queue where there is one. Apps merge nothing while the branch is red."""
        pull_request = work.pull_request
        by_app = pull_request.author.is_bot
        red = work.repairs is None and self._main_is_red(time, pushes_only=not by_app)
        if red and (by_app or self.rng.random() < 0.6):
            self.at(self._at_work(time + self._spread(5 * HOUR)), lambda when: self._continue(work, commit, when))
            return
        if not self.repository.merge_queue:
            self._land(work, commit, time)
            return
        tree = {} if work.repairs is not None else dict(self._main.defects)
        group = self._commit(
            time,
            f"Merge pull request into {self.repository.default_branch}",
            pull_request.author,
            f"gh-readonly-queue/main/{commit.sha}",
            self._main,
            "work",
            tree,
        )
        run = self._start(
            workflow(self.repository, "ci.yml"), "merge_group", group.branch, group, MERGE_QUEUE, time, pull_request
        )
        end = run.last.completed_at or time

        def leave_queue(when: int) -> None:
            if run.attempts[0].outcome == "pass":
                self._land(work, commit, when)
            else:
                self.at(self._at_work(when + self._spread(4 * HOUR)), lambda later: self._continue(work, commit, later))

        self.at(end + 5, leave_queue)

    def _main_is_red(self, time: int, *, pushes_only: bool) -> bool:
        """Return whether the last conclusive attempt of a workflow on the default branch failed, as known by then."""
        state: dict[str, tuple[int, str]] = {}
        for run in self._open_runs.get("main", [])[-40:]:
            if pushes_only and "push" not in run.workflow.on:
                continue
            for attempt in run.attempts:
                if attempt.completed_at is not None and attempt.completed_at <= time and attempt.outcome != "void":
                    state[run.workflow.path] = max(
                        state.get(run.workflow.path, (0, "")), (attempt.completed_at, attempt.outcome)
                    )
        return any(outcome == "fail" for _, outcome in state.values())

    def _land(self, work: Work, commit: Commit, time: int) -> None:
        """Land the squash commit on the default branch."""
        if work.done or work.pull_request.head is not commit:
            return
        work.done = True
        pull_request, incident = work.pull_request, work.repairs
        defects = dict(self._main.defects)
        kind = "work"
        if incident is not None:
            defects = {key: value for key, value in defects.items() if key[0] != f".github/workflows/{incident.file}"}
            incident.repaired_at = time
            kind = "revert" if incident.closing == "revert" else "fix"
        landed = self._commit(time, pull_request.title, pull_request.author, "main", self._main, kind, defects)
        if kind == "revert" and incident is not None and incident.commit is not None:
            landed.body = f"This reverts commit {incident.commit.sha}."
        landed.pull_request = pull_request
        merger = self.rng.choice(self.repository.team)
        pull_request.merge_commit, pull_request.merged_at, pull_request.merged_by = landed, time, merger
        pull_request.happened(time, "merged", merger, commit=landed)
        pull_request.happened(time, "closed", merger)
        pull_request.happened(time, "head_ref_deleted", merger)
        self._cancel_branch(pull_request.branch, time)
        self._pushed_to_main(landed, merger, time)

    def _pushed_to_main(self, commit: Commit, actor: Person, time: int) -> None:
        self._main = commit
        for file in self.workflows:
            if "push" in file.on:
                self._start(file, "push", "main", commit, actor, time + 3 + self.rng.randrange(4))

    def _break_main(self, incident: Incident) -> Callable[[int], None]:
        def happen(time: int) -> None:
            file = workflow(self.repository, incident.file)
            failure = self._failure(incident.cause)
            broken = {(file.path, job.name): failure for job in file.jobs if job.name.startswith(incident.jobs)}
            author = self.rng.choice(self.repository.team)
            title = self.rng.choice(
                ("Raise limits for the campaign", "Switch the base image", "Move settings to one file")
            )
            incident.commit = self._commit(
                time, title, author, "main", self._main, "work", {**self._main.defects, **broken}
            )
            self._pushed_to_main(incident.commit, author, time)
            if incident.closing != "open":
                self.at(self._at_work(time + incident.hours * HOUR), self._repair(incident))

        return happen

    def _repair(self, incident: Incident) -> Callable[[int], None]:
        """Begin the repair that the incident plans."""

        def begin(time: int) -> None:
            broken = incident.commit
            if broken is None:
                return
            rng, team = self.rng, self.repository.team
            if incident.closing == "auto_revert":
                left = {key: value for key, value in self._main.defects.items() if key not in broken.defects}
                app = self.repository.fixer
                commit = self._commit(
                    time,
                    f'Revert "{broken.title}"',
                    app,
                    "main",
                    self._main,
                    "revert",
                    left,
                    f"This reverts commit {broken.sha}.",
                )
                incident.repaired_at = time
                self._pushed_to_main(commit, app, time)
                return
            author = RENOVATE if incident.closing == "bot_fix" else rng.choice(team)
            branch, title = {
                "revert": (f"revert-{broken.sha[:8]}", f'Revert "{broken.title}"'),
                "bot_fix": (f"renovate/repair-{broken.sha[:8]}", "fix(deps): refresh the lock files"),
            }.get(incident.closing, (f"fix/{incident.cause}-{broken.sha[:6]}", f"Repair {incident.jobs} on main"))
            pull_request = PullRequest(self.repository, title, author, time, branch=branch)
            if incident.closing == "bot_fix":
                pull_request.named_run = self._failing_run(incident)
            self.history.repairs.append(pull_request)
            self.at(time, self._begin(Work(pull_request, 1, repairs=incident)))

        return begin

    def _failing_run(self, incident: Incident) -> Run | None:
        for run in self.history.runs:
            if run.commit is incident.commit and run.workflow.file == incident.file:
                return run
        return None
