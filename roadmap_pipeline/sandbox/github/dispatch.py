"""From a request to the route that answers it: repositories by name, former name and id, and who may do what."""

from roadmap_pipeline.sandbox.content import API_ROOT
from roadmap_pipeline.sandbox.github import actions, comments, issues, labels, milestones, pulls
from roadmap_pipeline.sandbox.github.calls import (
    DOCUMENTATION,
    Answer,
    ApiError,
    Call,
    Router,
    answer,
    not_found,
)
from roadmap_pipeline.sandbox.github.store import RepositoryRecords, Store

_routes = Router()
for _module in (actions, comments, issues, labels, milestones, pulls):
    _routes.include(_module.routes)


def respond(store: Store, call: Call) -> Answer:
    """Carry out one request. Refusals are answers too; nothing is changed then."""
    try:
        return _respond(store, call)
    except ApiError as error:
        return error.answer()


def _respond(store: Store, call: Call) -> Answer:
    segments = tuple(segment for segment in call.path.split("/") if segment)
    if segments == ("user",) and call.method == "GET":
        return _viewer(store, call)
    if len(segments) >= 3 and segments[0] == "repos":
        name, rest = f"{segments[1]}/{segments[2]}", segments[3:]
        records = store.repository(name)
        if records is None and (moved := store.moved(name)) is not None:
            return _moved(call, moved, rest)
    elif len(segments) >= 2 and segments[0] == "repositories" and segments[1].isdigit():
        records, rest = store.repository_by_id(int(segments[1])), segments[2:]
    else:
        raise not_found()
    if records is None or (call.caller is None and records.payload["private"]):
        raise not_found()
    if not rest:
        if call.method != "GET":
            raise not_found()
        return answer(records.payload)
    return _in_repository(store, call, records, rest)


def _in_repository(store: Store, call: Call, records: RepositoryRecords, rest: tuple[str, ...]) -> Answer:
    found = _routes.match(call.method, rest)
    if found is None:
        raise not_found()
    if call.mutating:
        call.user()
        if call.caller is not None and not call.caller.may_write:
            raise ApiError(403, "Resource not accessible by integration")
    handler, arguments = found
    return handler(store, call, records, *arguments)


def _moved(call: Call, records: RepositoryRecords, rest: tuple[str, ...]) -> Answer:
    query = f"?{call.raw_query}" if call.raw_query else ""
    url = "/".join((f"{API_ROOT}/repositories/{records.id}", *rest)) + query
    body = {"message": "Moved Permanently", "url": url, "documentation_url": DOCUMENTATION}
    return answer(body, 301, Location=url)


def _viewer(store: Store, call: Call) -> Answer:
    user = call.user()
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
