"""Accounts, labels and milestones: what hangs on issues, commits and repositories."""

from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.graphql.query import Node, enum, global_id, moment


def actor(user: Payload | None) -> Node | None:
    """Return an account by its kind; None for one that was deleted. A bot's name has no ``[bot]`` here."""
    if user is None:
        return None
    kind = user.get("type", "User")
    common = {"id": global_id(user), "databaseId": user["id"], "url": user["html_url"], "name": user["login"]}
    if kind == "Bot":
        return {"__typename": "Bot", **common, "login": user["login"].removesuffix("[bot]")}
    typename = "Organization" if kind == "Organization" else "User"
    return {"__typename": typename, **common, "login": user["login"], "email": "", "createdAt": "2020-01-01T00:00:00Z"}


def viewer(user: Payload) -> Node:
    """Return the account of the token, which is a ``User`` even where it is an installation's bot."""
    return {**(actor({**user, "type": "User"}) or {}), "name": None}


def label(payload: Payload) -> Node:
    """Return a ``Label``."""
    return {
        "id": global_id(payload),
        "name": payload["name"],
        "color": payload["color"],
        "description": payload["description"],
        "url": payload["url"],
    }


def milestone(payload: Payload | None) -> Node | None:
    """Return a ``Milestone``; None for none."""
    if payload is None:
        return None
    return {
        "__typename": "Milestone",
        "id": global_id(payload),
        "number": payload["number"],
        "title": payload["title"],
        "description": payload["description"],
        "state": enum(payload["state"]),
        "closed": payload["state"] == "closed",
        "closedAt": moment(payload["closed_at"]),
        "createdAt": moment(payload["created_at"]),
        "updatedAt": moment(payload["updated_at"]),
        "dueOn": moment(payload["due_on"]),
        "creator": actor(payload["creator"]),
        "url": payload["html_url"],
    }
