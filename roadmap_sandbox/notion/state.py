"""The simulated Notion as its users hold it: answers requests, keeps the journal, fails by script, survives restarts.

Belongs here: what surrounds a request. What requests mean is in ``routes`` and below.
"""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid5

from roadmap_sandbox.defaults import PARENT_PAGE_ID
from roadmap_sandbox.errors import SandboxError
from roadmap_sandbox.notion.errors import ApiError
from roadmap_sandbox.notion.faults import Fault, Faults, RequestSummary, rate_limited
from roadmap_sandbox.notion.people import ACTIONS, act
from roadmap_sandbox.notion.records import Json
from roadmap_sandbox.notion.requests import Request
from roadmap_sandbox.notion.routes import RawRequest, TooLarge, find_route, is_mutating, parse_body, respond, run
from roadmap_sandbox.notion.store import Store
from roadmap_sandbox.notion.validation import dashed
from roadmap_sandbox.notion.webhooks import Webhooks
from roadmap_sandbox.server import JournalEntry
from roadmap_sandbox.writes_file import WritesFile

TOKEN: Final = "sandbox-notion-token"  # noqa: S105  it opens the sandbox only
_REQUEST_IDS: Final = UUID("5a11d0c5-0000-4000-8000-000000000002")
_PERSON: Final = "PERSON"
_CLOCK: Final = "CLOCK"
_TITLES: Final = "TITLES"


@dataclass(frozen=True, slots=True)
class Response:
    """The response. ``status`` 0: the connection ends without one; ``seconds``: only after that long."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float = 0.0


class _Bucket:
    """The tokens of a rate limit, which come back evenly in real time, since the simulated clock stands still."""

    def __init__(self, per_second: float, burst: int) -> None:
        self.per_second, self.burst = per_second, burst
        self.tokens, self.since = float(burst), time.monotonic()

    def wait(self) -> float:
        """Return the seconds until a request is allowed: 0 takes a token."""
        now = time.monotonic()
        self.tokens = min(self.burst, self.tokens + (now - self.since) * self.per_second)
        self.since = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / self.per_second


class NotionState:
    """A workspace that holds one page, ``parent_page_id`` titled Engineering, shared with the integration.

    ``clock`` (aware) stands still until set. With ``writes_path`` every successful writing request, every edit by a
    person and every move of the clock is kept there, one JSON line each, and replayed from there at the start: the same
    ids, the same times, the same state. The clock then is the later of ``clock`` and the last line's. Thread-safe.

    ``journal`` holds this process's requests, ``faults`` the script of failures.

    Raises:
        SandboxError: ``writes_path`` can't be replayed.
    """

    def __init__(
        self,
        clock: datetime,
        *,
        writes_path: Path | None = None,
        token: str = TOKEN,
        parent_page_id: str = PARENT_PAGE_ID,
    ) -> None:
        self.store = Store(clock.astimezone(UTC), parent_page_id)
        self.parent_page_id = parent_page_id
        self.journal: list[JournalEntry] = []
        self.faults = Faults()
        self.webhooks = Webhooks()
        self.lock = threading.RLock()
        self._token = token
        self._bucket: _Bucket | None = None
        self._writes = WritesFile(writes_path)
        self._replay()

    # -- knobs

    @property
    def clock(self) -> datetime:
        """The simulated time, UTC."""
        return self.store.clock

    @clock.setter
    def clock(self, now: datetime) -> None:
        with self.lock:
            if now != self.store.clock:
                self.store.clock = now.astimezone(UTC)
                self._keep(_CLOCK, "", None)

    def advance(self, by: timedelta) -> None:
        """Move the clock on."""
        self.clock += by

    @property
    def query_lag(self) -> timedelta:
        """The time (on the simulated clock) for which queries don't show that a page was made, trashed or restored."""
        return self.store.query_lag

    @query_lag.setter
    def query_lag(self, lag: timedelta) -> None:
        self.store.query_lag = lag

    @property
    def query_cap(self) -> int:
        """The number of rows one query gives over all its pages; Notion's is 10,000."""
        return self.store.query_cap

    @query_cap.setter
    def query_cap(self, rows: int) -> None:
        self.store.query_cap = rows

    @property
    def normalises_titles(self) -> bool:
        """True where titles of pages are kept trimmed, composed (NFC) and without control characters."""
        return self.store.normalises_titles

    @normalises_titles.setter
    def normalises_titles(self, on: bool) -> None:
        with self.lock:
            self.store.normalises_titles = on
            self._keep(_TITLES, "", on)

    def limit_rate(self, per_second: float | None = 3.0, burst: int = 10) -> None:
        """Answer 429 beyond this average rate (None: no limit, as at the start)."""
        with self.lock:
            self._bucket = None if per_second is None else _Bucket(per_second, burst)

    def invalidate_cursors(self) -> None:
        """Make every query cursor issued so far a stale one."""
        with self.lock:
            self.store.scans.invalidate()

    def dump(self) -> Json:
        """Return the whole state as plain data, for comparing."""
        with self.lock:
            return self.store.dump()

    # -- requests

    def handle(self, incoming: RawRequest) -> Response:
        """Answer a request and note it in the journal."""
        with self.lock:
            response = self._answer(incoming)
            mutating = is_mutating(incoming.method, incoming.path)
            entry = JournalEntry(incoming.method, incoming.path, incoming.query, response.status, mutating)
            self.journal.append(entry)
            return response

    def _answer(self, incoming: RawRequest) -> Response:
        fault = self.faults.choose(_summary(incoming)) if self.faults.active else None
        if fault is not None and not fault.after_commit:
            return self._failed(fault)
        wait = self._bucket.wait() if self._bucket else 0.0
        if wait:
            return self._failed(rate_limited(ceil(wait)))
        status, body = self._respond(incoming)
        if fault is not None:
            return self._failed(fault, str(body.get("id", "")) if status == 200 else "")
        return self._packed(status, body)

    def _respond(self, incoming: RawRequest) -> tuple[int, Json]:
        try:
            route, request, body = respond(self.store, incoming, self._token)
        except ApiError as error:
            return error.status, error.body()
        except TooLarge:
            return 413, {
                "isNotionError": False,
                "errorId": self._request_id(),
                "name": "PayloadTooLargeError",
                "message": "Request body too large.",
                "code": 413,
            }
        if route.mutating:
            self._keep(incoming.method, incoming.path, request.body)
            self.webhooks.note_request(incoming.method, incoming.path, body, self.store.clock)
        return 200, body

    def _failed(self, fault: Fault, committed: str = "") -> Response:
        body = fault.body()
        if fault.telling and committed:
            guidance = ["Read the object again", "Do not repeat the write"]
            body["additional_data"] = {"committed_resource_id": committed, "retry_guidance": guidance}
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return self._packed(fault.status, body, headers, fault.seconds)

    def _request_id(self) -> str:
        return str(uuid5(_REQUEST_IDS, str(len(self.journal))))

    def _packed(
        self, status: int, body: Json, headers: Mapping[str, str] | None = None, seconds: float = 0
    ) -> Response:
        request_id = self._request_id()
        if status != 413:
            body = {**body, "request_id": request_id}
        sent = {
            "Content-Type": "application/json; charset=utf-8",
            "x-notion-request-id": request_id,
            **(headers or {}),
        }
        return Response(status, sent, json.dumps(body, ensure_ascii=False).encode(), seconds)

    # -- edits by people

    def _act(self, name: str, /, **arguments: Any) -> Any:
        # What is carried out is what a replay will read.
        plain = json.loads(json.dumps(arguments, default=str))
        for key, value in plain.items():
            if key == "id_" or key.endswith("_id"):
                plain[key] = dashed(value) or value
        with self.lock:
            result = act(self.store, name, plain)
            self._keep(_PERSON, name, plain)
            self.webhooks.note_action(name, plain, result, self.store.clock)
            return result

    def set_property(self, page_id: str, name: str, value: Any) -> None:
        """Change a value: text, number, bool, option name, list of names or ids, ISO date, None to empty.

        A range of dates is ``{"start": "2026-11-02", "end": "2026-12-24"}``.
        """
        self._act("set_property", page_id=page_id, name=name, value=value)

    def add_row(self, data_source_id: str, values: Mapping[str, Any], markdown: str = "") -> str:
        """Add a row (values as in :meth:`set_property`) and return its id. A database's id does too, here and below."""
        return str(self._act("add_row", data_source_id=data_source_id, values=dict(values), markdown=markdown))

    def write_body(self, page_id: str, markdown: str) -> None:
        """Replace a page's body."""
        self._act("write_body", page_id=page_id, markdown=markdown)

    def rename_property(self, data_source_id: str, name: str, new_name: str) -> None:
        """Rename a column."""
        self._act("rename_property", data_source_id=data_source_id, name=name, new_name=new_name)

    def delete_property(self, data_source_id: str, name: str) -> None:
        """Delete a column."""
        self._act("delete_property", data_source_id=data_source_id, name=name)

    def add_property(self, data_source_id: str, name: str, kind: str) -> None:
        """Add a column of a type such as ``rich_text``."""
        self._act("add_property", data_source_id=data_source_id, name=name, kind=kind)

    def retype_property(self, data_source_id: str, name: str, kind: str) -> None:
        """Change a column's type, which empties it."""
        self._act("retype_property", data_source_id=data_source_id, name=name, kind=kind)

    def add_option(self, data_source_id: str, name: str, option: str) -> None:
        """Add an option to a column."""
        self._act("add_option", data_source_id=data_source_id, name=name, option=option)

    def rename_option(self, data_source_id: str, name: str, option: str, new_name: str) -> None:
        """Rename an option."""
        self._act("rename_option", data_source_id=data_source_id, name=name, option=option, new_name=new_name)

    def delete_option(self, data_source_id: str, name: str, option: str) -> None:
        """Delete an option, which empties the rows that had it."""
        self._act("delete_option", data_source_id=data_source_id, name=name, option=option)

    def rename(self, id_: str, title: str) -> None:
        """Rename a page or database."""
        self._act("rename", id_=id_, title=title)

    def rename_view(self, view_id: str, name: str) -> None:
        """Rename a view."""
        self._act("rename_view", view_id=view_id, name=name)

    def trash(self, id_: str) -> None:
        """Put a page or database into the trash."""
        self._act("trash", id_=id_)

    def restore(self, id_: str) -> None:
        """Take a page or database out of the trash."""
        self._act("restore", id_=id_)

    def delete(self, id_: str) -> None:
        """Delete a page or database for good."""
        self._act("delete", id_=id_)

    def duplicate(self, page_id: str) -> str:
        """Copy a row with all its values and its body, and return the copy's id."""
        return str(self._act("duplicate", page_id=page_id))

    def move(self, page_id: str, parent_id: str) -> None:
        """Move a page below another page or into a database."""
        self._act("move", page_id=page_id, parent_id=parent_id)

    def unshare(self, id_: str) -> None:
        """Take a page or database away from the integration: 404 from now on, as if deleted for good."""
        self._act("unshare", id_=id_)

    def share(self, id_: str) -> None:
        """Share it again."""
        self._act("share", id_=id_)

    # -- persistence

    def _keep(self, method: str, path: str, body: Any) -> None:
        event = {"method": method, "path": path, "body": body, "time": self.store.clock.isoformat()}
        self._writes.append(json.dumps(event, ensure_ascii=False).encode())

    def _replay(self) -> None:
        start = self.store.clock
        for number, line in enumerate(self._writes.lines(), start=1):
            try:
                self._replay_event(json.loads(line))
            except (ApiError, KeyError, TypeError, ValueError) as error:
                message = (
                    f"{self._writes.path}, line {number}, can't be replayed ({error}): delete the file to start afresh"
                )
                raise SandboxError(message) from error
        self.store.clock = max(start, self.store.clock)

    def _replay_event(self, event: Json) -> None:
        self.store.clock = datetime.fromisoformat(event["time"])
        method, path, body = event["method"], event["path"], event["body"]
        if method == _CLOCK:
            return
        if method == _TITLES:
            self.store.normalises_titles = body
            return
        if method == _PERSON:
            if path not in ACTIONS:
                raise ValueError(f"no action {path}")
            act(self.store, path, body)
            return
        match = find_route(method, path)
        if match is None:
            raise ValueError(f"no endpoint {method} {path}")
        route, raw = match
        ids = {name: value if name == "property_id" else dashed(value) or value for name, value in raw.items()}
        run(self.store, route, Request(ids, body=body))


def _summary(incoming: RawRequest) -> RequestSummary:
    try:
        body = parse_body(incoming.body)
    except ApiError:
        body = None
    mutating = is_mutating(incoming.method, incoming.path)
    return RequestSummary(incoming.method, incoming.path, incoming.query, body, mutating)
