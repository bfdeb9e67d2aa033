"""Refusals of a write that are final: asked again, GitHub would say the same.

Belongs here: telling them from what passes, and their reason in words for people. What is left out because of one
belongs to those who write.
"""

from collections.abc import Collection

from roadmap_pipeline.github.client.client import AmbiguousWrite, GitHubError, RateLimited

WRITE_TRIES = 4
"""The times that a write is sent at most whose outcome stays unknown."""
FINAL_STATUSES = frozenset({403, 404, 410, 422, 451})
"""Read-only token or archived, gone or not to be seen, switched off, not valid, blocked by law."""


def final_reason(error: GitHubError, statuses: Collection[int] = FINAL_STATUSES) -> str | None:
    """Return GitHub's reason where a refusal is final for the thing that was written; None where it may pass."""
    if error.status not in statuses or isinstance(error, RateLimited | AmbiguousWrite):
        return None
    return error.message or f"status {error.status}"
