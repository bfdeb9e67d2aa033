"""Telling every address what changed since it was told last, each change once.

Belongs here: which messages go to whom in this run. A message is noted in the same transaction in which it is decided,
so that two runs on one warehouse never decide the same; then sent, then settled.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from roadmap_pipeline.notifications import journal
from roadmap_pipeline.notifications.addresses import Address
from roadmap_pipeline.notifications.changes import OpenRisk, changes
from roadmap_pipeline.notifications.delivery import deliver
from roadmap_pipeline.notifications.messages import Message, digest_of, message_for_trial, message_of
from roadmap_pipeline.notifications.quiet import is_digest_due, is_quiet
from roadmap_pipeline.notifications.reading import open_risks
from roadmap_pipeline.risk_configuration import Notifications
from roadmap_pipeline.settings import Settings
from roadmap_pipeline.warehouse.connection import WarehouseError, is_file, transaction
from roadmap_pipeline.warehouse.session import WarehouseSession

if TYPE_CHECKING:
    import duckdb

ALERT_LOCK_TIMEOUT_S = 10.0
"""The longest that an alert waits for the warehouse: a sensor has a minute."""
MOST_SINGLE = 3
"""Changes up to which each has a message of its own; more at once are told of in one digest."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to one address, and what became of it: planned is what a dry run would send."""

    address: str
    kind: str
    title: str
    body: str
    state: Literal["planned", "held", "sent", "failed"]
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object."""
        return {
            "address": self.address,
            "kind": self.kind,
            "title": self.title,
            "body": self.body,
            "state": self.state,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class _Planned:
    address: Address
    messages: Sequence[Message]
    held: int = 0


@dataclass(frozen=True, slots=True)
class Notifier:
    """The messages of one warehouse, by its settings."""

    settings: Settings
    warehouse: WarehouseSession
    lock_timeout_s: float | None = None
    """The longest wait for the warehouse where a message is noted; None: as long as any run waits."""

    @property
    def addresses(self) -> list[Address]:
        """The addresses that the environment names."""
        return [Address(secret) for secret in self.settings.notify_urls]

    def notify(self) -> list[Delivery]:
        """Send what is new to each address, and note what became of it. An address that fails holds up no other."""
        if not self.addresses:
            return []
        now = self.settings.now()
        intended: list[tuple[str, Address, Message]] = []
        deliveries: list[Delivery] = []
        with self.warehouse.connect() as con, transaction(con):
            journal.settle_interrupted(con)
            for plan in self._plans(con, now):
                if plan.held:
                    journal.hold(con, plan.address, plan.held, now)
                    deliveries.append(_held(plan))
                elif plan.messages:
                    journal.release(con, plan.address)
                intended += [
                    (journal.intend(con, plan.address, message, now), plan.address, message)
                    for message in plan.messages
                ]
        return deliveries + self._send(intended)

    def preview(self) -> list[Delivery]:
        """Return what :meth:`notify` would send now; without addresses what a new one would get. Writes nothing."""
        now = self.settings.now()
        with self.warehouse.connect() as con:
            plans = self._plans(con, now)
            if not self.addresses:
                risks = open_risks(con) or []
                told = changes({}, risks, self.settings.configuration.notifications)
                return [_planned("nobody", message) for message in _messages(told, risks, is_digest=True)]
        return [
            *(_held(plan) for plan in plans if plan.held),
            *(_planned(plan.address.shown, message) for plan in plans for message in plan.messages),
        ]

    def test(self) -> list[Delivery]:
        """Send a test message to every address, whatever the hour."""
        return self.send(message_for_trial())

    def send(self, message: Message, alert_key: str | None = None) -> list[Delivery]:
        """Send a message to every address now; one with a key once only, however often it is asked for."""
        now = self.settings.now()
        with self.warehouse.connect(lock_timeout_s=self.lock_timeout_s) as con, transaction(con):
            intended = [
                (journal.intend(con, address, message, now, alert_key), address, message)
                for address in self.addresses
                if alert_key is None or not journal.has_sent(con, address, alert_key)
            ]
        return self._send(intended)

    def _plans(self, con: "duckdb.DuckDBPyConnection", now: datetime) -> list[_Planned]:
        risks = open_risks(con)
        # Before the first build nothing is known: neither that a risk is there nor that one is over.
        return [] if risks is None else [self._plan(con, address, risks, now) for address in self.addresses]

    def _plan(
        self, con: "duckdb.DuckDBPyConnection", address: Address, risks: Sequence[OpenRisk], now: datetime
    ) -> _Planned:
        wanted = self.settings.configuration.notifications
        told = changes(journal.announced(con, address), risks, wanted)
        if not told:
            return _Planned(address, ())
        if is_quiet(now, wanted):
            return _Planned(address, (), held=len(told))
        if not is_digest_due(now, journal.last_digest(con, address), wanted):
            return _Planned(address, ())
        is_digest = wanted.digest != "off" or journal.is_holding(con, address)
        is_first = not journal.was_told_before(con, address)
        return _Planned(address, _messages(told, _wanted(risks, wanted), is_digest=is_digest or is_first))

    def _send(self, intended: Sequence[tuple[str, Address, Message]]) -> list[Delivery]:
        deliveries = []
        for notification_id, address, message in intended:
            error = deliver(address, message)
            with self.warehouse.connect(lock_timeout_s=self.lock_timeout_s) as con, transaction(con):
                journal.settle(con, notification_id, error)
            deliveries.append(
                Delivery(address.shown, message.kind, message.title, message.body, "failed" if error else "sent", error)
            )
        return deliveries


def send_alert(settings: Settings, title: str, body: str, *, key: str) -> list[Delivery]:
    """Send one message of any content to every address, noted in the same journal.

    Where the warehouse isn't there or can't be written to, which may be what the alert is about, it goes out without
    being noted.

    Args:
        settings: Where to send, and the warehouse.
        title: One line.
        body: Plain text.
        key: What it is about, such as a run's id: of one key only the first message is sent.
    """
    message = Message("alert", title, body)
    if not is_file(settings.warehouse) or Path(settings.warehouse).exists():
        warehouse = WarehouseSession(settings.warehouse)
        try:
            return Notifier(settings, warehouse, ALERT_LOCK_TIMEOUT_S).send(message, key)
        except WarehouseError as error:
            message = replace(message, body=f"{body}\nNot noted in the warehouse: {error}")
        finally:
            warehouse.close()
    errors = [(address, deliver(address, message)) for address in map(Address, settings.notify_urls)]
    return [
        Delivery(address.shown, message.kind, title, message.body, "failed" if error else "sent", error)
        for address, error in errors
    ]


def _messages(told: Sequence[Any], risks: Sequence[OpenRisk], *, is_digest: bool) -> list[Message]:
    if not told:
        return []
    if len(told) > MOST_SINGLE or (is_digest and len(told) > 1):
        return [digest_of(told, risks)]
    return [message_of(change) for change in told]


def _wanted(risks: Sequence[OpenRisk], wanted: Notifications) -> list[OpenRisk]:
    grades = ("low", "medium", "high")
    least = grades.index(wanted.min_severity)
    return [one for one in risks if one.risk in wanted.on and grades.index(one.severity) >= least]


def _planned(address: str, message: Message) -> Delivery:
    return Delivery(address, message.kind, message.title, message.body, "planned")


def _held(plan: _Planned) -> Delivery:
    title = f"{plan.held} held until quiet hours are over"
    return Delivery(plan.address.shown, "digest", title, "", "held")
