"""Reading repositories from GitHub into the raw tables, every time as little as possible.

Belongs here: what is asked for, in which order, and when a walk may stop. How a request is sent belongs to
``transport``, how a payload becomes a row to ``records``, how rows are stored to ``store``, how runs are listed to
``runs``.

Every batch is one transaction and every walk notes that it ended only when it has: after a kill at any moment the next
ingest goes on, without gaps and without reading again what is stored.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.github import records
from roadmap_pipeline.github.records import Reading, Row, naive_utc, parse_time
from roadmap_pipeline.github.runs import RunList
from roadmap_pipeline.github.store import IngestSummary, Store, is_from_api
from roadmap_pipeline.github.transport import (
    PER_PAGE,
    Answer,
    GitHubClient,
    GitHubError,
    LogState,
    NotFoundError,
    UnknownRepository,
)
from roadmap_pipeline.progress import Task, task
from roadmap_pipeline.warehouse import change_log
from roadmap_pipeline.warehouse.connection import transaction

if TYPE_CHECKING:
    import duckdb

THREADS = 4
OVERLAP = timedelta(hours=1)
"""How far behind a watermark a walk goes: GitHub's lists are not exactly in step with what happens."""
RERUN_WINDOW = timedelta(days=30)
"""How long after its creation a run may be run again."""
LONGEST_RUN = timedelta(days=35)
LOG_DELAY = timedelta(minutes=10)
"""How long after a job's end its log may still be on its way."""
LOG_TRIES = 3
LOGS_PER_BATCH = 40
MILESTONE_LABEL = "milestone:"

Payload = dict[str, Any]
Given = TypeVar("Given")
Result = TypeVar("Result")


def ingest(
    client: GitHubClient,
    con: "duckdb.DuckDBPyConnection",
    repositories: Sequence[str],
    *,
    history_days: int,
    now: datetime,
) -> IngestSummary:
    """Read what is new in ``repositories`` (owner/name, old names too) into the raw tables of an open warehouse.

    Runs created more than ``history_days`` before ``now`` (aware) are left out, and pull requests closed before that,
    unless a milestone holds them; issues and milestones never. A second call with nothing new writes no row.

    Raises ConfigurationError (naming all repositories that can't be read), RateLimited, GitHubError; what was read
    until then is stored.
    """
    summary = IngestSummary()
    store = Store(con, summary, now)
    requests_before = client.requests
    try:
        names = _resolve(client, store, repositories, now)
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="ingest")
        try:
            for repo in names:
                _RepositoryReader(client, store, pool, repo, now, timedelta(days=history_days)).read()
        finally:
            pool.shutdown(cancel_futures=True)
    finally:
        summary.requests = client.requests - requests_before
    return summary


def _resolve(client: GitHubClient, store: Store, repositories: Sequence[str], now: datetime) -> list[str]:
    """Canonical names, in order, each once; stores the repositories' rows."""
    problems: list[str] = []
    for name in repositories:
        try:
            store.summary.canonical[name] = _resolve_one(client, store, name, now)
        except UnknownRepository as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigurationError(*problems)
    return list(dict.fromkeys(store.summary.canonical.values()))


def _resolve_one(client: GitHubClient, store: Store, name: str, now: datetime) -> str:
    path = f"/repos/{name}"
    stored = dict(
        store.con.execute("select repository_id, repo from raw.repositories where repository_id is not null").fetchall()
    )
    known = next((repo for repo in stored.values() if repo.casefold() == name.casefold()), None)
    answer = client.repository(name, store.etag(client, path) if known else None)
    if answer.unchanged and known:
        return str(known)
    row = records.repository_row(answer.data, Reading(now, client.url(path)))
    repo = str(row["repo"])
    if repo.casefold() != name.casefold():
        store.summary.notes.append(f"{name} is called {repo} now; put that name into the configuration")
    old = stored.get(row["repository_id"])
    if old is not None and old != repo:
        store.rename(old, repo)
    store.put({"repositories": [row]})
    if repo.casefold() == name.casefold():
        store.remember(client, path, None, answer)
    return repo


@dataclass(frozen=True, slots=True)
class _RunParts:
    """A run with what hangs on it, ready to be stored."""

    runs: list[Row]
    jobs: list[Row]


class _RepositoryReader:
    """The walks through one repository."""

    def __init__(
        self,
        client: GitHubClient,
        store: Store,
        pool: ThreadPoolExecutor,
        repo: str,
        now: datetime,
        history: timedelta,
    ) -> None:
        self._client = client
        self._store = store
        self._pool = pool
        self._repo = repo
        self._root = f"/repos/{repo}"
        self._read_at = now
        self._now = naive_utc(now)
        self._horizon = self._now - history

    def read(self) -> None:
        """All walks, one after the other."""
        for what, walk in (
            ("milestones", self._read_milestones),
            ("runs", self._read_runs),
            ("logs", self._read_logs),
            ("pull requests", self._read_pull_requests),
            ("issues", self._read_issues),
            ("events", self._read_issue_events),
        ):
            with task(f"Reading {what} of {self._repo}") as progress:
                walk(progress)

    # Runs, their attempts and jobs

    def _read_runs(self, progress: Task) -> None:
        watermark = self._store.watermark(self._repo, "runs")
        swept_at = self._store.watermark(self._repo, "run_sweep")
        sweeps = watermark is None or swept_at is None or swept_at.date() != self._now.date()
        oldest = self._horizon
        if watermark is not None:
            reach = watermark - OVERLAP
            oldest = max(oldest, min(reach, self._now - RERUN_WINDOW) if sweeps else reach)

        runs = RunList(self._client, self._repo)
        params = runs.page_params()
        first = self._client.get(
            runs.path, params, None if sweeps else self._store.etag(self._client, runs.path, params)
        )
        seen: set[int] = set()
        if not first.unchanged:
            for page in runs.pages(first, oldest):
                listed = [run for run in page if self._created_at(run) >= self._horizon]
                seen.update(run["id"] for run in listed)
                self._take_runs(listed, runs.path)
                progress.advance(len(page))
            self._store.summary.notes.extend(runs.notes)
        self._reread_runs(seen, oldest if sweeps else None)
        if first.unchanged:
            return
        newest = max((self._created_at(run) for run in first.data["workflow_runs"]), default=self._horizon)
        self._store.advance(self._repo, "runs", max(newest, watermark or newest))
        if sweeps:
            self._store.advance(self._repo, "run_sweep", self._now)
        self._store.remember(self._client, runs.path, params, first)

    def _take_runs(self, runs: Sequence[Payload], path: str) -> None:
        """Store those of ``runs`` that are new or have changed, with their earlier attempts and jobs.

        A stored run is one whose jobs are stored too: both come in one transaction.
        """
        stored = self._store.stored(
            "workflow_runs",
            [(run["id"], run.get("run_attempt") or 1) for run in runs],
            ("updated_at", "status", "conclusion", "deleted_upstream_at", "source"),
        )

        def is_known(run: Payload) -> bool:
            *state, source = stored.get((run["id"], run.get("run_attempt") or 1), ("",))
            now = [parse_time(run["updated_at"]), run["status"], run["conclusion"] or None, None]
            return state == now and is_from_api(source)

        fresh = [run for run in runs if not is_known(run)]
        earlier = [(run["id"], attempt) for run in fresh for attempt in range(1, run.get("run_attempt") or 1)]
        states = self._store.stored("workflow_runs", earlier, ("status",))
        unread: dict[int, list[int]] = {}
        for run_id, attempt in earlier:
            if states.get((run_id, attempt)) != ("completed",):
                unread.setdefault(run_id, []).append(attempt)
        self._in_threads(lambda run: self._read_run(run, unread.get(run["id"], []), path), fresh, self._store_runs)

    def _store_runs(self, parts: Sequence[_RunParts]) -> None:
        self._store.put(
            {
                "workflow_runs": [row for part in parts for row in part.runs],
                "workflow_jobs": [row for part in parts for row in part.jobs],
            }
        )

    def _read_run(self, run: Payload, attempts: Sequence[int], path: str) -> _RunParts:
        """A run with its earlier ``attempts`` and all its jobs (in a thread)."""
        rows = [records.run_row(run, self._repo, self._reading(path))]
        run_path = f"{self._root}/actions/runs/{run['id']}"
        for attempt in attempts:
            attempt_path = f"{run_path}/attempts/{attempt}"
            try:
                payload = self._client.get(attempt_path).data
            except NotFoundError:
                continue
            rows.append(records.run_row(payload, self._repo, self._reading(attempt_path)))
        jobs_path = f"{run_path}/jobs"
        jobs: list[Row] = []
        try:
            for page in self._client.pages(jobs_path, {"filter": "all"}, "jobs"):
                jobs.extend(records.job_row(job, self._repo, self._reading(jobs_path)) for job in page)
        except NotFoundError:
            pass  # deleted since it was listed; the next sweep notes that
        return _RunParts(rows, jobs)

    def _reread_runs(self, seen: set[int], swept_since: datetime | None) -> None:
        """Read by id: unfinished runs, and after a sweep those that the list should have held and didn't."""
        missing = self._store.con.execute(
            """
            select run_id from raw.workflow_runs
            where repo = ? and deleted_upstream_at is null
            qualify run_attempt = max(run_attempt) over (partition by run_id)
                and ((status <> 'completed' and created_at >= ?) or (? and created_at >= ?))
            order by run_id desc
            """,
            [self._repo, self._now - LONGEST_RUN, swept_since is not None, swept_since],
        ).fetchall()
        paths = {run_id: f"{self._root}/actions/runs/{run_id}" for (run_id,) in missing if run_id not in seen}
        asked = [(run_id, path, self._store.etag(self._client, path)) for run_id, path in paths.items()]
        self._in_threads(lambda given: (given[0], self._read_again(*given[1:])), asked, self._store_again)

    def _read_again(self, path: str, etag: str | None) -> Answer | None:
        """A run by its id; None when it is gone (in a thread)."""
        try:
            return self._client.get(path, etag=etag)
        except NotFoundError:
            return None

    def _store_again(self, answers: Sequence[tuple[int, Answer | None]]) -> None:
        for run_id, answer in answers:
            path = f"{self._root}/actions/runs/{run_id}"
            if answer is None:
                self._mark_deleted(run_id)
            elif not answer.unchanged:
                self._take_runs([answer.data], path)
                self._store.remember(self._client, path, None, answer)

    def _mark_deleted(self, run_id: int) -> None:
        con = self._store.con
        with transaction(con):
            updated = con.execute(
                "update raw.workflow_runs set deleted_upstream_at = ? where run_id = ?", [self._now, run_id]
            ).fetchall()
            change_log.note_runs(con, "raw.workflow_runs", f"(select {int(run_id)} as run_id)")
        self._store.summary.read["workflow_runs"] += updated[0][0]

    # Logs of failed jobs

    def _read_logs(self, progress: Task) -> None:
        wanted = self._store.con.execute(
            """
            select job.job_id, job.run_id, job.run_attempt, job.completed_at
            from raw.workflow_jobs as job left join raw.job_logs as log using (job_id)
            where job.repo = ? and job.conclusion in ('failure', 'timed_out')
                and coalesce(log.state, 'not_yet') = 'not_yet'
            order by job.job_id desc
            """,
            [self._repo],
        ).fetchall()
        for start in range(0, len(wanted), LOGS_PER_BATCH):
            batch = wanted[start : start + LOGS_PER_BATCH]
            try:
                self._in_threads(
                    lambda job: self._read_log(*job), batch, lambda rows: self._store.put({"job_logs": rows})
                )
            except GitHubError as error:
                if error.status != 403:
                    raise
                self._store.summary.notes.append(
                    f"logs of {self._repo} can't be read with this token ({error.message}); grant it Actions: read"
                )
                return
            progress.advance(len(batch))

    def _read_log(self, job_id: int, run_id: int, run_attempt: int, completed_at: datetime | None) -> Row:
        """Row of ``raw.job_logs`` (in a thread)."""
        path = f"{self._root}/actions/jobs/{job_id}/logs"
        row: Row = {
            "repo": self._repo,
            "job_id": job_id,
            "run_id": run_id,
            "run_attempt": run_attempt,
            "read_at": self._now,
            "source": self._client.url(path),
        }
        for remaining in reversed(range(LOG_TRIES)):
            log = self._client.job_log(self._repo, job_id)
            if isinstance(log, LogState):
                # GitHub answers the same for a log that was never written and one that is on its way
                on_its_way = log is LogState.MISSING and (completed_at is None or self._now - completed_at < LOG_DELAY)
                return {**row, "state": "not_yet" if on_its_way else str(log)}
            try:
                return {**row, **log_columns(log)}
            except GitHubError:
                if not remaining:
                    raise
        raise AssertionError("unreachable")

    # Pull requests, issues, milestones, events

    def _read_pull_requests(self, progress: Task) -> None:
        path = f"{self._root}/pulls"
        params = {"state": "all", "sort": "updated", "direction": "desc", "per_page": PER_PAGE, "page": 1}
        first = self._first_page(path, params)
        if first.unchanged:
            return
        watermark = self._store.watermark(self._repo, "pull_requests")
        for page in self._pages_from(first, path, params):
            fresh = self._take_pull_requests(page, path)
            progress.advance(len(page))
            if watermark and not fresh and page and self._updated_at(page[-1]) < watermark - OVERLAP:
                break
        # The newest change on page 1, not the last page's: what is changed during the walk jumps to page 1.
        newest = max((self._updated_at(item) for item in first.data), default=self._horizon)
        self._store.advance(self._repo, "pull_requests", newest)
        self._store.remember(self._client, path, params, first)

    def _take_pull_requests(self, pull_requests: Sequence[Payload], path: str) -> int:
        """Store those that are new or have changed and are kept, merged ones with their files; returns how many."""
        kept = [item for item in pull_requests if self._is_kept(item)]
        stored = self._store.stored(
            "pull_requests", [(self._repo, item["number"]) for item in kept], ("updated_at", "changed_files")
        )
        fresh = []
        for item in kept:
            updated_at, files = stored.get((self._repo, item["number"]), (None, None))
            if updated_at != self._updated_at(item) or (item.get("merged_at") and files is None):
                fresh.append((item, files))
        self._in_threads(
            lambda given: self._read_pull_request(*given, path),
            fresh,
            lambda rows: self._store.put({"pull_requests": rows}),
        )
        return len(fresh)

    def _is_kept(self, pull_request: Payload) -> bool:
        closed_at = parse_time(pull_request.get("closed_at"))
        return closed_at is None or closed_at >= self._horizon or _in_milestone(pull_request)

    def _read_pull_request(self, item: Payload, files: list[str] | None, path: str) -> Row:
        if item.get("merged_at") and files is None:
            pages = self._client.pages(f"{self._root}/pulls/{item['number']}/files")
            files = [file["filename"] for page in pages for file in page]
        return records.pull_request_row(item, self._repo, self._reading(path), files)

    def _read_issues(self, progress: Task) -> None:
        """Always page 1, oldest change first, stepping by time: on further pages a changed item would hide another."""
        path = f"{self._root}/issues"
        watermark = self._store.watermark(self._repo, "issues")
        since = None if watermark is None else watermark - OVERLAP
        page, newest = 1, watermark
        conditional = True
        while True:
            params = {"state": "all", "sort": "updated", "direction": "asc", "per_page": PER_PAGE, "page": page}
            if since is not None:
                params["since"] = f"{since.isoformat()}Z"
            answer = self._first_page(path, params) if conditional else self._client.get(path, params)
            if answer.unchanged:
                return
            self._take_issues(answer.data, path)
            progress.advance(len(answer.data))
            last = self._updated_at(answer.data[-1]) if answer.data else since
            if last is not None:
                newest = max(last, newest or last)
            if not answer.has_next:
                break
            # a page whose items were all changed in one second brings no step: only then page on
            page, since = (page + 1, since) if last == since else (1, last)
            conditional = False
        if newest is not None:
            self._store.advance(self._repo, "issues", newest)
        if conditional and newest == watermark:  # else the next request has another address
            self._store.remember(self._client, path, params, answer)

    def _take_issues(self, items: Sequence[Payload], path: str) -> None:
        issues = [item for item in items if not records.is_pull_request_view(item)]
        self._store.put({"issues": [records.issue_row(item, self._repo, self._reading(path)) for item in issues]})

    def _read_milestones(self, progress: Task) -> None:
        path = f"{self._root}/milestones"
        params = {"state": "all", "per_page": PER_PAGE, "page": 1}
        stored = self._store.con.execute("select number from raw.milestones where repo = ?", [self._repo]).fetchall()
        # with a second page, an unchanged first one would not tell that nothing changed
        first = self._first_page(path, params) if len(stored) < PER_PAGE else self._client.get(path, params)
        if first.unchanged:
            return
        milestones = [item for page in self._pages_from(first, path, params) for item in page]
        progress.advance(len(milestones))
        self._store.put(
            {"milestones": [records.milestone_row(item, self._repo, self._reading(path)) for item in milestones]}
        )
        deleted = {number for (number,) in stored} - {item["number"] for item in milestones}
        if deleted:
            self._store.con.execute(
                "delete from raw.milestones where repo = ? and list_contains(?, number)", [self._repo, sorted(deleted)]
            )
            self._store.summary.read["milestones"] += len(deleted)
            self._store.summary.notes.append(f"{len(deleted)} milestones of {self._repo} were deleted on GitHub")
        self._store.remember(self._client, path, params, first)

    def _read_issue_events(self, progress: Task) -> None:
        path = f"{self._root}/issues/events"
        params = {"per_page": PER_PAGE, "page": 1}
        first = self._first_page(path, params)
        if first.unchanged:
            return
        watermark = self._store.watermark(self._repo, "issue_events")
        oldest = self._horizon if watermark is None else max(self._horizon, watermark - OVERLAP)
        for page in self._pages_from(first, path, params):
            rows = [records.issue_event_row(item, self._repo, self._reading(path)) for item in page]
            self._store.put({"issue_events": [row for row in rows if row["created_at"] >= self._horizon]})
            progress.advance(len(page))
            if page and rows[-1]["created_at"] < oldest:
                break
        newest = max((self._created_at(item) for item in first.data), default=self._horizon)
        self._store.advance(self._repo, "issue_events", newest)
        self._store.remember(self._client, path, params, first)

    # What the walks share

    def _first_page(self, path: str, params: Mapping[str, Any]) -> Answer:
        return self._client.get(path, params, self._store.etag(self._client, path, params))

    def _pages_from(self, first: Answer, path: str, params: Mapping[str, Any]) -> Iterable[list[Payload]]:
        """The pages of a plain list whose first answer is at hand, up to where GitHub cuts it."""
        yield first.data
        if not first.has_next:
            return
        rest = {name: value for name, value in params.items() if name != "page"}
        try:
            yield from self._client.pages(path, rest, first_page=2)
        except GitHubError as error:
            if error.status != 422:
                raise
            self._store.summary.notes.append(f"{path}: GitHub lists no older ones ({error.message})")

    def _in_threads(
        self,
        read: Callable[[Given], Result],
        given: Sequence[Given],
        keep: Callable[[Sequence[Result]], object],
    ) -> None:
        """``read`` all ``given`` side by side and ``keep`` the results; after an error those that came before it."""
        futures: list[Future[Result]] = [self._pool.submit(read, item) for item in given]
        results: list[Result] = []
        failure: RoadmapError | None = None
        for future in futures:
            if failure is not None and future.cancel():
                continue
            try:
                results.append(future.result())
            except RoadmapError as error:
                failure = failure or error
        if results:
            keep(results)
        if failure is not None:
            raise failure

    def _reading(self, path: str) -> Reading:
        return Reading(self._read_at, self._client.url(path))

    def _created_at(self, item: Mapping[str, Any]) -> datetime:
        return _time(item, "created_at")

    def _updated_at(self, item: Mapping[str, Any]) -> datetime:
        return _time(item, "updated_at")


def log_columns(log: Iterable[bytes]) -> Row:
    """What ``raw.job_logs`` keeps of a log that is there."""
    import orjson

    from roadmap_pipeline.failures.excerpts import make_excerpt

    excerpt = make_excerpt(log)
    return {
        "state": "stored",
        "excerpt": excerpt.text,
        "excerpt_spans": orjson.dumps(excerpt.spans).decode(),
        "log_bytes": excerpt.log_bytes,
        "log_lines": excerpt.log_lines,
        "redactions": excerpt.redactions,
    }


def _in_milestone(pull_request: Payload) -> bool:
    labels = [label["name"] for label in pull_request.get("labels") or []]
    return bool(pull_request.get("milestone")) or any(label.startswith(MILESTONE_LABEL) for label in labels)


def _time(item: Mapping[str, Any], name: str) -> datetime:
    moment = parse_time(item[name])
    assert moment is not None
    return moment
