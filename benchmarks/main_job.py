"""The main job in an empty copy of the project, and again with nothing new.

    python benchmarks/main_job.py

A third run under cProfile tells where the time of a run with nothing new goes.
"""

import json
import pstats
import sys
from collections.abc import Sequence
from typing import Any

from measuring import call, environment, project_copy, roadmap, spread, table, verdict

TIMES = 3
SECOND_RUN_BAR_S = 20.0
_PROFILED = """
import cProfile, sys
from roadmap_pipeline.cli.app import main
profile = cProfile.Profile()
try:
    profile.runcall(main, ["run", "--json"])
except SystemExit as end:
    assert not end.code, end.code
profile.dump_stats(sys.argv[1])
"""
# Where to look: what a reader calls it, end of the file's name, function. Places overlap where one calls the other.
PLACES = (
    ("Dagster writes events (SQLite)", "sqlite/sqlite_event_log.py", "store_event"),
    ("Dagster reads earlier materializations", "methods/asset_methods.py", "fetch_materializations"),
    ("Dagster reads asset records", "methods/asset_methods.py", "get_asset_records"),
    ("importing modules", "<frozen importlib._bootstrap>", "_find_and_load"),
    ("making the simulated organisation", "roadmap_sandbox/local.py", "organisation"),
    ("reading the SQL models", "project/loading.py", "load_project"),
    ("definitions and job", "roadmap_pipeline/definitions.py", "build_definitions"),
    ("reading GitHub", "ingest/repositories.py", "ingest"),
    ("opening the warehouse", "warehouse/connection.py", "_open"),
    ("looking for missing tables at each opening", "warehouse/source_tables.py", "create_source_tables"),
    ("building and testing the models", "build/building.py", "build_model"),
    ("column lineage", "project/lineage.py", "column_lineage"),
    ("metadata and previews", "orchestration/metadata.py", "table_metadata"),
    ("reading Notion and comments, planning", "roadmap_pipeline/pipeline.py", "sync"),
    ("the readers' snapshot", "warehouse/snapshot.py", "publish_snapshot"),
)


def main() -> None:
    with project_copy() as copy:
        env = environment(copy)
        first_s, answer = call(roadmap("run", "--json"), env, copy)
        first = summary(answer)
        again = [call(roadmap("run", "--json"), env, copy) for _ in range(TIMES)]
        seconds = [taken for taken, _ in again]
        later = [summary(answer) for _, answer in again]
        call([sys.executable, "-c", _PROFILED, str(copy / "profile")], env, copy)
        shares = where(str(copy / "profile"))
    writes = [sum(found["writes"].values()) for found in later]
    middle = sorted(seconds)[TIMES // 2]
    print("## The main job\n")
    print(
        "`roadmap run --json` as whole processes, both simulators inside them. Nothing changes after the first run.\n"
    )
    print(
        table(
            ["run", "seconds", "rows read", "writing requests", "bar", ""],
            [
                ["first", f"{first_s:.1f}", read(first), counted(first["writes"]), "", ""],
                [
                    f"second (median of {TIMES} more runs)",
                    spread(seconds, "s", 1),
                    read(later[0]),
                    " / ".join(map(str, writes)),
                    f"≤ {SECOND_RUN_BAR_S:.0f} s, 0 writes",
                    verdict(middle <= SECOND_RUN_BAR_S and not any(writes)),
                ],
            ],
        )
    )
    print("\nWhere a run with nothing new spends its time (under cProfile, which stretches Python against C):\n")
    print(table(["place", "calls", "share"], shares))


def summary(answer: str) -> dict[str, Any]:
    """Return the object that a run ends with."""
    found: dict[str, Any] = json.loads(answer.splitlines()[-1])
    return found


def read(found: dict[str, Any]) -> str:
    return f"{sum(found['read'].values()):,}"


def counted(writes: dict[str, int]) -> str:
    return ", ".join(f"{side} {count}" for side, count in writes.items())


def where(path: str) -> Sequence[Sequence[object]]:
    """Rows of place, calls and share of the whole run's time, the largest first."""
    stats = pstats.Stats(path)
    total = stats.total_tt  # type: ignore[attr-defined]
    found = []
    for name, file, function in PLACES:
        calls = cumulative = 0.0
        for (where_, _, called), (_, count, _, taken, _) in stats.stats.items():  # type: ignore[attr-defined]
            if where_.replace("\\", "/").endswith(file) and called == function:
                calls += count
                cumulative = max(cumulative, taken)
        if calls:
            found.append((cumulative / total, name, int(calls)))
    return [[name, f"{calls:,}", f"{100 * share:.0f} %"] for share, name, calls in sorted(found, reverse=True)]


if __name__ == "__main__":
    main()
