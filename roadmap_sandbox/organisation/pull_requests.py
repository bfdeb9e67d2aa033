"""The life of pull requests: pushes, repairs by people and apps, and whether they are merged or closed.

Belongs here: who does what on the branch of a pull request. What happens on the default branch is ``simulation``.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

from .causes import CAUSES
from .ci import ContinuousIntegration
from .history import Work
from .odds import DEFECTS
from .people import ACTIONS, Person
from .records import DAY, HOUR, MINUTE, Attempt, Commit, Defects, Run, failed_jobs
from .workflows import workflow


class PullRequests(ContinuousIntegration, ABC):
    """The CI with people and apps that work on pull requests."""

    @abstractmethod
    def _merge(self, work: Work, commit: Commit, time: int) -> None:
        """Merge a pull request whose runs have passed, or try again later."""

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

    def _push(self, work: Work, time: int, author: Person | None = None, title: str | None = None) -> None:
        """Push as the author: repair what is broken, mostly, and break something new, now and then."""
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
        """Take a commit on the branch: older runs are cancelled, the workflows of pull requests start."""
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
        """Judge a push whose runs are all over: repair, push on, merge, or wait."""
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
        """Push to the branch of a pull request as the fixing app."""
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
