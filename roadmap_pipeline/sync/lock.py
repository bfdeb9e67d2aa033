"""One sync at a time on a machine, whatever the warehouse: two that look at once would both create what is missing.

Belongs here: the locked file of each place that is written to, and waiting for whoever holds it. The operating system
releases it when a process dies. Other machines are held up where they share a lake, by a lock of its PostgreSQL; what
others create at the same time is found by looking again after creating.
"""

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path

from filelock import FileLock, Timeout

from roadmap_pipeline import interruption
from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.interruption import waits
from roadmap_pipeline.settings import Settings
from roadmap_pipeline.warehouse.lake.address import is_lake, parse
from roadmap_pipeline.warehouse.lake.locks import locked

SILENT_S = 5.0
"""Waiting longer than this is said, with what is waited for."""
LONGEST_WAIT_S = 2 * 3600.0
"""A first publish of many rows takes minutes, and one that GitHub's quota holds up an hour."""
_POLL_S = 0.2
STRIPES = 32
"""Locks that all repositories of a GitHub share: an organisation's thousand would be a thousand open files."""

_held: ContextVar[frozenset[Path]] = ContextVar("held_locks", default=frozenset())
"""Files that whoever runs in this context has locked already: a sync within a sync doesn't wait for itself."""


@contextmanager
def exclusive(settings: Settings, *, timeout_s: float = LONGEST_WAIT_S) -> Iterator[None]:
    """Within the block nobody else on this machine writes to the same Notion page or the same repositories.

    Nor does anybody on another machine who has the same lake for a warehouse.

    Args:
        timeout_s: Seconds after which waiting for another process is given up.

    Raises:
        RoadmapError: Another process still writes there; it is named.
        Interrupted: The work was asked to stop while it waited.
    """
    folder = _folder(settings)
    deadline = time.monotonic() + timeout_s
    with ExitStack() as stack:
        # Sorted, so that two processes that need several of the same files can't wait for each other.
        for lock, place in sorted(_places(settings).items()):
            path = folder / f"{hashlib.sha256(lock.encode()).hexdigest()[:32]}.lock"
            if path not in _held.get():
                stack.enter_context(_locked(path, place, deadline, timeout_s))
        if is_lake(settings.warehouse):
            address = parse(settings.warehouse)
            for lock in sorted(_places(settings)):
                stack.enter_context(locked(address, f"sync of {lock}", max(0.0, deadline - time.monotonic())))
        yield


def _places(settings: Settings) -> dict[str, str]:
    """Return all places that a sync with these settings can write to, in words, by the name of their lock."""
    places = {}
    if settings.notion_side != "missing":
        databases = (settings.notion_ci_reports_db_id, settings.notion_roadmap_db_id)
        page = settings.notion_parent_page_id or " and ".join(database or "" for database in databases)
        place = f"Notion page {page} at {settings.notion_api_url}"
        places[place] = place
    if settings.github_side != "missing":
        for repo in sorted(map(str.lower, settings.repositories)):
            stripe = int(hashlib.sha256(repo.encode()).hexdigest(), 16) % STRIPES
            lock = f"repositories {stripe} of {STRIPES} at {settings.github_api_url}"
            places.setdefault(lock, f"{repo} at {settings.github_api_url}")
    return places


def _folder(settings: Settings) -> Path:
    """Return the folder of the user's locks, in the system's folder for such files where the usual one can't be."""
    for folder in (settings.lock_folder, Path(tempfile.gettempdir()) / f"roadmap_pipeline-{os.getuid()}"):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise RoadmapError(
        f"{settings.lock_folder}: nothing can be written there, so two syncs at once couldn't be held apart; set"
        " XDG_CACHE_HOME to a folder that can be written to"
    )


@contextmanager
def _locked(path: Path, place: str, deadline: float, timeout_s: float) -> Iterator[None]:
    # Not one lock a path and process: threads exclude each other, too.
    lock = FileLock(path, thread_local=False, on_acquired=_sign)
    _acquire(lock, path, place, deadline, timeout_s)
    token = _held.set(_held.get() | {path})
    try:
        yield
    finally:
        _held.reset(token)
        # Still locked: who opened it meanwhile notices that it has lost its name, and makes a new one.
        path.unlink(missing_ok=True)
        lock.release()


def _acquire(lock: FileLock, path: Path, place: str, deadline: float, timeout_s: float) -> None:
    started_at = time.monotonic()
    for until, is_last in ((min(started_at + SILENT_S, deadline), False), (deadline, True)):
        try:
            lock.acquire(
                timeout=max(0.0, until - time.monotonic()),
                poll_interval=_POLL_S,
                cancel_check=interruption.requested,
            )
        except Timeout:
            if interruption.requested():
                interruption.sleep(0)  # raises, also where what is inside is shielded
            if is_last:
                raise RoadmapError(
                    f"{_holder(path)} writes to {place}, and still did after {timeout_s:g} s: wait for that process or"
                    " end it, and run this again"
                ) from None
            waits.warning("%s writes to %s; waiting for it, at most %g s", _holder(path), place, timeout_s)
        else:
            return


def _sign(descriptor: int) -> None:
    """Write into the locked file who holds it, for those who wait."""
    program = Path(sys.argv[0]).name
    # No further words of the command line, which may be secret.
    words = [program, *(word for word in sys.argv[1:2] if program == "roadmap" and not word.startswith("-"))]
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()} ({' '.join(words)})".encode(), 0)


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace") or "another process"
    except OSError:
        return "another process"
