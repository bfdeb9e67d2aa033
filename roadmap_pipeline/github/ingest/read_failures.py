"""Failures to read a thing of one repository: left out, noted, and requested again at growing distance.

Belongs here: which failure costs only the thing that was requested, when that is requested again, and how a person is
told. How an ingest goes on without it belongs to ``repository_reader`` and ``repositories``.

The next ingest asks again at once, and those after it an hour, two, four hours and so on after the last try, up to a
week, by the time of reading (``ROADMAP_NOW``).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.github.client.errors import AmbiguousWrite, GitHubError, MovedError, Paused

if TYPE_CHECKING:
    from roadmap_pipeline.github.ingest.store import Store
    from roadmap_pipeline.github.payloads.records import Row

FIRST_DISTANCE = timedelta(hours=1)
LONGEST_DISTANCE = timedelta(days=7)
NAMED_AT_MOST = 3

_NOUNS = {
    "repository": ("repository", ""),
    "milestones": ("milestones", ""),
    "issues": ("issues", "issues"),
    "issue_events": ("issue events", "issue events"),
    "pull_requests": ("pull requests", "pull requests"),
    "workflows": ("workflows", ""),
    "runs": ("runs", "runs"),
    "run": ("runs", "runs"),
    "attempt": ("earlier attempts of runs", "attempts"),
    "jobs": ("jobs of runs", "jobs of runs"),
    "job_details": ("details of jobs", "details of jobs of runs"),
    "log": ("logs", "logs of jobs"),
    "annotations": ("annotations", "annotations of jobs"),
    "files": ("files of pull requests", "files of pull requests"),
    "commits": ("commits of pull requests", "commits of pull requests"),
    "passing_log": ("logs of passing jobs", "logs of passing jobs"),
    "code_owners": ("code owners", ""),
}
"""By endpoint: a whole list of it, and several of its items."""
_PERMISSIONS = {
    "milestones": "Issues",
    "issues": "Issues",
    "issue_events": "Issues",
    "pull_requests": "Pull requests",
    "files": "Pull requests",
    "commits": "Pull requests",
    "annotations": "Checks",
    "code_owners": "Contents",
}
"""The permission that a token lacks where GitHub forbids; *Actions* for the others."""
_OF_A_RUN = frozenset({"run", "attempt", "jobs", "job_details"})
_CAN_BE_SWITCHED_OFF = frozenset({"milestones", "issues", "issue_events", "pull_requests"})


def costs_only_itself(error: RoadmapError) -> bool:
    """Return whether a reading can go on without what ``error`` was raised for."""
    return isinstance(error, GitHubError) and not isinstance(error, Paused | MovedError | AmbiguousWrite)


def may_pass(error: GitHubError) -> bool:
    """Return whether asking again in the same ingest may help: GitHub failed or was busy, rather than refused."""
    return error.status in {0, 202, 429} or error.status >= 500


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """A thing that could not be read. ``item`` is empty for a whole list; times are naive UTC."""

    endpoint: str
    item: str
    status: int
    message: str
    is_setting: bool
    tries: int
    first_failed_at: datetime
    last_failed_at: datetime
    next_try_at: datetime

    def row(self, repo: str) -> "Row":
        """Return the row of ``raw.read_failures``."""
        return {"repo": repo} | {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class ReadFailures:
    """The read failures of ``repo`` as one ingest finds and changes them; for the thread that walks through it.

    Changes are stored by :meth:`flush`; what a kill takes away is asked for again.
    """

    store: "Store"
    repo: str
    _known: dict[tuple[str, str], ReadFailure] = field(default_factory=dict)
    _changed: set[tuple[str, str]] = field(default_factory=set)
    _failed_now: set[tuple[str, str]] = field(default_factory=set)
    _wanted: dict[str, set[str]] = field(default_factory=dict)
    _left: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        columns = ", ".join(ReadFailure.__slots__)
        rows = self.store.query(f"select {columns} from raw.read_failures where repo = ?", [self.repo])  # noqa: S608
        self._known = {(failure.endpoint, failure.item): failure for failure in (ReadFailure(*row) for row in rows)}

    def is_due(self, endpoint: str, item: str = "") -> bool:
        """Return whether to ask for a thing now: it has not failed, or long enough ago."""
        failure = self._known.get((endpoint, item))
        return failure is None or (failure.next_try_at <= self.store.now and (endpoint, item) not in self._failed_now)

    def has_failed(self, endpoint: str, item: str = "") -> bool:
        """Return whether a thing failed when it was last asked for."""
        return (endpoint, item) in self._known

    def items(self, endpoint: str, *, due: bool) -> list[str]:
        """Return the items of ``endpoint`` that failed and are to be asked for now (or, not ``due``, later)."""
        return [item for name, item in self._known if name == endpoint and item and self.is_due(name, item) == due]

    def failed(self, endpoint: str, item: str, error: GitHubError, *, instead_of: Iterable[str] = ()) -> None:
        """Note that a thing could not be read; once an ingest, however often it was asked for.

        ``instead_of`` names the items under which the same thing failed before.
        """
        now = self.store.now
        earlier = [self._known[endpoint, name] for name in {item, *instead_of} if (endpoint, name) in self._known]
        before = max(earlier, key=lambda failure: failure.tries, default=None)
        for failure in earlier:
            if failure.item != item:
                self.succeeded(endpoint, failure.item)
        tries = 1 if before is None else before.tries + ((endpoint, item) not in self._failed_now)
        self._failed_now.add((endpoint, item))
        distance = timedelta(0) if tries == 1 else min(FIRST_DISTANCE * 2 ** min(tries - 2, 10), LONGEST_DISTANCE)
        self._keep(
            ReadFailure(
                endpoint=endpoint,
                item=item,
                status=error.status,
                message=error.message or str(error),
                is_setting=error.status == 410 and not item and endpoint in _CAN_BE_SWITCHED_OFF,
                tries=tries,
                first_failed_at=before.first_failed_at if before else now,
                last_failed_at=now,
                next_try_at=now + distance,
            )
        )

    def switched_off(self, endpoint: str, message: str) -> None:
        """Note that a list isn't asked for since it is switched off on GitHub, as the repository itself says."""
        now = self.store.now
        before = self._known.get((endpoint, ""))
        failure = ReadFailure(endpoint, "", 0, message, True, 0, now, now, now)
        if before is None or replace(before, last_failed_at=now, first_failed_at=now, next_try_at=now) != failure:
            self._keep(failure)

    def succeeded(self, endpoint: str, item: str = "") -> None:
        """Note that a thing was read."""
        if self._known.pop((endpoint, item), None) is not None:
            self._changed.add((endpoint, item))

    def forget_run(self, run_id: int) -> None:
        """Forget what could not be read of a run that was deleted."""
        for endpoint, item in list(self._known):
            if endpoint in _OF_A_RUN and item.partition("/")[0] == str(run_id):
                self.succeeded(endpoint, item)

    def want(self, endpoint: str, items: Iterable[str]) -> None:
        """Note which items of ``endpoint`` this ingest wants; several walks may want some."""
        self._wanted.setdefault(endpoint, set()).update(items)

    def forget_unwanted(self) -> None:
        """Forget what failed and no walk of this ingest wants any more, once all of them have ended."""
        for endpoint, wanted in self._wanted.items():
            for item in self.items(endpoint, due=True):
                if item not in wanted:
                    self.succeeded(endpoint, item)

    def left_unasked(self, endpoint: str, count: int) -> None:
        """Note that so many items were not asked for in this ingest, since those before them all failed."""
        self._left[endpoint] += count

    def flush(self) -> None:
        """Store what changed."""
        changed, self._changed = self._changed, set()
        kept = [self._known[key].row(self.repo) for key in changed if key in self._known]
        gone = [key for key in changed if key not in self._known]
        if changed:
            self.store.put_read_failures(self.repo, kept, gone)

    def _keep(self, failure: ReadFailure) -> None:
        self._known[failure.endpoint, failure.item] = failure
        self._changed.add((failure.endpoint, failure.item))

    def notes(self) -> list[str]:
        """Return a sentence for each endpoint and status: what could not be read, the remedy, and when it is tried."""
        groups: dict[tuple[str, int, bool], list[ReadFailure]] = defaultdict(list)
        for failure in self._known.values():
            groups[failure.endpoint, failure.status, failure.item == ""].append(failure)
        return [self._sentence(failures) for _, failures in sorted(groups.items())]

    def _sentence(self, failures: list[ReadFailure]) -> str:
        first = min(failures, key=lambda failure: failure.item)
        what = f"{_what(first.endpoint, [failure.item for failure in failures])} of {self.repo}"
        if first.is_setting:
            return f"{what} are switched off on GitHub ({first.message})"
        reason = f"{first.status or ''} {first.message}".strip()
        remedy = f"with this token ({first.message}); {_remedy(first)}" if first.status == 403 else f"({reason})"
        unasked = self._left[first.endpoint]
        more = f"; {unasked:,} more were not asked for this time" if unasked else ""
        return f"{what} can't be read {remedy}{more}; {self._when(failures)}"

    def _when(self, failures: Iterable[ReadFailure]) -> str:
        next_try_at = min(failure.next_try_at for failure in failures)
        if next_try_at <= self.store.now:
            return "asked again by the next ingest"
        return f"asked again from {next_try_at:%Y-%m-%d %H:%M} UTC on"


def permission(endpoint: str) -> str:
    """Return the permission (to read) that a token lacks to which GitHub forbids ``endpoint``."""
    return _PERMISSIONS.get(endpoint, "Actions")


def _what(endpoint: str, items: list[str]) -> str:
    whole, several = _NOUNS[endpoint]
    if items == [""]:
        return whole
    shown = ", ".join(sorted(items, key=_number)[:NAMED_AT_MOST])
    more = f" and {len(items) - NAMED_AT_MOST:,} more" if len(items) > NAMED_AT_MOST else ""
    return f"{several} {shown}{more}"


def _number(item: str) -> tuple[int, Any]:
    return (0, int(item)) if item.isdigit() else (1, item)


def _remedy(failure: ReadFailure) -> str:
    if "SAML" in failure.message or "single sign-on" in failure.message:
        return "authorise it for the organisation's single sign-on"
    return f"grant it {permission(failure.endpoint)}: read"
