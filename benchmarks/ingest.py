"""Runs per second from GitHub's list of workflow runs into DuckDB: this project, dlt's REST source, and bare loops.

    python benchmarks/ingest.py

The simulator serves 10,000 runs from a process of its own. Every reading is a process of its own too and times itself
without start-up and imports; they take turns. dlt is needed for this benchmark only.
"""

import argparse
import importlib.util
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from measuring import ROOT, call, environment, spread, table, verdict
from serving import CLOCK, REPO, serving

RUNS = 9_990
TIMES = 5
Reading = tuple[float, int, float]
"""Seconds, rows that are there afterwards, seconds spent waiting for the server (0: not known)."""
DLT_BAR = 8.0
BARE_BAR = 0.6


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--read", nargs=2, metavar=("READER", "URL"), help=f"read once with {', '.join(READERS)}")
    arguments = parser.parse_args()
    if arguments.read:
        reader, url = arguments.read
        with tempfile.TemporaryDirectory(prefix="roadmap-benchmark-") as folder:
            print(json.dumps(READERS[reader](url, Path(folder))))
    else:
        compare()


def compare() -> None:
    if importlib.util.find_spec("dlt") is None:
        sys.exit("This benchmark compares with dlt, which is not installed: pip install -e '.[bench]'")
    env = environment()
    speeds: dict[str, list[float]] = {name: [] for name in READERS}
    waiting: list[float] = []
    with serving(env, RUNS, remember=True) as served:
        for turn in range(TIMES + 1):
            for name in READERS:
                command = [sys.executable, str(Path(__file__).resolve()), "--read", name, served.url]
                seconds, rows, waited = json.loads(call(command, env, ROOT)[1].splitlines()[-1])
                if rows != RUNS:
                    sys.exit(f"{name} stored {rows} of {RUNS} runs")
                if turn:  # the first one fills the simulator's memory
                    speeds[name].append(RUNS / seconds)
                    waiting += [waited / seconds] if waited else []
    report(speeds, waiting)


def report(speeds: dict[str, list[float]], waiting: list[float]) -> None:
    """Print the Markdown section: runs a second of each reader, and shares of the time spent waiting."""
    middle = {name: statistics.median(found) for name, found in speeds.items()}
    to_dlt, to_bare = middle["ours"] / middle["dlt"], middle["ours"] / middle["bare"]
    print("## Reading the list of runs\n")
    print(
        f"{RUNS:,} runs, 100 a page, from the simulator in a process of its own into a new DuckDB file; median of"
        f" {TIMES} interleaved readings, start-up and imports left out. The simulator answers from memory what it"
        " was asked before, so that its own work doesn't hide the readers' differences.\n"
    )
    print(
        table(
            ["reader", "runs/s", "bar", ""],
            [
                [
                    "this project: list, rows, changes against what is stored, store",
                    spread(speeds["ours"], "", 0),
                    "",
                    "",
                ],
                [
                    f"dlt {_version('dlt')} REST source",
                    spread(speeds["dlt"], "", 0),
                    f"≥ {DLT_BAR:.0f} × dlt: {to_dlt:.1f} ×",
                    verdict(to_dlt >= DLT_BAR),
                ],
                [
                    f"PyGithub {_version('PyGithub')} objects, nothing stored",
                    spread(speeds["pygithub"], "", 0),
                    "",
                    f"this project: {middle['ours'] / middle['pygithub']:.1f} × it",
                ],
                [
                    "bare loop: requests, orjson, Arrow; nothing stored",
                    spread(speeds["bare"], "", 0),
                    f"≥ {100 * BARE_BAR:.0f} % of it: {100 * to_bare:.0f} %",
                    verdict(to_bare >= BARE_BAR),
                ],
                [
                    "the bare loop, and one insert of its table",
                    spread(speeds["bare_stored"], "", 0),
                    "",
                    f"this project: {100 * middle['ours'] / middle['bare_stored']:.0f} % of it",
                ],
            ],
        )
    )
    print(
        f"\nThis project's reading thread spends {100 * statistics.median(waiting):.0f} % of the time waiting for the"
        " server, while another one stores what came before."
    )


def ours(url: str, folder: Path) -> Reading:
    """Read the list as ``roadmap ingest`` does: rows, compared with what is stored, a transaction a thousand runs."""
    from concurrent.futures import ThreadPoolExecutor

    import duckdb  # noqa: F401
    import pyarrow as pa  # noqa: F401

    from roadmap_pipeline.github.client.client import GitHubClient
    from roadmap_pipeline.github.ingest.actions import ActionsReader
    from roadmap_pipeline.github.ingest.repository_reader import RepositoryReader, collecting_rarely
    from roadmap_pipeline.github.ingest.store import IngestSummary, Store
    from roadmap_pipeline.progress import task
    from roadmap_pipeline.warehouse.connection import connect

    start = time.perf_counter()
    client = GitHubClient("sandbox-github-token", base_url=url, points_per_minute=None)
    with (
        connect(folder / "ours.duckdb") as con,
        ThreadPoolExecutor(1) as pool,
        task("Reading runs") as progress,
        collecting_rarely(),
    ):
        store = Store(con, IngestSummary(), CLOCK)
        horizon = datetime(2000, 1, 1)  # noqa: DTZ001
        ActionsReader(RepositoryReader(client, store, pool, pool, REPO, CLOCK, horizon)).read_runs(progress)
    seconds = time.perf_counter() - start
    client.close()
    return seconds, _count(folder / "ours.duckdb", "raw.workflow_runs"), client.waiting_seconds


def dlt(url: str, folder: Path) -> Reading:
    """Read the same list by dlt's declarative REST source into DuckDB: merged by key, lists within a run left whole."""
    import os

    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    import dlt
    import duckdb  # noqa: F401
    from dlt.sources.rest_api import rest_api_source

    start = time.perf_counter()
    source = rest_api_source(
        {
            "client": {
                "base_url": f"{url}/",
                "auth": {"type": "bearer", "token": "sandbox-github-token"},
                "paginator": {"type": "header_link"},
                "headers": {"User-Agent": "benchmark"},
            },
            "resource_defaults": {"primary_key": ["id", "run_attempt"], "write_disposition": "merge"},
            "resources": [
                {
                    "name": "workflow_runs",
                    "endpoint": {
                        "path": f"repos/{REPO}/actions/runs",
                        "params": {"per_page": 100},
                        "data_selector": "workflow_runs",
                    },
                    "max_table_nesting": 0,
                }
            ],
        }
    )
    pipeline = dlt.pipeline(
        "benchmark",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.duckdb(str(folder / "dlt.duckdb")),
        dataset_name="raw_github",
    )
    pipeline.run(source)
    seconds = time.perf_counter() - start
    return seconds, _count(folder / "dlt.duckdb", "raw_github.workflow_runs"), 0.0


def pygithub(url: str, folder: Path) -> Reading:  # noqa: ARG001
    """PyGithub's objects, the plain way, without its pauses; nothing stored."""
    import github

    api = github.Github(
        auth=github.Auth.Token("sandbox-github-token"), base_url=url, per_page=100, seconds_between_requests=0
    )
    start = time.perf_counter()
    runs = [(run.id, run.run_attempt, run.status, run.conclusion) for run in api.get_repo(REPO).get_workflow_runs()]
    seconds = time.perf_counter() - start
    api.close()
    return seconds, len(runs), 0.0


def bare(url: str, folder: Path) -> Reading:  # noqa: ARG001
    """Do the least that could be done: ask, parse, take the same columns (payload included), build one Arrow table."""
    import pyarrow as pa  # noqa: F401
    import requests  # noqa: F401

    start = time.perf_counter()
    rows = _bare_loop(url).num_rows
    return time.perf_counter() - start, rows, 0.0


def bare_stored(url: str, folder: Path) -> Reading:
    """Do the bare loop, and put its table into a DuckDB file with one statement."""
    import duckdb
    import pyarrow as pa  # noqa: F401
    import requests  # noqa: F401

    start = time.perf_counter()
    incoming = _bare_loop(url)
    with duckdb.connect(str(folder / "bare.duckdb")) as con:
        con.register("incoming", incoming)
        con.execute("create table runs as select * from incoming")
    return time.perf_counter() - start, _count(folder / "bare.duckdb", "runs"), 0.0


def _bare_loop(url: str) -> Any:
    import orjson
    import pyarrow as pa
    import requests

    rows: list[dict[str, Any]] = []
    page = 1
    with requests.Session() as session:
        session.headers.update({"Authorization": "Bearer sandbox-github-token", "User-Agent": "benchmark"})
        while True:
            answer = session.get(f"{url}/repos/{REPO}/actions/runs?per_page=100&page={page}", timeout=30)
            rows.extend(
                _flat(run) | {"payload": orjson.dumps(run).decode()}
                for run in orjson.loads(answer.content)["workflow_runs"]
            )
            if "next" not in answer.links:
                return pa.Table.from_pylist(rows)
            page += 1


def _flat(run: dict[str, Any]) -> dict[str, Any]:
    commit = run["head_commit"]
    kept = (
        "id", "run_attempt", "workflow_id", "path", "name", "run_number", "display_title", "event", "status",
        "conclusion", "head_branch", "head_sha", "created_at", "run_started_at", "updated_at", "html_url",
    )  # fmt: skip
    return {name: run[name] for name in kept} | {
        "head_repo": run["head_repository"]["full_name"],
        "message": commit["message"],
        "author": commit["author"]["name"],
        "committer": commit["committer"]["name"],
        "actor": run["actor"]["login"],
        "triggering_actor": run["triggering_actor"]["login"],
        "pull_request_numbers": [pull["number"] for pull in run["pull_requests"]],
    }


READERS: dict[str, Callable[[str, Path], Reading]] = {
    "ours": ours,
    "dlt": dlt,
    "pygithub": pygithub,
    "bare": bare,
    "bare_stored": bare_stored,
}


def _count(path: Path, name: str) -> int:
    import duckdb

    with duckdb.connect(str(path), read_only=True) as con:
        return int(con.execute(f"select count(*) from {name}").fetchall()[0][0])


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)


if __name__ == "__main__":
    main()
