"""The errors of Notion's client, each with the remedy in its text.

Belongs here: what callers catch. How a response becomes one of them belongs to ``failures``.
"""

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.http import errors as http_errors


class NotionError(RoadmapError):
    """Notion refused a request, or answered something else than was asked for.

    ``status`` is the HTTP status (None without an answer), ``code`` Notion's error code or a word of ours.
    """

    def __init__(self, message: str, *, status: int | None = None, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class NotFound(NotionError):
    """404: deleted for good, or not shared with the integration; Notion does not tell which."""


class AmbiguousWrite(NotionError, http_errors.AmbiguousWrite):
    """A creating request failed in a way that leaves open whether it was carried out; it was not repeated.

    Look the object up, by ``committed_resource_id`` where Notion gave it, else by key, before creating it again.
    """

    def __init__(
        self, message: str, *, status: int | None = None, code: str = "", committed_resource_id: str | None = None
    ) -> None:
        super().__init__(message, status=status, code=code)
        self.committed_resource_id = committed_resource_id


class IncompleteRead(NotionError):
    """A list could not be read to its end; whatever depends on completeness (absence above all) must not go on."""
