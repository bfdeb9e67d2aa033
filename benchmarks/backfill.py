"""The cost of a first back-fill of 40,000 runs, and of every look at the repository after it.

    python benchmarks/backfill.py

The simulator serves 40,000 runs of two jobs from a process of its own; each reading is a process of its own too, over
the warehouse that the one before left. It times itself without start-up and imports.
"""

import argparse
import json
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import devlake
from measuring import ROOT, call, environment, table, verdict
from serving import CLOCK, REPO, serving

RUNS = 40_000
JOBS = 2
QUOTA = 5_000
"""Requests an hour that GitHub grants a token."""
POLL_BAR = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--read", nargs=3, metavar=("URL", "FILE", "NOW"), help="read once")
    arguments = parser.parse_args()
    if arguments.read:
        url, path, now = arguments.read
        print(json.dumps(read(url, Path(path), datetime.fromisoformat(now))))
    else:
        measure()


def measure() -> None:
    env = environment()
    with tempfile.TemporaryDirectory(prefix="roadmap-benchmark-") as folder, serving(env, RUNS, jobs=JOBS) as served:
        path = Path(folder) / "roadmap.duckdb"

        def look(now: datetime) -> dict[str, Any]:
            command = [sys.executable, str(Path(__file__).resolve()), "--read", served.url, str(path), now.isoformat()]
            found: dict[str, Any] = json.loads(call(command, env, ROOT)[1].splitlines()[-1])
            return found

        first = look(CLOCK)
        if first["runs"] != RUNS:
            sys.exit(f"{first['runs']} of {RUNS} runs were stored")
        megabytes = path.stat().st_size / 1e6
        nothing_new = look(CLOCK + timedelta(minutes=5))
        peers = devlake.section(served.url, env, RUNS, JOBS)
        served.new_run()
        one_new = look(CLOCK + timedelta(minutes=10))
        next_day = look(CLOCK + timedelta(days=1))
    rows = [
        ("first back-fill", first, ""),
        ("a poll with nothing new", nothing_new, f"≤ {POLL_BAR} charged"),
        ("a poll with one new run", one_new, ""),
        ("the first poll of a day, looking for runs that were run again", next_day, ""),
    ]
    print("## A first back-fill, and polls\n")
    print(
        f"{RUNS:,} runs of {JOBS} jobs in one repository, one run in seven failed, logs of failed jobs included."
        " Charged are requests that GitHub counts: an answer that nothing has changed (304) is free. A token is"
        f" granted {QUOTA:,} an hour.\n"
    )
    print(
        table(
            ["reading", "requests", "of these charged", "seconds", "waiting for the server", "bar", ""],
            [
                [
                    what,
                    f"{found['requests']:,}",
                    f"{found['charged']:,}",
                    f"{found['seconds']:,.2f}",
                    f"{100 * found['waiting']:.0f} %",
                    bar,
                    verdict(found["charged"] <= POLL_BAR) if bar else "",
                ]
                for what, found, bar in rows
            ],
        )
    )
    print(
        f"\nThe warehouse takes {megabytes:,.0f} MB after the back-fill. With GitHub's quota it would take"
        f" {first['charged'] / QUOTA:.1f} hours, newest and failed runs first. Waiting is the time that the threads"
        " spend on answers, against the time that all of them have."
    )
    print(f"\n{peers}")


def read(url: str, path: Path, now: datetime) -> dict[str, Any]:
    """One ingest, as ``roadmap ingest`` does it."""
    import time

    import duckdb  # noqa: F401
    import pyarrow as pa  # noqa: F401

    from roadmap_pipeline.github.client.client import GitHubClient
    from roadmap_pipeline.github.ingest.repositories import ingest as reading
    from roadmap_pipeline.warehouse.connection import connect

    client = GitHubClient("sandbox-github-token", base_url=url, points_per_minute=None)
    start = time.perf_counter()
    with connect(path) as con:
        reading.ingest(client, con, [REPO], history_days=400, now=now)
    seconds = time.perf_counter() - start
    client.close()
    with connect(path, read_only=True) as con:
        runs = con.execute("select count(*) from raw.workflow_runs").fetchall()[0][0]
    return {
        "seconds": seconds,
        "requests": client.requests,
        "charged": client.charged,
        "waiting": client.waiting_seconds / (seconds * reading.WORKERS),
        "runs": runs,
    }


if __name__ == "__main__":
    main()
