"""The process that receives deliveries: what it needs to start, and serving until it is interrupted.

Belongs here: checking the settings, and uvicorn. What is received is the application's.
"""

import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvicorn

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.settings import Settings
from roadmap_pipeline.webhooks.application import Note, Receiver, create_application
from roadmap_pipeline.webhooks.deliveries import FILE, Deliveries

SHORTEST_SECRET = 16
"""Characters; a shorter one can be tried out by whoever has seen a single signed delivery."""

CONCURRENT = 64
"""Requests and connections at once; the others are answered 503."""


def check_settings(settings: Settings, *, handshake: bool) -> None:
    """Raise where deliveries could not be told from forged ones, or would all be ignored.

    Args:
        settings: Those of the receiver.
        handshake: Whether only Notion's handshake is awaited.

    Raises:
        ConfigurationError: It holds every problem with its remedy.
    """
    if handshake:
        if settings.notion_webhook_secret is not None:
            raise ConfigurationError("NOTION_WEBHOOK_SECRET is set: unset it to have Notion send a new one")
        return
    given = {
        "GITHUB_WEBHOOK_SECRET": settings.github_webhook_secret,
        "NOTION_WEBHOOK_SECRET": settings.notion_webhook_secret,
    }
    if not any(given.values()):
        raise ConfigurationError(
            "GITHUB_WEBHOOK_SECRET and NOTION_WEBHOOK_SECRET are not set, so anybody could send deliveries: set the"
            " first to a secret that you give to GitHub, too (`openssl rand -hex 32` makes one); Notion makes the"
            " second: `roadmap webhooks --notion-handshake`"
        )
    problems = [
        f"{name} is shorter than {SHORTEST_SECRET} characters: `openssl rand -hex 32` makes a good one"
        for name, secret in given.items()
        if secret is not None and len(secret.get_secret_value()) < SHORTEST_SECRET
    ]
    if settings.github_webhook_secret is not None and not settings.repositories:
        problems.append(
            "no repository is named, so every delivery of GitHub would be ignored: set GITHUB_REPOSITORY=owner/name or"
            f" repositories in {settings.config_path.name}"
        )
    if problems:
        raise ConfigurationError(*problems)


def serve(settings: Settings, home: Path, note: Note, host: str, port: int) -> None:
    """Receive deliveries until interrupted; ``home`` is where the accepted ones are remembered."""
    receiver = Receiver(
        settings.repositories,
        Deliveries(home / FILE),
        note,
        settings.github_webhook_secret,
        settings.notion_webhook_secret,
    )
    _run(uvicorn_server(receiver, host, port))


def await_notion_token(home: Path, host: str, port: int, show: Callable[[str], None]) -> None:
    """Serve until Notion's handshake has come, give its token to ``show``, and end."""

    def arrived(token: str) -> None:
        show(token)
        server.should_exit = True

    server = uvicorn_server(
        Receiver((), Deliveries(home / FILE), lambda _change: None, on_notion_token=arrived), host, port
    )
    _run(server)


def _run(server: uvicorn.Server) -> None:
    """Serve until SIGINT or SIGTERM, which are the way to end it: no error, whoever sends them."""
    # uvicorn answers what is under way, and then raises the signal again.
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            server.run()
    finally:
        signal.signal(signal.SIGTERM, previous)


def uvicorn_server(receiver: Receiver, host: str, port: int) -> uvicorn.Server:
    """Return a server of the application, which isn't started yet."""
    return uvicorn.Server(
        uvicorn.Config(
            create_application(receiver),
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=CONCURRENT,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=10,
            # Who sent it is no part of any decision.
            proxy_headers=False,
            lifespan="off",
            ws="none",
        )
    )
