"""Errors of a query, which GitHub tells in a response of status 200.

Belongs here: their types and wording. When one is raised belongs to the fields and to ``pricing``.
"""

from roadmap_sandbox.content import Payload

_SSO = (
    "Resource protected by organization SAML enforcement. You must grant your OAuth token access to this organization."
)
_TIMEOUT = (
    "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug."
    " Please include `0000:SANDBOX` when reporting this issue."
)


class Problem(Exception):
    """An entry of ``errors``; ``type`` and ``extensions`` stand beside its message where GitHub has them."""

    def __init__(self, message: str, type: str | None = None, extensions: Payload | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.type = type
        self.extensions = extensions

    def payload(self) -> Payload:
        """Return the entry, without path and locations."""
        entry: Payload = {} if self.type is None else {"type": self.type}
        if self.extensions is not None:
            entry["extensions"] = self.extensions
        return {**entry, "message": self.message}


def no_node(node_id: str) -> Problem:
    """Return the problem of an id that names nothing, or nothing any more."""
    return Problem(f"Could not resolve to a node with the global id of '{node_id}'", "NOT_FOUND")


def no_repository(full_name: str) -> Problem:
    """Return the problem of a repository that isn't there or mustn't be seen."""
    return Problem(f"Could not resolve to a Repository with the name '{full_name}'.", "NOT_FOUND")


def no_numbered(kind: str, number: int) -> Problem:
    """Return the problem of an issue or a pull request that isn't there."""
    return Problem(f"Could not resolve to {kind} with the number of {number}.", "NOT_FOUND")


def forbidden() -> Problem:
    """Return the problem of an installation without the permission."""
    return Problem("Resource not accessible by integration", "FORBIDDEN")


def sso_required() -> Problem:
    """Return the problem of a token that an organisation with single sign-on hasn't been granted."""
    return Problem(_SSO, "FORBIDDEN", {"saml_failure": True})


def rate_limited(user_id: int) -> Problem:
    """Return the problem of a spent quota."""
    return Problem(f"API rate limit exceeded for user ID {user_id}.", "RATE_LIMITED")


def timed_out() -> Problem:
    """Return the problem of a query that took too long, which has no type."""
    return Problem(_TIMEOUT)


def resources_exceeded() -> Problem:
    """Return the problem of a query that needed more than a query may."""
    return Problem("Resource limits for this query exceeded.", "RESOURCE_LIMITS_EXCEEDED")
