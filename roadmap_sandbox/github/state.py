"""The simulated GitHub as a whole: what it knows, who may ask, what it was asked, what goes wrong, what it writes down.

Successful writes are appended to a file, one JSON line each, and carried out again by the same routes at the next
start: ids and URLs come out the same.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from roadmap_sandbox.content import GitHubContent, Payload
from roadmap_sandbox.errors import SandboxError
from roadmap_sandbox.github.activity import SimulatedActivity
from roadmap_sandbox.github.apps import Apps, GitHubApp
from roadmap_sandbox.github.dispatch import respond
from roadmap_sandbox.github.faults import Faults
from roadmap_sandbox.github.limits import RateLimits
from roadmap_sandbox.github.messages import Caller, Request, Response
from roadmap_sandbox.github.store import Store
from roadmap_sandbox.github.switches import Switches
from roadmap_sandbox.github.webhooks import Webhooks
from roadmap_sandbox.server import JournalEntry
from roadmap_sandbox.writes_file import WritesFile

TOKEN = "sandbox-github-token"  # noqa: S105 - the simulator's own


class GitHubState:
    """A simulated GitHub.

    ``content`` is what it starts with and is never changed. ``writes_path`` keeps what was written to it over restarts.
    ``token`` may do everything in the name of ``content.viewer``; ``read_only_tokens`` can't write;
    ``no_push_tokens`` write, but milestone, labels and assignees of what they write are left out.
    ``rate_limit`` is requests an hour and token, None for no limit. ``renamed`` maps former ``owner/name`` to present.
    ``apps`` are GitHub Apps, which get themselves installation tokens. ``now`` gives real seconds since the epoch, for
    rate limits, tokens and signed URLs (:meth:`let_pass` moves it on); everything else goes by ``clock``.

    Raises:
        SandboxError: ``writes_path`` holds a write that this content refuses.
    """

    def __init__(
        self,
        content: GitHubContent,
        *,
        writes_path: Path | None = None,
        token: str = TOKEN,
        read_only_tokens: frozenset[str] = frozenset(),
        no_push_tokens: frozenset[str] = frozenset(),
        rate_limit: int | None = 5_000,
        renamed: Mapping[str, str] | None = None,
        apps: tuple[GitHubApp, ...] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        self._real_time = now
        self._passed = 0.0
        self.store = Store(content, renamed=renamed or {}, now=self.now)
        self.faults = Faults()
        self.limits = RateLimits(rate_limit, self.now)
        self.apps = Apps(apps, self.now)
        self.webhooks = Webhooks()
        self.store.notify = self.webhooks.notify
        self.journal: list[JournalEntry] = []
        """Every request that came by HTTP, oldest first."""
        self.scopes: dict[str, tuple[str, ...]] = {}
        """Scopes of classic tokens; a token that isn't here is a fine-grained one, which tells none."""
        viewer = content.viewer
        self._callers = {
            token: Caller(viewer),
            **{other: Caller(viewer, may_write=False) for other in read_only_tokens},
            **{other: Caller(viewer, may_push=False) for other in no_push_tokens},
        }
        self._writes = WritesFile(writes_path)
        # Faults and tests change things from other threads than the server's.
        self.lock = threading.RLock()
        self.activity = SimulatedActivity(self.store, self.lock)
        """Events without the client: runs go on, people edit, owners rename."""
        self._replay()

    @property
    def clock(self) -> datetime:
        """The simulator's time; stands still until set. What was due until then happens (``Switches.run_takes``)."""
        return self.store.clock

    @clock.setter
    def clock(self, moment: datetime) -> None:
        with self.lock:
            self.store.clock = moment

    def advance(self, by: timedelta) -> None:
        """Move the clock on."""
        self.clock += by

    def now(self) -> float:
        """Return real time in seconds since the epoch, with what was let pass."""
        return self._real_time() + self._passed

    def let_pass(self, seconds: float) -> None:
        """Move real time on without waiting: rate limits come back, signed URLs and installation tokens run out."""
        self._passed += seconds

    @property
    def switches(self) -> Switches:
        """The variants of GitHub's behaviour."""
        return self.store.switches

    def caller(self, token: str) -> Caller | None:
        """Return the caller that a token stands for; None for an unknown or expired one.

        Raises:
            ApiError: 401: a GitHub App's web token that can't be accepted.
        """
        return self._callers.get(token) or self.apps.caller(token)

    def carry_out(self, request: Request) -> Response:
        """Answer a request and write it down if it changed something. Faults, limits and journal are none of it."""
        with self.lock:
            response = respond(self.store, self.apps, request)
            if request.mutating and response.status < 300:
                self._write_down(request)
            return response

    def request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, user: Payload | None = None
    ) -> tuple[int, Any]:
        """Do something without HTTP, in another person's name if ``user`` is given. Gives status and decoded answer.

        ``path`` may hold a query string. It is no request of a client: journal, limits and faults don't see it.
        """
        parts = urlsplit(path)
        caller = Caller(self.store.viewer if user is None else user)
        data = b"" if body is None else orjson.dumps(body)
        response = self.carry_out(Request(method, parts.path, parts.query, data, caller))
        return response.status, orjson.loads(response.body) if response.body else None

    def put_run(self, full_name: str, run: Payload, jobs: list[Payload] | None = None) -> None:
        """Add an attempt of a run, or replace it, with its jobs. Not kept over a restart, as are the next two."""
        self.activity.put_run(full_name, run, jobs or ())

    def put_log(self, job_id: int, log: bytes) -> None:
        """Add or replace the log of a job."""
        with self.lock:
            self.store.storage.put(job_id, log)

    def delete_run(self, full_name: str, run_id: int) -> None:
        """Delete a run, whatever its status."""
        self.activity.delete_run(full_name, run_id)

    def _write_down(self, request: Request) -> None:
        if request.caller is None:
            return
        record: dict[str, Any] = {
            "method": request.method,
            "path": request.path,
            "body": request.json(),
            "time": self.store.now(),
        }
        if request.caller.user["id"] != self.store.viewer["id"]:
            record["user"] = request.caller.user
        if not request.caller.may_push:
            record["push"] = False
        self._writes.append(orjson.dumps(record))

    def _replay(self) -> None:
        start = self.store.clock
        for number, line in enumerate(self._writes.lines(), 1):
            record = orjson.loads(line)
            self.store.clock = datetime.fromisoformat(record["time"])
            caller = Caller(record.get("user", self.store.viewer), may_push=record.get("push", True))
            request = Request(record["method"], record["path"], "", orjson.dumps(record["body"]), caller)
            response = respond(self.store, self.apps, request)
            if response.status >= 300:
                raise SandboxError(
                    f"{self._writes.path}, line {number}: {request.method} {request.path} can't be carried out again"
                    f" ({response.status}): delete the file to start the sandbox afresh"
                )
        self.store.clock = max(start, self.store.clock)
