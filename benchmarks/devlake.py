"""The requests of Apache DevLake's collectors for the same history, by their own rules, against the same simulator.

    python benchmarks/devlake.py [--runs 40000] [--jobs 2]

Nothing of DevLake runs here: a small loop asks what its collectors would ask, and counts what GitHub charges and which
jobs never come. The rules are those of apache/devlake at commit 50010e093547cd73642c56fc03553e1cabc91b5f (2026-06-12):

- runs, ``backend/plugins/github/tasks/cicd_run_collector.go``: from 2018-01-01 on, a window of ``created`` is probed
  with ``per_page=1`` and halved while it holds ``FILTERED_SEARCH_CAP`` (1,000) runs; each is then read in pages of
  ``PAGE_SIZE`` (30) by ``Concurrency`` (10) readers, every tenth page each, until its first page that isn't full
  (``fetchPagesUndetermined`` in ``backend/helpers/pluginhelper/api/api_collector.go``);
- jobs by REST, ``backend/plugins/github/tasks/cicd_job_collector.go``: ``PageSize`` 100 of each run's last attempt, and
  further pages as the ``Link`` header names them;
- jobs by GraphQL, ``backend/plugins/github_graphql/tasks/job_collector.go``: mode BATCHING (the default) asks
  ``DEFAULT_BATCHING_INPUT_STEP`` (10) suites at once for ``DEFAULT_BATCHING_PAGE_SIZE`` (20) check runs, and no page
  after that; mode PAGINATING one suite for ``DEFAULT_PAGINATING_PAGE_SIZE`` (50), and every page. Both with
  ``steps(first: 50)``.

Its collectors of pull requests and issues have no part in it, for the history has none; logs it doesn't read at all.
"""

import argparse
import http.client
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from measuring import environment, table
from serving import CLOCK, REPO, serving

RUNS_PAGE = 30
RUNS_READERS = 10
FILTERED_CAP = 1_000
FIRST_DAY = datetime(2018, 1, 1, tzinfo=UTC)
REST_PAGE = 100
BATCH_SUITES, BATCH_CHECK_RUNS = 10, 20
PAGINATING_CHECK_RUNS = 50
STEPS = 50
QUOTA = 5_000
"""Requests an hour, and points an hour, that GitHub grants a token."""
WIDE_RUNS, WIDE_JOBS = 200, 30
"""A second history: few runs of more jobs than a batch asks for."""

_CHECK_RUNS = f"""
... on CheckSuite {{
  workflowRun {{ databaseId }}
  checkRuns(first: $pageSize, after: $skipCursor) {{
    totalCount
    pageInfo {{ endCursor hasNextPage }}
    nodes {{
      id name detailsUrl databaseId status startedAt conclusion completedAt
      steps(first: {STEPS}) {{
        totalCount nodes {{ completedAt conclusion name number secondsToCompletion startedAt status }}
      }}
    }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Count:
    """The cost of one way of reading, and how many jobs it read."""

    what: str
    requests: int
    rest: int
    """Units off REST's quota."""
    points: int
    """Units off GraphQL's quota."""
    jobs: int


class Simulator:
    """A connection to the simulator; one request after the other."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc)
        self.requests = 0

    def get(self, path: str, **query: Any) -> tuple[Any, str]:
        """Return the decoded response to a GET, and its ``Link`` header."""
        return self._send("GET", f"/repos/{REPO}/{path}?{urlencode(query)}")

    def ask(self, query: str, variables: Mapping[str, Any]) -> Any:
        """Return the data of a query; DevLake logs errors beside it and goes on."""
        body = json.dumps({"query": query, "variables": variables})
        return self._send("POST", "/graphql", body)[0]["data"]

    def used(self) -> tuple[int, int]:
        """Return what was taken off the quotas of REST and GraphQL so far; asking for it is free."""
        resources = self._send("GET", "/rate_limit", counted=False)[0]["resources"]
        return resources["core"]["used"], resources["graphql"]["used"]

    def _send(self, method: str, path: str, body: str | None = None, *, counted: bool = True) -> tuple[Any, str]:
        self.requests += counted
        headers = {"Authorization": "Bearer sandbox-github-token", "User-Agent": "benchmark"}
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise SystemExit(f"{method} {path} was answered with {response.status}")
        return json.loads(content), response.headers.get("Link", "")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def runs(simulator: Simulator) -> list[dict[str, Any]]:
    """Return the runs as its collector of runs reads them."""
    rows: dict[int, dict[str, Any]] = {}
    for created in _windows(simulator, int(FIRST_DAY.timestamp()), int(CLOCK.timestamp())):
        for reader in range(1, RUNS_READERS + 1):
            page, full = reader, True
            while full:
                listed = simulator.get("actions/runs", created=created, page=page, per_page=RUNS_PAGE)[0]
                rows |= {run["id"]: run for run in listed["workflow_runs"]}
                full = len(listed["workflow_runs"]) == RUNS_PAGE
                page += RUNS_READERS
    return list(rows.values())


def _windows(simulator: Simulator, first: int, last: int) -> Iterator[str]:
    created = f"{_moment(first)}..{_moment(last)}"
    total = simulator.get("actions/runs", created=created, page=1, per_page=1)[0]["total_count"]
    if total >= FILTERED_CAP:
        middle = (first + last) // 2
        yield from _windows(simulator, first, middle)
        yield from _windows(simulator, middle + 1, last)
    elif total:
        yield created


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def jobs_by_rest(simulator: Simulator, known: Iterable[Mapping[str, Any]]) -> int:
    """Return how many jobs come one run after the other."""
    count = 0
    for run in known:
        page, more = 1, True
        while more:
            path = f"actions/runs/{run['id']}/jobs"
            listed, link = simulator.get(path, page=page, per_page=REST_PAGE)
            count += len(listed["jobs"])
            page, more = page + 1, 'rel="next"' in link
    return count


def jobs_in_batches(simulator: Simulator, known: Sequence[Mapping[str, Any]]) -> int:
    """Return how many jobs come in batches of suites, of which each gives one page."""
    count = 0
    for at in range(0, len(known), BATCH_SUITES):
        suites = [run["check_suite_node_id"] for run in known[at : at + BATCH_SUITES]]
        named = " ".join(f"$id{number}: ID!" for number in range(len(suites)))
        nodes = " ".join(f"node{number}: node(id: $id{number}) {{ id {_CHECK_RUNS} }}" for number in range(len(suites)))
        query = f"query($pageSize: Int!, $skipCursor: String, {named}) {{ rateLimit {{ cost }} {nodes} }}"
        variables: dict[str, Any] = {f"id{number}": suite for number, suite in enumerate(suites)}
        data = simulator.ask(query, {**variables, "pageSize": BATCH_CHECK_RUNS})
        count += sum(len(data[f"node{number}"]["checkRuns"]["nodes"]) for number in range(len(suites)))
    return count


def jobs_by_suite(simulator: Simulator, known: Iterable[Mapping[str, Any]]) -> int:
    """Return how many jobs come one suite after the other, all pages of each."""
    query = (
        "query($pageSize: Int!, $skipCursor: String, $id: ID!)"
        f" {{ rateLimit {{ cost }} node(id: $id) {{ id {_CHECK_RUNS} }} }}"
    )
    count = 0
    for run in known:
        cursor, more = None, True
        while more:
            variables = {"id": run["check_suite_node_id"], "pageSize": PAGINATING_CHECK_RUNS, "skipCursor": cursor}
            page = simulator.ask(query, variables)["node"]["checkRuns"]
            count += len(page["nodes"])
            cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return count


def counts(url: str) -> list[Count]:
    """Return what each way costs, the list of runs included."""
    simulator = Simulator(url)
    before = simulator.used()
    known = runs(simulator)
    listed = (simulator.requests, *_spent(before, simulator.used()))
    made = []
    for what, collect in (
        ("DevLake, REST", jobs_by_rest),
        (f"DevLake, GraphQL, {BATCH_SUITES} suites × {BATCH_CHECK_RUNS} check runs (its default)", jobs_in_batches),
        (f"DevLake, GraphQL, a suite in pages of {PAGINATING_CHECK_RUNS}", jobs_by_suite),
    ):
        before, asked = simulator.used(), simulator.requests
        read = collect(simulator, known)
        rest, points = _spent(before, simulator.used())
        requests = simulator.requests - asked
        made.append(Count(what, listed[0] + requests, listed[1] + rest, listed[2] + points, read))
    simulator.close()
    return made


def _spent(before: tuple[int, int], after: tuple[int, int]) -> tuple[int, int]:
    return after[0] - before[0], after[1] - before[1]


def section(url: str, env: Mapping[str, str], total_runs: int, jobs: int) -> str:
    """Return the table of a history that is served, and of a smaller one of runs with more jobs."""
    with serving(env, WIDE_RUNS, jobs=WIDE_JOBS) as wide:
        histories = [(total_runs, jobs, counts(url)), (WIDE_RUNS, WIDE_JOBS, counts(wide.url))]
    rows = [
        [
            f"{number:,} runs of {width} jobs",
            count.what,
            f"{count.requests:,}",
            f"{count.rest:,}",
            f"{count.points:,}",
            f"{count.rest + count.points:,}",
            f"{max(count.rest, count.points) / QUOTA:.1f}",
            f"{number * width - count.jobs:,}",
        ]
        for number, width, made in histories
        for count in made
    ]
    heads = ["history", "reading", "requests", "of these charged", "GraphQL points", "units", "hours of quota"]
    return (
        "### What others ask on the same history\n\n"
        "Apache DevLake's collectors of runs and jobs by their own rules (`benchmarks/devlake.py` names them), asked of"
        " the same simulator: jobs with their steps, no logs. Charged are requests by REST; units are these and points"
        " together, hours those that the quota asked more of takes. A job is missed where no request would ever give"
        " it.\n\n"
        f"{table([*heads, 'jobs missed'], rows)}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, default=40_000)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    env = environment()
    with serving(env, arguments.runs, jobs=arguments.jobs) as served:
        print(section(served.url, env, arguments.runs, arguments.jobs))


if __name__ == "__main__":
    main()
