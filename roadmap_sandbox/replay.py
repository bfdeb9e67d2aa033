"""A folder of recorded payloads as the content of the simulated GitHub.

Belongs here: what of a dump hangs together and can be served. Reading the folder belongs to ``github.dump``, what
stands in for missing fields to ``recorded``, serving to the simulator. Loading a dump into the warehouse needs none of
this: there every record counts.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.github.dump.archives import KnownJob, place_logs
from roadmap_pipeline.github.dump.files import BrokenFileError
from roadmap_pipeline.github.dump.loading import Dump, Record, read_dump
from roadmap_pipeline.github.payloads import records
from roadmap_pipeline.github.payloads.normalization import Payload as Told
from roadmap_pipeline.github.payloads.normalization import UnusableError, parse_time
from roadmap_pipeline.github.payloads.shapes import Kind
from roadmap_sandbox import payloads, recorded
from roadmap_sandbox.content import GitHubContent, Payload

VIEWER_LOGIN = "roadmap-pipeline[bot]"
VIEWER_ID = 900_001
_TIMES = ("created_at", "updated_at", "closed_at", "merged_at", "started_at", "completed_at", "run_started_at")


@dataclass(slots=True)
class ReplayReport:
    """What is served of a dump, and what is not."""

    served: Counter[str] = field(default_factory=Counter)
    """Records by kind, each thing once."""
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Records by (kind, reason)."""

    def lines(self) -> list[str]:
        """What is left out, a line for each kind and reason."""
        return [f"{count} × {kind}: {reason}" for (kind, reason), count in sorted(self.left_out.items())]


def load(directory: str | Path) -> tuple[GitHubContent, ReplayReport]:
    """The content of ``directory``, with the clock at the newest time in it.

    Served is what hangs together: runs, pull requests, commits, issues, milestones and events of repositories that a
    record describes, jobs whose run is there, comments whose issue or pull request is there, logs whose job is there.
    The rest is counted in the report. Raises ConfigurationError as ``read_dump`` does, and when nothing can be served.
    """
    dump = read_dump(directory)
    report = ReplayReport()
    content = GitHubContent(clock=_newest_time(dump), viewer=payloads.user(VIEWER_LOGIN, VIEWER_ID, type="Bot"))
    _Replay(dump, content, report).fill()
    if not content.repositories:
        raise ConfigurationError(
            f"{directory} describes no repository that could be served: add a repository, a run or a pull request"
        )
    return content, report


class _Replay:
    def __init__(self, dump: Dump, content: GitHubContent, report: ReplayReport) -> None:
        self._dump = dump
        self._content = content
        self._report = report
        self._names: dict[str, str] = {}
        self._minimal: dict[str, Payload] = {}

    def fill(self) -> None:
        for name, record in self._dump.repositories().items():
            home = recorded.repository(name, record.payload, self._content.clock)
            self._names[name.casefold()] = name
            self._content.repositories[name] = home
            self._minimal[name] = payloads.minimal_repository(name, home["id"], home["owner"])
            self._report.served[Kind.REPOSITORY] += 1
        full = self._content.repositories
        for kind, shelf, homes, make in (
            (Kind.WORKFLOW, self._content.workflows, full, recorded.workflow),
            (Kind.RUN, self._content.runs, self._minimal, recorded.run),
            (Kind.PULL_REQUEST, self._content.pull_requests, full, recorded.pull_request),
            (Kind.COMMIT, self._content.commits, full, recorded.commit),
            (Kind.ISSUE, self._content.issues, full, recorded.issue),
            (Kind.PULL_REQUEST_VIEW, self._content.issues, full, recorded.issue),
            (Kind.MILESTONE, self._content.milestones, full, recorded.milestone),
            (Kind.ISSUE_EVENT, self._content.issue_events, full, recorded.issue_event),
        ):
            self._shelve(kind, shelf, homes, make)
        self._drop_views_without_pull_request()
        self._add_jobs()
        self._add_comments()
        self._add_logs()
        for unplaced in self._dump.unrecognised:
            self._leave_out("record", unplaced.reason)
        for partial in self._dump.partial:
            self._leave_out("field", f"{partial.reason} can't be used; the record is served without")

    def _shelve(
        self,
        kind: Kind,
        shelf: dict[str, list[Payload]],
        homes: dict[str, Payload],
        make: Callable[[Payload, Told], Payload],
    ) -> None:
        for record in self._dump.folded(kind):
            repo = self._repository(record)
            if repo is None:
                self._leave_out(kind, "its repository is not described")
            else:
                shelf.setdefault(repo, []).append(make(homes[repo], record.payload))
                self._report.served[kind] += 1

    def _drop_views_without_pull_request(self) -> None:
        for repo, issues in self._content.issues.items():
            numbers = {item["number"] for item in self._content.pull_requests.get(repo, ())}
            lost = [item for item in issues if records.is_pull_request_view(item) and item["number"] not in numbers]
            for item in lost:
                issues.remove(item)
                self._report.served[Kind.PULL_REQUEST_VIEW] -= 1
                self._leave_out(Kind.PULL_REQUEST_VIEW, "its pull request is not there")

    def _add_jobs(self) -> None:
        runs = {run["id"]: repo for repo, attempts in self._content.runs.items() for run in attempts}
        for record in self._dump.folded(Kind.JOB):
            try:
                repo = runs.get(records.run_id_of(record.payload))
            except UnusableError:
                repo = None
            if repo is None:
                self._leave_out(Kind.JOB, "its run is not there")
            else:
                home = self._content.repositories[repo]
                self._content.jobs.setdefault(repo, []).append(recorded.job(home, record.payload))
                self._report.served[Kind.JOB] += 1

    def _add_comments(self) -> None:
        threads = {
            (repo, item["number"])
            for shelf in (self._content.issues, self._content.pull_requests)
            for repo, items in shelf.items()
            for item in items
        }
        for record in self._dump.folded(Kind.COMMENT):
            repo, number = self._repository(record), records.issue_number_of(record.payload)
            if repo is None or number is None or (repo, number) not in threads:
                self._leave_out(Kind.COMMENT, "its issue or pull request is not there")
            else:
                home = self._content.repositories[repo]
                found = recorded.comment(home, number, record.payload)
                self._content.comments.setdefault((repo, number), []).append(found)
                self._report.served[Kind.COMMENT] += 1

    def _add_logs(self) -> None:
        jobs = [
            KnownJob(job["id"], repo, records.run_id_of(job), job.get("run_attempt") or 1, job.get("name") or "", True)
            for repo, items in self._content.jobs.items()
            for job in items
        ]
        placed, unplaced = place_logs(self._dump.logs, jobs)
        logs: dict[int, bytes] = {}
        for job_id, log in placed.items():
            try:
                logs[job_id] = log.read()
            except BrokenFileError as error:
                self._leave_out("log", str(error))
                if error.part:
                    logs[job_id] = error.part
        self._content.logs = logs
        self._report.served["log"] += len(logs)
        for one in unplaced:
            self._leave_out("log", one.reason)

    def _repository(self, record: Record) -> str | None:
        return self._names.get((records.repository_of(record.payload) or "").casefold())

    def _leave_out(self, kind: str, reason: str) -> None:
        self._report.left_out[str(kind), reason] += 1


def _newest_time(dump: Dump) -> datetime:
    times = list(_times(record.payload for found in dump.records.values() for record in found))
    if not times:
        raise ConfigurationError("the recorded payloads hold no time, so nothing could be served")
    return max(times).replace(tzinfo=UTC)


def _times(found: Iterable[Told]) -> Iterable[datetime]:
    for payload in found:
        for name in _TIMES:
            moment = parse_time(payload.get(name))
            if moment is not None:
                yield moment
