"""The errors of GitHub's client, each with the remedy in its text.

Belongs here: errors that client, pacing and credentials share. Callers import them from
:mod:`~roadmap_pipeline.github.client.client`. What any API's requests can fail with belongs to ``http.errors``.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.http import errors as http_errors


class GitHubError(RoadmapError):
    """GitHub refused or failed a request. ``status`` is the HTTP status, 0 when there was no response."""

    def __init__(self, text: str, *, status: int = 0, message: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.message = message
        """GitHub's own words."""


class NotFoundError(GitHubError):
    """404: it isn't there, or the credentials may not see it."""


class MovedError(GitHubError):
    """301: the repository has another name now; resolve it again and use the canonical one."""

    def __init__(self, text: str, *, location: str) -> None:
        super().__init__(text, status=301)
        self.location = location


class UnknownRepository(ConfigurationError):
    """There is no such repository, or the credentials may not read it."""


class IncompleteList(GitHubError):
    """A list ended before everything was listed that GitHub counts in it, or items of it could not be had."""


class AmbiguousWrite(GitHubError, http_errors.AmbiguousWrite):
    """A write to GitHub went out and its outcome is unknown: read back before writing again."""


class Paused(GitHubError):
    """GitHub takes no requests for now; what was read is kept, and the next ingest goes on."""


class RateLimited(Paused):
    """GitHub has to be left alone for longer than a worker should wait; ``seconds`` until it is worth trying again."""

    def __init__(self, seconds: float, reason: str = "GitHub's rate limit is reached") -> None:
        when = datetime.now(UTC) + timedelta(seconds=seconds)
        span = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
        super().__init__(f"{reason}: try again in {span}, at {when:%H:%M} UTC; what was done is kept", status=403)
        self.seconds = seconds


class BudgetSpent(Paused):
    """The run has used the requests it may use; ``used`` of ``budget`` were charged."""

    def __init__(self, used: int, budget: int) -> None:
        super().__init__(
            f"limits.github_requests_per_run: the {budget:,} requests of this run are used; the next run goes on"
        )
        self.used = used
        self.budget = budget


def refusal_error(request: str, status: int, message: str, headers: Mapping[str, str]) -> GitHubError:
    """Return the error for a ``request`` (verb and path) that was answered with ``status`` and GitHub's ``message``."""
    text = f"{request} answered {status} {message}".strip()
    if status == 404:
        return NotFoundError(text, status=404, message=message)
    if status in {301, 307, 308}:
        return MovedError(f"{text}: the repository has another name now", location=headers.get("location", ""))
    return GitHubError(text, status=status, message=message)
