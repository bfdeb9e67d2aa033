"""Issues and the issue view of pull requests: lists, changes, locks, events and timelines."""

from collections.abc import Callable
from typing import Any

from roadmap_sandbox import payloads
from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.messages import (
    ApiError,
    Moved,
    Request,
    Response,
    invalid,
    json_response,
    malformed,
    not_found,
    text,
)
from roadmap_sandbox.github.paging import listed
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.routing import Router
from roadmap_sandbox.github.search_dates import normalised
from roadmap_sandbox.github.store import Store

routes = Router()

BODY_LIMIT = 65_536
TITLE_LIMIT = 256
_STATES = ("open", "closed")
_REASONS = ("completed", "not_planned", "duplicate", "reopened")
_NEEDS_PUSH = ("milestone", "labels", "assignees")


def since_of(request: Request, resource: str) -> str | None:
    """Return the ``since`` parameter in comparable form.

    Raises:
        ApiError: 422 when it is no time.
    """
    value = request.query.get("since")
    if not value:
        return None
    try:
        return normalised(value)
    except ValueError as error:
        raise invalid(resource, "since", "invalid", value=value) from error


def found_issue(records: RepositoryRecords, number: int) -> Payload:
    """Return the issue or pull request of this number as it is now.

    Raises:
        ApiError: 404, 410 of a deleted one.
        Moved: it was transferred to another repository.
    """
    if number in records.deleted_issues:
        raise ApiError(410, "This issue was deleted")
    if number in records.transferred_issues:
        raise Moved(records.transferred_issues[number])
    if number not in records.pulls:
        needs_issues(records)
    issue = records.issue(number)
    if issue is None:
        raise not_found()
    return issue


def needs_issues(records: RepositoryRecords) -> None:
    """Raise ApiError (410) where issues are switched off."""
    if not records.payload.get("has_issues", True):
        raise ApiError(410, "Issues are disabled for this repo")


SORT_KEYS: dict[str, Callable[[Payload], Any]] = {
    "created": lambda issue: (normalised(issue["created_at"]), issue["number"]),
    "updated": lambda issue: (normalised(issue["updated_at"]), issue["number"]),
    "comments": lambda issue: (issue["comments"], issue["number"]),
}


@routes.add("GET", "issues")
def list_issues(_store: Store, request: Request, records: RepositoryRecords) -> Response:
    needs_issues(records)
    conditions = [
        *_state_condition(request),
        *_people_conditions(request),
        *_milestone_condition(request, records),
        *_type_condition(request),
    ]
    wanted_labels = {name.strip().casefold() for name in request.query.get("labels", "").split(",") if name.strip()}
    if wanted_labels:
        conditions.append(lambda issue: wanted_labels <= {label["name"].casefold() for label in issue["labels"]})
    since = since_of(request, "Issue")
    if since is not None:
        conditions.append(lambda issue: normalised(issue["updated_at"]) >= since)
    key = SORT_KEYS.get(request.query.get("sort") or "created")
    if key is None:
        raise invalid("Issue", "sort", "invalid", value=request.query["sort"])
    issues = [issue for issue in records.issues.values() if all(condition(issue) for condition in conditions)]
    issues.sort(key=key, reverse=request.query.get("direction") != "asc")
    return listed(request, records.path("issues"), issues, show=records.with_milestone)


_Condition = Callable[[Payload], bool]


def _state_condition(request: Request) -> list[_Condition]:
    state = request.query.get("state") or "open"
    if state not in (*_STATES, "all"):
        raise invalid("Issue", "state", "invalid", value=state)
    return [] if state == "all" else [lambda issue: issue["state"] == state]


def _people_conditions(request: Request) -> list[_Condition]:
    conditions: list[_Condition] = []
    creator, assignee, mentioned = (request.query.get(name) for name in ("creator", "assignee", "mentioned"))
    if creator:
        conditions.append(lambda issue: issue["user"]["login"].lower() == creator.lower())
    if assignee == "none":
        conditions.append(lambda issue: not issue["assignees"])
    elif assignee == "*":
        conditions.append(lambda issue: bool(issue["assignees"]))
    elif assignee:
        conditions.append(lambda issue: assignee.lower() in [who["login"].lower() for who in issue["assignees"]])
    if mentioned:
        conditions.append(lambda issue: f"@{mentioned}".lower() in (issue["body"] or "").lower())
    return conditions


def _milestone_condition(request: Request, records: RepositoryRecords) -> list[_Condition]:
    wanted = request.query.get("milestone")
    if not wanted:
        return []
    if wanted == "*":
        return [lambda issue: issue["milestone"] is not None]
    if wanted == "none":
        return [lambda issue: issue["milestone"] is None]
    if not wanted.isdigit() or int(wanted) not in records.milestones:
        raise invalid("Issue", "milestone", "invalid", value=wanted)
    return [lambda issue: issue["milestone"] is not None and issue["milestone"]["number"] == int(wanted)]


def _type_condition(request: Request) -> list[_Condition]:
    wanted = request.query.get("type")
    if not wanted:
        return []
    if wanted in ("*", "none"):
        return [lambda issue: (issue.get("type") is not None) == (wanted == "*")]
    return [lambda issue: ((issue.get("type") or {}).get("name") or "").lower() == wanted.lower()]


def _changes(store: Store, request: Request, records: RepositoryRecords, *, new: bool) -> dict[str, Any]:
    """Return the fields of an issue that a body sets, checked; without push rights, those that need none."""
    data = request.json()
    if request.caller is not None and not request.caller.may_push:
        data = {name: value for name, value in data.items() if name not in _NEEDS_PUSH}
    changes: dict[str, Any] = {}
    title = text(data, "title", "Issue", required=new, limit=TITLE_LIMIT)
    if title is not None:
        if not title.strip():
            raise invalid("Issue", "title", "missing_field")
        changes["title"] = title
    if "body" in data:
        changes["body"] = text(data, "body", "Issue", limit=BODY_LIMIT)
    if "milestone" in data:
        changes["milestone"] = _milestone(records, data["milestone"])
    if data.get("labels") is not None:
        changes["labels"] = [store.ensure_label(records, name) for name in label_names(data["labels"])]
    if data.get("assignees") is not None:
        changes["assignees"] = [_person(store, login) for login in label_names(data["assignees"])]
    if not new:
        changes |= _state_change(store, data)
    return changes


def _milestone(records: RepositoryRecords, number: Any) -> Payload | None:
    if number is None:
        return None
    if not isinstance(number, int) or number not in records.milestones:
        raise invalid("Issue", "milestone", "invalid", value=number)
    return records.milestones[number]


def _person(store: Store, login: str) -> Payload:
    person = store.find_user(login)
    if person is None:
        raise invalid("Issue", "assignees", "invalid", value=login)
    return person


def _state_change(store: Store, data: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if data.get("state") is not None:
        if data["state"] not in _STATES:
            raise invalid("Issue", "state", "invalid", value=data["state"])
        changes["state"] = data["state"]
    if data.get("state_reason") is not None:
        if data["state_reason"] not in _REASONS:
            raise invalid("Issue", "state_reason", "invalid", value=data["state_reason"])
        changes["state_reason"] = data["state_reason"]
        original = data.get("duplicate_issue_id")
        if original is not None and data["state_reason"] == "duplicate" and not store.has_issue(original):
            raise invalid("Issue", "duplicate_issue_id", "invalid", value=original)
    return changes


def label_names(value: Any) -> list[str]:
    """Return the names of a list of strings or of objects with a ``name``, without repetitions.

    Raises:
        ApiError: 422 when it is anything else.
    """
    if not isinstance(value, list):
        raise malformed(f"{value!r} is not an array.")
    names: dict[str, None] = {}
    for item in value:
        name = item.get("name") if isinstance(item, dict) else item
        if not isinstance(name, str) or not name:
            raise malformed(f"{item!r} is not a string.")
        names[name] = None
    return list(names)


@routes.add("POST", "issues")
def create_issue(store: Store, request: Request, records: RepositoryRecords) -> Response:
    actor = request.user()
    needs_issues(records)
    changes = _changes(store, request, records, new=True)
    number = records.next_number()
    records.put_issue(
        payloads.issue(
            records.payload,
            id=store.next_id("issues"),
            number=number,
            title=changes.pop("title"),
            user=actor,
            body=changes.pop("body", None),
            created_at=store.clock,
            updated_at=store.clock,
            author_association="CONTRIBUTOR",
        )
    )
    store.tell_of_issue(records, number, "opened", actor)
    store.change_issue(records, number, actor, changes)
    issue = found_issue(records, number)
    return json_response(issue, 201, Location=issue["url"])


@routes.add("GET", "issues/{number:int}")
def get_issue(_store: Store, _request: Request, records: RepositoryRecords, number: int) -> Response:
    return json_response(found_issue(records, number))


@routes.add("PATCH", "issues/{number:int}")
def change_issue(store: Store, request: Request, records: RepositoryRecords, number: int) -> Response:
    issue = found_issue(records, number)
    is_author = issue["user"] is not None and issue["user"]["id"] == request.user()["id"]
    if request.caller is not None and not request.caller.may_push and not is_author:
        raise ApiError(403, "Must have admin rights to Repository.")
    store.change_issue(records, number, request.user(), _changes(store, request, records, new=False))
    return json_response(found_issue(records, number))


@routes.add("PUT", "issues/{number:int}/lock")
def lock_issue(store: Store, request: Request, records: RepositoryRecords, number: int) -> Response:
    found_issue(records, number)
    reason = text(request.json(), "lock_reason", "Issue")
    if reason not in (None, "off-topic", "too heated", "resolved", "spam"):
        raise invalid("Issue", "lock_reason", "invalid", value=reason)
    store.change_issue(records, number, request.user(), {"locked": True, "active_lock_reason": reason})
    return Response(204)


@routes.add("DELETE", "issues/{number:int}/lock")
def unlock_issue(store: Store, request: Request, records: RepositoryRecords, number: int) -> Response:
    found_issue(records, number)
    store.change_issue(records, number, request.user(), {"locked": False, "active_lock_reason": None})
    return Response(204)


def _issue_number(event: Payload) -> int | None:
    """Return the number of the event's issue; GitHub's own description lets an event have none."""
    return None if event["issue"] is None else event["issue"]["number"]


def _with_issue(records: RepositoryRecords, event: Payload) -> Payload:
    number = _issue_number(event)
    issue = None if number is None else records.issue(number)
    return event if issue is None else {**event, "issue": issue}


def _still_there(records: RepositoryRecords, event: Payload) -> bool:
    return event["issue"] is None or _issue_number(event) in records.issues or "id" in event["issue"]


@routes.add("GET", "issues/events")
def list_repository_events(_store: Store, request: Request, records: RepositoryRecords) -> Response:
    # An event goes with its issue; one that holds its issue whole was recorded without it.
    newest_first = [event for event in records.events[::-1] if _still_there(records, event)]
    path = records.path("issues/events")
    return listed(request, path, newest_first, show=lambda event: _with_issue(records, event))


@routes.add("GET", "issues/events/{event_id:int}")
def get_event(_store: Store, _request: Request, records: RepositoryRecords, event_id: int) -> Response:
    for event in records.events:
        if event["id"] == event_id and _still_there(records, event):
            return json_response(_with_issue(records, event))
    raise not_found()


def _events(records: RepositoryRecords, number: int) -> list[Payload]:
    return [
        {name: value for name, value in event.items() if name != "issue"}
        for event in records.events
        if _issue_number(event) == number
    ]


@routes.add("GET", "issues/{number:int}/events")
def list_events(_store: Store, request: Request, records: RepositoryRecords, number: int) -> Response:
    found_issue(records, number)
    return listed(request, records.path(f"issues/{number}/events"), _events(records, number))


@routes.add("GET", "issues/{number:int}/timeline")
def list_timeline(_store: Store, request: Request, records: RepositoryRecords, number: int) -> Response:
    found_issue(records, number)
    comments = [
        {**(comment := records.comments[comment_id]), "event": "commented", "actor": comment["user"]}
        for comment_id in records.comments_of.get(number, ())
    ]
    entries = [*_events(records, number), *comments]
    entries.sort(key=lambda entry: normalised(entry["created_at"]))
    return listed(request, records.path(f"issues/{number}/timeline"), entries)
