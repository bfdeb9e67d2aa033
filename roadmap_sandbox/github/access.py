"""The right to see a repository."""

from roadmap_sandbox.github.messages import Request
from roadmap_sandbox.github.repository_records import RepositoryRecords


def is_for(request: Request, records: RepositoryRecords) -> bool:
    """Return whether the caller's token is for this repository."""
    caller = request.caller
    return caller is not None and (caller.repositories is None or records.full_name.lower() in caller.repositories)


def may_see(request: Request, records: RepositoryRecords) -> bool:
    """Return whether the caller gets to know of this repository; everybody does of a public one."""
    return not records.payload["private"] or is_for(request, records)
