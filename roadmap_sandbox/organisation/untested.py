"""Commits that start no run: what ends a pull request whose CI had failed, and is a repair or isn't.

Belongs here: three pull requests of one repository, fixed and not left to chance. A bot pushes with the workflow's own
token on top of what failed (a repair that nothing verifies); a person asks for no run (no repair); a bot pushes on top
of such a commit of a person's, so not on what failed (no repair either).
"""

from collections.abc import Sequence
from hashlib import sha1

from .attempts import attempt_of
from .history import History
from .people import Person, Repository
from .records import DAY, HOUR, MINUTE, Commit, Defects, Failure, PullRequest, Run
from .workflows import workflow

_CAUSE = "golangci"
"""The failure: the kind of the job and the cause are of one name."""
_SKIPPED = "[skip ci]"


def add_untested_commits(repository: Repository, history: History, start: int, end: int) -> None:
    """Add the three pull requests to a finished history, a week apart and the last one a working week before its end.

    Those that would begin before ``start`` are left out.
    """
    person, bot = repository.team[0], repository.fixer
    stories: Sequence[tuple[str, str, Sequence[tuple[Person, str]]]] = (
        ("agent-backoff", "Back off when the agent is refused", [(bot, "style: apply formatting")]),
        ("quota-wording", "Say which quota was hit", [(person, f"Reword the message {_SKIPPED}")]),
        (
            "drain-timeout",
            "Give nodes longer to drain",
            [(person, f"Describe the timeout {_SKIPPED}"), (bot, "style: apply formatting")],
        ),
    )
    for weeks, (topic, title, later) in enumerate(stories):
        time = end - (10 + 7 * weeks) * DAY + 3 * HOUR
        if time > start + DAY:
            _add(repository, history, time, topic, title, later)


def _add(
    repository: Repository, history: History, time: int, topic: str, title: str, later: Sequence[tuple[Person, str]]
) -> None:
    author, branch = repository.team[0], f"{repository.team[0].login.split('-')[0]}/{topic}"
    ci = workflow(repository, "ci.yml")
    failing = next(job for job in ci.jobs if job.kind == _CAUSE)
    defects = {(ci.path, failing.name): Failure(_CAUSE, _seed_of(topic))}
    commits = [_commit(repository, time, title, author, branch, None, defects)]
    pull_request = PullRequest(repository, title, author, time, f"{title}.", branch=branch)
    run = Run(repository, ci, "pull_request", branch, commits[0], author, time + 4, [], pull_request, tree=defects)
    attempt = attempt_of(run)
    run.attempts.append(attempt)
    for number, (who, message) in enumerate(later, start=1):
        when = (attempt.completed_at or time) + number * 10 * MINUTE
        commits.append(_commit(repository, when, message, who, branch, commits[-1], defects))
    pull_request.base = max(
        (commit for commit in history.commits if commit.branch == "main" and commit.time <= time),
        key=lambda commit: commit.time,
    )
    pull_request.head, pull_request.commits = commits[-1], len(commits)
    pull_request.happened(commits[-1].time + 5 * HOUR, "closed", author)
    history.commits += commits
    history.runs.append(run)
    history.repairs.append(pull_request)


def _seed_of(topic: str) -> int:
    """Return the seed of a failure's details, one for each topic."""
    return int(sha1(topic.encode(), usedforsecurity=False).hexdigest()[:5], 16)


def _commit(
    repository: Repository, time: int, title: str, author: Person, branch: str, parent: Commit | None, defects: Defects
) -> Commit:
    sha = sha1(f"{repository.name}/{branch}/{time}".encode(), usedforsecurity=False).hexdigest()
    return Commit(sha, title, author, time, branch, parent, "bot" if author.is_bot else "work", defects)
