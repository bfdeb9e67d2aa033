"""The time that it takes to build and test all SQL models: as a whole, and after one more day.

    python benchmarks/model_build.py [--runs 1000000 10000000]

On synthetic histories of 8 jobs a run, with as many runs a day whatever their length; against the same SELECTs as bare
DuckDB runs them, and three of the aggregates against pandas and SQLite. Every build is a process of its own.
"""

import argparse
import json
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from measuring import call, environment, project_copy, spread, table, verdict

from dbt_like_sql.runner.build import change_log
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.warehouse.connection import connect, transaction
from roadmap_pipeline.warehouse.models import build, create, load_project, project_directory
from roadmap_pipeline.warehouse.parameters import store_parameters
from roadmap_pipeline.warehouse.query import run_query
from roadmap_pipeline.warehouse.snapshot import publish_snapshot, snapshot_path
from roadmap_pipeline.warehouse.source_tables import SOURCES

RUNS = (1_000_000, 10_000_000)
RUNS_A_DAY = 9_100
DAYS = 3
JOBS = 8
BATCH = 500_000
MEMORY = "8GB"
QUERY_TIMES = 3
QUERY_BAR, DAY_BAR = 1.2, 1.3
NOW = datetime(2026, 11, 16, 6, tzinfo=UTC)
REPOSITORIES = ("acme/payments", "acme/storefront", "acme/platform")
SLOWEST_SHOWN = 6

# Five workflows a commit, four commits in ten on the default branch, one run in eight fails, one in twenty runs twice.
# A failure in four is of a kind that never ends (50 of them), the others come and go: 2,000 kinds a month.
# Everything follows from the number of the run, so that every build (of one version of DuckDB) has the same rows.
_RUNS = """
create or replace temp macro pick(x, n) as cast(hash(x) % n as integer);

create or replace temp table attempts as
select
    i as run_id, attempt as run_attempt, i // 5 as commit_number, i % 5 as workflow,
    ['acme/payments', 'acme/storefront', 'acme/platform'][1 + (i // 5) % 3] as repo,
    timestamp '{now}' - to_seconds(3600 + (86400 * ({runs} - i)) // {per_day}) as created_at,
    case
        when pick(i // 5, 10) < 4 then 'main'
        when pick(i // 200, 10) < 2 then 'feature/stage-' || (i // 200) % 12
        else 'topic-' || i // 50
    end as branch,
    case
        when attempt = 1 and (i % 20 = 0 or pick(i + 0.1, 8) = 0) then 'failure'
        when pick(i + 0.2, 30) = 0 then 'cancelled'
        else 'success'
    end as conclusion
from range({first}, {last}) as r(i), (values (1), (2)) as a(attempt)
where attempt = 1 or i % 20 = 0
order by i;

insert into raw.workflow_runs by name
select
    repo, run_id, run_attempt, workflow as workflow_id, '.github/workflows/w' || workflow || '.yml' as workflow_path,
    'Workflow ' || workflow as workflow_name, run_id as run_number, 'Change ' || commit_number as display_title,
    case when branch = 'main' then 'push' else 'pull_request' end as event, 'completed' as status, conclusion,
    branch as head_branch, md5(commit_number::varchar) || '00000000' as head_sha, repo as head_repo,
    'Change ' || commit_number as head_commit_message, 'Person ' || commit_number % 40 as head_commit_author,
    'GitHub' as head_commit_committer, 'person-' || commit_number % 40 as actor, 'User' as actor_type,
    'person-' || commit_number % 40 as triggering_actor, 'User' as triggering_actor_type,
    []::integer[] as pull_request_numbers, created_at,
    created_at + to_minutes(30 * (run_attempt - 1)) as run_started_at,
    created_at + to_minutes(30 * run_attempt) as updated_at, 'https://github.com/' || repo as html_url,
    timestamp '{now}' as read_at, 'synthetic' as source
from attempts;

create or replace temp table new_jobs as
select
    repo, run_id * 100 + run_attempt * 10 + job as job_id, run_id, run_attempt, 'job (' || job || ')' as name,
    'Workflow ' || workflow as workflow_name, branch as head_branch,
    md5(commit_number::varchar) || '00000000' as head_sha, 'completed' as status,
    case when conclusion = 'failure' and job <> pick(run_id, {jobs}) then 'success' else conclusion end as conclusion,
    created_at + to_minutes(30 * (run_attempt - 1)) as created_at,
    created_at + to_minutes(30 * (run_attempt - 1)) + to_seconds(20) as started_at,
    created_at + to_minutes(30 * (run_attempt - 1)) + to_seconds(80 + pick(run_id * 10 + job, 900)) as completed_at,
    'runner' as runner_name, ['ubuntu-latest'] as labels,
    case when conclusion = 'failure' and job = pick(run_id, {jobs}) then ['Run tests'] else [] end as failed_steps,
    '[]' as steps, timestamp '{now}' as read_at, 'synthetic' as source
from attempts, range({jobs}) as j(job);

insert into raw.workflow_jobs by name from new_jobs;

insert into derived.failure_verdicts by name
select
    repo, job_id, run_id, run_attempt, ['test', 'compile', 'lint_format', 'network'][1 + pick(run_id, 4)] as category,
    case when pick(run_id, 4) = 3 then 'platform' else 'code' end as domain, 'synthetic' as rule_id,
    case
        when pick(run_id + 0.3, 4) = 0 then md5('lasting ' || run_id % 50)
        else md5(run_id // (30 * {per_day}) || ' ' || pick(run_id + 0.4, 2000))
    end as fingerprint, 10 as line, 'failed' as evidence, false as retryable,
    '1' as ruleset_version
from new_jobs where conclusion = 'failure';

drop table new_jobs;
"""
_REST = """
insert into raw.repositories by name
select ['acme/payments', 'acme/storefront', 'acme/platform'][i] as repo, i as repository_id, 'main' as default_branch,
    timestamp '{now}' as read_at, 'synthetic' as source
from range(1, 4) as r(i);

insert into raw.milestones by name
select
    repo, i as number, i as milestone_id, 'Stage ' || i as title, 'open' as state, 5 as open_issues, 5 as closed_issues,
    timestamp '2025-11-01' as created_at, timestamp '2026-11-01' as updated_at,
    timestamp '{now}' as read_at, 'synthetic' as source
from raw.repositories, range(12) as r(i);

insert into raw.issues by name
select
    repo, 1000000 + i as number, i as issue_id, 'Issue ' || i as title,
    case when i % 2 = 0 then 'open' else 'closed' end as state, i % 12 as milestone_number, []::varchar[] as labels,
    timestamp '2025-11-01' + to_hours(i) as created_at, timestamp '2025-11-02' + to_hours(i) as updated_at,
    case when i % 2 = 1 then timestamp '2025-11-02' + to_hours(i) end as closed_at,
    timestamp '{now}' as read_at, 'synthetic' as source
from raw.repositories, range(2000) as r(i);

insert into derived.branch_milestones by name
select repo, 'feature/stage-' || i as branch, 'Stage ' || i as milestone, 'branch_name' as rule
from raw.repositories, range(12) as r(i);
"""


# Three aggregates, in SQL that DuckDB and SQLite both take, and the same in pandas.
_AGGREGATES = {
    "runs by repository and day": """
        select repo, day, count(*) as attempts, sum(outcome = 'fail') as failed from {runs} group by repo, day""",
    "flaky commits": """
        select repo, workflow_path, job_name, count(*) as commits from (
            select repo, workflow_path, job_name, head_sha from {jobs} where outcome in ('pass', 'fail')
            group by repo, workflow_path, job_name, head_sha having count(distinct outcome) = 2
        ) as f group by repo, workflow_path, job_name""",
    "slowest jobs": """
        select repo, job_name, max(duration_seconds) as longest, avg(duration_seconds) as mean
        from {jobs} where outcome = 'pass' group by repo, job_name""",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, nargs="*", default=RUNS, help="lengths of history (default: %(default)s)")
    parser.add_argument("--measure", nargs=2, metavar=("WHAT", "WAREHOUSE"), help="measure one thing, print figures")
    given = parser.parse_args()
    if given.measure is not None:
        what, warehouse = given.measure
        print(json.dumps(_MEASURES[what](warehouse)))
        return
    found = {}
    with project_copy() as copy:
        for runs in given.runs:
            path = copy / "data" / f"runs{runs}.duckdb"
            found[runs] = one_history(copy, path, runs, compared=runs == min(given.runs))
    print(section(found))


def one_history(copy: Path, path: Path, runs: int, *, compared: bool) -> dict[str, Any]:
    """All figures of one length of history; ``compared`` with pandas and SQLite too."""
    path.parent.mkdir(exist_ok=True)

    def measured(what: str, warehouse: Path) -> dict[str, Any]:
        command = [sys.executable, str(Path(__file__).resolve()), "--measure", what, str(warehouse)]
        result: dict[str, Any] = json.loads(call(command, environment(copy), copy)[1])
        return result

    fill(path, runs, 0, runs)
    bare = path.with_name(f"bare-{path.name}")
    shutil.copyfile(path, bare)
    found: dict[str, Any] = {"bare": measured("bare", bare)}
    bare.unlink()
    found["full"] = measured("build", path)
    found["snapshot"] = measured("snapshot", path)
    found["queries"] = measured("queries", path)
    snapshot_path(path).unlink()
    found["aggregates"] = measured("aggregates", path) if compared else {}
    found["days"] = []
    for day in range(1, DAYS + 1):
        fill(path, runs + RUNS_A_DAY * day, runs + RUNS_A_DAY * (day - 1), runs + RUNS_A_DAY * day, days=day)
        found["days"].append(measured("build", path))
    path.unlink()
    return found


def fill(path: Path | str, runs: int, first: int, last: int, days: int = 0) -> None:
    """Write runs from ``first`` to before ``last`` of a history of ``runs`` that ends ``days`` later."""
    now = NOW + timedelta(days=days)
    settings = load_settings(
        {"GITHUB_TOKEN": "none", "GITHUB_REPOSITORY": ",".join(REPOSITORIES), "ROADMAP_NOW": now.isoformat()},
        path.parent if isinstance(path, Path) else Path.cwd(),
    )
    values = {"runs": runs, "jobs": JOBS, "per_day": RUNS_A_DAY, "now": f"{now:%Y-%m-%d %H:%M:%S}"}
    with connect(path) as con:
        con.execute(f"set memory_limit = '{MEMORY}'")
        for start in range(first, last, BATCH):
            with transaction(con):
                con.execute(_RUNS.format(first=start, last=min(last, start + BATCH), **values))
                for name in ("raw.workflow_runs", "raw.workflow_jobs", "derived.failure_verdicts"):
                    change_log.note_changes(con, SOURCES, name, "temp.attempts")
        if first == 0:
            con.execute(_REST.format(**values))
        store_parameters(con, settings)


def build_once(path: str) -> dict[str, Any]:
    """Bring all models of a warehouse up to date."""
    project = load_project(project_directory())
    with connect(path) as con:
        con.execute(f"set memory_limit = '{MEMORY}'")
        start, cpu = time.perf_counter(), time.process_time()
        results = build(con, project)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    slowest = sorted(results, key=lambda result: -result.seconds)[:SLOWEST_SHOWN]
    return {
        "seconds": seconds,
        "cpu": cpu,
        "peak_mb": _peak_mb(),
        "models": len(results),
        "tests": sum(len(result.tests) for result in results),
        "actions": [result.action for result in results],
        "slowest": [(result.model.qualified_name, result.seconds) for result in slowest],
    }


def bare_once(path: str) -> dict[str, Any]:
    """Run the same SELECTs as DuckDB runs them: no tests, no comments, no state."""
    project = load_project(project_directory())
    with connect(path) as con:
        con.execute(f"set memory_limit = '{MEMORY}'")
        for schema in sorted({model.schema for model in project.models}):
            con.execute(f"create schema if not exists {schema}")
        start, cpu = time.perf_counter(), time.process_time()
        for model in project.models:
            create(con, model, model.qualified_name, model.materialized)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {"seconds": seconds, "cpu": cpu, "peak_mb": _peak_mb()}


def aggregates_once(path: str) -> dict[str, Any]:
    """Three aggregates over the built tables: DuckDB on its file, pandas and SQLite with the columns in memory."""
    import sqlite3

    found: dict[str, Any] = {}
    with connect(path, read_only=True) as con:
        columns = {
            "runs": "repo, cast(day as varchar) as day, outcome",
            "jobs": "repo, workflow_path, job_name, head_sha, outcome, duration_seconds",
        }
        frames = {
            name: con.sql(f"select {listed} from marts.ci_{name}").to_arrow_table() for name, listed in columns.items()
        }
        lite = sqlite3.connect(":memory:")
        for name, arrow in frames.items():
            lite.execute(f"create table {name} ({', '.join(arrow.column_names)})")
            marks = ", ".join("?" * arrow.num_columns)
            for batch in arrow.to_batches(max_chunksize=100_000):
                lite.executemany(f"insert into {name} values ({marks})", zip(*batch.to_pydict().values(), strict=True))
        frames = {name: arrow.to_pandas() for name, arrow in frames.items()}
        for (name, sql), pandas in zip(_AGGREGATES.items(), _in_pandas(frames), strict=True):
            built, loaded = sql.format(runs="marts.ci_runs", jobs="marts.ci_jobs"), sql.format(runs="runs", jobs="jobs")
            found[name] = {
                "DuckDB": _timed(con.execute, built),
                "pandas": _timed(pandas),
                "SQLite": _timed(lite.execute, loaded),
            }
    return found


def snapshot_once(path: str) -> dict[str, Any]:
    """Publish the readers' snapshot."""
    start = time.perf_counter()
    snapshot = publish_snapshot(path)
    return {"seconds": time.perf_counter() - start, "mb": snapshot.stat().st_size / 1e6}


def queries_once(path: str) -> dict[str, Any]:
    """Seconds of the aggregates as an analyst asks for them, opening the file included: (this project, bare DuckDB)."""
    import duckdb

    def bare(sql: str) -> object:
        with duckdb.connect(str(snapshot_path(path)), read_only=True) as con:
            return con.execute(sql).fetchall()

    found = {}
    for name, sql in _AGGREGATES.items():
        asked = sql.format(runs="marts.ci_runs", jobs="marts.ci_jobs")
        readers: tuple[Callable[[str], object], ...] = (lambda query: run_query(path, query), bare)
        times: tuple[list[float], ...] = ([], [])
        for _ in range(QUERY_TIMES):
            for reader, taken in zip(readers, times, strict=True):
                start = time.perf_counter()
                reader(asked)
                taken.append(time.perf_counter() - start)
        found[name] = [statistics.median(taken) for taken in times]
    return found


def _in_pandas(frames: dict[str, Any]) -> list[Callable[[], object]]:
    runs, jobs = frames["runs"], frames["jobs"]

    def flaky() -> object:
        conclusive = jobs[jobs["outcome"].isin(["pass", "fail"])]
        keys = ["repo", "workflow_path", "job_name"]
        outcomes = conclusive.groupby([*keys, "head_sha"], observed=True)["outcome"].nunique()
        return outcomes[outcomes == 2].groupby(keys).size()

    return [
        lambda: (
            runs.assign(failed=runs["outcome"] == "fail")
            .groupby(["repo", "day"])
            .agg({"outcome": "size", "failed": "sum"})
        ),
        flaky,
        lambda: jobs[jobs["outcome"] == "pass"].groupby(["repo", "job_name"])["duration_seconds"].agg(["max", "mean"]),
    ]


def _timed(run: Callable[..., Any], *arguments: str) -> tuple[int, float]:
    """Rows of the answer, and seconds."""
    start = time.perf_counter()
    answer = run(*arguments)
    rows = len(answer.fetchall() if arguments else answer)
    return rows, time.perf_counter() - start


def _peak_mb() -> float:
    import resource

    # Kilobytes, but bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


_MEASURES: dict[str, Callable[[str], dict[str, Any]]] = {
    "build": build_once,
    "bare": bare_once,
    "aggregates": aggregates_once,
    "snapshot": snapshot_once,
    "queries": queries_once,
}


def section(measurements: dict[int, dict[str, Any]]) -> str:
    """Return the Markdown section; ``measurements`` are by number of runs, the shortest history first."""
    first = next(iter(measurements.values()))
    last_runs, last = list(measurements.items())[-1]
    text = [
        "## Building the models\n",
        f"{first['full']['models']} SQL models with {first['full']['tests']} tests on synthetic histories: {JOBS} jobs"
        f" a run, {RUNS_A_DAY:,} runs a day, DuckDB limited to {MEMORY}. *Bare*: the same SELECTs in the same order,"
        f" untested. *One day more*: the next day's runs were written, each of {DAYS} days in turn; without the"
        " reader's snapshot.\n",
        build_table(measurements),
    ]
    if len(measurements) > 1:
        longer = {
            what: statistics.median(day[what] for day in last["days"])
            / statistics.median(day[what] for day in first["days"])
            for what in ("seconds", "cpu")
        }
        text.append(
            f"\nOne day more takes {longer['seconds']:.2f} × as long on the longest history as on the shortest (bar: ≤"
            f" {DAY_BAR:g} ×, {verdict(longer['seconds'] <= DAY_BAR)}), and {longer['cpu']:.2f} × as much of the"
            " processors' time."
        )
    for runs, one in measurements.items():
        for what, measured in (("full", one["full"]), ("one day", one["days"][-1])):
            slowest = ", ".join(f"`{name}` {seconds:.2f} s" for name, seconds in measured["slowest"])
            text.append(f"\nSlowest of {runs:,} runs, {what}: {slowest}.")
    text.append(f"\nThree queries on the snapshot of {last_runs:,} runs, each opening it; median of {QUERY_TIMES}:\n")
    text.append(query_table(last["queries"]))
    if first["aggregates"]:
        text.append(
            "\nThree aggregates over the tables that were built (pandas and SQLite with their rows in memory):\n"
        )
        text.append(aggregate_table(first["aggregates"]))
    return "\n".join(text)


def build_table(measurements: dict[int, dict[str, Any]]) -> str:
    """Return a row for each length of history: seconds, processors' time, memory."""
    headings = [
        "runs",
        "bare DuckDB",
        "full build",
        "ratio",
        "one day more",
        "its CPU time",
        "peak memory (bare / ours)",
        "snapshot for readers",
    ]
    rows = [
        [
            f"{runs:,}",
            f"{one['bare']['seconds']:.1f} s",
            f"{one['full']['seconds']:.1f} s",
            f"{one['full']['seconds'] / one['bare']['seconds']:.1f} ×",
            spread([day["seconds"] for day in one["days"]], "s"),
            spread([day["cpu"] for day in one["days"]], "s"),
            f"{one['bare']['peak_mb']:,.0f} / {one['full']['peak_mb']:,.0f} MB",
            f"{one['snapshot']['seconds']:.1f} s for {one['snapshot']['mb']:,.0f} MB",
        ]
        for runs, one in measurements.items()
    ]
    return table(headings, rows)


def query_table(queries: dict[str, tuple[float, float]]) -> str:
    """Return a row for each query: seconds through ``roadmap query`` and by bare DuckDB."""
    rows = [
        [
            name,
            f"{ours * 1000:,.0f} ms",
            f"{bare * 1000:,.0f} ms",
            f"{ours / bare:.2f} ×",
            f"≤ {QUERY_BAR:g} ×",
            verdict(ours <= QUERY_BAR * bare),
        ]
        for name, (ours, bare) in queries.items()
    ]
    return table(["query", "`roadmap query`", "bare DuckDB", "ratio", "bar", ""], rows)


def aggregate_table(aggregates: dict[str, dict[str, tuple[int, float]]]) -> str:
    """Return a row for each aggregate: rows, and seconds by each engine."""
    rows = [
        [name, f"{next(iter(by.values()))[0]:,}", *(f"{seconds * 1000:,.0f} ms" for _, seconds in by.values())]
        for name, by in aggregates.items()
    ]
    return table(["aggregate", "rows", *next(iter(aggregates.values()))], rows)


if __name__ == "__main__":
    main()
