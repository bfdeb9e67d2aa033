"""The cost of a first back-fill of 40,000 runs, and of every look at the repository after it.

    python benchmarks/backfill.py

The simulator serves 40,000 runs of two jobs from a process of its own; each reading is a process of its own too, over
the warehouse that the one before left. It times itself without start-up and imports.

The first back-fill is also made by REST alone: both must store the same in every column that GraphQL tells. That the
last weeks are whole after so many requests is checked on a warehouse whose reading ended there.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import devlake
from measuring import ROOT, call, environment, table, verdict
from serving import CLOCK, REPO, serving

RUNS = 40_000
JOBS = 2
QUOTA = 5_000
"""Requests an hour that GitHub grants a token, and points of GraphQL beside them."""
POLL_BAR = 1
WHOLE_BAR, OUTCOMES_BAR, REPORT_BAR = 14_000, 2_000, 600
"""Units: charged requests and points together; of the report charged requests alone."""
LAST_OF_REPORT = "annotations of the last week"
LAST_OF_OUTCOMES = "older jobs of failed runs"
LOGS = ("logs of the last week", LAST_OF_REPORT, "recent logs", "recent annotations")
UNTOLD = ("created_at", "workflow_name", "runner_name", "labels", "steps", "failed_steps", "detail_state")
"""Columns of jobs that may be NULL where they were read in bulk."""
NOT_COMPARED = ("read_at", "source", "payload")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--read", nargs=3, metavar=("URL", "FILE", "NOW"), help="read once")
    parser.add_argument("--budget", type=int, help="of --read: units that may be used")
    parser.add_argument("--rest", action="store_true", help="of --read: without GraphQL")
    arguments = parser.parse_args()
    if arguments.read:
        url, path, now = arguments.read
        read_once = read(
            url, Path(path), datetime.fromisoformat(now), budget=arguments.budget, is_rest_alone=arguments.rest
        )
        print(json.dumps(read_once))
    else:
        measure(arguments.runs)


def measure(runs: int) -> None:
    env = environment()
    with tempfile.TemporaryDirectory(prefix="roadmap-benchmark-") as folder, serving(env, runs, jobs=JOBS) as served:
        path, by_rest, begun = (Path(folder) / f"{name}.duckdb" for name in ("roadmap", "rest", "begun"))

        def look(now: datetime, path: Path = path, *more: str) -> dict[str, Any]:
            script = str(Path(__file__).resolve())
            command = [sys.executable, script, "--read", served.url, str(path), now.isoformat(), *more]
            measured: dict[str, Any] = json.loads(call(command, env, ROOT)[1].splitlines()[-1])
            return measured

        first = look(CLOCK)
        if first["runs"] != runs:
            sys.exit(f"{first['runs']} of {runs} runs were stored")
        megabytes = path.stat().st_size / 1e6
        rest = look(CLOCK, by_rest, "--rest")
        assert_same_rows(path, by_rest)
        report, outcomes = _up_to(first, LAST_OF_REPORT), _up_to(first, LAST_OF_OUTCOMES, without=LOGS)
        look(CLOCK, begun, "--budget", str(report["charged"] + report["points"]))
        assert_last_week_is_whole(begun)
        nothing_new = look(CLOCK + timedelta(minutes=5))
        peers = devlake.section(served.url, env, runs, JOBS)
        served.new_run()
        one_new = look(CLOCK + timedelta(minutes=10))
        next_day = look(CLOCK + timedelta(days=1))
    rows = [
        _Row("first back-fill", first, WHOLE_BAR),
        _Row("… until the first complete weekly report", report, REPORT_BAR, is_charged_alone=True),
        _Row("… until all outcomes and job durations are known, before logs", outcomes, OUTCOMES_BAR),
        _Row("the same by REST alone", rest),
        _Row("a poll with nothing new", nothing_new, POLL_BAR, is_charged_alone=True),
        _Row("a poll with one new run", one_new),
        _Row("the first poll of a day, looking for runs that were run again", next_day),
    ]
    show(runs, rows, megabytes)
    print(f"\n{peers}")


@dataclass(frozen=True, slots=True)
class _Row:
    """A reading as the table shows it, and the units that it may take (or the charged requests alone)."""

    what: str
    measured: Mapping[str, Any]
    bar: int | None = None
    is_charged_alone: bool = False

    def cells(self) -> list[str]:
        """Return its cells."""
        measured, units = self.measured, "charged" if self.is_charged_alone else "units"
        taken = measured["charged"] + (0 if self.is_charged_alone else measured["points"])
        return [
            self.what,
            f"{measured['requests']:,}",
            f"{measured['charged']:,}",
            f"{measured['points']:,}",
            f"{measured['seconds']:,.2f}",
            f"{100 * measured['waiting']:.0f} %" if "waiting" in measured else "",
            f"≤ {self.bar:,} {units}" if self.bar else "",
            verdict(taken <= self.bar) if self.bar else "",
        ]


def show(runs: int, rows: Sequence[_Row], megabytes: float) -> None:
    first, rest = rows[0].measured, rows[3].measured
    print("## A first back-fill, and polls\n")
    print(
        f"{runs:,} runs of {JOBS} jobs in one repository, one run in seven failed, logs of failed jobs included."
        " Charged are requests that GitHub counts: an answer that nothing has changed (304) is free. A token is"
        f" granted {QUOTA:,} an hour, and as many points of GraphQL beside them; units are both together.\n"
    )
    headings = ["reading", "requests", "of these charged", "GraphQL points", "seconds", "waiting for the server"]
    print(table([*headings, "bar", ""], [row.cells() for row in rows]))
    print(
        f"\nThe warehouse takes {megabytes:,.0f} MB after the back-fill. With GitHub's quota it would take"
        f" {first['charged'] / QUOTA:.1f} hours, by REST alone {rest['charged'] / QUOTA:.1f}; the last weeks come"
        " first. Both store the same rows, but for what GraphQL doesn't tell of jobs older than four weeks. Waiting is"
        " the time that the threads spend on answers, against the time that all of them have."
    )


def _up_to(measured: Mapping[str, Any], last: str, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what the walks up to one took together."""
    total = {"requests": 0, "charged": 0, "points": 0, "seconds": 0.0}
    for walk in measured["walks"]:
        if walk["name"] not in without:
            for name in total:
                total[name] += walk[name]
        if walk["name"] == last:
            return total
    raise ValueError(f"no walk is called {last}")


def assert_same_rows(path: Path, by_rest: Path) -> None:
    """Stop unless both warehouses hold the same jobs, runs and logs in every column that GraphQL tells."""
    import duckdb

    con = duckdb.connect()
    for name, file in (("one", path), ("other", by_rest)):
        con.execute(f"attach '{file}' as {name} (read_only)")
    for name, key in (("workflow_runs", "run_id, run_attempt"), ("workflow_jobs", "job_id"), ("job_logs", "job_id")):
        columns = [row[0] for row in con.execute(f"describe one.raw.{name}").fetchall()]
        compared = [column for column in columns if column not in NOT_COMPARED]
        differs = " or ".join(
            f"one.{column} is distinct from other.{column}"
            + (" and one.detail_state <> 'bulk'" if name == "workflow_jobs" and column in UNTOLD else "")
            for column in compared
            if column != "detail_state"
        )
        if name == "workflow_jobs":
            told = ("steps", "failed_steps")
            differs += "".join(f" or (one.{c} is not null and one.{c} is distinct from other.{c})" for c in told)
        counted = con.execute(
            f"select count(*), count(*) filter (where one.repo is null or other.repo is null or {differs})"
            f" from one.raw.{name} as one full join other.raw.{name} as other using ({key})"
        ).fetchall()[0]
        if not counted[0] or counted[1]:
            sys.exit(f"raw.{name}: {counted[1]:,} of {counted[0]:,} rows differ from those read by REST alone")


def assert_last_week_is_whole(path: Path) -> None:
    """Stop unless of the last four weeks all runs and jobs are known, and all logs of failed jobs of the last one."""
    import duckdb

    monday = (CLOCK - timedelta(days=CLOCK.weekday())).replace(hour=0, tzinfo=None)
    with duckdb.connect(str(path), read_only=True) as con:
        listed, missing, without_log = con.execute(
            "select (select count(*) from raw.read_coverage where walk = 'runs' and covered_from <= $1),"
            " (select count(*) from raw.workflow_runs as run anti join raw.run_details as details"
            "  on details.run_id = run.run_id where run.created_at >= $1),"
            " (select count(*) from raw.workflow_jobs as job anti join raw.job_logs as log on log.job_id = job.job_id"
            "  where job.completed_at >= $2 and job.conclusion = 'failure')",
            [monday - timedelta(weeks=4), monday - timedelta(weeks=1)],
        ).fetchall()[0]
    if not listed or missing or without_log:
        sys.exit(
            f"the last weeks are not whole: list {listed}, {missing} runs without jobs, {without_log} logs missing"
        )


class Walks:
    """The requests, points and seconds that each walk of a reading took."""

    def __init__(self, client: Any) -> None:
        self.walks: list[dict[str, Any]] = []
        self._client = client

    def start(self, text: str, total: int | None) -> Any:  # noqa: ARG002
        self.walks.append({"name": text.removeprefix("Reading ").removesuffix(f" of {REPO}"), **self._now()})
        return self

    def finish(self, task: Any) -> None:  # noqa: ARG002
        walk = self.walks[-1]
        walk.update({name: value - walk[name] for name, value in self._now().items()})

    def advance(self, n: int = 1) -> None:
        pass

    def describe(self, text: str) -> None:
        pass

    def expect(self, total: int) -> None:
        pass

    def _now(self) -> dict[str, Any]:
        import time

        client = self._client
        return {
            "requests": client.requests,
            "charged": client.charged,
            "points": client.points,
            "seconds": time.perf_counter(),
        }


def read(url: str, path: Path, now: datetime, *, budget: int | None, is_rest_alone: bool) -> dict[str, Any]:
    """One ingest, as ``roadmap ingest`` does it."""
    import time

    import duckdb  # noqa: F401
    import pyarrow as pa  # noqa: F401

    from roadmap_pipeline.github.client.client import GitHubClient
    from roadmap_pipeline.github.ingest.bulk_jobs import FEWEST_RUNS
    from roadmap_pipeline.github.ingest.repositories import WORKERS
    from roadmap_pipeline.github.ingest.repositories import ingest as read_github
    from roadmap_pipeline.progress import reporting
    from roadmap_pipeline.warehouse.connection import connect

    client = GitHubClient("sandbox-github-token", base_url=url, points_per_minute=None)
    walks = Walks(client)
    start = time.perf_counter()
    with connect(path) as con, reporting(walks), client.spending_at_most(budget):
        bulk_from = None if is_rest_alone else FEWEST_RUNS
        read_github(client, con, [REPO], history_days=400, now=now, bulk_from=bulk_from)
    seconds = time.perf_counter() - start
    client.close()
    with connect(path, read_only=True) as con:
        runs = con.execute("select count(*) from raw.workflow_runs").fetchall()[0][0]
    return {
        "seconds": seconds,
        "requests": client.requests,
        "charged": client.charged,
        "points": client.points,
        "waiting": client.waiting_seconds / (seconds * WORKERS),
        "runs": runs,
        "walks": walks.walks,
    }


if __name__ == "__main__":
    main()
