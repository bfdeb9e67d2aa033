"""The errors of the simulated API, with the texts of the real one.

Only statuses, codes and fixed texts; the grammar of validation messages is in ``validation``.
"""

from typing import Any

from roadmap_sandbox.errors import SandboxError

INTEGRATION_ID = "5a11d0c5-0000-4000-8000-0000000000b1"
INTEGRATION_NAME = "Roadmap Pipeline"

ARCHIVED = "Can't edit block that is archived. You must unarchive the block before editing."


class ApiError(SandboxError):
    """An answer other than 2xx: ``status``, Notion's ``code``, ``message`` and, where the API sends it, more data."""

    def __init__(self, status: int, code: str, message: str, additional_data: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.additional_data = additional_data

    def body(self) -> dict[str, Any]:
        """Return the error body without ``request_id``."""
        body: dict[str, Any] = {"object": "error", "status": self.status, "code": self.code, "message": self.message}
        if self.additional_data is not None:
            body["additional_data"] = self.additional_data
        return body


def invalid(message: str) -> ApiError:
    """Return 400 ``validation_error``."""
    return ApiError(400, "validation_error", message)


def not_found(kind: str, id_: str) -> ApiError:
    """Return 404: deleted for good, never there, or not shared; the API doesn't say which."""
    shared = f'Make sure the relevant pages and databases are shared with your integration "{INTEGRATION_NAME}".'
    return ApiError(
        404,
        "object_not_found",
        f"Could not find {kind} with ID: {id_}. {shared}",
        {"integration_id": INTEGRATION_ID},
    )


def archived() -> ApiError:
    """Return 400: an edit of something in the trash."""
    return invalid(ARCHIVED)
