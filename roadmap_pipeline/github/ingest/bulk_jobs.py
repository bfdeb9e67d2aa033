"""Reading the jobs of many runs at once by GraphQL, by a quota of its own: 50 runs a point, against one a request.

Belongs here: which runs may be read so, and whether a response holds all jobs of a run. How many are asked for at once
belongs to ``bulk_queries``; what can't be read so stays due and is read by REST (``actions``).

A finished run of one attempt is a check suite, and each job a check run of it. No run counts as read with a job
missing: the suite has to be that run's and as finished as it, not changed after it, and hold as many check runs as
GitHub counts. Steps come from a second query, for jobs that failed or were cancelled (models ask how those ended) and
by the jobs' ids: 100 jobs a point, against 51 points for 50 suites with the steps of all that they may hold, and one
request a run by REST.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.github.ingest.bulk_queries import BatchResult, BulkReading, Stage
from roadmap_pipeline.github.payloads.check_runs import bulk_job_row
from roadmap_pipeline.github.payloads.normalization import UnusableError, parse_time
from roadmap_pipeline.github.payloads.records import Row
from roadmap_pipeline.progress import Task

if TYPE_CHECKING:
    from roadmap_pipeline.github.ingest.repository_reader import RepositoryReader

FEWEST_RUNS = 6_000
"""With fewer runs to be read, those included that were never listed, REST is used, as in every poll: it takes a request
for each, in all little more than an hour's quota, and tells everything of their jobs. Of several repositories that are
read together each has its share."""
SETTLED = timedelta(minutes=10)
"""The time since a run's last change after which it is taken for finished: one that was just run again may still say
that it is its first attempt."""
SUITES_PER_QUERY = 50
JOBS_PER_QUERY = 100
RUNS_PER_TRANSACTION = 500
_WITHOUT_STEPS = frozenset({"SUCCESS", "SKIPPED", "NEUTRAL"})

# Parameters: repository, horizon, latest change.
_CANDIDATES = """
select run.run_id, run.status, run.conclusion, run.updated_at, run.head_branch, run.head_sha,
    run.payload->>'check_suite_node_id', try_cast(run.payload->>'check_suite_id' as bigint)
from raw.workflow_runs as run
anti join raw.run_details as read on read.run_id = run.run_id
anti join raw.workflow_jobs as job on job.run_id = run.run_id
where run.repo = ? and run.created_at >= ? and run.updated_at <= ? and run.run_attempt = 1
    and run.status = 'completed' and run.deleted_upstream_at is null and run.source like 'http%'
    and run.payload->>'previous_attempt_url' is null and run.payload->>'check_suite_node_id' is not null
qualify count(*) over (partition by run.run_id) = 1
order by run.created_at desc, run.run_id desc
"""


@dataclass(frozen=True, slots=True)
class BulkRun:
    """A run whose jobs may be read in bulk; ``suite`` is the node id of its check suite."""

    run_id: int
    status: str
    conclusion: str | None
    updated_at: datetime
    head_branch: str | None
    head_sha: str | None
    suite: str
    suite_id: int | None

    def row(self, repo: str) -> Row:
        """Return the row of ``raw.run_details``."""
        return {
            "repo": repo,
            "run_id": self.run_id,
            "run_attempt": 1,
            "status": self.status,
            "conclusion": self.conclusion,
            "updated_at": self.updated_at,
        }


def runs_for_bulk(reader: "RepositoryReader") -> list[BulkRun]:
    """Return the finished runs of one attempt of which no job is stored, newest first."""
    rows = reader.store.query(_CANDIDATES, [reader.repo, reader.horizon, reader.now - SETTLED])
    return [BulkRun(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class _RunJobs:
    """All check runs of a run, with the steps of those that need them (by id)."""

    run: BulkRun
    check_runs: Sequence[Mapping[str, Any]]
    steps: Mapping[int, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    @property
    def without_steps(self) -> list[Mapping[str, Any]]:
        """The check runs whose steps are still to be read."""
        return [
            one
            for one in self.check_runs
            if one.get("conclusion") not in _WITHOUT_STEPS and one["databaseId"] not in self.steps
        ]


@dataclass(slots=True)
class BulkJobs:
    """One reading of jobs in bulk of one repository.

    Attributes:
        reader: Of the repository.
        progress: Is told of each run that was read.
    """

    reader: "RepositoryReader"
    progress: Task
    _suites: Stage = field(init=False)
    _steps: Stage = field(init=False)
    _done: list[_RunJobs] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._suites = Stage(self._read_suites, self._take, lambda run: run.run_id, SUITES_PER_QUERY)
        self._steps = Stage(
            self._read_steps,
            self._take,
            lambda jobs: jobs.run.run_id,
            JOBS_PER_QUERY,
            weight=lambda jobs: len(jobs.without_steps),
        )

    def read(self, runs: Sequence[BulkRun]) -> None:
        """Read the jobs of ``runs`` and store those of every run of which nothing is missing."""
        self._suites.waiting.extend(runs)
        access = self.reader.graphql
        try:
            BulkReading(self.reader.workers, access, [self._suites, self._steps], self._store_some).run()
        finally:
            self._store()

    @property
    def postponed(self) -> set[int]:
        """The runs (by id) that wait for the quota of GraphQL."""
        if self.reader.graphql.paused is None:
            return set()
        return {run.run_id for run in self._suites.waiting} | {jobs.run.run_id for jobs in self._steps.waiting}

    def _take(self, read: Sequence[_RunJobs]) -> None:
        for jobs in read:
            (self._steps.waiting if jobs.without_steps else self._done).append(jobs)

    def _store_some(self) -> None:
        if len(self._done) >= RUNS_PER_TRANSACTION:
            self._store()

    def _read_suites(self, runs: Sequence[BulkRun]) -> BatchResult:
        """Return the check runs of the suites of ``runs`` (in a thread)."""
        query = self.reader.client.graphql.query
        result = query("check_suites", {"suites": [run.suite for run in runs]})
        batch = BatchResult([], [], result.is_cut)
        for run, suite in zip(runs, result.nodes(len(runs)), strict=True):
            if suite is None:
                batch.again.append(run)
                continue
            check_runs = self._all_check_runs(run, suite)
            if check_runs is not None:
                batch.read.append(_RunJobs(run, check_runs))
        return batch.checked(len(runs))

    def _all_check_runs(self, run: BulkRun, suite: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
        """Return all check runs of a suite, page by page; None where it can't be said that these are all."""
        listed: list[Mapping[str, Any]] = []
        while True:
            connection = suite.get("checkRuns")
            if not _is_of(run, suite) or not isinstance(connection, dict):
                return None
            nodes = connection.get("nodes") or []
            if not all(isinstance(node, dict) and _is_job_of(run, node) for node in nodes):
                return None
            listed.extend(nodes)
            page = connection.get("pageInfo") or {}
            if not page.get("hasNextPage"):
                break
            result = self.reader.client.graphql.query(
                "check_runs", {"suite": run.suite, "cursor": page.get("endCursor")}
            )
            following = result.data.get("node")
            if not nodes or result.errors or not isinstance(following, dict):
                return None
            suite = following
        ids = {node["databaseId"] for node in listed}
        # a run without jobs is rare: REST will tell
        return listed if ids and len(ids) == len(listed) == connection.get("totalCount") else None

    def _read_steps(self, runs: Sequence[_RunJobs]) -> BatchResult:
        """Return ``runs`` with the steps of their jobs that have none yet (in a thread)."""
        wanted = [one for jobs in runs for one in jobs.without_steps]
        steps: dict[int, Sequence[Mapping[str, Any]]] = {}
        is_cut = False
        for start in range(0, len(wanted), JOBS_PER_QUERY):
            some = wanted[start : start + JOBS_PER_QUERY]
            result = self.reader.client.graphql.query("steps", {"jobs": [one["id"] for one in some]})
            is_cut = is_cut or result.is_cut
            for one, node in zip(some, result.nodes(len(some)), strict=True):
                read = None if node is None else _all_steps(one, node)
                if read is not None:
                    steps[one["databaseId"]] = read
        batch = BatchResult([], [], is_cut)
        for jobs in runs:
            ids = {one["databaseId"] for one in jobs.without_steps}
            if ids <= steps.keys():
                batch.read.append(_RunJobs(jobs.run, jobs.check_runs, {id_: steps[id_] for id_ in ids}))
            else:
                batch.again.append(jobs)
        return batch.checked(len(runs))

    def _store(self) -> None:
        """Store the runs of which everything was read, and that it was, in one transaction."""
        done, self._done = self._done, []
        repo, store = self.reader.repo, self.reader.store
        provenance = self.reader.provenance("/graphql")
        rows: list[Row] = []
        whole: list[BulkRun] = []
        for jobs in done:
            run = jobs.run
            try:
                rows += [
                    bulk_job_row(
                        one, repo, provenance,
                        run_id=run.run_id, head_branch=run.head_branch, head_sha=run.head_sha,
                        steps=jobs.steps.get(one["databaseId"]),
                    )
                    for one in jobs.check_runs
                ]  # fmt: skip
            except UnusableError:
                continue  # REST will tell
            whole.append(run)
        if not whole:
            return
        store.put({"workflow_jobs": rows}, details=[run.row(repo) for run in whole])
        for run in whole:
            self.reader.failures.succeeded("jobs", str(run.run_id))
        self.progress.advance(len(whole))


def _is_of(run: BulkRun, suite: Mapping[str, Any]) -> bool:
    """Return whether a suite is that of a run, in the state that is known of it: no later attempt has begun."""
    conclusion, updated_at = suite.get("conclusion"), _time(suite.get("updatedAt"))
    return (
        suite.get("databaseId") in ({run.suite_id} if run.suite_id else {None, suite.get("databaseId")})
        and suite.get("status") == "COMPLETED"
        and (conclusion.lower() if isinstance(conclusion, str) else None) == run.conclusion
        and updated_at is not None
        and updated_at <= run.updated_at
    )


def _is_job_of(run: BulkRun, check_run: Mapping[str, Any]) -> bool:
    """Return whether a check run is a finished job of a run: a check run has the id of its job, as its address says."""
    job_id = check_run.get("databaseId")
    address = str(check_run.get("detailsUrl") or "").partition("?")[0]
    return (
        isinstance(job_id, int)
        and isinstance(check_run.get("id"), str)
        and check_run.get("status") == "COMPLETED"
        and address.endswith(f"/actions/runs/{run.run_id}/job/{job_id}")
    )


def _all_steps(check_run: Mapping[str, Any], node: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Return the steps of a check run that is still as it was; None where some are missing."""
    connection = node.get("steps")
    nodes = connection.get("nodes") if isinstance(connection, dict) else None
    if not isinstance(nodes, list) or not isinstance(connection, dict) or len(nodes) != connection.get("totalCount"):
        return None
    names = ("databaseId", "status", "conclusion", "completedAt")
    is_same = all(node.get(name) == check_run.get(name) for name in names)
    return nodes if is_same and all(isinstance(step, dict) for step in nodes) else None


def _time(text: Any) -> datetime | None:
    try:
        return parse_time(text)
    except UnusableError:
        return None
