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
FIRST_RUN_BAR_S = 90.0
SECOND_RUN_BAR_S = 12.0
# A command works in a thread, which cProfile has to be told of: each thread's first event begins its profile.
_PROFILED = """
import cProfile, pstats, sys, threading
from roadmap_pipeline.cli.app import main
profiles = []
def begin(*_):
    sys.setprofile(None)
    profiles.append(cProfile.Profile())
    profiles[-1].enable()
threading.setprofile(begin)
try:
    main(["run", "--json"])
except SystemExit as end:
    assert not end.code, end.code
pstats.Stats(*profiles).dump_stats(sys.argv[1])
"""
# Where to look: what a reader calls it, end of the file's name, function. Places overlap where one calls the other.
COMMAND = ("commands/pipeline.py", "run")
PLACES = (
    ("Dagster stores events (SQLite)", "sqlite/sqlite_event_log.py", "store_event"),
    ("Dagster makes the run", "instance/runs/run_domain.py", "create_run_for_job"),
    ("Dagster reads asset records", "methods/asset_methods.py", "get_asset_records"),
    ("importing modules", "<frozen importlib._bootstrap>", "_find_and_load"),
    ("making the simulated organisation", "roadmap_sandbox/local.py", "organisation"),
    ("reading GitHub", "ingest/repositories.py", "ingest"),
    ("opening the warehouse", "warehouse/connection.py", "connect"),
    ("building and testing the models", "build/building.py", "build_model"),
    ("metadata and previews", "orchestration/metadata.py", "table_metadata"),
    ("charts of the reports", "html/pictures.py", "pictures"),
    ("reading Notion and comments, planning", "pipeline/publishing.py", "publish_alone"),
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
                [
                    "first",
                    f"{first_s:.1f} s",
                    read(first),
                    counted(first["writes"]),
                    f"≤ {FIRST_RUN_BAR_S:.0f} s with installation",
                    "",
                ],
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
    print("\nWhere a run with nothing new spends its time (under cProfile, which stretches Python against C; without")
    print("the interpreter's start):\n")
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
    """Rows of place, calls and share of the command's time, the largest first."""
    timings = pstats.Stats(path).stats  # type: ignore[attr-defined]

    def timed(file: str, function: str) -> tuple[int, float]:
        found = [
            (calls, cumulative)
            for (path_, _, called), (_, calls, _, cumulative, _) in timings.items()
            if path_.replace("\\", "/").endswith(file) and called == function
        ]
        assert found, f"{file} has no function {function} any more, or the run doesn't call it"
        return sum(calls for calls, _ in found), max(seconds for _, seconds in found)

    _, whole = timed(*COMMAND)
    shares = [(timed(file, function), name) for name, file, function in PLACES]
    return [
        [name, f"{calls:,}", f"{100 * seconds / whole:.0f} %"]
        for (calls, seconds), name in sorted(shares, key=lambda one: -one[0][1])
    ]


if __name__ == "__main__":
    main()
