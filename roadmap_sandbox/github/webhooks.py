"""Webhooks: what happens in the simulated GitHub, told to whoever asked to be told.

Deliveries wait until ``deliver`` sends them, since a test has to know when they arrive. They can be lost, doubled and
shuffled, as the real ones are; runs that couldn't start tell of nothing (pytorch/test-infra#5164). Nothing is sent
again. Signature: HMAC-SHA256 of the raw body (docs.github.com, "Validating webhook deliveries").
"""

import hashlib
import hmac
import threading
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field

import orjson

from roadmap_sandbox.content import API_ROOT, Payload
from roadmap_sandbox.deliveries import Message, send
from roadmap_sandbox.github.repository_records import RepositoryRecords


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message. ``event`` and ``action`` are GitHub's names; ``id`` is the GUID that its header holds."""

    id: str
    event: str
    action: str
    body: bytes

    def headers(self, secret: str) -> dict[str, str]:
        """Return the headers it is sent with."""
        return {
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/sandbox",
            "X-GitHub-Event": self.event,
            "X-GitHub-Delivery": self.id,
            "X-Hub-Signature-256": signature(secret, self.body),
        }


@dataclass(slots=True)
class _Hook:
    url: str
    secret: str
    events: frozenset[str] | None
    root: str
    waiting: list[Delivery] = field(default_factory=list)


def signature(secret: str, body: bytes) -> str:
    """Return the value of ``X-Hub-Signature-256``."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


class Webhooks:
    """The receivers with what they are told of, and the messages that wait. Threads may share it."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, str, int]] = []
        """GUID, event and the receiver's status (0: not reached) of everything sent, oldest first."""
        self._hooks: list[_Hook] = []
        self._count = 0
        self._lock = threading.Lock()

    def add(self, url: str, secret: str, events: Collection[str] | None = None, *, root: str = API_ROOT) -> None:
        """Tell ``url`` of ``events`` (all without), ping first. API addresses in the messages start with ``root``."""
        hook = _Hook(url, secret, None if events is None else frozenset(events), root)
        with self._lock:
            self._hooks.append(hook)
            self._put(hook, "ping", "", {"zen": "Keep it logically awesome.", "hook_id": len(self._hooks)})

    def notify(self, records: RepositoryRecords, event: str, action: str, sender: Payload, details: Payload) -> None:
        """Have everybody told who wants to know."""
        with self._lock:
            for hook in self._hooks:
                if hook.events is None or event in hook.events:
                    subject = {"action": action, **details, "repository": records.payload, "sender": sender}
                    self._put(hook, event, action, subject)

    def _put(self, hook: _Hook, event: str, action: str, message: Payload) -> None:
        self._count += 1
        body = orjson.dumps(message).replace(API_ROOT.encode(), hook.root.encode())
        guid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{hook.url}#{self._count}"))
        hook.waiting.append(Delivery(guid, event, action, body))

    @property
    def waiting(self) -> list[Delivery]:
        """The deliveries that were not sent yet, oldest first."""
        with self._lock:
            return [delivery for hook in self._hooks for delivery in hook.waiting]

    def deliver(self, *, lose: float = 0.0, duplicate: float = 0.0, shuffle: bool = False, seed: int = 0) -> int:
        """Send what waits; gives the number of messages sent. Each is lost or doubled with the given probability (0–1).

        A receiver that refuses or can't be reached loses the message.
        """
        with self._lock:
            batch = {
                Message(hook.url, delivery.headers(hook.secret), delivery.body): delivery
                for hook in self._hooks
                for delivery in hook.waiting
            }
            for hook in self._hooks:
                hook.waiting.clear()
        sent = send(list(batch), lose=lose, duplicate=duplicate, shuffle=shuffle, seed=seed)
        self.delivered += [(batch[message].id, batch[message].event, status) for message, status in sent]
        return len(sent)
