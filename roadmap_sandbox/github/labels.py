"""Labels of a repository and of its issues."""

import re
from typing import Any
from urllib.parse import quote

from roadmap_sandbox import payloads
from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.issues import found_issue, label_names
from roadmap_sandbox.github.messages import (
    ApiError,
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
from roadmap_sandbox.github.store import Store

routes = Router()

_COLOR = re.compile(r"[0-9a-fA-F]{6}\Z")


def _label(records: RepositoryRecords, name: str) -> Payload:
    label = records.labels.get(name.casefold())
    if label is None:
        raise not_found()
    return label


@routes.add("GET", "labels")
def list_labels(_store: Store, request: Request, records: RepositoryRecords) -> Response:
    return listed(
        request, records.path("labels"), sorted(records.labels.values(), key=lambda label: label["name"].casefold())
    )


def _color(data: dict[str, Any]) -> str | None:
    color = text(data, "color", "Label")
    if color is not None and not _COLOR.match(color):
        raise invalid("Label", "color", "invalid")
    return color


@routes.add("POST", "labels")
def create_label(store: Store, request: Request, records: RepositoryRecords) -> Response:
    data = request.json()
    name = text(data, "name", "Label", required=True, limit=50)
    assert name is not None
    if name.casefold() in records.labels:
        raise invalid("Label", "name", "already_exists")
    label = payloads.label(
        records.payload,
        name=name,
        color=_color(data) or "ededed",
        description=text(data, "description", "Label", limit=100),
        id=store.next_id("labels"),  # after the rest was checked: what is refused takes no id
    )
    records.labels[name.casefold()] = label
    return json_response(label, 201, Location=label["url"])


@routes.add("GET", "labels/{name}")
def get_label(_store: Store, _request: Request, records: RepositoryRecords, name: str) -> Response:
    return json_response(_label(records, name))


@routes.add("PATCH", "labels/{name}")
def change_label(_store: Store, request: Request, records: RepositoryRecords, name: str) -> Response:
    before, data = _label(records, name), request.json()
    new_name = text(data, "new_name", "Label", limit=50) or before["name"]
    if new_name.casefold() != name.casefold() and new_name.casefold() in records.labels:
        raise invalid("Label", "name", "already_exists")
    after = {
        **before,
        "name": new_name,
        "url": f"{records.payload['url']}/labels/{quote(new_name, safe='')}",
        "color": _color(data) or before["color"],
        "description": text(data, "description", "Label", limit=100)
        if "description" in data
        else before["description"],
    }
    del records.labels[before["name"].casefold()]
    records.labels[new_name.casefold()] = after
    _replace(records, before, [after])
    return json_response(after)


@routes.add("DELETE", "labels/{name}")
def delete_label(_store: Store, _request: Request, records: RepositoryRecords, name: str) -> Response:
    label = _label(records, name)
    del records.labels[label["name"].casefold()]
    _replace(records, label, [])
    return Response(204)


def _replace(records: RepositoryRecords, label: Payload, replacement: list[Payload]) -> None:
    """Make issues follow a label that was renamed or deleted, without an event and without being updated."""
    for issue in list(records.issues.values()):
        if any(own["id"] == label["id"] for own in issue["labels"]):
            labels = [own for own in issue["labels"] if own["id"] != label["id"]] + replacement
            records.put_issue({**issue, "labels": labels})


@routes.add("GET", "issues/{number:int}/labels")
def list_issue_labels(_store: Store, request: Request, records: RepositoryRecords, number: int) -> Response:
    return listed(request, records.path(f"issues/{number}/labels"), found_issue(records, number)["labels"])


def _given_labels(store: Store, request: Request, records: RepositoryRecords) -> list[Payload]:
    data = request.json()
    if "labels" not in data:
        raise malformed('"labels" wasn\'t supplied.')
    return [store.ensure_label(records, name) for name in label_names(data["labels"])]


def _set_labels(
    store: Store, request: Request, records: RepositoryRecords, number: int, labels: list[Payload]
) -> list[Payload]:
    user = request.user()
    if request.caller is not None and request.caller.may_push:
        store.change_issue(records, number, user, {"labels": labels})
    found: list[Payload] = records.issues[number]["labels"]
    return found


@routes.add("POST", "issues/{number:int}/labels")
def add_issue_labels(store: Store, request: Request, records: RepositoryRecords, number: int) -> Response:
    labels = {label["id"]: label for label in found_issue(records, number)["labels"]}
    for label in _given_labels(store, request, records):
        labels[label["id"]] = label
    return json_response(_set_labels(store, request, records, number, list(labels.values())))


@routes.add("PUT", "issues/{number:int}/labels")
def replace_issue_labels(store: Store, request: Request, records: RepositoryRecords, number: int) -> Response:
    found_issue(records, number)
    return json_response(_set_labels(store, request, records, number, _given_labels(store, request, records)))


@routes.add("DELETE", "issues/{number:int}/labels/{name}")
def remove_issue_label(store: Store, request: Request, records: RepositoryRecords, number: int, name: str) -> Response:
    labels = found_issue(records, number)["labels"]
    kept = [label for label in labels if label["name"].casefold() != name.casefold()]
    if len(kept) == len(labels):
        raise ApiError(404, "Label does not exist")
    return json_response(_set_labels(store, request, records, number, kept))
