"""The repositories of an account."""

from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.access import may_see
from roadmap_sandbox.github.messages import Request, Response, not_found
from roadmap_sandbox.github.paging import listed
from roadmap_sandbox.github.store import Store

_KEPT_TO_ITSELF = ("network_count", "subscribers_count")
"""Fields that a repository has when it is asked for alone."""


def list_repositories(store: Store, request: Request, kind: str, login: str) -> Response:
    """Answer ``GET /orgs/{org}/repos`` and ``GET /users/{username}/repos``; the latter lists public ones only."""
    owned = [records for records in store.repositories if records.payload["owner"]["login"].lower() == login.lower()]
    is_organization = any(records.payload["owner"]["type"] == "Organization" for records in owned)
    if not owned or (kind == "orgs" and not is_organization):
        raise not_found()
    shown = [
        records.payload
        for records in owned
        if may_see(request, records) and (kind == "orgs" or not records.payload["private"])
    ]
    if request.query.get("sort") == "full_name":
        shown.sort(key=lambda payload: payload["full_name"].lower())
    return listed(request, f"/{kind}/{login}/repos", shown, show=_as_listed)


def _as_listed(payload: Payload) -> Payload:
    return {name: value for name, value in payload.items() if name not in _KEPT_TO_ITSELF}
