"""Asking both sides whether they can be used, before anything is read or written.

Belongs here: the questions, which the first step of a run and ``roadmap doctor`` share. How the answers are told to a
person is in ``diagnosis``.
"""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.warehouse.connection import is_file
from roadmap_pipeline.warehouse.origin import gives_way, require

MOST_ASKED = 50
"""Repositories that are asked one by one whether they can be read: GitHub's list of an owner named the others."""

DATABASES_MISSING = "databases will be created"


def preflight(runtime: Runtime) -> None:
    """Ask both sides once before anything is read or written, so that a wrong token costs seconds, not an ingest.

    That GitHub may not be asked now stops nothing.

    Raises:
        ConfigurationError: Credentials or addresses are wrong, or not one repository can be read.
        RoadmapError: A database is out of shape.
    """
    from roadmap_pipeline.github.client.errors import Paused

    if not runtime.missing("github"):
        with suppress(Paused):
            require_a_readable_repository(runtime)
    if not runtime.missing("notion"):
        runtime.notion.request("GET", "users/me")
    if gives_way(runtime.settings.warehouse, runtime.settings.origin) and runtime.missing("github"):
        require(runtime.settings.warehouse, runtime.settings.origin)
    if not runtime.missing("notion"):
        describe_notion(runtime)


def require_a_readable_repository(runtime: Runtime) -> None:
    """Raise ConfigurationError when not one repository can be read."""
    readable, unreadable = check_repositories(runtime, most=1)
    if unreadable and not readable:
        raise ConfigurationError(*unreadable.values())


def check_repositories(runtime: Runtime, most: int | None = None) -> tuple[list[str], dict[str, str]]:
    """Return the canonical names of the repositories that can be read, and by the names of the others why not.

    Args:
        runtime: Whose repositories are asked for, in their order.
        most: So many that can be read are enough; None asks for all, but of very many only for the first.

    Raises:
        ConfigurationError: For what concerns all of them.
        Paused: GitHub may not be asked now.
    """
    from roadmap_pipeline.github.client.errors import GitHubError, Paused, UnknownRepository

    readable: list[str] = []
    unreadable: dict[str, str] = {}
    for name in runtime.settings.repositories[: MOST_ASKED if most is None else None]:
        if len(readable) == most:
            break
        try:
            readable.append(str(runtime.github.repository(name).data["full_name"]))
        except UnknownRepository as error:
            unreadable[name] = "; ".join(error.problems)
        except Paused:
            raise
        except GitHubError as error:
            unreadable[name] = f"{name}: {error}; try again later"
    return readable, unreadable


def look_at_notion(runtime: Runtime) -> str:
    """Return what :func:`describe_notion` does, for who only looks.

    No warehouse is made where there is none yet, and Notion's lists needn't be waited for, since nothing is written.
    """
    warehouse, consistency_s = runtime.settings.warehouse, runtime.notion.consistency_s
    runtime.notion.consistency_s = 0.0
    try:
        if not is_file(warehouse) or Path(warehouse).exists():
            return describe_notion(runtime)
        with TemporaryDirectory() as folder:
            settings = replace(runtime.settings, warehouse=str(Path(folder) / "none.duckdb"))
            aside = Runtime(settings, make_notion=lambda _: runtime.notion)
            try:
                return describe_notion(aside)
            finally:
                aside.warehouse.close()
    finally:
        runtime.notion.consistency_s = consistency_s


def describe_notion(runtime: Runtime) -> str:
    """Return in what state both databases are and where; raise an error when one is out of shape."""
    from roadmap_pipeline.sync.notion_target import NotionTarget

    settings = runtime.settings
    side = NotionTarget.look(runtime)
    missing = [key for key, database in side.observed.databases.items() if database is None]
    state = DATABASES_MISSING if missing else "both databases are in shape"
    return f"{state} at {settings.notion_api_url}" + (" (sandbox)" if settings.deployment != "real" else "")
