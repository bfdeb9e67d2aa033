"""The timeline of an issue or a pull request: what REST's issue events tell, and its comments."""

from collections.abc import Mapping
from typing import Any

from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.graphql.connections import connection
from roadmap_sandbox.github.graphql.people import actor
from roadmap_sandbox.github.graphql.query import Node, Query, enum, global_id, moment
from roadmap_sandbox.github.graphql.repositories import commit
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.search_dates import normalised

_KINDS = (
    "labeled",
    "unlabeled",
    "milestoned",
    "demilestoned",
    "closed",
    "reopened",
    "renamed",
    "assigned",
    "unassigned",
    "locked",
    "unlocked",
    "merged",
    "head_ref_deleted",
    "head_ref_force_pushed",
    "head_ref_restored",
    "ready_for_review",
    "convert_to_draft",
    "review_requested",
    "review_request_removed",
    "mentioned",
    "subscribed",
    "unsubscribed",
    "pinned",
    "unpinned",
)
"""Events by REST's names for them; others aren't part of this schema."""
_ITEM_TYPES = {kind: f"{'renamed_title' if kind == 'renamed' else kind}_event".upper() for kind in _KINDS}
TYPES = {kind: "".join(word.capitalize() for word in item.split("_")) for kind, item in _ITEM_TYPES.items()}


def timeline(
    query: Query,
    records: RepositoryRecords,
    issue: Payload,
    comments: list[tuple[Payload, Node]],
    arguments: Mapping[str, Any],
) -> Node:
    """Return the events of an issue or a pull request with its ``comments``, oldest first."""
    wanted = arguments.get("itemTypes")
    events = [
        event
        for event in records.events
        if event["issue"] is not None and event["issue"]["number"] == issue["number"] and event["event"] in TYPES
    ]
    items = [
        (normalised(event["created_at"]), _event(query, records, issue, event))
        for event in events
        if wanted is None or _ITEM_TYPES[event["event"]] in wanted
    ]
    if wanted is None or "ISSUE_COMMENT" in wanted:
        items += [(normalised(payload["created_at"]), node) for payload, node in comments]
    items.sort(key=lambda item: item[0])
    if arguments.get("since") is not None:
        items = [item for item in items if item[0] >= normalised(arguments["since"])]
    nodes = [node for _, node in items][arguments.get("skip") or 0 :]
    page = connection(query, nodes, lambda node: node, arguments)
    return {
        **page,
        "totalCount": len(events) + len(comments),
        "filteredCount": len(nodes),
        "pageCount": len(page["nodes"]),
        "updatedAt": moment(issue["updated_at"]),
    }


def _event(query: Query, records: RepositoryRecords, issue: Payload, event: Payload) -> Node:
    node: Node = {
        "__typename": TYPES[event["event"]],
        "id": global_id(event),
        "actor": actor(event["actor"]),
        "createdAt": moment(event["created_at"]),
        "stateReason": enum(event.get("state_reason")),
        "lockReason": enum(event.get("lock_reason")),
        "url": f"{issue['html_url']}#event-{event['id']}",
    }
    if "label" in event:
        node["label"] = _label(records, event["label"])
    if "milestone" in event:
        node["milestoneTitle"] = event["milestone"]["title"]
    if "rename" in event:
        node |= {"previousTitle": event["rename"]["from"], "currentTitle": event["rename"]["to"]}
    if "assignee" in event:
        node["assignee"] = actor(event["assignee"])
    if event["event"] == "head_ref_deleted":
        node["headRefName"] = records.pulls[issue["number"]]["head"]["ref"]
    if event["event"] == "merged":
        held = records.commit(event["commit_id"]) if event["commit_id"] else None
        node["commit"] = None if held is None else commit(query, records, held)
        node["mergeRefName"] = records.pulls[issue["number"]]["base"]["ref"]
    return node


def _label(records: RepositoryRecords, named: Payload) -> Node:
    known = records.labels.get(named["name"].casefold())
    return {
        "id": f"LA_{named['name']}" if known is None else global_id(known),
        "name": named["name"],
        "color": named["color"],
        "description": None if known is None else known["description"],
        "url": f"{records.payload['html_url']}/labels/{named['name']}",
    }
