"""Exceptions: what GitHub does and its description doesn't know, each with its reason.

Belongs here: exceptions that hold however the description is read. Corrections of one reading stand with it.
"""

import re

_ANYWHERE = "a response that any operation may give; the description names it for a few"
KNOWN_STATUSES: tuple[tuple[str, str, int, str], ...] = (
    ("GET", ".*", 301, "a repository that was renamed answers so on every path below it"),
    ("GET", ".*", 304, "conditional requests work on every read"),
    (".*", ".*", 400, "a body that isn't JSON is refused before the operation sees it"),
    (".*", ".*", 401, _ANYWHERE),
    (".*", ".*", 403, f"{_ANYWHERE}: missing rights and rate limits"),
    (".*", ".*", 404, f"{_ANYWHERE}: what isn't there or may not be seen"),
    (".*", ".*", 429, "rate limits are answered by 403 or 429"),
    ("GET", r".*/logs", 410, "a log that has expired"),
    ("GET", r".*/issues/comments/\{comment_id\}", 410, "a comment of a deleted issue"),
    ("GET", r".*/actions/.*runs", 422, "lists of runs are cut, and refuse filters that they don't know"),
    ("GET", r".*/commits/.*", 422, "no commit of this name"),
    ("POST|PATCH|PUT", ".*", 422, f"{_ANYWHERE}: a body that doesn't fit"),
    ("DELETE", r".*/issues/comments/\{comment_id\}/pin", 422, "pull requests have no pinned comments"),
    (".*", r".*/issues/.*", 301, "an issue that was transferred"),
    (".*", r".*/issues/.*", 410, "an issue that was deleted"),
    ("GET", r".*/issues", 410, "a repository whose issues are switched off"),
)
"""Method, path template (regular expressions), status, reason."""

UNDESCRIBED: dict[str, str] = {
    "/app/installations": "how a GitHub App finds where it is installed",
    "/app/installations/{installation_id}": "an installation, as its App sees it",
    "/graphql": "GraphQL isn't described by OpenAPI",
}
"""Paths that the simulator serves and a description may lack, with the reason why they are asked for."""

KNOWN_OF_OLD_PAYLOADS: tuple[tuple[str, str], ...] = (
    (r"\bdisplay_title\b.*required", "runs before late 2022 have none"),
    (r"\barchived_(at|by): Field required", "labels could not be archived before 2026"),
)
"""Differences of recorded payloads from today's description (regular expression, reason): tests marked ``old_payloads``
serve such."""

_FRONT_DOOR = b"Request forbidden by administrative rules"


def is_front_door(status: int, body: bytes) -> bool:
    """Return whether a response is that of the API's front door, which answers in plain text without a User-Agent."""
    return status == 403 and body.startswith(_FRONT_DOOR)


def path_regex(template: str) -> re.Pattern[str]:
    """Return what matches the paths of a template; ``{path}``, that of a file, goes on over slashes."""
    return re.compile(re.sub(r"\{\w+\}", "([^/]+)", template.replace("{path}", "(.+)")) + r"\Z")


def is_known_status(method: str, template: str, status: int) -> bool:
    """Return whether GitHub is known to answer with a status that the description leaves out."""
    return any(
        status == known and re.fullmatch(methods, method) and re.fullmatch(paths, template)
        for methods, paths, known, _ in KNOWN_STATUSES
    )


def is_undescribed(path: str) -> bool:
    """Return whether ``path`` is one of :data:`UNDESCRIBED`."""
    return any(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) for template in UNDESCRIBED)
