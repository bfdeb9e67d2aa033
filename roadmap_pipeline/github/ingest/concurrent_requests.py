"""Requesting many things of one kind side by side, where some of them may not be had.

Belongs here: how often each is requested, in which order, and when the others are left for later. What is requested,
and what becomes of it, belongs to the walks; when a thing that failed is requested again to ``read_failures``.

Nothing waits for what doesn't come: a thing that fails is requested again only once all the others were, and a circuit
breaker spares an endpoint that gives nothing any more.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.github.client.client import GitHubClient, GitHubError
from roadmap_pipeline.github.ingest.read_failures import ReadFailures, costs_only_itself, may_pass
from roadmap_pipeline.interruption import Interrupted
from roadmap_pipeline.progress import Task

FIRST_TRIES, SECOND_TRIES = 3, 4
"""Tries for one thing at first, and again once all others were requested."""
FAILURES_IN_A_ROW = 8
"""After so many failures and nothing else, the other things are left to the next ingest; ..."""
SECOND_FAILURES_IN_A_ROW = 2
"""... and after so many of those that are asked for again."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class PartlyRead(GitHubError):
    """Of one thing only a part could be read: ``result`` is kept, and the thing asked for again."""

    def __init__(self, result: object, error: GitHubError) -> None:
        super().__init__(str(error), status=error.status, message=error.message)
        self.result = result


class _Skipped(Exception):
    """The thing was not asked for, since those before it all failed."""


class _CircuitBreaker:
    """Counts failures in a row, in the order in which answers come; workers share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._in_a_row = 0
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """True when no further request is to go out."""
        return self._in_a_row >= self._most

    def note(self, *, failed: bool) -> None:
        """Count an answer."""
        with self._lock:
            if not self.is_open:
                self._in_a_row = self._in_a_row + 1 if failed else 0


@dataclass(frozen=True, slots=True)
class _PassResult(Generic[Item]):
    """The result of one pass: how many were read, which failed and may come through, and which were left."""

    succeeded: int
    postponed: Sequence[tuple[Item, GitHubError]]
    left: Sequence[Item]


@dataclass(frozen=True, slots=True)
class ConcurrentRequests:
    """Asking for things of one ``endpoint`` of a repository; ``item`` names one of them."""

    client: GitHubClient
    workers: Executor
    failures: ReadFailures
    endpoint: str
    item: Callable[[Any], str]
    batch: int
    progress: Task | None

    def run(
        self,
        read: Callable[[Item], Result],
        items: Sequence[Item],
        keep: Callable[[Sequence[Result]], object],
    ) -> None:
        """Read all ``items`` and ``keep`` the results by batches; what fails is noted and left out."""
        while items:
            first = self._ask(read, items, keep, FIRST_TRIES, FAILURES_IN_A_ROW, may_postpone=True)
            postponed = {self.item(one): error for one, error in first.postponed}
            again = [one for one, _ in first.postponed]
            second = self._ask(read, again, keep, SECOND_TRIES, SECOND_FAILURES_IN_A_ROW, may_postpone=False)
            for one in second.left:
                self.failures.failed(self.endpoint, self.item(one), postponed[self.item(one)])
            items = first.left
            if not first.succeeded and not second.succeeded:
                break
        self.failures.left_unasked(self.endpoint, len(items))

    def _ask(
        self,
        read: Callable[[Item], Result],
        items: Sequence[Item],
        keep: Callable[[Sequence[Result]], object],
        tries: int,
        failures_in_a_row: int,
        *,
        may_postpone: bool,
    ) -> _PassResult[Item]:
        breaker = _CircuitBreaker(failures_in_a_row)
        waiting = deque(items)
        pending: deque[tuple[Item, Future[Result]]] = deque()
        results: list[Result] = []
        postponed: list[tuple[Item, GitHubError]] = []
        left: list[Item] = []
        fatal: RoadmapError | Interrupted | None = None
        succeeded = 0
        while True:
            # what failed is asked for one by one until one comes through
            ahead = 2 * self.batch if may_postpone or succeeded else 1
            while waiting and fatal is None and not breaker.is_open and len(pending) < ahead:
                one = waiting.popleft()
                pending.append((one, self._submit(read, one, tries, breaker)))
            if not pending:
                break
            one, future = pending.popleft()
            if fatal is not None and future.cancel():
                continue
            try:
                results.append(future.result())
            except _Skipped:
                left.append(one)
            except (RoadmapError, Interrupted) as error:
                if not isinstance(error, GitHubError) or not costs_only_itself(error):
                    fatal = fatal or error
                elif isinstance(error, PartlyRead):
                    results.append(cast(Result, error.result))
                    self.failures.failed(self.endpoint, self.item(one), error)
                elif may_postpone and may_pass(error) and not self._is_known(one):
                    postponed.append((one, error))
                else:
                    self.failures.failed(self.endpoint, self.item(one), error)
            else:
                succeeded += 1
                self.failures.succeeded(self.endpoint, self.item(one))
            if len(results) >= self.batch:
                self._keep(keep, results)
                results = []
        self._keep(keep, results)
        if fatal is not None:
            raise fatal
        return _PassResult(succeeded, postponed, [*left, *waiting])

    def _submit(
        self, read: Callable[[Item], Result], one: Item, tries: int, breaker: _CircuitBreaker
    ) -> Future[Result]:
        """Let a worker ask; for what failed in an earlier ingest, once is enough."""
        tries = 1 if self._is_known(one) else tries

        def ask() -> Result:
            if breaker.is_open:
                raise _Skipped
            try:
                with self.client.trying(tries):
                    result = read(one)
            except GitHubError as error:
                breaker.note(failed=not isinstance(error, PartlyRead))
                raise
            breaker.note(failed=False)
            return result

        return self.workers.submit(ask)

    def _is_known(self, one: Any) -> bool:
        return self.failures.has_failed(self.endpoint, self.item(one))

    def _keep(self, keep: Callable[[Sequence[Result]], object], results: Sequence[Result]) -> None:
        if results:
            keep(results)
            if self.progress is not None:
                self.progress.advance(len(results))
