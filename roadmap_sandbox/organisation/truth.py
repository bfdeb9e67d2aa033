"""The truth about what happened: the values that metrics computed from the payloads are compared with.

Belongs here: reading the simulation's own records, which know what no payload says (why a job failed, which commit
follows which, what a branch was meant for). The definitions are those of DESIGN.md section 3 ("How the columns count")
and of the auto-fix ledger; this is a second, independent implementation of them.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

import orjson

from .causes import CAUSES
from .history import History, Incident
from .records import HOUR, Attempt, Commit, Item, Milestone, PullRequest, Run, failed_jobs, job_outcome, own_commits

HORIZON = 24 * HOUR
"""The time after a failure for which a repair by an app counts."""


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that failed. ``cause`` is a key of the catalogue: the same cause and detail is the same failure.

    ``transient``: it came and went without a change. ``log``: ``stored``, ``expired`` or ``missing``.
    """

    repo: str
    run_id: int
    run_attempt: int
    job_id: int
    job_name: str
    category: str
    cause: str
    detail: int
    transient: bool
    log: str


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """The outcome as which an attempt counts: ``pass``, ``fail``, ``void`` or ``pending``."""

    repo: str
    run_id: int
    run_attempt: int
    workflow_path: str
    outcome: str


@dataclass(frozen=True, slots=True)
class FlakyJob:
    """A job (full name) that both passed and failed on one commit, in different attempts or runs of one workflow."""

    repo: str
    head_sha: str
    workflow_path: str
    job_name: str


@dataclass(frozen=True, slots=True)
class RedEpisode:
    """A time in which a workflow was red on the default branch (ISO times, UTC); open ones have no end.

    ``planned``: the incident of the plan it belongs to, by its intended closing; None for bad luck.
    """

    repo: str
    workflow_path: str
    started_at: str
    ended_at: str | None
    closed_by: str | None
    planned: str | None


@dataclass(frozen=True, slots=True)
class Autofix:
    """An app's attempt to repair a failing run. ``run_attempt`` is the failing attempt.

    ``mechanism``: auto_rerun, bot_commit, bot_pr or auto_revert; ``outcome``: fixed, failed, superseded_by_human,
    unverified (never tested) or pending. ``visible`` is false when nothing shows the repairing commit: no run, nor the
    list of its pull request's commits, which is read where no run tested the last of them.
    """

    repo: str
    run_id: int
    run_attempt: int
    workflow_path: str
    mechanism: str
    outcome: str
    actor: str
    repair_sha: str
    visible: bool


@dataclass(frozen=True, slots=True)
class BranchMilestone:
    """The milestone that a branch's name stands for; None when it names none that exists."""

    repo: str
    branch: str
    milestone: str | None


@dataclass(frozen=True, slots=True)
class PullRequestMilestone:
    """The milestone of a pull request and what decided: github_milestone, label or branch_name; None without one."""

    repo: str
    number: int
    milestone: str | None
    rule: str | None


@dataclass(frozen=True, slots=True)
class MilestoneItemChange:
    """A change of the contents of a milestone: ``added``, ``removed``, ``closed`` or ``reopened``."""

    repo: str
    milestone: str
    number: int
    at: str
    change: str


@dataclass(slots=True)
class GroundTruth:
    """The truth about the simulated organisation. Lists are ordered by repository and time."""

    failed_jobs: list[FailedJob] = field(default_factory=list)
    outcomes: list[AttemptOutcome] = field(default_factory=list)
    flaky_jobs: list[FlakyJob] = field(default_factory=list)
    red_episodes: list[RedEpisode] = field(default_factory=list)
    autofix_attempts: list[Autofix] = field(default_factory=list)
    branch_milestones: list[BranchMilestone] = field(default_factory=list)
    pull_request_milestones: list[PullRequestMilestone] = field(default_factory=list)
    milestone_history: list[MilestoneItemChange] = field(default_factory=list)

    def to_json(self) -> str:
        """Return one JSON object: a list of objects for every field."""
        return orjson.dumps(asdict(self)).decode()

    def add(
        self,
        history: History,
        milestones: Sequence[Milestone],
        items: Sequence[Item],
        log_states: Mapping[int, str],
    ) -> None:
        """Add a repository whose ids and numbers are given. ``log_states`` tells by job id what became of its log."""
        runs = history.runs
        for run in runs:
            for attempt in run.attempts:
                self.outcomes.append(
                    AttemptOutcome(run.repository.full_name, run.id, attempt.number, run.workflow.path, attempt.outcome)
                )
                self.failed_jobs += _failures(run, attempt, log_states)
        self.flaky_jobs += _flaky(runs)
        self.red_episodes += _episodes(runs, history.incidents)
        self.autofix_attempts += _autofixes(runs, history.commits, items)
        self._add_milestones(runs, milestones, items)

    def _add_milestones(self, runs: Sequence[Run], milestones: Sequence[Milestone], items: Sequence[Item]) -> None:
        titles = [milestone.title for milestone in milestones]
        branches = {run.branch: run.repository.full_name for run in runs if run.event != "merge_group"}
        for branch, repo in branches.items():
            self.branch_milestones.append(BranchMilestone(repo, branch, _named(branch, titles)))
        for item in items:
            repo = item.repository.full_name
            if isinstance(item, PullRequest):
                self.pull_request_milestones.append(PullRequestMilestone(repo, item.number, *_of(item, titles)))
            self.milestone_history += _changes(item)


def iso(time: int) -> str:
    """Return a time as the API writes it."""
    # A third of the time that strftime takes, and an organisation has 200,000 of them.
    return datetime.fromtimestamp(time, UTC).isoformat()[:19] + "Z"


def _failures(run: Run, attempt: Attempt, log_states: Mapping[int, str]) -> list[FailedJob]:
    return [
        FailedJob(
            repo=run.repository.full_name,
            run_id=run.id,
            run_attempt=attempt.number,
            job_id=job.id,
            job_name=job.name,
            category=CAUSES[job.failure.cause].category,
            cause=job.failure.cause,
            detail=job.failure.detail,
            transient=job.failure not in run.tree.values() and job.spec.kind != "gate",
            log=log_states[job.id],
        )
        for job in failed_jobs(attempt)
        if job.failure is not None
    ]


def _flaky(runs: Iterable[Run]) -> list[FlakyJob]:
    seen: dict[FlakyJob, set[str]] = defaultdict(set)
    for run in runs:
        for attempt in run.attempts:
            failed = {job.name for job in failed_jobs(attempt)}
            for job in attempt.jobs if not attempt.is_service else ():
                key = FlakyJob(run.repository.full_name, run.commit.sha, run.workflow.path, job.name)
                # jobs of one name fail together
                seen[key].add("fail" if job.name in failed else job_outcome(job))
    return [key for key, outcomes in seen.items() if {"pass", "fail"} <= outcomes]


def _episodes(runs: Sequence[Run], incidents: Sequence[Incident]) -> list[RedEpisode]:
    by_path: dict[str, list[tuple[int, Run, Attempt]]] = defaultdict(list)
    for run in runs:
        if run.on_default_branch:
            for attempt in run.attempts:
                if attempt.completed_at is not None and attempt.outcome in ("pass", "fail"):
                    end = max((job.completed_at or 0 for job in attempt.jobs), default=attempt.completed_at)
                    by_path[run.workflow.path].append((end, run, attempt))
    episodes = []
    for path, steps in sorted(by_path.items()):
        began: int | None = None
        shas: set[str] = set()
        for end, run, attempt in sorted(steps, key=lambda step: (step[0], step[1].id)):
            repo = run.repository.full_name
            if attempt.outcome == "fail":
                began = end if began is None else began
                shas.add(run.commit.sha)
            elif began is not None:
                closed_by = "rerun_same_sha" if run.commit.sha in shas else _closing(run.commit)
                planned = _planned(path, shas, incidents)
                episodes.append(RedEpisode(repo, path, iso(began), iso(end), closed_by, planned))
                began, shas = None, set()
        if began is not None:
            repo = steps[0][1].repository.full_name
            episodes.append(RedEpisode(repo, path, iso(began), None, None, _planned(path, shas, incidents)))
    return episodes


def _closing(commit: Commit) -> str:
    if commit.kind == "revert":
        return "revert"
    return "bot_fix" if commit.author.is_bot else "human_fix"


def _planned(path: str, shas: set[str], incidents: Sequence[Incident]) -> str | None:
    for incident in incidents:
        if path.endswith(f"/{incident.file}") and incident.commit is not None and incident.commit.sha in shas:
            return incident.closing
    return None


def _autofixes(runs: Sequence[Run], commits: Sequence[Commit], items: Iterable[Item]) -> list[Autofix]:
    """Return the ledger: re-runs by apps, and commits by apps whose parent's run was failing when they were pushed."""
    by_commit: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_commit[run.commit.sha].append(run)
    children: dict[str, list[Commit]] = defaultdict(list)
    for commit in commits:
        if commit.parent is not None and commit.parent.branch == commit.branch:
            children[commit.parent.sha].append(commit)
    untested = [
        item for item in items if isinstance(item, PullRequest) and item.head and item.head.sha not in by_commit
    ]
    shown = {*by_commit, *(commit.sha for item in untested for commit in own_commits(item))}
    attempts = [*_reruns(runs, children), *_repairs(commits, by_commit, children, shown)]
    return [each for _, each in sorted(attempts, key=lambda pair: (pair[0], pair[1].run_id, pair[1].run_attempt))]


def _reruns(runs: Sequence[Run], children: Mapping[str, list[Commit]]) -> Iterator[tuple[int, Autofix]]:
    for run in runs:
        for before, after in zip(run.attempts, run.attempts[1:], strict=False):
            if before.outcome == "fail" and after.triggering_actor.is_bot:
                outcome = _verdict({job.name for job in failed_jobs(before)}, after)
                if outcome is None:
                    person = any(not child.author.is_bot for child in children.get(run.commit.sha, []))
                    outcome = "superseded_by_human" if person else "unverified"
                actor = after.triggering_actor.login
                yield after.started_at, _autofix(run, before, "auto_rerun", outcome, actor, run.commit)


def _repairs(
    commits: Sequence[Commit],
    by_commit: Mapping[str, list[Run]],
    children: Mapping[str, list[Commit]],
    shown: Container[str],
) -> Iterator[tuple[int, Autofix]]:
    for commit in commits:
        parent = commit.parent
        if not commit.author.is_bot or parent is None or parent.branch != commit.branch:
            continue
        named = commit.pull_request.named_run if commit.pull_request is not None else None
        failing = [named] if named is not None else by_commit.get(parent.sha, [])
        tests = by_commit.get(commit.sha, [])
        mechanism = "bot_pr" if named is not None else "auto_revert" if commit.kind == "revert" else "bot_commit"
        for run in failing:
            before = _failing_attempt(run, commit)
            if before is not None and run.event != "merge_group":
                same = [each for each in tests if each.workflow is run.workflow]
                outcome = _commit_verdict(run, before, same, children.get(commit.sha, []))
                actor, visible = commit.author.login, commit.sha in shown
                yield commit.time, _autofix(run, before, mechanism, outcome, actor, commit, visible=visible)


def _autofix(
    run: Run, before: Attempt, mechanism: str, outcome: str, actor: str, repair: Commit, *, visible: bool = True
) -> Autofix:
    repo = run.repository.full_name
    return Autofix(repo, run.id, before.number, run.workflow.path, mechanism, outcome, actor, repair.sha, visible)


def _failing_attempt(run: Run, commit: Commit) -> Attempt | None:
    """Return the run's last conclusive attempt before the commit, if it failed at most a day before."""
    over = [
        attempt
        for attempt in run.attempts
        if attempt.completed_at is not None and attempt.completed_at <= commit.time and attempt.outcome != "void"
    ]
    if not over or over[-1].outcome != "fail" or commit.time - (over[-1].completed_at or 0) > HORIZON:
        return None
    return over[-1]


def _verdict(names: set[str], attempt: Attempt) -> str | None:
    """Return whether an attempt passes all jobs of that name; None when it decides nothing."""
    if attempt.outcome in ("pass", "fail"):
        passed = {job.name for job in attempt.jobs if job_outcome(job) == "pass"}
        failed = {job.name for job in failed_jobs(attempt)}
        return "fixed" if names <= passed - failed else "failed"
    return "pending" if attempt.outcome == "pending" else None


def _commit_verdict(run: Run, before: Attempt, after: Sequence[Run], children: Sequence[Commit]) -> str:
    """Return the outcome at the first conclusive result, unless a person pushed to that branch before it.

    On the default branch people push all the time, which spoils no repair there.
    """
    names = {job.name for job in failed_jobs(before)}
    person = min((child.time for child in children if not child.author.is_bot), default=None)
    attempts = sorted((attempt for each in after for attempt in each.attempts), key=lambda attempt: attempt.started_at)
    if not any(attempt.jobs for attempt in attempts):
        return "unverified"
    for attempt in attempts:
        outcome = _verdict(names, attempt)
        if outcome in ("fixed", "failed"):
            interrupted = run.branch != "main" and person is not None and person < (attempt.completed_at or 0)
            return "superseded_by_human" if interrupted else outcome
        if outcome == "pending":
            return "pending"
    return "superseded_by_human" if person is not None else "unverified"


def _named(branch: str, titles: Sequence[str]) -> str | None:
    """Return the title whose words begin the name of a feature branch."""
    if not branch.startswith("feature/"):
        return None
    name = branch.removeprefix("feature/")
    for title in sorted(titles, key=len, reverse=True):
        slug = title.lower().replace(" ", "-").replace(".", "-")
        if name == slug or name.startswith(f"{slug}-"):
            return title
    return None


def _of(pull_request: PullRequest, titles: Sequence[str]) -> tuple[str | None, str | None]:
    if pull_request.milestone is not None:
        return pull_request.milestone.title, "github_milestone"
    for label in pull_request.labels:
        if label.startswith("milestone: "):
            return label.removeprefix("milestone: "), "label"
    title = _named(pull_request.branch, titles)
    return title, None if title is None else "branch_name"


def _changes(item: Item) -> list[MilestoneItemChange]:
    changes, inside = [], None
    for event in item.events:
        change = None
        if event.kind == "milestoned":
            inside, change = event.value, "added"
        elif event.kind == "demilestoned":
            change = "removed"
        elif event.kind in ("closed", "reopened"):
            change = event.kind
        if change is not None and inside is not None:
            repo = item.repository.full_name
            changes.append(MilestoneItemChange(repo, inside, item.number, iso(event.time), change))
        if change == "removed":
            inside = None
    return changes
