"""Asking GraphQL for many things at once, in batches as large as GitHub manages in its ten seconds.

Belongs here: how many things a query asks for, in which order, and when GraphQL is given up. What is asked for belongs
to ``bulk_jobs`` and ``bulk_details``, what may be taken from a response to ``client.graphql``.

What can't be read so is left to REST, by whoever asked.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.github.client.client import GitHubError, RateLimited
from roadmap_pipeline.github.client.graphql import GraphQLRefused, QueryTooLarge
from roadmap_pipeline.github.ingest.read_failures import costs_only_itself
from roadmap_pipeline.interruption import Interrupted

QUERIES_AT_A_TIME = 4
FAILURES_IN_A_ROW = 8


@dataclass(slots=True)
class GraphQLAccess:
    """The state of GraphQL for the rest of one repository's reading.

    Attributes:
        is_wanted: False where all is to be read by REST.
        refusal: Why it can't be used; None while it can.
        paused: Its used-up quota, after which the rest waits; None while some is left.
    """

    is_wanted: bool = True
    refusal: GitHubError | None = None
    paused: RateLimited | None = None

    @property
    def is_open(self) -> bool:
        """True while it may be asked."""
        return self.is_wanted and self.refusal is None and self.paused is None

    @property
    def reason(self) -> str:
        """GitHub's words for refusing; empty where it didn't."""
        refusal = self.refusal
        return "" if refusal is None else f"{refusal.status or ''} {refusal.message or refusal}".strip()


@dataclass(slots=True)
class BatchResult:
    """The result of one query.

    Attributes:
        read: What came of the things that were read.
        again: The things to ask for once more.
        is_cut: True when GitHub may have run out of time.
    """

    read: list[Any]
    again: list[Any]
    is_cut: bool = False

    def checked(self, asked: int) -> "BatchResult":
        """Return this result of ``asked`` things, if something may be taken.

        Raises:
            QueryTooLarge: All of what was asked for was cut off.
        """
        if self.is_cut and len(self.again) == asked:
            raise QueryTooLarge("POST /graphql answered nothing whole", status=200, message="nothing whole")
        return self


@dataclass(slots=True)
class Stage:
    """The things of one kind that wait to be asked for by one query.

    Attributes:
        read: Asks for a batch (in a thread).
        take: Is given what was read (in the thread of the reading).
        key: Names a thing.
        most: The largest size of a batch: halved when that takes GitHub too long, then slowly more again.
        weight: How much of that size one thing takes.
    """

    read: Callable[[list[Any]], BatchResult]
    take: Callable[[Sequence[Any]], None]
    key: Callable[[Any], object]
    most: int
    weight: Callable[[Any], int] = field(default=lambda _: 1)
    waiting: deque[Any] = field(default_factory=deque)
    _now: int = 0
    _asked_again: Counter[object] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._now = self.most

    def next_batch(self, *, only_full: bool) -> list[Any] | None:
        """Take what to ask for next; None when there is nothing, or (``only_full``) less than a query may ask for."""
        batch: list[Any] = []
        size = 0
        for one in self.waiting:
            weight = self.weight(one)
            if batch and size + weight > self._now:
                size = self._now
                break
            batch.append(one)
            size += weight
        if not batch or (only_full and size < self._now):
            return None
        for _ in batch:
            self.waiting.popleft()
        return batch

    def accept(self, result: BatchResult, batch: Sequence[Any]) -> None:
        """Hand on what was read; what wasn't is asked for once more, and then left."""
        if result.is_cut:
            self.shrink(batch)
        else:
            self._now = min(self.most, self._now + 1)
        self.take(result.read)
        for one in reversed(result.again):
            self._asked_again[self.key(one)] += not result.is_cut or len(batch) == 1
            if self._asked_again[self.key(one)] <= 1:
                self.waiting.appendleft(one)

    def shrink(self, batch: Iterable[Any]) -> None:
        """Note that a query for ``batch`` took too long."""
        self._now = max(1, min(self._now, sum(self.weight(one) for one in batch) // 2))

    def put_back(self, batch: Sequence[Any]) -> None:
        """Let a batch wait again, in its order."""
        self.waiting.extendleft(reversed(batch))


@dataclass(slots=True)
class BulkReading:
    """One reading by GraphQL, of one stage or several that follow each other.

    Attributes:
        workers: Send the queries.
        access: Is told why the reading ended, where that wasn't its end.
        stages: In their order: what an earlier one takes may wait in a later one.
        after_each: Is called after each response.
    """

    workers: Executor
    access: GraphQLAccess
    stages: Sequence[Stage]
    after_each: Callable[[], None] = field(default=lambda: None)
    _failures: int = 0

    def run(self) -> None:
        """Ask until nothing waits any more or GraphQL can't be asked.

        What couldn't be read is left out; what waits for the quota of GraphQL stays in the stages.
        """
        pending: deque[tuple[list[Any], Stage, Future[BatchResult]]] = deque()
        fatal: RoadmapError | Interrupted | None = None
        while True:
            while fatal is None and self.access.is_open and len(pending) < QUERIES_AT_A_TIME:
                asked = self._next_batch([stage for _, stage, _ in pending])
                if asked is None:
                    break
                batch, stage = asked
                pending.append((batch, stage, self.workers.submit(stage.read, batch)))
            if not pending:
                break
            batch, stage, future = pending.popleft()
            try:
                stage.accept(future.result(), batch)
                self._failures = 0
            except (RoadmapError, Interrupted) as error:
                if not self._note_failure(error, batch, stage):
                    fatal = fatal or error
            self.after_each()
        if fatal is not None:
            raise fatal

    def _next_batch(self, pending: Sequence[Stage]) -> tuple[list[Any], Stage] | None:
        """Return what to ask for next and of which stage, the later stages first; None when there is nothing for now.

        What a later stage needs is asked for as soon as it fills a query: half-empty ones would cost as much.
        """
        for place, stage in reversed(list(enumerate(self.stages))):
            earlier = self.stages[:place]
            more_may_come = any(before.waiting or any(before is one for one in pending) for before in earlier)
            batch = stage.next_batch(only_full=more_may_come)
            if batch is not None:
                return batch, stage
        return None

    def _note_failure(self, error: RoadmapError | Interrupted, batch: list[Any], stage: Stage) -> bool:
        """Note that a query failed, and return whether the reading can go on."""
        if isinstance(error, RateLimited):
            self.access.paused = self.access.paused or error
            stage.put_back(batch)
            return True
        if not isinstance(error, GitHubError) or not costs_only_itself(error):
            return False
        if isinstance(error, GraphQLRefused):
            self.access.refusal = self.access.refusal or error
            return True
        if len(batch) > 1:
            stage.shrink(batch)
            stage.put_back(batch)
        if len(batch) == 1 or not isinstance(error, QueryTooLarge):
            self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            self.access.refusal = self.access.refusal or error
        return True
