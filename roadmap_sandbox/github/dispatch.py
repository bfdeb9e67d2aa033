"""From a request to the route that answers it: repositories by name, former name and id, and who may do what."""

from roadmap_sandbox.content import API_ROOT
from roadmap_sandbox.github import actions, checks, comments, graphql, issues, labels, milestones, pulls
from roadmap_sandbox.github.apps import Apps
from roadmap_sandbox.github.calls import Answer, ApiError, Call, Moved, Router, answer, not_found
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.searching import search_issues
from roadmap_sandbox.github.store import Store

_routes = Router()
for _module in (actions, checks, comments, issues, labels, milestones, pulls):
    _routes.include(_module.routes)

_PERMISSIONS = {
    "actions": ("actions",),
    "check-runs": ("checks",),
    "commits": ("contents", "checks"),
    "issues": ("issues", "pull_requests"),
    "labels": ("issues", "pull_requests"),
    "milestones": ("issues", "pull_requests"),
    "pulls": ("pull_requests",),
}
"""What an installation needs one of, by the first segment below a repository."""
_FORBIDDEN = "Resource not accessible by integration"


def respond(store: Store, apps: Apps, call: Call) -> Answer:
    """Carry out one request. Refusals are answers too; nothing is changed then."""
    try:
        return _respond(store, apps, call)
    except ApiError as error:
        return error.answer()
    except Moved as moved:
        return moved.answer(call.raw_query)


def _respond(store: Store, apps: Apps, call: Call) -> Answer:
    segments = tuple(segment for segment in call.path.split("/") if segment)
    if segments[:1] == ("app",):
        return apps.respond(store, call)
    if segments == ("user",) and call.method == "GET":
        return _viewer(store, call)
    if segments == ("graphql",) and call.method == "POST":
        return graphql.query(call)
    if segments == ("search", "issues") and call.method == "GET":
        return search_issues(store, call)
    if len(segments) >= 3 and segments[0] == "repos":
        name, rest = f"{segments[1]}/{segments[2]}", segments[3:]
        records = store.repository(name)
        if records is None and (moved := store.moved(name)) is not None:
            raise Moved("/".join((f"{API_ROOT}/repositories/{moved.id}", *rest)))
    elif len(segments) >= 2 and segments[0] == "repositories" and segments[1].isdigit():
        records, rest = store.repository_by_id(int(segments[1])), segments[2:]
    else:
        raise not_found()
    if records is None or not _may_see(call, records):
        raise not_found()
    if rest == ("installation",) and call.method == "GET":
        return apps.installation_of(store, call, records)
    if call.caller is not None and call.caller.app_id is not None:
        raise ApiError(403, _FORBIDDEN)
    if not rest:
        if call.method != "GET":
            raise not_found()
        return answer(records.payload)
    return _in_repository(store, call, records, rest)


def _may_see(call: Call, records: RepositoryRecords) -> bool:
    if not records.payload["private"]:
        return True
    return call.caller is not None and (call.caller.app_id is not None or _is_for(call, records))


def _is_for(call: Call, records: RepositoryRecords) -> bool:
    caller = call.caller
    return caller is not None and (caller.repositories is None or records.full_name.lower() in caller.repositories)


def _in_repository(store: Store, call: Call, records: RepositoryRecords, rest: tuple[str, ...]) -> Answer:
    found = _routes.match(call.method, rest)
    if found is None:
        raise not_found()
    area = _PERMISSIONS.get(rest[0], ())
    if call.mutating:
        call.user()
        if call.caller is not None and not (_is_for(call, records) and call.caller.may(area, "write")):
            raise ApiError(403, _FORBIDDEN)
        if records.payload["archived"]:
            raise ApiError(403, "Repository was archived so is read-only.")
    elif records.payload["private"] and call.caller is not None and not call.caller.may(area, "read"):
        raise ApiError(403, _FORBIDDEN)
    handler, arguments = found
    return handler(store, call, records, *arguments)


def _viewer(store: Store, call: Call) -> Answer:
    user = call.user()
    if call.caller is not None and (call.caller.app_id is not None or call.caller.permissions is not None):
        # An installation is nobody: it has no account to tell of.
        raise ApiError(403, _FORBIDDEN)
    return answer(
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
