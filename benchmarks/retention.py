"""The size of a warehouse with everything that was read, and without old payloads and excerpts of logs.

    python benchmarks/retention.py

The sandbox's organisation (half a year, with logs, pull requests and issues) is read and judged, and what is older than
a week is dropped; the file is compacted before it is measured. Models are left out: they are the same with and without.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from measuring import ROOT, call, environment, table

KEPT_DAYS = 7
CONFIGURATION = """\
repositories = ["acme/payments", "acme/storefront", "acme/platform"]
[limits]
github_points_per_minute = 10000000
"""
RETENTION = f"[retention]\nkeep_payload_days = {KEPT_DAYS}\nkeep_excerpt_days = {KEPT_DAYS}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--stage", choices=STAGES, help="do one thing, and print what it took")
    given = parser.parse_args()
    if given.stage:
        print(json.dumps(STAGES[given.stage]()))
    else:
        measure()


def measure() -> None:
    """Measure, and print the section."""
    from roadmap_sandbox.github.app import create_app
    from roadmap_sandbox.github.state import GitHubState
    from roadmap_sandbox.organisation import generate
    from roadmap_sandbox.server import Server

    env = environment()
    content, _ = generate()
    application = create_app(GitHubState(content, rate_limit=None))
    with tempfile.TemporaryDirectory(prefix="roadmap-benchmark-") as name, Server(application) as server:
        config = Path(name) / "roadmap.toml"
        settings = {
            "GITHUB_TOKEN": "sandbox-github-token",
            "GITHUB_API_URL": server.base_url,
            "ROADMAP_CONFIG": str(config),
            "ROADMAP_WAREHOUSE": str(Path(name) / "roadmap.duckdb"),
            "ROADMAP_NOW": content.clock.isoformat(),
            "DAGSTER_HOME": name,
            "XDG_CACHE_HOME": name,
        }

        def stage(what: str, text: str) -> dict[str, Any]:
            config.write_text(text, encoding="utf-8")
            command = [sys.executable, str(Path(__file__).resolve()), "--stage", what]
            measured: dict[str, Any] = json.loads(call(command, {**env, **settings}, ROOT)[1].splitlines()[-1])
            print(f"{what}: {measured}", file=sys.stderr, flush=True)
            return measured

        stage("read", CONFIGURATION)
        before = stage("size", CONFIGURATION)
        again = stage("read", CONFIGURATION)
        dropped = stage("read", CONFIGURATION + RETENTION)
        after = stage("size", CONFIGURATION)
    show((before, after), (again, dropped))


def show(
    sizes: tuple[Mapping[str, Any], Mapping[str, Any]], polls: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> None:
    """Print the section."""
    before, after = sizes
    runs, again, dropped = before["runs"], *polls
    print("## Retention\n")
    print(
        f"{runs:,} run attempts with {before['jobs']:,} jobs and excerpts of {before['excerpts']:,} logs, as read and"
        f" judged, without models. All but the last {KEPT_DAYS} days lose payloads and excerpts;"
        f" {after['excerpts']:,} excerpts stay: those of the last days, and those that no rule knows.\n"
    )
    rows = [
        [text, f"{size['mb']:,.1f} MB", f"{size['mb'] / runs * 1_000:,.1f} GB"]
        for text, size in (("everything kept", before), ("payloads and excerpts dropped", after))
    ]
    print(table(["", "the file", "a million runs of this kind"], rows))
    print(
        f"\nThe ingest that dropped them took {dropped['seconds']:.1f} s and charged {dropped['charged']} requests, the"
        f" one before it, with nothing new either, {again['seconds']:.1f} s and {again['charged']}."
    )


def read() -> dict[str, Any]:
    """One ``roadmap ingest``, and verdicts."""
    import time

    from roadmap_pipeline.pipeline.building import classify_failures
    from roadmap_pipeline.pipeline.ingestion import ingest
    from roadmap_pipeline.runtime import Runtime
    from roadmap_pipeline.settings import load_settings

    start = time.perf_counter()
    with Runtime(load_settings()) as runtime:
        ingest(runtime)
        seconds = time.perf_counter() - start
        classify_failures(runtime)
        return {"seconds": seconds, "charged": runtime.github.charged}


def size() -> dict[str, Any]:
    """Compact the file, and return how big it is."""
    from roadmap_pipeline.settings import load_settings
    from roadmap_pipeline.warehouse.compaction import compact
    from roadmap_pipeline.warehouse.connection import connect

    warehouse = load_settings().warehouse
    done = compact(warehouse, 0)
    with connect(warehouse, read_only=True) as con:
        ((runs, jobs, excerpts),) = con.execute(
            "select (select count(*) from raw.workflow_runs), (select count(*) from raw.workflow_jobs), count(excerpt)"
            " from raw.job_logs"
        ).fetchall()
    return {"mb": done.after.bytes / 1e6, "runs": runs, "jobs": jobs, "excerpts": excerpts}


STAGES: Mapping[str, Callable[[], dict[str, Any]]] = {"read": read, "size": size}


if __name__ == "__main__":
    main()
