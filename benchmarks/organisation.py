"""An organisation of 1,000 repositories, 50 of them busy: what a first reading, an hour and a build take.

    python benchmarks/organisation.py

The simulator serves it from a process of its own; each reading, the build and each command are processes of their own,
too, over the warehouse that the one before left. Pacing is off: minutes at GitHub's own pace are computed.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from measuring import ROOT, call, environment, roadmap, table, verdict
from serving import CLOCK
from serving_organisation import (
    DAYS,
    JOBS,
    OWNER,
    RUNS_AN_HOUR,
    RUNS_OF_QUIET,
    Size,
    add_arguments,
    serving_organisation,
)

SIZE = Size(busy=50, quiet=950, runs=100)
POINTS_A_MINUTE = 900
"""GitHub's secondary limit, which an unchanged answer (304) counts for as well."""
QUIET_BAR, BUSY_BAR = 20, 1_000
"""Charged requests of an hour."""
MINUTES_BAR = 15
"""Minutes that an hour's reading and look may take at the secondary limit."""
CONFIGURATION = f"""\
repositories = ["{OWNER}/*"]
history_days = {DAYS}
[limits]
github_points_per_minute = 10000000
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    add_arguments(parser, SIZE)
    parser.add_argument("--stage", choices=STAGES, help="do one thing, and print what it took")
    arguments = parser.parse_args()
    if arguments.stage:
        print(json.dumps(_staged(STAGES[arguments.stage])))
    else:
        measure(Size(arguments.busy, arguments.quiet, arguments.runs))


def quota(repositories: int) -> int:
    """Return the requests an hour of an installation of a GitHub App: 50 more for each repository beyond 20."""
    return min(12_500, 5_000 + 50 * max(0, repositories - 20))


def measure(size: Size) -> None:
    """Measure all stages in turn, and print the Markdown section."""
    env = environment()
    with tempfile.TemporaryDirectory(prefix="roadmap-benchmark-") as folder, serving_organisation(env, size) as served:
        config = Path(folder) / "roadmap.toml"
        config.write_text(CONFIGURATION, encoding="utf-8")
        env |= {
            "GITHUB_TOKEN": "sandbox-github-token",
            "GITHUB_API_URL": served.url,
            "ROADMAP_CONFIG": str(config),
            "ROADMAP_WAREHOUSE": str(Path(folder) / "roadmap.duckdb"),
            "DAGSTER_HOME": folder,
            "XDG_CACHE_HOME": folder,
        }

        def stage(name: str, now: datetime) -> dict[str, Any]:
            print(f"{name} at {now:%H:%M} …", file=sys.stderr, flush=True)
            command = [sys.executable, str(Path(__file__).resolve()), "--stage", name]
            printed = call(command, {**env, "ROADMAP_NOW": now.isoformat()}, ROOT)[1]
            measured: dict[str, Any] = json.loads(printed.splitlines()[-1])
            print(f"  {measured}", file=sys.stderr, flush=True)
            return measured

        found = {"first": stage("ingest", CLOCK)}
        found["build"] = stage("build", CLOCK)
        found["quiet"] = stage("ingest", CLOCK + timedelta(hours=1))
        served.new_run()
        found["busy"] = stage("ingest", CLOCK + timedelta(hours=2))
        found["build_again"] = stage("build", CLOCK + timedelta(hours=2))
        found["looks"] = stage("look", CLOCK + timedelta(hours=2))
        now = {**env, "ROADMAP_NOW": (CLOCK + timedelta(hours=2)).isoformat()}
        found["status"] = {"seconds": call(roadmap("status"), now, ROOT)[0]}
    show(size, found)


def show(size: Size, found: Mapping[str, Any]) -> None:
    """Print the section."""
    granted = quota(size.repositories)
    print(f"## An organisation of {size.repositories:,} repositories\n")
    print(
        f"{size.busy:,} busy repositories with {size.runs:,} runs in {DAYS} days, a milestone and {RUNS_AN_HOUR} new"
        f" runs in the busy hour, {size.quiet:,} quiet ones with {RUNS_OF_QUIET} runs; {JOBS} jobs a run, one run in"
        f" seven failed. One installation of a GitHub App is granted {granted:,} requests an hour for them, and"
        f" {POINTS_A_MINUTE} points a minute, for which an answer that nothing has changed (304) counts, too: *minutes*"
        " are what all requests take at that pace.\n"
    )
    looks = found["looks"]
    rows = [
        _row("the first reading", found["first"], granted),
        _row("a quiet hour: nothing new", found["quiet"], granted, QUIET_BAR),
        _row(f"a busy hour: {RUNS_AN_HOUR * size.busy:,} new runs", found["busy"], granted, BUSY_BAR),
        _row("the first look of a sync at milestones and tracking issues", looks["first"], granted),
        _row("every look after it", looks["again"], granted),
    ]
    headings = ["", "requests", "of these charged", "GraphQL points", "of the hour's quota", "minutes", "seconds"]
    print(table([*headings, "peak memory", "bar", ""], rows))
    hour = (found["busy"]["requests"] + looks["again"]["requests"]) / POINTS_A_MINUTE
    build, again = found["build"], found["build_again"]
    print(
        f"\nA busy hour with a look takes {hour:.1f} minutes at {POINTS_A_MINUTE} points a minute (bar: ≤"
        f" {MINUTES_BAR}, {verdict(hour <= MINUTES_BAR)}).\n"
    )
    print(
        table(
            ["", "figure"],
            [
                ["build of everything", f"{build['seconds']:.1f} s, {build['peak_mb']:,.0f} MB"],
                ["build after the busy hour", f"{again['seconds']:.1f} s, {again['peak_mb']:,.0f} MB"],
                ["warehouse", f"{again['warehouse_mb']:,.0f} MB"],
                ["the readers' snapshot", f"{again['snapshot_mb']:,.0f} MB in {again['snapshot_seconds']:.1f} s"],
                ["weekly report", f"{again['report_characters']:,} characters"],
                ["rows in Notion", f"{again['notion_rows']:,}: a report a week, and one for each milestone"],
                ["lines of progress of an ingest, where there is no terminal", f"{found['quiet']['progress_lines']:,}"],
                ["notes of the first reading", f"{found['first']['notes']:,}"],
                ["`roadmap status`", f"{found['status']['seconds']:.1f} s"],
            ],
        )
    )


def _row(what: str, measured: Mapping[str, Any], granted: int, bar: int | None = None) -> list[str]:
    charged = measured["charged"]
    return [
        what,
        f"{measured['requests']:,}",
        f"{charged:,}",
        f"{measured['points']:,}",
        f"{charged / granted:.0%}",
        f"{measured['requests'] / POINTS_A_MINUTE:.1f}",
        f"{measured['seconds']:,.1f}",
        f"{measured['peak_mb']:,.0f} MB",
        "" if bar is None else f"≤ {bar:,} charged",
        "" if bar is None else verdict(charged <= bar),
    ]


def ingest(runtime: Any) -> dict[str, Any]:
    """One ``roadmap ingest`` whose progress goes to a file."""
    from io import StringIO

    from roadmap_pipeline.cli.rendering.progress import terminal_reporter
    from roadmap_pipeline.pipeline.ingestion import ingest as read_github
    from roadmap_pipeline.pipeline.repository_discovery import discover
    from roadmap_pipeline.progress import reporting

    lines = StringIO()
    start = time.perf_counter()
    with terminal_reporter(lines) as reporter, reporting(reporter):
        discover(runtime)
        summary = read_github(runtime)
    seconds = time.perf_counter() - start
    if summary.unreadable or summary.paused:
        sys.exit(f"not everything was read: {summary.paused or next(iter(summary.unreadable.values()))}")
    counts = {"progress_lines": lines.getvalue().count("\n"), "notes": len(summary.notes)}
    return {"seconds": seconds, **_asked(runtime), **counts}


def look(runtime: Any) -> dict[str, Any]:
    """Two looks of a sync at GitHub's side, the second with what the first one kept."""
    from roadmap_pipeline.github.client.response_cache import ResponseCache
    from roadmap_pipeline.pipeline.repository_discovery import discover
    from roadmap_pipeline.sync.github_target import GitHubTarget

    discover(runtime)
    cache = ResponseCache()
    found = {}
    for name in ("first", "again"):
        before, start = _asked(runtime), time.perf_counter()
        GitHubTarget.look(runtime, cache)
        seconds = time.perf_counter() - start
        found[name] = {key: value - before[key] for key, value in _asked(runtime).items()}
        found[name] |= {"seconds": seconds, "peak_mb": _peak_mb()}
    return found


def build(runtime: Any) -> dict[str, Any]:
    """Build all models, render the last week's report and publish the snapshot."""
    from roadmap_pipeline.pipeline.building import build_all
    from roadmap_pipeline.pipeline.publishing import snapshot
    from roadmap_pipeline.pipeline.rendering import render_report

    start = time.perf_counter()
    build_all(runtime)
    seconds = time.perf_counter() - start
    report = render_report(runtime)
    with runtime.warehouse.connect() as con:
        ((rows,),) = con.execute(
            "select (select count(*) from derived.reports) + (select count(*) from marts.milestones)"
        ).fetchall()
    start = time.perf_counter()
    copy = Path(snapshot(runtime))
    return {
        "seconds": seconds,
        "report_characters": len(report.content),
        "notion_rows": rows,
        "snapshot_seconds": time.perf_counter() - start,
        "snapshot_mb": copy.stat().st_size / 1e6,
        "warehouse_mb": Path(runtime.settings.warehouse).stat().st_size / 1e6,
    }


STAGES: Mapping[str, Callable[[Any], dict[str, Any]]] = {"ingest": ingest, "look": look, "build": build}


def _staged(stage: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    from roadmap_pipeline.pipeline.repository_discovery import with_remembered
    from roadmap_pipeline.runtime import Runtime
    from roadmap_pipeline.settings import load_settings

    with Runtime(with_remembered(load_settings())) as runtime:
        return {**stage(runtime), "peak_mb": _peak_mb()}


def _asked(runtime: Any) -> dict[str, int]:
    github = runtime.github
    return {"requests": github.requests, "charged": github.charged, "points": github.points}


def _peak_mb() -> float:
    # Kilobytes, but bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


if __name__ == "__main__":
    main()
