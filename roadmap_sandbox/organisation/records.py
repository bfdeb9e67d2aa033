"""The records that the simulation writes down: commits, runs, jobs, pull requests, issues and milestones.

Belongs here: the records and the outcome of a run by its conclusion. How they come about is ``history``, how they look
as API payloads is ``rendering``. Times are whole seconds since 1970 in UTC; a time of ``None`` has not come yet.
Records refer to each other, ids and numbers are given when the simulation is over.
"""

from dataclasses import dataclass, field

from .people import Person, Repository
from .workflows import JobSpec, Workflow

MINUTE, HOUR, DAY = 60, 3600, 86_400

Defects = dict[tuple[str, str], "Failure"]
"""Failures that a tree of files holds, by (workflow path, full job name): that job fails in every attempt."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A reason why a job fails: a cause of the catalogue, and the seed of its details (which test, which file, …)."""

    cause: str
    detail: int


@dataclass(slots=True, eq=False)
class Commit:
    """A commit. ``author`` says who wrote it; ``kind`` is ``work``, ``fix``, ``revert`` or ``bot``."""

    sha: str
    title: str
    author: Person
    time: int
    branch: str
    parent: "Commit | None"
    kind: str
    defects: Defects
    body: str = ""
    pull_request: "PullRequest | None" = None
    """Set for squash merges: the number is added to the title."""


@dataclass(slots=True, eq=False)
class Job:
    """A job of one attempt. ``conclusion`` is None while it is queued or running."""

    spec: JobSpec
    attempt: int
    created_at: int
    started_at: int
    completed_at: int | None
    status: str
    conclusion: str | None
    failure: Failure | None = None
    lost: bool = False
    """The runner died: the failing step has no conclusion, and no log was written."""
    runner: int = 0
    id: int = 0

    @property
    def name(self) -> str:
        """The full name, with matrix values and shard."""
        return self.spec.name


@dataclass(slots=True, eq=False)
class Attempt:
    """An attempt of a run; from the second on it holds only the jobs that were run again."""

    number: int
    triggering_actor: Person
    started_at: int
    completed_at: int | None
    status: str
    conclusion: str | None
    jobs: list[Job]
    timed_out: bool = False
    """Cancelled by the runner because a job exceeded its maximum execution time."""
    is_service: bool = False
    """Of a service of GitHub's own: it counts for nothing, however it ends."""

    @property
    def outcome(self) -> str:
        """The outcome as which the attempt counts: ``pass``, ``fail``, ``void`` or ``pending``."""
        if self.is_service:
            return "void"
        if self.status != "completed":
            return "pending"
        if self.conclusion == "success":
            return "pass"
        if self.conclusion in ("failure", "timed_out", "startup_failure") or self.timed_out:
            return "fail"
        return "void"


@dataclass(slots=True, eq=False)
class Run:
    """A workflow run with its attempts, oldest first."""

    repository: Repository
    workflow: Workflow
    event: str
    branch: str
    commit: Commit
    actor: Person
    created_at: int
    attempts: list[Attempt]
    pull_request: "PullRequest | None" = None
    foreign_pull_request: bool = False
    """GitHub also lists another repository's pull request whose head is the same commit."""
    tree: Defects = field(default_factory=dict)
    """The defects of the tested tree: the commit's defects, and those of the default branch when they were merged."""
    id: int = 0
    number: int = 0

    @property
    def last(self) -> Attempt:
        """The attempt with the highest number."""
        return self.attempts[-1]

    @property
    def on_default_branch(self) -> bool:
        """True where the run says something about the default branch itself."""
        return self.branch == self.repository.default_branch and self.event not in ("pull_request", "merge_group")


@dataclass(slots=True, eq=False)
class Milestone:
    """A milestone; ``due_on`` is None when it has no target date."""

    repository: Repository
    title: str
    description: str
    creator: Person
    created_at: int
    due_on: int | None
    closed_at: int | None
    number: int = 0
    id: int = 0


@dataclass(slots=True, eq=False)
class ItemEvent:
    """An event of an issue or pull request; ``value`` is its label or milestone title, ``commit`` the closing one."""

    time: int
    kind: str
    actor: Person
    value: str | None = None
    commit: Commit | None = None
    id: int = 0


@dataclass(slots=True, eq=False)
class Item:
    """The fields that issues and pull requests share."""

    repository: Repository
    title: str
    author: Person
    created_at: int
    body: str = ""
    milestone: Milestone | None = None
    labels: list[str] = field(default_factory=list)
    closed_at: int | None = None
    events: list[ItemEvent] = field(default_factory=list)
    comments: list[tuple[int, Person, str]] = field(default_factory=list)
    number: int = 0
    id: int = 0

    def happened(
        self, time: int, kind: str, actor: Person, value: str | None = None, commit: Commit | None = None
    ) -> None:
        """Note an event and change the item as the event says."""
        self.events.append(ItemEvent(time, kind, actor, value, commit))
        if kind == "labeled" and value is not None:
            self.labels.append(value)
        elif kind == "unlabeled" and value is not None:
            self.labels.remove(value)
        elif kind == "closed":
            self.closed_at = time
        elif kind == "reopened":
            self.closed_at = None

    def moved(self, time: int, actor: Person, milestone: Milestone | None) -> None:
        """Take the item out of its milestone and put it into ``milestone``."""
        if self.milestone is not None:
            self.happened(time, "demilestoned", actor, self.milestone.title)
        if milestone is not None:
            self.happened(time, "milestoned", actor, milestone.title)
        self.milestone = milestone


@dataclass(slots=True, eq=False)
class Issue(Item):
    """A plain issue."""

    state_reason: str | None = None


@dataclass(slots=True, eq=False)
class PullRequest(Item):
    """A pull request. ``fork`` names the owner of the repository it comes from when that is another one."""

    branch: str = ""
    head: Commit | None = None
    base: Commit | None = None
    merge_commit: Commit | None = None
    merged_at: int | None = None
    merged_by: Person | None = None
    files: list[str] = field(default_factory=list)
    draft: bool = False
    fork: Person | None = None
    fork_deleted: bool = False
    commits: int = 0
    named_run: Run | None = None
    """The failing run that a repairing pull request names in its text."""


def own_commits(pull_request: PullRequest) -> list[Commit]:
    """Return the commits of a pull request, oldest first."""
    commits: list[Commit] = []
    commit = pull_request.head
    while commit is not None and commit.branch == pull_request.branch:
        commits.append(commit)
        commit = commit.parent
    return commits[::-1]


def failed_jobs(attempt: Attempt) -> list[Job]:
    """Return jobs that failed, time-outs that GitHub shows as cancelled included; none of a service."""
    return [job for job in attempt.jobs if job_outcome(job) == "fail" and not attempt.is_service]


def job_outcome(job: Job) -> str:
    """Return ``pass``, ``fail``, ``void`` or ``pending``, as for attempts (services apart)."""
    if job.status != "completed":
        return "pending"
    if job.conclusion == "success":
        return "pass"
    if job.conclusion in ("failure", "timed_out") or job.failure is not None:
        return "fail"
    return "void"
