"""The plan of a repository before it is simulated, and what came out.

Belongs here: records without behaviour. Planning is ``plans``, letting it happen ``simulation``.
"""

from dataclasses import dataclass, field

from .records import Commit, PullRequest, Run


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
    """True where the fixing app's commit achieves nothing; None: left to chance."""
    interrupts_fixer: bool = False
    """The author pushes while the fixing app's commit is still being tested."""
    done: bool = False


@dataclass(slots=True)
class Mood:
    """The badness of a time: factors on the odds that a change is defective and that a job is flaky."""

    defects: float = 1.0
    flakes: float = 1.0


@dataclass(slots=True)
class History:
    """The result of a simulation."""

    runs: list[Run] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    repairs: list[PullRequest] = field(default_factory=list)
    """Pull requests that nobody planned: they repair the default branch."""
