"""The simulation of one repository: pushes, workflow runs, repairs and merges, event after event.

Belongs here: who does what when, and what CI answers. A commit carries the failures its tree holds (``defects``); a job
fails when the tree holds one for it, else by chance (``flake_odds``). What is planned in advance (pull requests,
incidents, milestones) is ``plans``; how records become payloads is ``rendering``.

All chance comes from one generator per repository, and events are handled in the order of their times, so that the same
seed gives the same history.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha1
from heapq import heappop, heappush
from random import Random

from .failures import CAUSES, DEFECTS, RECURRING, TRANSIENT, draw
from .people import ACTIONS, MERGE_QUEUE, RENOVATE, Person, Repository
from .records import (
    DAY,
    HOUR,
    MINUTE,
    Attempt,
    Commit,
    Defects,
    Failure,
    Job,
    PullRequest,
    Run,
    failed_jobs,
)
from .workflows import WORKFLOWS, JobSpec, Workflow, workflow

JOB_LIMIT = 6 * HOUR
"""GitHub's own limit for a job."""


@dataclass(slots=True, eq=False)
class Incident:
    """A break of the default branch, planned: from ``start`` on the jobs of ``workflow`` whose name begins so fail.

    ``closing`` is ``human_fix``, ``revert``, ``bot_fix``, ``auto_revert`` (an app reverts) or ``open``. The repair is
    begun ``hours`` after the break.
    """

    start: int
    file: str
    jobs: str
    cause: str
    closing: str
    hours: float
    commit: Commit | None = None
    """The commit that broke it, once it is there."""
    repaired_at: int | None = None


@dataclass(slots=True, eq=False)
class Work:
    """A pull request that will be made: what it is, and what will become of it.

    ``ending``: ``merge``, ``close`` or ``open`` (still open at the end). ``pushes`` are those its author plans;
    repairs come on top.
    """

    pull_request: PullRequest
    pushes: int
    ending: str = "merge"
    repairs: Incident | None = None
    early_pushes: int = 0
    """Pushes to the branch before the pull request is opened."""
    defect: tuple[str, str] | None = None
    """A (workflow file, cause) that its first push surely brings."""
    fixer_fails: bool | None = None
    """What the fixing app's commit achieves; None: left to chance."""
    interrupts_fixer: bool = False
    """The author pushes while the fixing app's commit is still being tested."""
    done: bool = False


@dataclass(slots=True)
class Mood:
    """How bad a time is: factors on the odds that a change is defective and that a job is flaky."""

    defects: float = 1.0
    flakes: float = 1.0


@dataclass(slots=True)
class History:
    """What came out."""

    runs: list[Run] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    repairs: list[PullRequest] = field(default_factory=list)
    """Pull requests that nobody planned: they repair the default branch."""


class Simulation:
    """One repository from ``start`` to ``end`` (seconds). ``mood`` answers for a time how bad it is then."""

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
        self.repository, self.rng, self.start, self.end, self.mood = repository, rng, start, end, mood
        self.history = History(incidents=list(incidents))
        self.workflows = WORKFLOWS[repository.full_name]
        self._queue: list[tuple[int, int, Callable[[int], None]]] = []
        self._commits = 0
        self._main = self._commit(start, "Start of the season", repository.team[0], "main", None, "work", {})
        self._open_runs: dict[str, list[Run]] = {}
        for each in work:
            self.at(each.pull_request.created_at - each.early_pushes * 5 * HOUR, self._begin(each))
        for incident in incidents:
            self.at(incident.start, self._break_main(incident))
        self._schedule_clockwork()

    def run(self) -> History:
        """Let it happen. Call it once."""
        while self._queue:
            time, _, action = heappop(self._queue)
            if time <= self.end:
                action(time)
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

    def at(self, time: float, action: Callable[[int], None]) -> None:
        """Do ``action`` at ``time``, after everything that was put there before."""
        self._commits += 1
        heappush(self._queue, (int(time), self._commits, action))

    # The clock: working hours, nightly runs, releases.

    def _spread(self, median: float, sigma: float = 0.6) -> float:
        return median * self.rng.lognormvariate(0, sigma)

    def _at_work(self, time: float) -> int:
        """The first time from ``time`` on at which people work: weekdays 7 to 18 UTC, now and then otherwise."""
        moment = int(time)
        hour, weekday = moment % DAY / HOUR, (moment // DAY + 3) % 7
        if (7 <= hour < 18.5 and weekday < 5) or self.rng.random() < 0.05:
            return moment
        day = moment // DAY + (1 if hour >= 18.5 else 0)
        while (day + 3) % 7 >= 5:
            day += 1
        return day * DAY + 7 * HOUR + self.rng.randrange(3 * HOUR)

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

    # Commits.

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
        text = f"{self.repository.full_name}/{self._commits}/{self.rng.random()}"
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
        self._commits += 1
        self.history.commits.append(commit)
        return commit

    def _failure(self, cause: str) -> Failure:
        detail = self.rng.randrange(5) if cause in RECURRING else self.rng.randrange(10**6)
        return Failure(cause, detail)

    def _new_defects(self, time: int) -> Defects:
        """What a change breaks: usually nothing, else one job and its siblings in the matrix."""
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

    # Runs.

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
        """Once the attempt is over somebody may run it again."""
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
        """Somebody, or an app, may run the failed jobs again."""
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
        """A newer run of the branch takes the place of one that is still going."""
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

    # Pull requests.

    def _begin(self, work: Work) -> Callable[[int], None]:
        def begin(time: int) -> None:
            pull_request = work.pull_request
            pull_request.base = self._main
            for push in range(work.early_pushes):
                self.at(time + push * 5 * HOUR, lambda when: self._push_early(work, when))
            self.at(pull_request.created_at, lambda when: self._push(work, when))

        return begin

    def _push_early(self, work: Work, time: int) -> None:
        """Push to the branch before there is a pull request: a plain push run."""
        pull_request = work.pull_request
        commit = self._commit(
            time,
            f"Draft: {pull_request.title}",
            pull_request.author,
            pull_request.branch,
            pull_request.head,
            "work",
            self._new_defects(time),
        )
        pull_request.head = commit
        pull_request.commits += 1
        self._cancel_branch(pull_request.branch, time)
        self._start(workflow(self.repository, "ci.yml"), "push", pull_request.branch, commit, commit.author, time)

    def _cancel_branch(self, branch: str, time: int) -> None:
        for run in self._open_runs.pop(branch, []):
            if run.workflow.concurrency:
                self._cancel(run, time)

    def _push(self, work: Work, time: int, author: Person | None = None, title: str | None = None) -> None:
        """The author pushes: repairs what is broken, mostly, and breaks something new, now and then."""
        if work.done:
            return
        pull_request = work.pull_request
        rng, head = self.rng, pull_request.head
        own: Defects = dict(head.defects) if head is not None else {}
        first = pull_request.commits == work.early_pushes
        repaired = bool(own) and rng.random() < 0.88
        if repaired:
            own = {}
        if work.repairs is None:
            if work.defect is not None and first:
                file = workflow(self.repository, work.defect[0])
                kind = next(job for job in file.jobs if work.defect[1] in DEFECTS.get(job.kind, {}))
                own |= self._defect_of(file, kind, work.defect[1])
                work.defect = None
            elif not repaired or rng.random() < 0.3:
                own |= self._new_defects(time)
        text = title or (pull_request.title if first else self._message(repaired=repaired))
        work.pushes = max(0, work.pushes - 1)
        commit = self._commit(time, text, author or pull_request.author, pull_request.branch, head, "work", own)
        self._arrived(work, commit, time)

    def _message(self, *, repaired: bool) -> str:
        if repaired:
            return self.rng.choice(("Fix the build", "Repair the tests", "Mend what CI found", "Address CI"))
        return self.rng.choice(
            ("Address review", "More tests", "Handle the empty case", "Rename for clarity", "Polish")
        )

    def _arrived(self, work: Work, commit: Commit, time: int) -> None:
        """A commit is on the branch: older runs are cancelled, the workflows of pull requests start."""
        pull_request = work.pull_request
        pull_request.head = commit
        pull_request.commits += 1
        self._cancel_branch(pull_request.branch, time)
        if commit.author is ACTIONS:
            # Pushed with the workflow's own token: nothing runs, or waits for approval for ever. People push again.
            if self.rng.random() < 0.5:
                ci = workflow(self.repository, "ci.yml")
                run = Run(self.repository, ci, "pull_request", pull_request.branch, commit, ACTIONS, time + 4, [])
                run.pull_request = pull_request
                run.attempts.append(Attempt(1, ACTIONS, time + 4, time + 5, "completed", "action_required", []))
                self.history.runs.append(run)
            self.at(self._at_work(time + self._spread(2 * HOUR)), lambda when: self._continue(work, commit, when))
            return
        inherited: Defects = {}
        if work.repairs is None and self.rng.random() < 0.5:
            inherited = self._main.defects
        tree = {**inherited, **commit.defects}
        runs = []
        for file in self.workflows:
            if "pull_request" in file.on and (file.file != "pr-title.yml" or pull_request.commits == 1):
                late = time + 3 + self.rng.randrange(5)
                with_title = dict(tree)
                if file.file == "pr-title.yml" and self.rng.random() < 0.08:
                    with_title[(file.path, "title")] = self._failure("title")
                runs.append(
                    self._start(
                        file, "pull_request", pull_request.branch, commit, commit.author, late, pull_request, with_title
                    )
                )
        end = max(run.last.completed_at or time for run in runs)
        self.at(end + 1, lambda when: self._judge(work, commit, runs, when))
        if not commit.author.is_bot and work.repairs is None and self.rng.random() < 0.09:
            # Forgot something: the next push follows before CI is through, and its runs take the place of these.
            soon = time + 50 + self.rng.randrange(200)
            self.at(soon, lambda when: self._push(work, when, title="And the file I forgot"))

    def _judge(self, work: Work, commit: Commit, runs: list[Run], time: int) -> None:
        """All runs of a push are over: repair, push on, merge, or wait."""
        pull_request = work.pull_request
        if work.done or pull_request.head is not commit:
            return
        rng = self.rng
        own = commit.defects
        fixable = {key: failure for key, failure in own.items() if CAUSES[failure.cause].fixable}
        shown = {job.failure for run in runs for job in failed_jobs(run.last) if job.failure is not None}
        if (
            any(failure in shown for failure in fixable.values())
            and not pull_request.author.is_bot
            and pull_request.fork is None
            and rng.random() < 0.85
        ):
            self.at(time + 40 + rng.randrange(200), lambda when: self._bot_commit(work, commit, fixable, when))
        elif own:
            delay = self._spread(50 * MINUTE, 0.9)
            if pull_request.author.is_bot and rng.random() < 0.5:
                self.at(self._at_work(time + self._spread(DAY)), lambda when: self._close(work, when))
            else:
                author = rng.choice(self.repository.team) if pull_request.author.is_bot else None
                self.at(self._at_work(time + delay), lambda when: self._push(work, when, author))
        else:
            self._continue_later(work, commit, time)

    def _continue_later(self, work: Work, commit: Commit, time: int) -> None:
        quick = work.repairs is not None
        median = 12 * MINUTE if quick else 7 * HOUR if work.pushes else 9 * HOUR
        self.at(self._at_work(time + self._spread(median, 0.7)), lambda when: self._continue(work, commit, when))

    def _continue(self, work: Work, commit: Commit, time: int) -> None:
        pull_request = work.pull_request
        if work.done or pull_request.head is not commit:
            return
        tested = commit.author is not ACTIONS
        if work.pushes or not tested:
            self._push(work, time, title=None if tested else "Start CI again")
        elif work.ending == "merge":
            self._merge(work, commit, time)
        elif work.ending == "close":
            self._close(work, time)

    def _bot_commit(self, work: Work, failing: Commit, fixable: Defects, time: int) -> None:
        """The fixing app pushes to the branch of a pull request."""
        pull_request = work.pull_request
        if work.done or pull_request.head is not failing:
            return
        fails = work.fixer_fails if work.fixer_fails is not None else self.rng.random() < 0.16
        work.fixer_fails = None
        left = (
            failing.defects if fails else {key: value for key, value in failing.defects.items() if key not in fixable}
        )
        fixer = self.repository.fixer
        title = {
            "pre-commit-ci[bot]": "[pre-commit.ci] auto fixes from pre-commit hooks",
            "autofix-ci[bot]": "[autofix.ci] apply automated fixes",
        }.get(fixer.login, "style: apply formatting")
        commit = self._commit(time, title, fixer, pull_request.branch, failing, "bot", dict(left))
        self._arrived(work, commit, time)
        if work.interrupts_fixer or self.rng.random() < 0.07:
            work.interrupts_fixer = False
            self.at(time + 30 + self.rng.randrange(40), lambda when: self._push(work, when, title="Format by hand"))

    def _close(self, work: Work, time: int) -> None:
        if not work.done:
            work.done = True
            pull_request = work.pull_request
            actor = self.rng.choice(self.repository.team)
            pull_request.happened(time, "closed", actor)
            self._cancel_branch(pull_request.branch, time)

    # The default branch.

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
        """Whether the last conclusive attempt of a workflow on the default branch failed, as known by then."""
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
        """The squash commit arrives on the default branch."""
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
