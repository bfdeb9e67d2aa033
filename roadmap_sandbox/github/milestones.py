"""Milestones."""

from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from roadmap_sandbox import payloads
from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.messages import Request, Response, invalid, json_response, not_found, text
from roadmap_sandbox.github.paging import listed
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.routing import Router
from roadmap_sandbox.github.search_dates import normalised
from roadmap_sandbox.github.store import Store

routes = Router()

_STATES = ("open", "closed")
TITLE_LIMIT = 255


def _milestone(records: RepositoryRecords, number: int) -> Payload:
    if number not in records.milestones:
        raise not_found()
    return records.milestone(number)


def _completeness(milestone: Payload) -> float:
    items = milestone["open_issues"] + milestone["closed_issues"]
    return milestone["closed_issues"] / items if items else 0.0


_SORT_KEYS: dict[str, Callable[[Payload], Any]] = {
    "due_on": lambda milestone: (milestone["due_on"] is None, milestone["due_on"] or "", milestone["number"]),
    "completeness": lambda milestone: (_completeness(milestone), milestone["number"]),
}


@routes.add("GET", "milestones")
def list_milestones(_store: Store, request: Request, records: RepositoryRecords) -> Response:
    state = request.query.get("state") or "open"
    if state not in (*_STATES, "all"):
        raise invalid("Milestone", "state", "invalid", value=state)
    key = _SORT_KEYS.get(request.query.get("sort") or "due_on")
    if key is None:
        raise invalid("Milestone", "sort", "invalid", value=request.query["sort"])
    milestones = [records.milestone(number) for number in records.milestones]
    milestones = [milestone for milestone in milestones if state in ("all", milestone["state"])]
    milestones.sort(key=key, reverse=request.query.get("direction") == "desc")
    return listed(request, records.path("milestones"), milestones)


def _changes(store: Store, request: Request, records: RepositoryRecords, number: int | None) -> dict[str, Any]:
    data = request.json()
    changes: dict[str, Any] = {}
    title = text(data, "title", "Milestone", required=number is None, limit=TITLE_LIMIT)
    if title is not None:
        if not title.strip():
            raise invalid("Milestone", "title", "missing_field")
        if any(other["title"] == title for other in records.milestones.values() if other["number"] != number):
            raise invalid("Milestone", "title", "already_exists")
        changes["title"] = title
    if "description" in data:
        changes["description"] = text(data, "description", "Milestone")
    if "due_on" in data:
        changes["due_on"] = _due_on(store, text(data, "due_on", "Milestone"))
    if data.get("state") is not None:
        if data["state"] not in _STATES:
            raise invalid("Milestone", "state", "invalid", value=data["state"])
        changes["state"] = data["state"]
    return changes


def _due_on(store: Store, value: str | None) -> str | None:
    """Return the day of ``value`` at GitHub's own time of day: midnight on the Pacific coast."""
    if not value:
        return None
    try:
        moment = normalised(value)
        if store.switches.due_day_of == "date":
            return f"{moment[:10]}T08:00:00Z"
        coast = ZoneInfo("America/Los_Angeles")
        day = datetime.fromisoformat(moment).astimezone(coast).date()
    except ValueError as error:
        raise invalid("Milestone", "due_on", "invalid", value=value) from error
    return payloads.timestamp(datetime.combine(day, time(), coast).astimezone(UTC))


@routes.add("POST", "milestones")
def create_milestone(store: Store, request: Request, records: RepositoryRecords) -> Response:
    creator = request.user()
    changes = _changes(store, request, records, None)
    given = (*records.milestones, *(one["number"] for one in records.deleted_milestones))
    number = max(given, default=0) + 1
    records.milestones[number] = payloads.milestone(
        records.payload,
        id=store.next_id("milestones"),
        number=number,
        title=changes["title"],
        creator=creator,
        description=changes.get("description"),
        due_on=changes.get("due_on"),
        state=changes.get("state", "open"),
        created_at=store.clock,
        updated_at=store.clock,
        closed_at=store.clock if changes.get("state") == "closed" else None,
    )
    milestone = records.milestone(number)
    store.notify(records, "milestone", "created", request.user(), {"milestone": milestone})
    return json_response(milestone, 201, Location=milestone["url"])


@routes.add("GET", "milestones/{number:int}")
def get_milestone(_store: Store, _request: Request, records: RepositoryRecords, number: int) -> Response:
    return json_response(_milestone(records, number))


@routes.add("PATCH", "milestones/{number:int}")
def change_milestone(store: Store, request: Request, records: RepositoryRecords, number: int) -> Response:
    _milestone(records, number)
    before = records.milestones[number]
    after = {**before, **_changes(store, request, records, number)}
    if after != before:
        if after["state"] != before["state"]:
            after["closed_at"] = store.now() if after["state"] == "closed" else None
        records.milestones[number] = {**after, "updated_at": store.now()}
        action = "edited" if after["state"] == before["state"] else "closed" if after["closed_at"] else "opened"
        store.notify(records, "milestone", action, request.user(), {"milestone": records.milestone(number)})
    return json_response(records.milestone(number))


@routes.add("DELETE", "milestones/{number:int}")
def delete_milestone(store: Store, request: Request, records: RepositoryRecords, number: int) -> Response:
    milestone = _milestone(records, number)
    for issue in list(records.issues.values()):
        if issue["milestone"] is not None and issue["milestone"]["id"] == milestone["id"]:
            store.change_issue(records, issue["number"], request.user(), {"milestone": None})
    store.notify(records, "milestone", "deleted", request.user(), {"milestone": records.milestone(number)})
    records.deleted_milestones.append(records.milestones.pop(number))
    return Response(204)
