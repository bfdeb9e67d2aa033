"""Sending one message to one address, through Apprise.

Belongs here: the call, and why it failed in one line without anything secret. Apprise is imported when the first
message goes out: it takes 0.3 s, and who has no address never pays for it.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from requests import RequestException

from roadmap_pipeline.notifications.addresses import Address
from roadmap_pipeline.notifications.messages import Message

UNKNOWN = "is no address that Apprise knows (https://appriseit.com/services/)"
_REASON_CHARS = 200


def is_known(address: Address) -> bool:
    """Return whether Apprise can send to an address: its service is known, and nothing that it needs is missing."""
    with _log():
        import apprise

        return apprise.Apprise.instantiate(address.secret.get_secret_value(), suppress_exceptions=True) is not None


def deliver(address: Address, message: Message) -> str | None:
    """Send ``message`` to ``address``; return why it was not delivered, without secrets, None where it was."""
    with _log() as log:
        import apprise

        sender = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Roadmap", async_mode=False))
        if not sender.add(address.secret.get_secret_value()):
            return UNKNOWN
        try:
            # Plain text: Apprise escapes it for whatever the service takes.
            if sender.notify(title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT):
                return None
        except (OSError, ValueError, TypeError, LookupError, AttributeError, RequestException) as error:
            # One of Apprise's hundred services that fails in its own way is no reason for a run to fail.
            return address.without_secrets(f"{type(error).__name__}: {error}")[:_REASON_CHARS]
        reason = " ".join(log[-1].split()) if log else "the service did not take it"
    return address.without_secrets(reason)[:_REASON_CHARS]


@contextmanager
def _log() -> Iterator[list[str]]:
    """Yield what Apprise logs from warnings on; nobody else gets it, for addresses are in it."""
    logger = logging.getLogger("apprise")
    handler = _Collector()
    former = logger.propagate, logger.level
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            # Its modules, loaded when first needed, use what a later Python will have no more.
            warnings.simplefilter("ignore", DeprecationWarning)
            yield handler.lines
    finally:
        logger.removeHandler(handler)
        logger.propagate, logger.level = former


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
