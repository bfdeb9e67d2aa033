"""Reading repositories from GitHub into the raw tables, every time as little as possible.

Belongs here: which repositories are read, in which order their walks go, and what happens when one has to stop. The
walks themselves belong to ``actions`` and ``collaboration``, how a request is sent to ``transport``, how a payload
becomes a row to ``records``, how rows are stored to ``store``.

Every batch is one transaction, in which it is also noted how far its walk has come: after a kill at any moment the next
ingest goes on from there, without gaps and without reading again what is stored.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.github import records
from roadmap_pipeline.github.actions import ActionsReader
from roadmap_pipeline.github.collaboration import CollaborationReader
from roadmap_pipeline.github.passing import read_passing_logs
from roadmap_pipeline.github.reading import RepositoryReading, collecting_rarely
from roadmap_pipeline.github.records import Reading, naive_utc
from roadmap_pipeline.github.store import IngestSummary, Store
from roadmap_pipeline.github.timeouts import read_timeouts
from roadmap_pipeline.github.transport import (
    BudgetSpent,
    GitHubClient,
    GitHubError,
    MovedError,
    NotFoundError,
    UnknownRepository,
)
from roadmap_pipeline.progress import Task, task

if TYPE_CHECKING:
    import duckdb

    from roadmap_pipeline.failures.classifier import Classifier

WORKERS = 6
"""Requests under way at a time; GitHub advises against many."""
REPOSITORIES_AT_A_TIME = 4


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
) -> IngestSummary:
    """Read what is new in ``repositories`` (owner/name, old names too) into the raw tables of an open warehouse.

    Runs created more than ``history_days`` before ``now`` (aware) are left out, and pull requests closed before that,
    unless a milestone holds them; issues and milestones never. A second call with nothing new writes no row. Where the
    client's request budget ends, the reading ends with a note; the next call goes on. Of logs those lines are kept that
    ``classifier`` (default: the project's rules) goes by; for failures that it doesn't know, the logs of up to
    ``passing_logs`` passing jobs of each repository are read; and why jobs were cancelled, of those that probably ran
    into a time limit and up to ``cancelled_jobs`` others of each repository.

    Raises ConfigurationError (naming all repositories that can't be read), RateLimited, GitHubError; what was read
    until then is stored, of the other repositories too.
    """
    summary = IngestSummary()
    store = Store(con, summary, now)
    requests_before = client.requests
    try:
        names = _resolve(client, store, repositories, now)
        with (
            collecting_rarely(),
            ThreadPoolExecutor(WORKERS, thread_name_prefix="ingest") as workers,
            ThreadPoolExecutor(REPOSITORIES_AT_A_TIME, thread_name_prefix="ingest-list") as listers,
        ):
            history = timedelta(days=history_days)
            place = _Place(client, store, workers, listers, now, history, classifier, passing_logs, cancelled_jobs)
            _read_all(place, names)
    except BudgetSpent as error:
        store.note(str(error))
    finally:
        summary.requests = client.requests - requests_before
    return summary


@dataclass(frozen=True, slots=True)
class _Place:
    """What the readings of all repositories share."""

    client: GitHubClient
    store: Store
    workers: Executor
    listers: Executor
    now: datetime
    history: timedelta
    classifier: "Classifier | None"
    passing_logs: int
    cancelled_jobs: int

    def reading(self, repo: str) -> RepositoryReading:
        horizon = (naive_utc(self.now) - self.history).replace(microsecond=0)
        return RepositoryReading(
            self.client, self.store, self.workers, self.listers, repo, self.now, horizon, self.classifier
        )


def _read_all(place: _Place, names: Sequence[str]) -> None:
    """Read ``names`` side by side; when one fails, the others are still read, and then the error is raised."""
    with ThreadPoolExecutor(REPOSITORIES_AT_A_TIME, thread_name_prefix="ingest-repository") as pool:
        # progress is reported to whoever watches this thread
        futures = [pool.submit(copy_context().run, partial(_read_repository, place, name)) for name in names]
        failures: list[RoadmapError] = []
        for future in futures:
            try:
                future.result()
            except RoadmapError as error:
                failures.append(error)
    if not failures:
        return
    # the end of a budget is no failure, so it is told only when there is no other one
    failures.sort(key=lambda error: isinstance(error, BudgetSpent))
    for other in failures[1:]:
        place.store.note(str(other))
    raise failures[0]


def _read_repository(place: _Place, repo: str) -> None:
    try:
        _walk(place, place.reading(repo))
    except MovedError:
        # renamed while it was read: once more under its new name
        _walk(place, place.reading(_resolve_one(place.client, place.store, repo, place.now)))


def _walk(place: _Place, reading: RepositoryReading) -> None:
    """All walks, what is cheap and what matters most first."""
    actions, collaboration = ActionsReader(reading), CollaborationReader(reading)
    walks: list[tuple[str, Callable[[Task], None]]] = [
        ("milestones", collaboration.read_milestones),
        ("issues", collaboration.read_issues),
        ("issue events", collaboration.read_issue_events),
        ("pull requests", collaboration.read_pull_requests),
        ("runs", actions.read_runs),
        ("jobs of failed runs", partial(actions.read_details, urgent=True)),
        ("logs", actions.read_logs),
        ("files of pull requests", collaboration.read_files),
        ("jobs", partial(actions.read_details, urgent=False)),
        ("further logs", actions.read_logs),  # of jobs that failed in runs that passed
        ("time-outs", partial(read_timeouts, reading, place.cancelled_jobs)),
        ("logs of passing jobs", partial(read_passing_logs, reading, place.passing_logs)),
    ]
    for what, walk in walks:
        with task(f"Reading {what} of {reading.repo}") as progress:
            walk(progress)
    if actions.problems:
        raise GitHubError("; ".join(actions.problems))


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
    stored = dict(store.query("select repository_id, repo from raw.repositories where repository_id is not null"))
    known = next((repo for repo in stored.values() if repo.casefold() == name.casefold()), None)
    answer = client.repository(name, store.etag(client, path) if known else None)
    if answer.unchanged and known:
        return str(known)
    row = records.repository_row(answer.data, Reading(now, client.url(path)))
    repo, repository_id = str(row["repo"]), row["repository_id"]
    if repo.casefold() != name.casefold():
        store.note(f"{name} is called {repo} now; put that name into the configuration")
    for other_id, other in stored.items():
        if other == repo and other_id != repository_id:
            _make_way(client, store, other_id, repo, now)
    old = stored.get(repository_id)
    if old is not None and old != repo:
        store.rename(old, repo)
    store.put({"repositories": [row]})
    if repo.casefold() == name.casefold():
        store.remember(client, path, None, answer)
    return repo


def _make_way(client: GitHubClient, store: Store, repository_id: int, name: str, now: datetime) -> None:
    """Another repository has taken the name of a stored one: that one's rows go under the name it has now."""
    try:
        answer = client.get(f"/repositories/{repository_id}")
    except NotFoundError:
        present = f"{name} (deleted, {repository_id})"
        store.note(f"{name} was deleted and made anew; what is known of the former one is kept as {present}")
        store.rename(name, present)
        return
    present = str(answer.data["full_name"])
    store.note(f"{name} is another repository now; the former one is called {present}")
    store.rename(name, present)
    store.put({"repositories": [records.repository_row(answer.data, Reading(now, client.url(f"/repos/{present}")))]})
