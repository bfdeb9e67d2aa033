"""Time a click on *Materialize* in the Dagster UI, until five models are built, tested and recorded.

python benchmarks/ui_click.py

Needs Chromium and its driver; without them it measures nothing.
"""

import sys
from pathlib import Path

import duckdb
from measuring import ROOT, call, environment, project_copy, roadmap, spread, table, verdict

sys.path.insert(0, str(ROOT))

from roadmap_pipeline_tests.browsing import NOT_INSTALLED, Page, chromium, finished_run, newest_run, served_ui
from roadmap_pipeline_tests.orchestration.test_ui import free_port

TIMES = 5
BAR_S = 6.0
MODELS = [f"staging/stg_{name}" for name in ("repositories", "milestones", "issues", "pull_requests", "workflows")]


def main() -> None:
    with project_copy() as copy:
        env = environment(copy)
        call(roadmap("run", "--json"), env, copy)
        port = free_port()
        warehouse = copy / "data" / "roadmap.duckdb"
        with served_ui(roadmap("ui", "--port", str(port)), port, env, copy) as root:
            try:
                with chromium(root) as page:
                    seconds = [_click(page, warehouse) for _ in range(TIMES + 1)][1:]
            except FileNotFoundError:
                print(NOT_INSTALLED, file=sys.stderr)
                return
    middle = sorted(seconds)[TIMES // 2]
    print("## A click in the UI\n")
    print(
        "From the click on *Materialize all* of five models, which have to be built, to the end of their run; median"
        f" of {TIMES}, after one that isn't counted. Most of it is Dagster: its look at the queue, once a second, and"
        " the process that it starts for a run.\n"
    )
    print(
        table(
            ["what", "measured", "bar", ""],
            [["click → five finished models", spread(seconds, "s"), f"≤ {BAR_S:.0f} s", verdict(middle <= BAR_S)]],
        )
    )


def _click(page: Page, warehouse: Path) -> float:
    """Return the seconds from the click to the end of the run."""
    with duckdb.connect(str(warehouse)) as con:
        for model in MODELS:
            name = model.replace("/", ".")
            ((kind,),) = con.execute(
                "select table_type from information_schema.tables where table_schema || '.' || table_name = ?", [name]
            ).fetchall()
            con.execute(f"drop {'view' if kind == 'VIEW' else 'table'} {name}")
    before = newest_run(page.root)["runId"]
    clicked_at = page.materialize(MODELS)
    run = finished_run(page.root, before)
    if run["status"] != "SUCCESS":
        sys.exit(f"the run ended with {run['status']}")
    return float(run["endTime"]) - clicked_at


if __name__ == "__main__":
    main()
