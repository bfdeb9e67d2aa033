"""Reading repositories from GitHub into the raw tables, every time as little as possible.

Belongs here: which repositories are read, in which order their walks go, and what happens when one has to stop. The
walks themselves belong to ``actions``, ``collaboration`` and ``commits``, how a request is sent to ``client``, how a
payload becomes a row to ``records``, how rows are stored to ``store``.

Every batch is one transaction, in which it is also noted how far its walk has come: after a kill at any moment the next
ingest goes on from there, without gaps and without reading again what is stored.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.github.client.client import (
    TRIES,
    GitHubClient,
    GitHubError,
    MovedError,
    NotFoundError,
    Paused,
    UnknownRepository,
)
from roadmap_pipeline.github.ingest.actions import WEEKS_FIRST, ActionsReader
from roadmap_pipeline.github.ingest.backfill_progress import monday_before
from roadmap_pipeline.github.ingest.bulk_jobs import FEWEST_RUNS
from roadmap_pipeline.github.ingest.code_owners import read_code_owners
from roadmap_pipeline.github.ingest.collaboration import CollaborationReader
from roadmap_pipeline.github.ingest.commits import read_commits
from roadmap_pipeline.github.ingest.failed_logs import FailedLogs
from roadmap_pipeline.github.ingest.passing_logs import read_passing_logs
from roadmap_pipeline.github.ingest.read_failures import ReadFailures, costs_only_itself
from roadmap_pipeline.github.ingest.repository_reader import RepositoryReader, collecting_rarely
from roadmap_pipeline.github.ingest.store import IngestSummary, Store, with_id
from roadmap_pipeline.github.ingest.timeouts import read_timeouts
from roadmap_pipeline.github.ingest.workflows import read_workflows
from roadmap_pipeline.github.payloads import records
from roadmap_pipeline.github.payloads.normalization import UnusableError
from roadmap_pipeline.github.payloads.records import Provenance, Row, naive_utc
from roadmap_pipeline.progress import Task, long_tasks_only, task

if TYPE_CHECKING:
    import duckdb

    from roadmap_pipeline.failures.classifier import Classifier

WORKERS = 6
"""Requests under way at a time; GitHub advises against many."""
REPOSITORIES_AT_A_TIME = 4
MOST_SHOWN = 20
"""Repositories whose walks are shown one by one; of more it is shown how many are read, and what takes long."""
TRIES_AFTER_FAILURE = 4
"""Tries for a page of a list that failed when it was last requested; two more than make it a big one."""


def ingest(
    client: GitHubClient,
    con: "duckdb.DuckDBPyConnection",
    repositories: Sequence[str],
    *,
    history_days: int,
    now: datetime,
    classifier: "Classifier | None" = None,
    passing_logs: int = 0,
    cancelled_jobs: int = 0,
    bulk_from: int | None = FEWEST_RUNS,
    summary: IngestSummary | None = None,
) -> IngestSummary:
    """Read what is new in ``repositories`` into the raw tables of an open warehouse.

    Runs created more than ``history_days`` before ``now`` are left out, and pull requests closed before that, unless a
    milestone holds them; issues and milestones never. A second call with nothing new writes no row.

    What GitHub refuses or fails to give costs itself alone: it is noted in ``raw.read_failures`` and in the notes, and
    requested again later; of a whole repository ``unreadable`` tells, of the end of a quota or a budget ``paused``.

    Args:
        client: The client to read with.
        con: The open warehouse.
        repositories: owner/name, old names too.
        history_days: How far back to read.
        now: The time of reading (aware).
        classifier: Decides which lines of logs are kept; default: the project's rules.
        passing_logs: Up to so many logs of passing jobs a repository are read for failures ``classifier`` doesn't know.
        cancelled_jobs: Why jobs were cancelled is read where they probably ran into a time limit, and of up to so many
            others of each repository.
        bulk_from: With at least so many runs to be read in all their jobs are read in bulk; None: nothing ever is.
        summary: Filled on the way when one is given.

    Raises:
        ConfigurationError: The credentials aren't accepted, the address can't be reached, or not one repository can be
            read (all are named).
        Interrupted: A person stopped it; what was read until then is stored.
    """
    summary = IngestSummary() if summary is None else summary
    store = Store(con, summary, now)
    requests_before = client.requests
    try:
        names = _resolve(client, store, repositories, now)
        with (
            collecting_rarely(),
            ThreadPoolExecutor(WORKERS, thread_name_prefix="ingest") as workers,
            ThreadPoolExecutor(REPOSITORIES_AT_A_TIME, thread_name_prefix="ingest-list") as listers,
        ):
            history, share = timedelta(days=history_days), _share(bulk_from, names)
            context = _IngestContext(
                client, store, workers, listers, now, history, classifier, passing_logs, cancelled_jobs, share
            )
            _read_all(context, _least_to_read_first(store, names))
    except Paused as error:
        summary.paused = str(error)
        store.note(summary.paused)
    finally:
        summary.requests = client.requests - requests_before
    return summary


# Of each repository that runs are stored of, how many have jobs still to be read.
_TO_READ = """
select run.repo, count(*) filter (where read.run_id is null)
from raw.workflow_runs as run
left join (select distinct details.run_id from raw.run_details as details) as read on read.run_id = run.run_id
group by run.repo
"""


def _least_to_read_first(store: Store, names: Sequence[str]) -> list[str]:
    """Return ``names`` in the order in which they are read: a poll of one never waits for the history of another."""
    to_read: dict[str, int] = dict(store.query(_TO_READ, []))
    return sorted(names, key=lambda name: (name not in to_read, to_read.get(name, 0)))


def _share(bulk_from: int | None, names: Sequence[str]) -> int | None:
    """Return the runs to be read of one repository from which on its jobs are read in bulk."""
    return None if bulk_from is None else max(1, bulk_from // max(1, len(names)))


@dataclass(frozen=True, slots=True)
class _IngestContext:
    """The things that the readers of all repositories share."""

    client: GitHubClient
    store: Store
    workers: Executor
    listers: Executor
    now: datetime
    history: timedelta
    classifier: "Classifier | None"
    passing_logs: int
    cancelled_jobs: int
    bulk_from: int | None

    def reader(self, repo: str) -> RepositoryReader:
        """Return what reads one repository."""
        horizon = (naive_utc(self.now) - self.history).replace(microsecond=0)
        reader = RepositoryReader(
            self.client, self.store, self.workers, self.listers, repo, self.now, horizon, self.classifier
        )
        reader.graphql.is_wanted = self.bulk_from is not None
        return reader


def _read_all(context: _IngestContext, names: Sequence[str]) -> None:
    """Read ``names`` side by side; whatever happens to one, the others are read."""
    with ExitStack() as stack:
        progress: Task | None = None
        if len(names) > MOST_SHOWN:
            progress = stack.enter_context(task("Reading repositories", total=len(names)))
            stack.enter_context(long_tasks_only())
        pool = stack.enter_context(ThreadPoolExecutor(REPOSITORIES_AT_A_TIME, thread_name_prefix="ingest-repository"))
        # progress is reported to whoever watches this thread
        futures = {name: pool.submit(copy_context().run, partial(_read_repository, context, name)) for name in names}
        paused: Paused | None = None
        failure: RoadmapError | None = None
        for name, future in futures.items():
            try:
                future.result()
            except Paused as error:
                paused = paused or error
            except GitHubError as error:
                context.store.summary.unreadable[name] = f"{name}: {error}"
            except RoadmapError as error:
                failure = failure or error
            if progress is not None:
                progress.advance()
    if failure is not None:
        raise failure
    if paused is not None:
        raise paused


def _read_repository(context: _IngestContext, repo: str) -> None:
    try:
        _run_walks(context, context.reader(repo))
    except MovedError:
        # renamed while it was read: once more under its new name
        _run_walks(context, context.reader(_resolve_one(context.client, context.store, repo, context.now)))


@dataclass(frozen=True, slots=True)
class Walk:
    """A way through one list of a repository, or through one kind of thing for each item of a list.

    ``endpoint`` is the one of ``raw.read_failures`` that it costs when the walk can't go on.
    """

    label: str
    endpoint: str
    read: Callable[[Task], None]


def _walks(context: _IngestContext, reader: RepositoryReader, actions: ActionsReader) -> Iterator[Walk]:
    """Yield all walks, what is cheap and what matters most first.

    Of a long history that was never read the last weeks come first, whole, so that there is a true report soon; then
    the jobs of all the others, by the quota that has most to give; then what takes a request each.
    """
    collaboration, logs = CollaborationReader(reader), FailedLogs(reader)
    yield Walk("milestones", "milestones", collaboration.read_milestones)
    yield Walk("issues", "issues", collaboration.read_issues)
    yield Walk("issue events", "issue_events", collaboration.read_issue_events)
    yield Walk("pull requests", "pull_requests", collaboration.read_pull_requests)
    yield Walk("runs", "runs", actions.read_runs)
    yield Walk("workflows", "workflows", partial(read_workflows, reader))
    yield Walk("jobs in bulk", "jobs", actions.read_in_bulk)
    yield Walk("jobs of failed runs", "jobs", partial(actions.read_details, urgent=True))
    if actions.has_older_runs:
        yield Walk("jobs", "jobs", partial(actions.read_details, urgent=False))
        last_week = monday_before(reader.now, 1)
        yield Walk("logs of the last week", "log", partial(logs.read_logs, since=last_week))
        yield Walk("annotations of the last week", "annotations", logs.read_annotations)
        yield Walk("recent logs", "log", partial(logs.read_logs, since=monday_before(reader.now, WEEKS_FIRST)))
        yield Walk("recent annotations", "annotations", logs.read_annotations)
        yield Walk("older runs", "runs", actions.read_older_runs)
        yield Walk("older jobs in bulk", "jobs", actions.read_in_bulk)
        yield Walk("older jobs of failed runs", "jobs", partial(actions.read_details, urgent=True))
    yield Walk("logs", "log", logs.read_logs)
    yield Walk("annotations", "annotations", logs.read_annotations)
    yield Walk("code owners", "code_owners", partial(read_code_owners, reader))
    yield Walk("commits of pull requests", "commits", partial(read_commits, reader))
    yield Walk("files of pull requests", "files", collaboration.read_files)
    yield Walk("jobs", "jobs", partial(actions.read_details, urgent=False))
    yield Walk("further logs", "log", logs.read_logs)  # of jobs that failed in runs that passed
    yield Walk("further annotations", "annotations", logs.read_annotations)
    yield Walk("time-outs", "annotations", partial(read_timeouts, reader, context.cancelled_jobs))
    yield Walk("details of jobs", "job_details", actions.complete_jobs)
    yield Walk("logs of passing jobs", "passing_log", partial(read_passing_logs, reader, context.passing_logs))


def _run_walks(context: _IngestContext, reader: RepositoryReader) -> None:
    """Carry out all walks; one that can't go on doesn't keep the others."""
    actions, failures = ActionsReader(reader, context.bulk_from), reader.failures
    try:
        for walk in _walks(context, reader, actions):
            if walk.endpoint == "issues" and not reader.store.has_issues(reader.repo):
                failures.switched_off("issues", "the repository has no issues")
                continue
            if failures.is_due(walk.endpoint):
                _run_walk(walk, reader, actions)
                failures.flush()
        failures.forget_unwanted()
    finally:
        failures.flush()
        for note in failures.notes():
            reader.store.note(note)
        _note_progress(reader, actions)
    if reader.graphql.paused is not None:  # everything else was read meanwhile
        raise reader.graphql.paused


def _note_progress(reader: RepositoryReader, actions: ActionsReader) -> None:
    """Say of a first reading how far it has come; of one that is through, nothing."""
    progress = actions.progress()
    if progress is not None and progress.complete_weeks < progress.weeks:
        sentence = f"history of {reader.repo}: {progress.sentence()}"
        reader.store.summary.backfill[reader.repo] = sentence
        reader.store.note(sentence)


def _run_walk(walk: Walk, reader: RepositoryReader, actions: ActionsReader) -> None:
    failures = reader.failures
    # what failed when it was last asked for may not hold up the others again
    tries = TRIES_AFTER_FAILURE if failures.has_failed(walk.endpoint) else TRIES
    text = f"Reading {walk.label} of {reader.repo}"
    with task(text) as progress, reader.client.trying(tries):
        if (backfill := actions.progress()) is not None:
            progress.describe(f"{text} ({backfill.sentence()})")
        try:
            walk.read(progress)
        except GitHubError as error:
            if not costs_only_itself(error):
                raise
            failures.failed(walk.endpoint, "", error)
        else:
            failures.succeeded(walk.endpoint)


def _resolve(client: GitHubClient, store: Store, repositories: Sequence[str], now: datetime) -> list[str]:
    """Store the repositories' rows, and return the canonical names, in order, each once."""
    unreadable = store.summary.unreadable
    for name in _counted(repositories):
        try:
            store.summary.canonical[name] = _resolve_one(client, store, name, now)
        except UnknownRepository as error:
            _note_unreadable(store, name, "; ".join(error.problems), error)
        except GitHubError as error:
            if not costs_only_itself(error):
                raise
            _note_unreadable(store, name, f"{name}: {error}; try again later", error)
        else:
            _note_readable(store, store.summary.canonical[name])
    if unreadable and not store.summary.canonical:
        raise ConfigurationError(*unreadable.values())
    return list(dict.fromkeys(store.summary.canonical.values()))


def _counted(repositories: Sequence[str]) -> Iterator[str]:
    """Yield the names; of many it is shown how far that is."""
    if len(repositories) <= MOST_SHOWN:
        yield from repositories
        return
    with task("Looking for repositories", total=len(repositories)) as progress:
        for name in repositories:
            yield name
            progress.advance()


def _note_unreadable(store: Store, name: str, why: str, error: RoadmapError) -> None:
    """Note that nothing of a repository can be read; what is stored of it stays."""
    store.summary.unreadable[name] = why
    store.note(why)
    refusal = error if isinstance(error, GitHubError) else error.__cause__
    status = refusal.status if isinstance(refusal, GitHubError) else 0
    failures = ReadFailures(store, store.canonical_names().get(name.casefold(), name))
    failures.failed("repository", "", GitHubError(why, status=status))
    failures.flush()


def _note_readable(store: Store, repo: str) -> None:
    failures = ReadFailures(store, repo)
    failures.succeeded("repository")
    failures.flush()


def _resolve_one(client: GitHubClient, store: Store, name: str, now: datetime) -> str:
    path = f"/repos/{name}"
    stored = dict(store.query("select repository_id, repo from raw.repositories where repository_id is not null"))
    stored_name = next((repo for repo in stored.values() if repo.casefold() == name.casefold()), None)
    response = client.repository(name, store.etag(client, path) if stored_name else None)
    if response.unchanged and stored_name:
        return str(stored_name)
    row = _make_repository_row(response.data, Provenance(now, client.url(path)))
    repo, repository_id = str(row["repo"]), row["repository_id"]
    if repo.casefold() != name.casefold():
        store.note(f"{name} is called {repo} now; put that name into the configuration")
    _free_name(client, store, repository_id, repo, now)
    _store_repository(store, row)
    if repo.casefold() == name.casefold():
        store.remember(client, path, None, response)
    return repo


def _store_repository(store: Store, row: Row) -> None:
    """Store what a repository says of itself: its row, its name, its default branch."""
    store.name_repository(row["repository_id"], row["repo"])
    if row["default_branch"]:
        store.default_branch(row["repo"], str(row["default_branch"]))
    store.put({"repositories": [row]})


def _free_name(client: GitHubClient, store: Store, repository_id: int, name: str, now: datetime) -> None:
    """Move what is stored of a repository to its ``name``, and another one that had it to the name it has now.

    That one may have taken the name of a third, and two may have swapped theirs: all move at once.
    """
    stored = dict(store.query("select repository_id, repo from raw.repositories where repository_id is not null"))
    moves: dict[str, str] = {}
    former_holders: list[Row] = []
    seen_ids = {repository_id}
    present: str | None = name
    while present is not None:
        if stored.get(repository_id, present) != present:
            moves[stored[repository_id]] = present
        wanted_name = present.casefold()
        holder = next(
            (id_ for id_, repo in stored.items() if repo.casefold() == wanted_name and id_ not in seen_ids), None
        )
        if holder is None:
            break
        repository_id, former = holder, stored[holder]
        seen_ids.add(holder)
        try:
            response = client.get(f"/repositories/{holder}")
        except NotFoundError:
            present = f"{former} (deleted, {holder})"
            store.note(f"{former} was deleted and made anew; what is known of the former one is kept as {present}")
            continue
        except GitHubError as error:
            if not costs_only_itself(error):
                raise
            present = with_id(former, holder)
            store.note(f"{former} is another repository now; the former one can't be read and is kept as {present}")
            continue
        row = _make_repository_row(response.data, Provenance(now, client.url(f"/repositories/{holder}")))
        present = str(row["repo"])
        store.note(f"{former} is another repository now; the former one is called {present}")
        former_holders.append({**row, "source": client.url(f"/repos/{present}")})
    if moves:
        store.rename(moves)
    for row in former_holders:
        _store_repository(store, row)


def _make_repository_row(payload: Any, reader: Provenance) -> Row:
    try:
        return records.repository_row(payload, reader)
    except UnusableError as error:
        raise GitHubError(f"GET {reader.source} answered what can't be used: {error}", status=200) from error
