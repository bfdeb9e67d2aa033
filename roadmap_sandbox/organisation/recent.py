"""Open pull requests of the last hour whose runs are over, one of them green and one red for no known reason.

Belongs here: adding them to a finished history. They are in no milestone and too young to be talked about, so that what
else happens stays as it is. Failures of what had passed are ``verdicts``'.
"""

from hashlib import sha1

from .attempts import attempt_of
from .history import History
from .people import Repository
from .records import MINUTE, Commit, Defects, Failure, PullRequest, Run
from .workflows import workflow

_STORIES = (
    (58, "empty-cart", "Say what an empty cart is for", None),
    (57, "image-cache", "Keep images for a day", Failure("tells-nothing", 11)),
)
"""Minutes before the end, topic, title, and why the job that deploys a preview fails."""


def open_recent_pull_requests(repository: Repository, history: History, end: int) -> None:
    """Open both in the repository whose CI is over soonest."""
    if repository.name != "storefront":
        return
    base = max((commit for commit in history.commits if commit.branch == "main"), key=lambda commit: commit.time)
    author = repository.team[0]
    for minutes, topic, title, failure in _STORIES:
        time, branch = end - minutes * MINUTE, f"{author.login.split('-')[0]}/{topic}"
        tree: Defects = {} if failure is None else {(workflow(repository, "ci.yml").path, "preview"): failure}
        sha = sha1(f"{repository.name}/{branch}/{time}".encode(), usedforsecurity=False).hexdigest()
        commit = Commit(sha, title, author, time, branch, None, "work", tree)
        pull_request = PullRequest(repository, title, author, time, f"{title}.", branch=branch)
        pull_request.base, pull_request.head, pull_request.commits = base, commit, 1
        for file in ("ci.yml", "lint.yml"):
            run = Run(
                repository, workflow(repository, file), "pull_request", branch, commit, author, time + 4, [],
                pull_request, tree=tree,
            )  # fmt: skip
            run.attempts.append(attempt_of(run))
            history.runs.append(run)
        history.commits.append(commit)
        history.repairs.append(pull_request)
