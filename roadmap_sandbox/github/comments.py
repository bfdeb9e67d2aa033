"""Comments on issues and pull requests."""

from roadmap_sandbox import payloads
from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.issues import BODY_LIMIT, found_issue, since_of
from roadmap_sandbox.github.messages import ApiError, Request, Response, invalid, json_response, not_found, text
from roadmap_sandbox.github.paging import listed
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.routing import Router
from roadmap_sandbox.github.search_dates import normalised
from roadmap_sandbox.github.store import Store

routes = Router()


def _body(request: Request) -> str:
    body = text(request.json(), "body", "IssueComment", required=True, limit=BODY_LIMIT)
    assert body is not None
    return body


def _comment(records: RepositoryRecords, comment_id: int) -> Payload:
    if comment_id not in records.comments:
        raise not_found()
    return records.comments[comment_id]


def _own_comment(request: Request, records: RepositoryRecords, comment_id: int) -> Payload:
    comment = _comment(records, comment_id)
    if comment["user"] is None or comment["user"]["id"] != request.user()["id"]:
        raise ApiError(403, "Must have admin rights to Repository.")
    return comment


def _touch(store: Store, records: RepositoryRecords, number: int, comments: int) -> None:
    issue = records.issues[number]
    records.put_issue({**issue, "comments": issue["comments"] + comments, "updated_at": store.now()})


def _tell(store: Store, records: RepositoryRecords, comment: Payload, action: str, actor: Payload) -> None:
    issue = records.issue(records.issue_number_of(comment))
    store.notify(records, "issue_comment", action, actor, {"issue": issue, "comment": comment})


@routes.add("GET", "issues/{number:int}/comments")
def list_comments(_store: Store, request: Request, records: RepositoryRecords, number: int) -> Response:
    found_issue(records, number)
    since = since_of(request, "IssueComment")
    comments = [records.comments[comment_id] for comment_id in records.comments_of.get(number, ())]
    if since is not None:
        comments = [comment for comment in comments if normalised(comment["updated_at"]) >= since]
    return listed(request, records.path(f"issues/{number}/comments"), comments)


@routes.add("GET", "issues/comments")
def list_repository_comments(_store: Store, request: Request, records: RepositoryRecords) -> Response:
    sort = request.query.get("sort") or "created"
    if sort not in ("created", "updated"):
        raise invalid("IssueComment", "sort", "invalid", value=sort)
    since = since_of(request, "IssueComment")
    comments = [
        comment for comment in records.comments.values() if since is None or normalised(comment["updated_at"]) >= since
    ]
    # Without `sort` the direction is ignored and ids ascend.
    descending = "sort" in request.query and request.query.get("direction") != "asc"
    comments.sort(key=lambda comment: (normalised(comment[f"{sort}_at"]), comment["id"]), reverse=descending)
    return listed(request, records.path("issues/comments"), comments)


@routes.add("POST", "issues/{number:int}/comments")
def create_comment(store: Store, request: Request, records: RepositoryRecords, number: int) -> Response:
    issue = found_issue(records, number)
    user = request.user()
    if issue["locked"]:
        raise ApiError(403, "Unable to create comment because issue is locked.")
    comment = payloads.comment(
        records.payload,
        number=number,
        user=user,
        body=_body(request),
        id=store.next_id("comments"),  # after the body was checked: what is refused takes no id
        created_at=store.clock,
        on_pull_request="pull_request" in issue,
        author_association="CONTRIBUTOR",
    )
    records.put_comment(number, comment)
    _touch(store, records, number, +1)
    _tell(store, records, comment, "created", user)
    return json_response(comment, 201, Location=comment["url"])


@routes.add("GET", "issues/comments/{comment_id:int}")
def get_comment(_store: Store, _request: Request, records: RepositoryRecords, comment_id: int) -> Response:
    return json_response(_comment(records, comment_id))


@routes.add("PATCH", "issues/comments/{comment_id:int}")
def change_comment(store: Store, request: Request, records: RepositoryRecords, comment_id: int) -> Response:
    comment = {**_own_comment(request, records, comment_id), "body": _body(request), "updated_at": store.now()}
    records.comments[comment_id] = comment
    _tell(store, records, comment, "edited", request.user())
    return json_response(comment)


@routes.add("DELETE", "issues/comments/{comment_id:int}")
def delete_comment(store: Store, request: Request, records: RepositoryRecords, comment_id: int) -> Response:
    comment = _own_comment(request, records, comment_id)
    _tell(store, records, comment, "deleted", request.user())
    _touch(store, records, records.delete_comment(comment_id), -1)
    return Response(204)


@routes.add("PUT", "issues/comments/{comment_id:int}/pin")
def pin_comment(store: Store, request: Request, records: RepositoryRecords, comment_id: int) -> Response:
    _pinnable(records, comment_id)
    pin = {"pinned_at": store.now(), "pinned_by": request.user()}
    records.comments[comment_id] = {**records.comments[comment_id], "pin": pin}
    return json_response(records.comments[comment_id])


@routes.add("DELETE", "issues/comments/{comment_id:int}/pin")
def unpin_comment(_store: Store, _request: Request, records: RepositoryRecords, comment_id: int) -> Response:
    _pinnable(records, comment_id)
    records.comments[comment_id] = {**records.comments[comment_id], "pin": None}
    return Response(204)


def _pinnable(records: RepositoryRecords, comment_id: int) -> None:
    if records.issue_number_of(_comment(records, comment_id)) in records.pulls:
        raise ApiError(422, "Pinning comments is not supported on Pull Requests")
