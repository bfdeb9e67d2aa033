"""Recorded payloads as the content of the simulated GitHub.

Belongs here: what of a recording hangs together and can be served. Reading it belongs to whoever has it, what stands in
for missing fields to ``recorded``, serving to the simulator.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from roadmap_sandbox import payloads, recorded
from roadmap_sandbox.content import GitHubContent, Payload
from roadmap_sandbox.recorded import ParseTime, Record

VIEWER_LOGIN = "roadmap-pipeline[bot]"
VIEWER_ID = 900_001

_PULL_REQUEST_VIEW = "issue view of a pull request"
_SHELVES: dict[str, tuple[str, Callable[[Payload, Record], Payload]]] = {
    "workflow": ("workflows", recorded.workflow),
    "run": ("runs", recorded.run),
    "pull request": ("pull_requests", recorded.pull_request),
    "commit": ("commits", recorded.commit),
    "issue": ("issues", recorded.issue),
    _PULL_REQUEST_VIEW: ("issues", recorded.issue),
    "milestone": ("milestones", recorded.milestone),
    "issue event": ("issue_events", recorded.issue_event),
}
"""By kind: the field of the content that holds such records by repository, and what completes one."""


@dataclass(slots=True)
class ReplayReport:
    """The counts of what is served of a recording, and what is not."""

    served: Counter[str] = field(default_factory=Counter)
    """Records by kind, each thing once."""
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Records by (kind, reason)."""

    def leave_out(self, kind: str, reason: str) -> None:
        """Count a record that is not served."""
        self.left_out[kind, reason] += 1

    def lines(self) -> list[str]:
        """Return what is left out, a line for each kind and reason."""
        return [f"{count} × {kind}: {reason}" for (kind, reason), count in sorted(self.left_out.items())]


class Replay:
    """A builder of the ``content`` of a recording, record by record, that keeps the ``report`` of it.

    Add what others need before them: repositories first, then runs before jobs, issues and pull requests before
    comments.

    Args:
        clock: The simulator's time (aware, UTC).
        parse_time: Reads a recorded time as naive UTC; None for one that stands for none.
    """

    def __init__(self, clock: datetime, parse_time: ParseTime) -> None:
        self.content = GitHubContent(clock=clock, viewer=payloads.user(VIEWER_LOGIN, VIEWER_ID, type="Bot"))
        self.report = ReplayReport()
        self._parse_time = parse_time
        self._names: dict[str, str] = {}
        self._minimal: dict[str, Payload] = {}

    def add_repository(self, name: str, record: Record) -> None:
        """Add a repository under its ``owner/name``."""
        home = recorded.repository(name, record, self.content.clock)
        self._names[name.casefold()] = name
        self.content.repositories[name] = home
        self._minimal[name] = payloads.minimal_repository(name, home["id"], home["owner"])
        self.report.served["repository"] += 1

    def add(self, kind: str, repo: str | None, record: Record) -> None:
        """Add a record of one of the kinds that need nothing but their repository, named in any case."""
        name = self._name(repo)
        if name is None:
            self.report.leave_out(kind, "its repository is not described")
            return
        shelf, complete = _SHELVES[kind]
        home = self._minimal[name] if kind == "run" else self.content.repositories[name]
        item = complete(home, record)
        if kind != "commit":  # its times are not at its top
            item = self._timed(item)
        getattr(self.content, shelf).setdefault(name, []).append(item)
        self.report.served[kind] += 1

    def drop_views_without_pull_request(self) -> None:
        """Take out again the issue views of pull requests that are not there."""
        for repo, issues in self.content.issues.items():
            numbers = {item["number"] for item in self.content.pull_requests.get(repo, ())}
            lost = [item for item in issues if item.get("pull_request") is not None and item["number"] not in numbers]
            for item in lost:
                issues.remove(item)
                self.report.served[_PULL_REQUEST_VIEW] -= 1
                self.report.leave_out(_PULL_REQUEST_VIEW, "its pull request is not there")

    def repositories_by_run(self) -> dict[int, str]:
        """Return the repository of each run, by the run's id."""
        return {run["id"]: repo for repo, attempts in self.content.runs.items() for run in attempts}

    def add_job(self, repo: str | None, run_id: int | None, record: Record) -> None:
        """Add a job of a run in ``repo``, which is None where the run is not there."""
        if repo is None or run_id is None:
            self.report.leave_out("job", "its run is not there")
            return
        job = self._timed(recorded.job(self.content.repositories[repo], run_id, record))
        self.content.jobs.setdefault(repo, []).append(job)
        self.report.served["job"] += 1

    def threads(self) -> set[tuple[str, int]]:
        """Return what comments may stand under, as (repository, number)."""
        return {
            (repo, item["number"])
            for shelf in (self.content.issues, self.content.pull_requests)
            for repo, items in shelf.items()
            for item in items
        }

    def add_comment(self, threads: set[tuple[str, int]], repo: str | None, number: int | None, record: Record) -> None:
        """Add a comment on issue or pull request ``number`` of ``repo``, if that is one of ``threads``."""
        name = self._name(repo)
        if name is None or number is None or (name, number) not in threads:
            self.report.leave_out("comment", "its issue or pull request is not there")
            return
        comment = self._timed(recorded.comment(self.content.repositories[name], number, record))
        self.content.comments.setdefault((name, number), []).append(comment)
        self.report.served["comment"] += 1

    def _name(self, repo: str | None) -> str | None:
        return self._names.get((repo or "").casefold())

    def _timed(self, item: Payload) -> Payload:
        return recorded.with_api_times(item, self._parse_time)
