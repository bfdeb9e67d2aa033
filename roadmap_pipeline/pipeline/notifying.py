"""Notifying: telling people elsewhere what changed about risks, as the last step of a run.

Belongs here: what the run's summary says of it. What is told to whom is in :mod:`roadmap_pipeline.notifications`.
"""

from typing import TYPE_CHECKING

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.runtime import Runtime

if TYPE_CHECKING:
    from roadmap_pipeline.notifications import Delivery

NO_ADDRESS = "ROADMAP_NOTIFY_URLS is not set: name the addresses to tell, such as slack://… (docs/risks.md)"


def notify(runtime: Runtime) -> "list[Delivery]":
    """Tell every address what changed about risks; an address that fails is noted in the summary and tried again."""
    from roadmap_pipeline.notifications import Notifier

    if not runtime.settings.notify_urls:
        return []
    deliveries = Notifier(runtime.settings, runtime.warehouse).notify()
    runtime.run_summary.notifications.extend(deliveries)
    runtime.run_summary.notes.extend(notes_of(deliveries))
    return deliveries


def preview_notifications(runtime: Runtime) -> "list[Delivery]":
    """Return what :func:`notify` would send; without an address what a new one would get. Nothing is written."""
    from roadmap_pipeline.notifications import Notifier

    return Notifier(runtime.settings, runtime.warehouse).preview()


def send_test_message(runtime: Runtime) -> "list[Delivery]":
    """Send a test message to every address.

    Raises:
        ConfigurationError: There is none.
    """
    from roadmap_pipeline.notifications import Notifier

    if not runtime.settings.notify_urls:
        raise ConfigurationError(NO_ADDRESS)
    return Notifier(runtime.settings, runtime.warehouse).test()


def notes_of(deliveries: "list[Delivery]") -> list[str]:
    """Return one sentence for each message that did not arrive."""
    return [
        f"{one.address} was not told of {one.title!r}: {one.error}; the next run tries again"
        for one in deliveries
        if one.state == "failed"
    ]
