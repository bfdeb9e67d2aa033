"""Webhooks of the simulated Notion: the handshake, and events of what people and integrations change.

Deliveries wait until ``deliver`` sends them. Events of one page and type are aggregated while they wait, as Notion's
are, come in any order, and tell of the integration's own writes as well (developers.notion.com, "Webhooks"). Signature:
HMAC-SHA256 of the raw body with the verification token.
"""

import hashlib
import hmac
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID, uuid5

from roadmap_sandbox.deliveries import Message, send
from roadmap_sandbox.notion.errors import INTEGRATION_ID
from roadmap_sandbox.notion.records import PERSON_ID

_IDS: Final = UUID("5a11d0c5-0000-4000-8000-000000000003")
_BY_PEOPLE: Final[Mapping[str, str]] = {
    "set_property": "page.properties_updated",
    "write_body": "page.content_updated",
    "rename": "page.properties_updated",
    "add_row": "page.created",
    "duplicate": "page.created",
    "move": "page.moved",
    "trash": "page.deleted",
    "restore": "page.undeleted",
}
"""The event of an action of people; every other one changes a table's columns."""


@dataclass(slots=True)
class _Subscription:
    url: str
    token: str
    waiting: list[Message] = field(default_factory=list)
    aggregated: set[tuple[str, str]] = field(default_factory=set)


def signature(token: str, body: bytes) -> str:
    """Return the value of ``X-Notion-Signature``."""
    return f"sha256={hmac.new(token.encode(), body, hashlib.sha256).hexdigest()}"


class Webhooks:
    """The subscriptions, and the messages that wait. Threads may share it."""

    def __init__(self) -> None:
        self.delivered: list[int] = []
        """The receiver's status (0: not reached) of everything sent, oldest first."""
        self._subscriptions: list[_Subscription] = []
        self._count = 0
        self._lock = threading.Lock()

    def add(self, url: str) -> str:
        """Send events to ``url``, the verification token first, unsigned; return that token."""
        with self._lock:
            token = f"secret_{uuid5(_IDS, f'{url}#{len(self._subscriptions)}').hex}"
            subscription = _Subscription(url, token)
            subscription.waiting.append(_message(url, json.dumps({"verification_token": token}).encode(), None))
            self._subscriptions.append(subscription)
            return token

    def redirect(self, url: str, new_url: str) -> None:
        """Send what goes to ``url`` to another address; the token stays."""
        with self._lock:
            for subscription in self._subscriptions:
                if subscription.url == url:
                    subscription.url = new_url

    def note_action(self, name: str, arguments: Mapping[str, Any], result: Any, now: datetime) -> None:
        """Tell of what a person did."""
        type_ = _BY_PEOPLE.get(name, "data_source.schema_updated")
        made = result if type_ == "page.created" else None
        entity = made or arguments.get("page_id") or arguments.get("data_source_id") or arguments.get("id_") or ""
        self._put(type_, str(entity), "person", now)

    def note_request(self, method: str, path: str, answer: Mapping[str, Any], now: datetime) -> None:
        """Tell of what an integration wrote."""
        if answer.get("object") == "page":
            created = method == "POST" and path.rstrip("/").endswith("/pages")
            self._put("page.created" if created else "page.properties_updated", str(answer["id"]), "bot", now)

    def _put(self, type_: str, entity: str, author: Literal["person", "bot"], now: datetime) -> None:
        with self._lock:
            for subscription in self._subscriptions:
                if (type_, entity) in subscription.aggregated:
                    continue
                self._count += 1
                event = {
                    "id": str(uuid5(_IDS, f"{subscription.url}:{self._count}")),
                    "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                    "workspace_id": str(_IDS),
                    "type": type_,
                    "authors": [{"id": PERSON_ID if author == "person" else INTEGRATION_ID, "type": author}],
                    "attempt_number": 1,
                    "entity": {"id": entity, "type": type_.partition(".")[0]},
                    "data": {},
                }
                subscription.aggregated.add((type_, entity))
                subscription.waiting.append(_message(subscription.url, json.dumps(event).encode(), subscription.token))

    def deliver(self, *, lose: float = 0.0, duplicate: float = 0.0, shuffle: bool = False, seed: int = 0) -> int:
        """Send what waits; gives the number of messages sent. Each is lost or doubled with the given probability."""
        with self._lock:
            batch = [message for subscription in self._subscriptions for message in subscription.waiting]
            for subscription in self._subscriptions:
                subscription.waiting.clear()
                subscription.aggregated.clear()
        sent = send(batch, lose=lose, duplicate=duplicate, shuffle=shuffle, seed=seed)
        self.delivered += [status for _message, status in sent]
        return len(sent)


def _message(url: str, body: bytes, token: str | None) -> Message:
    headers = {"Content-Type": "application/json", "User-Agent": "Notion-Webhooks/sandbox"}
    return Message(url, headers if token is None else {**headers, "X-Notion-Signature": signature(token, body)}, body)
