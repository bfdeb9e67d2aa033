"""The memory that an ingest and a build take with 100,000 and with 1,000,000 stored runs: what grows with history.

    python benchmarks/memory.py

The history is synthetic (``model_build``), as if it had been read from GitHub long ago: it is older than
``history_days``. The simulator serves the last month from a process of its own. Each step is a process of its own,
whose peak is the operating system's.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from measuring import ROOT, call, environment, table
from model_build import JOBS, fill
from serving import CLOCK, REPO, serving

RUNS = (100_000, 1_000_000)
NEW_RUNS, NEW_JOBS = 2_000, 2
LIMIT = "512MB"
"""Of the steps that are measured a second time."""
OLD = timedelta(days=40)
CONFIGURATION = f"""\
repositories = ["{REPO}"]
history_days = 30
[limits]
github_points_per_minute = 10000000
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, nargs="*", default=RUNS, help="lengths of history (default: %(default)s)")
    parser.add_argument("--stage", choices=STAGES, help="do one thing, and print what it took")
    parser.add_argument("--fill", nargs=2, metavar=("RUNS", "WAREHOUSE"), help="write a history")
    given = parser.parse_args()
    if given.fill:
        runs, warehouse = given.fill
        fill_old(Path(warehouse), int(runs))
        return
    if given.stage:
        print(json.dumps(_staged(STAGES[given.stage])))
        return
    found = {runs: measure(runs) for runs in given.runs}
    show(found)


def measure(runs: int) -> dict[str, Any]:
    """Return by step what it took over a history of ``runs`` runs."""
    env = environment()
    with (
        tempfile.TemporaryDirectory(prefix="roadmap-benchmark-") as name,
        serving(env, NEW_RUNS, jobs=NEW_JOBS) as served,
    ):
        folder = Path(name)
        warehouse = folder / "roadmap.duckdb"
        # Of a process that is started from a big one the operating system takes the big one's peak for its own.
        call([sys.executable, str(Path(__file__).resolve()), "--fill", str(runs), str(warehouse)], env, ROOT)

        def stage(what: str, hours: int, limit: str | None = None) -> dict[str, Any]:
            config = folder / "roadmap.toml"
            section = f'[warehouse]\nmemory_limit = "{limit}"\n' if limit else ""
            config.write_text(CONFIGURATION + section, encoding="utf-8")
            settings = {
                "GITHUB_TOKEN": "sandbox-github-token",
                "GITHUB_API_URL": served.url,
                "ROADMAP_CONFIG": str(config),
                "ROADMAP_WAREHOUSE": str(warehouse),
                "ROADMAP_NOW": (CLOCK + timedelta(hours=hours)).isoformat(),
                "DAGSTER_HOME": name,
                "XDG_CACHE_HOME": name,
            }
            print(f"{runs:,} runs: {what} …", file=sys.stderr, flush=True)
            command = [sys.executable, str(Path(__file__).resolve()), "--stage", what]
            measured: dict[str, Any] = json.loads(call(command, {**env, **settings}, ROOT)[1].splitlines()[-1])
            print(f"  {measured}", file=sys.stderr, flush=True)
            return measured

        found = {"first": stage("ingest", 0), "build": stage("build", 0)}
        served.new_run()
        found["poll"] = stage("ingest", 1)
        served.new_run()
        found["poll_limited"] = stage("ingest", 2, LIMIT)
        found["build_limited"] = stage("rebuild", 2, LIMIT)
        found["mb"] = {"peak_mb": warehouse.stat().st_size / 1e6, "seconds": 0}
    return found


def fill_old(warehouse: Path, runs: int) -> None:
    """Write a history that was read from GitHub and ended before ``history_days`` began."""
    from roadmap_pipeline.warehouse.connection import connect
    from roadmap_pipeline.warehouse.source_tables import SOURCES

    fill(warehouse, runs, 0, runs)
    with connect(warehouse) as con:
        for table_name in ("raw.workflow_runs", "raw.workflow_jobs"):
            times = [column.name for column in SOURCES.by_name[table_name].columns if column.type == "TIMESTAMP"]
            assigned = ", ".join(f'"{name}" = "{name}" - interval {OLD.days} day' for name in times)
            con.execute(f"update {table_name} set {assigned}, source = 'https://api.github.com/old'")
        con.execute(
            "insert into raw.run_details by name select distinct on (run_id) repo, run_id, run_attempt, status,"
            " conclusion, updated_at, read_at from raw.workflow_runs order by run_id, run_attempt desc"
        )
        con.execute("delete from raw.repositories")


def show(found: Mapping[int, Mapping[str, Any]]) -> None:
    """Print the section."""
    sizes = list(found)
    print("## Memory\n")
    print(
        f"Peak of each process with so many runs of {JOBS} jobs stored, all older than `history_days`; of the last"
        f" month {NEW_RUNS:,} runs of {NEW_JOBS} jobs are read. DuckDB may use 4 GB unless said otherwise.\n"
    )
    steps = {
        "first": "ingest of the last month",
        "poll": "ingest an hour later, one new run",
        "poll_limited": f"another one, `warehouse.memory_limit` {LIMIT}",
        "build": "build of everything",
        "build_limited": f"build of everything, `warehouse.memory_limit` {LIMIT}",
    }
    rows = [
        [
            text,
            *(f"{found[runs][step]['peak_mb']:,.0f} MB, {found[runs][step]['seconds']:,.1f} s" for runs in sizes),
            f"{found[sizes[-1]][step]['peak_mb'] / found[sizes[0]][step]['peak_mb']:.1f} ×",
        ]
        for step, text in steps.items()
    ]
    rows.append(["the file", *(f"{found[runs]['mb']['peak_mb']:,.0f} MB" for runs in sizes), ""])
    print(table(["", *(f"{runs:,} runs" for runs in sizes), "grows"], rows))


def ingest(runtime: Any) -> None:
    """One ``roadmap ingest``."""
    from roadmap_pipeline.pipeline.ingestion import ingest as read_github

    summary = read_github(runtime)
    if summary.unreadable or summary.paused:
        sys.exit(f"not everything was read: {summary.paused or next(iter(summary.unreadable.values()))}")


def build(runtime: Any) -> None:
    """One ``roadmap build``."""
    from roadmap_pipeline.pipeline.building import build_all

    build_all(runtime)


def rebuild(runtime: Any) -> None:
    """One ``roadmap build --full-refresh``."""
    from roadmap_pipeline.pipeline.building import build_all

    build_all(runtime, full_refresh=True)


STAGES: Mapping[str, Callable[[Any], None]] = {"ingest": ingest, "build": build, "rebuild": rebuild}


def _staged(stage: Callable[[Any], None]) -> dict[str, Any]:
    import resource
    import time

    from roadmap_pipeline.runtime import Runtime
    from roadmap_pipeline.settings import load_settings

    start = time.perf_counter()
    with Runtime(load_settings()) as runtime:
        stage(runtime)
    seconds = time.perf_counter() - start
    # Kilobytes, but bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return {"seconds": seconds, "peak_mb": peak}


if __name__ == "__main__":
    main()
