"""The runs of one repository, indexed for the lists that are asked for.

Belongs here: order, attempts, selections. What a list leaves out or gets wrong belongs to ``actions``.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any

from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.search_dates import normalised

_RunKey = tuple[str, int]
"""Creation time and id: the order of run lists, reversed."""


_SELECTIONS_KEPT = 16


class RunIndex:
    """The runs of one repository: every attempt, and the latest ones in the order of lists."""

    def __init__(self, attempts: Iterable[Payload]) -> None:
        self._attempts: dict[int, dict[int, Payload]] = {}
        for payload in attempts:
            self._attempts.setdefault(payload["id"], {})[payload.get("run_attempt", 1)] = payload
        self._keys = sorted(self._key(run_id) for run_id in self._attempts)
        self._workflows: dict[int, tuple[Payload, Payload]] | None = None
        self._by_sha: dict[str, dict[int, None]] = {}
        self._by_suite: dict[str, int] = {}
        for run_id in self._attempts:
            self._by_sha.setdefault(self[run_id].get("head_sha", ""), {})[run_id] = None
            self._by_suite[self[run_id].get("check_suite_node_id", "")] = run_id
        self._selections: dict[Hashable, Sequence[Payload]] = {}
        self._deleted: dict[int, Payload] = {}

    def _key(self, run_id: int) -> _RunKey:
        return normalised(self[run_id]["created_at"]), run_id

    def __getitem__(self, run_id: int) -> Payload:
        attempts = self._attempts[run_id]
        return attempts[max(attempts)]

    def latest(self, run_id: int) -> Payload | None:
        """Return the run as of its last attempt."""
        return self[run_id] if run_id in self._attempts else None

    def attempt(self, run_id: int, number: int) -> Payload | None:
        """Return the run as of one attempt."""
        return self._attempts.get(run_id, {}).get(number)

    def attempts(self, run_id: int) -> list[Payload]:
        """Return the run as of all its attempts, oldest first."""
        attempts = self._attempts.get(run_id, {})
        return [attempts[number] for number in sorted(attempts)]

    def of_commit(self, sha: str) -> list[Payload]:
        """Return the runs of a commit, newest first."""
        keys = sorted((self._key(run_id) for run_id in self._by_sha.get(sha, ())), reverse=True)
        return [self[run_id] for _, run_id in keys]

    def of_suite(self, node_id: str) -> Payload | None:
        """Return the run that is the check suite of this global id."""
        return self[self._by_suite[node_id]] if node_id in self._by_suite else None

    @property
    def deleted(self) -> Iterable[Payload]:
        """The runs that were there once, as they were last."""
        return self._deleted.values()

    def selection(self, key: Hashable, choose: Callable[[], Sequence[Payload]]) -> Sequence[Payload]:
        """Return what ``choose`` gives, kept under ``key`` until a run changes: the pages of a list share it."""
        if key not in self._selections:
            if len(self._selections) >= _SELECTIONS_KEPT:
                self._selections.clear()
            self._selections[key] = choose()
        return self._selections[key]

    def put(self, run: Payload) -> None:
        """Add an attempt or replace it."""
        run_id = run["id"]
        self._take_out(run_id)
        self._attempts.setdefault(run_id, {})[run.get("run_attempt", 1)] = run
        self._deleted.pop(run_id, None)
        insort(self._keys, self._key(run_id))
        self._by_sha.setdefault(self[run_id].get("head_sha", ""), {})[run_id] = None
        self._by_suite[self[run_id].get("check_suite_node_id", "")] = run_id

    def delete(self, run_id: int) -> None:
        """Take a run with all its attempts out of everything; nothing happens to an unknown one."""
        self._take_out(run_id)
        if run_id in self._attempts:
            self._deleted[run_id] = self[run_id]
            del self._attempts[run_id]

    def rewrite(self, change: Callable[[Payload], Payload]) -> None:
        """Put another payload in the place of every attempt, the same in id, times and commit."""
        for attempts in self._attempts.values():
            for number, run in attempts.items():
                attempts[number] = change(run)
        self._deleted = {run_id: change(run) for run_id, run in self._deleted.items()}
        self._workflows = None
        self._selections.clear()

    def _take_out(self, run_id: int) -> None:
        self._workflows = None
        self._selections.clear()
        if run_id in self._attempts:
            self._keys.pop(bisect_left(self._keys, self._key(run_id)))
            self._by_sha[self[run_id].get("head_sha", "")].pop(run_id)
            self._by_suite.pop(self[run_id].get("check_suite_node_id", ""), None)

    def workflows(self) -> dict[int, tuple[Payload, Payload]]:
        """Return the oldest and the newest run of every workflow, by workflow id."""
        if self._workflows is None:
            workflows: dict[int, tuple[Payload, Payload]] = {}
            for _, run_id in self._keys:
                run = self[run_id]
                oldest = workflows.get(run["workflow_id"], (run, run))[0]
                workflows[run["workflow_id"]] = (oldest, run)
            self._workflows = workflows
        return self._workflows

    def newest_first(self, first: str | None = None, last: str | None = None) -> "RunSlice":
        """Return runs created from ``first`` to ``last`` (inclusive, of ``payloads.timestamp``), newest first."""
        low = 0 if first is None else bisect_left(self._keys, (first, -1))
        high = len(self._keys) if last is None else bisect_right(self._keys, (last, 1 << 63))
        return RunSlice(self, self._keys, low, max(low, high))


class RunSlice(Sequence[Payload]):
    """The latest attempts within an interval of creation times, newest first; nothing is copied until looked at."""

    def __init__(self, index: RunIndex, keys: list[_RunKey], low: int, high: int) -> None:
        self._index, self._keys, self._low, self._high = index, keys, low, high

    def __len__(self) -> int:
        return self._high - self._low

    def _at(self, position: int) -> Payload:
        return self._index[self._keys[self._high - 1 - position][1]]

    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, slice):
            return [self._at(index) for index in range(*position.indices(len(self)))]
        return self._at(range(len(self))[position])

    def __iter__(self) -> Iterator[Payload]:
        return (self._at(index) for index in range(len(self)))
