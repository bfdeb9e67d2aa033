"""From a request to the route that answers it: repositories by name, former name and id, and who may do what."""

from roadmap_sandbox.content import API_ROOT
from roadmap_sandbox.github import actions, checks, comments, files, issues, labels, milestones, owners, pulls, secrets
from roadmap_sandbox.github.access import is_for, may_see
from roadmap_sandbox.github.apps import Apps
from roadmap_sandbox.github.graphql import endpoint as graphql
from roadmap_sandbox.github.messages import ApiError, Moved, Request, Response, json_response, not_found
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.routing import Router
from roadmap_sandbox.github.searching import search_issues
from roadmap_sandbox.github.store import Store

_routes = Router()
for _module in (actions, secrets, checks, comments, files, issues, labels, milestones, pulls):
    _routes.include(_module.routes)

_PERMISSIONS = {
    "actions": ("actions",),
    "check-runs": ("checks",),
    "commits": ("contents", "checks"),
    "contents": ("contents",),
    "issues": ("issues", "pull_requests"),
    "labels": ("issues", "pull_requests"),
    "milestones": ("issues", "pull_requests"),
    "pulls": ("pull_requests",),
}
"""Permissions of which an installation needs one, by the first segment below a repository."""
_NEEDS_PUSH = frozenset({"labels", "milestones"})
"""Areas that only those may write to who may push. Of an issue some fields are dropped instead."""
_FORBIDDEN = "Resource not accessible by integration"


def respond(store: Store, apps: Apps, request: Request) -> Response:
    """Carry out one request. Refusals are answers too; nothing is changed then."""
    try:
        return _respond(store, apps, request)
    except ApiError as error:
        return error.response()
    except Moved as moved:
        return moved.response(request.raw_query)


def _respond(store: Store, apps: Apps, request: Request) -> Response:
    segments = tuple(segment for segment in request.path.split("/") if segment)
    if segments[:1] == ("app",):
        return apps.respond(store, request)
    if segments == ("user",) and request.method == "GET":
        return _viewer(store, request)
    if segments == ("graphql",) and request.method == "POST":
        return graphql.respond(store, request)
    if segments == ("search", "issues") and request.method == "GET":
        return search_issues(store, request)
    if len(segments) == 3 and segments[0] in ("orgs", "users") and request.method == "GET":
        if segments[2] == "repos":
            return owners.list_repositories(store, request, segments[0], segments[1])
        if segments[2] == "installation":
            return apps.installation_of_owner(store, request, segments[0], segments[1])
    if len(segments) >= 3 and segments[0] == "repos":
        name, rest = f"{segments[1]}/{segments[2]}", segments[3:]
        records = store.repository(name)
        if records is None and (moved := store.moved(name)) is not None:
            raise Moved("/".join((f"{API_ROOT}/repositories/{moved.id}", *rest)))
    elif len(segments) >= 2 and segments[0] == "repositories" and segments[1].isdigit():
        records, rest = store.repository_by_id(int(segments[1])), segments[2:]
    else:
        raise not_found()
    if records is None or not may_see(request, records):
        raise not_found()
    if rest == ("installation",) and request.method == "GET":
        return apps.installation_of(store, request, records)
    if request.caller is not None and request.caller.app_id is not None:
        raise ApiError(403, _FORBIDDEN)
    if not rest:
        if request.method != "GET":
            raise not_found()
        return json_response(records.payload)
    return _in_repository(store, request, records, rest)


def _in_repository(store: Store, request: Request, records: RepositoryRecords, rest: tuple[str, ...]) -> Response:
    route = _routes.match(request.method, rest)
    if route is None:
        raise not_found()
    area = _PERMISSIONS.get(rest[0], ())
    if request.mutating:
        request.user()
        if request.caller is not None and not (is_for(request, records) and request.caller.may(area, "write")):
            raise ApiError(403, _FORBIDDEN)
        if rest[0] in _NEEDS_PUSH and request.caller is not None and not request.caller.may_push:
            raise ApiError(403, "Must have admin rights to Repository.")
        if records.payload["archived"]:
            raise ApiError(403, "Repository was archived so is read-only.")
    elif records.payload["private"] and request.caller is not None and not request.caller.may(area, "read"):
        raise ApiError(403, _FORBIDDEN)
    handler, arguments = route
    return handler(store, request, records, *arguments)


def _viewer(store: Store, request: Request) -> Response:
    user = request.user()
    if request.caller is not None and (request.caller.app_id is not None or request.caller.permissions is not None):
        # An installation is nobody: it has no account to tell of.
        raise ApiError(403, _FORBIDDEN)
    return json_response(
        {
            **user,
            "name": None,
            "company": None,
            "blog": "",
            "location": None,
            "email": None,
            "hireable": None,
            "bio": None,
            "twitter_username": None,
            "public_repos": 0,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": "2020-01-01T00:00:00Z",
            "updated_at": store.now(),
        }
    )
