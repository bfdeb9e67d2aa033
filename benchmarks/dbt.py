"""The same models built by this project and by dbt-duckdb on the project that `roadmap export-dbt` writes.

    ROADMAP_DBT=.venv-dbt/bin/dbt python benchmarks/dbt.py [--runs 10000 1000000 10000000]

Synthetic runs of 8 jobs. Whole processes, interleaved, each on a fresh copy of the same file.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import duckdb
import model_build
from measuring import ROOT, call, environment, project_copy, roadmap, spread, table, verdict

from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.warehouse.connection import connect, transaction
from roadmap_pipeline.warehouse.models import build, load_project, project_directory
from roadmap_pipeline.warehouse.parameters import store_parameters
from roadmap_pipeline.warehouse.source_tables import replace_rows

SIZES = (10_000, 1_000_000, 10_000_000)
SMALL, HUGE = 10_000, 10_000_000
SMALL_TIMES, LARGE_TIMES = 5, 1
SMALL_BAR, LARGE_BAR, DAY_BAR = 6.0, 1.0, 6.0
ARROW_ROWS = 50_000


@dataclass(frozen=True)
class Took:
    """The cost of a process: seconds on the wall and of processors, and megabytes at the most."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, nargs="+", default=SIZES, help="sizes to measure (default: %(default)s)")
    parser.add_argument("--times", type=int, help=f"how often each (default: {SMALL_TIMES}, or {LARGE_TIMES})")
    parser.add_argument("--build", metavar="WAREHOUSE", help="build the models of a warehouse once, in this process")
    parser.add_argument("--untested", action="store_true", help="with --build: without any test")
    arguments = parser.parse_args()
    if arguments.build is not None:
        build_once(arguments.build, tested=not arguments.untested)
        return
    found = Path(os.environ.get("ROADMAP_DBT", ROOT / ".venv-dbt" / "bin" / "dbt")).resolve()
    if not found.exists():
        sys.exit(f"{found}: there is no dbt; `make bench` installs it, or set ROADMAP_DBT")
    rows, notes = [], []
    with project_copy() as copy, tempfile.TemporaryDirectory(prefix="roadmap-dbt-") as folder:
        for runs in arguments.runs:
            comparison = Comparison(runs, arguments.times, found, copy, Path(folder))
            rows += comparison.rows()
            notes += comparison.notes
    print("## Against dbt\n")
    print(
        f"{versions(found)} on the exported project against this project's runner: the same models, the same data"
        f" tests, unit tests and tests across models, on synthetic runs of {model_build.JOBS} jobs each. Whole"
        f" processes from start to end, interleaved, median of {arguments.times or SMALL_TIMES}"
        f" ({arguments.times or LARGE_TIMES} above {SMALL:,} runs), each on a copy of the same file; dbt starts with"
        " the project parsed before (partial parsing) and has 4 threads. dbt computes every model as a whole each time."
        " The bars are for what a build is: models and tests. *One day more*: all models were built, then the runs of"
        f" one day were added; at {SMALL:,} runs that nearly doubles the history.\n"
    )
    headers = ["runs", "what", "this project", "dbt", "dbt takes", "bar", "", "CPU", "peak memory"]
    print(table(headers, rows))
    print("".join(f"\n{note}\n" for note in notes), end="")


def versions(dbt: Path) -> str:
    """Return dbt's own and the adapter's version, as a part of a sentence."""
    code = "import sys; from importlib.metadata import version; print(*(version(name) for name in sys.argv[1:]))"
    names = ("dbt-core", "dbt-duckdb")
    _, found = call([str(dbt.with_name("python")), "-c", code, *names], environment(), ROOT)
    return " with ".join(f"{name} {version}" for name, version in zip(names, found.split(), strict=True))


class Comparison:
    """Both runners on one size."""

    def __init__(self, runs: int, times: int | None, dbt: Path, copy: Path, folder: Path) -> None:
        self.runs = runs
        self.dbt = dbt
        self.copy = copy
        self.folder = folder
        self.times = times or (SMALL_TIMES if runs <= SMALL else LARGE_TIMES)
        # dbt parses the whole project anew when the path in its profile changes: always the same file.
        self.working = folder / "working.duckdb"
        self.exported = folder / "exported"
        self.notes: list[str] = []

    def rows(self) -> list[list[object]]:
        """Lines of the table."""
        bar = SMALL_BAR if self.runs <= SMALL else LARGE_BAR
        model_build.fill(self.working, self.runs, 0, self.runs)
        raw = self.working.rename(self.folder / "raw.duckdb")
        call(roadmap("export-dbt", str(self.exported)), self._environment(), self.copy)
        self._dbt("parse")
        lines = []
        if self.runs < HUGE:  # each would take as long again, and show nothing that a million runs don't
            ours, theirs = self._measure({"ours": raw, "theirs": raw}, "run")
            lines.append(self._line("models alone", ours, theirs, None if self.runs <= SMALL else bar))
            if self.runs <= SMALL:
                self.notes.append(self._bare(raw, theirs))
        lines.append(self._line("models and tests", *self._measure({"ours": raw, "theirs": raw}, "build"), bar))
        built = {side: self.folder / f"{side}.duckdb" for side in ("ours", "theirs")}
        check_rows(*built.values())
        raw.unlink()
        if self.runs < HUGE:
            for path in built.values():
                add_day(path, self.runs)
            lines.append(self._line("one day more, models and tests", *self._measure(built, "build"), DAY_BAR))
        for path in built.values():
            path.unlink()
        return lines

    def _measure(self, files: Mapping[str, Path], what: str) -> tuple[list[Took], list[Took]]:
        """Figures of each side; what the last run made of its file stays as ``ours.duckdb`` and ``theirs.duckdb``."""
        took: dict[str, list[Took]] = {side: [] for side in files}
        for _ in range(self.times):
            for side, path in files.items():
                shutil.copyfile(path, self.working)
                took[side].append(self._run(side, what))
                self.working.rename(self.folder / f"{side}-built.duckdb")
        for side in files:
            (self.folder / f"{side}-built.duckdb").replace(self.folder / f"{side}.duckdb")
        return took["ours"], took["theirs"]

    def _run(self, side: str, what: str) -> Took:
        if side == "theirs":
            return self._dbt(what)
        command = [sys.executable, str(Path(__file__).resolve()), "--build", str(self.working)]
        return timed([*command, *(["--untested"] if what == "run" else [])], self._environment(), self.copy)

    def _dbt(self, what: str) -> Took:
        return timed([str(self.dbt), "--quiet", what], self._environment(), self.exported)

    def _environment(self) -> dict[str, str]:
        return environment(self.copy) | {"ROADMAP_WAREHOUSE": str(self.working)}

    def _bare(self, raw: Path, theirs: Sequence[Took]) -> str:
        """Return what no runner can be faster than."""
        program = str(Path(model_build.__file__).resolve())
        took = []
        for _ in range(self.times):
            shutil.copyfile(raw, self.working)
            command = [sys.executable, program, "--measure", "bare", str(self.working)]
            took.append(timed(command, self._environment(), self.copy))
            self.working.unlink()
        seconds = median(took, "seconds")
        return (
            f"With models alone no runner could reach that at {self.runs:,} runs: a process that only runs the SELECTs"
            f" in bare DuckDB, one after the other, takes {seconds:.2f} s, and dbt"
            f" {median(theirs, 'seconds') / seconds:.1f} × as long."
        )

    def _line(self, what: str, ours: Sequence[Took], theirs: Sequence[Took], bar: float | None) -> list[object]:
        ratio = median(theirs, "seconds") / median(ours, "seconds")
        return [
            f"{self.runs:,}",
            what,
            spread([took.seconds for took in ours], "s"),
            spread([took.seconds for took in theirs], "s"),
            f"{ratio:.1f} ×",
            *(("", "") if bar is None else (f"≥ {bar:g} ×", verdict(ratio >= bar))),
            f"{median(ours, 'cpu_seconds'):.1f} / {median(theirs, 'cpu_seconds'):.1f} s",
            f"{median(ours, 'peak_mb'):,.0f} / {median(theirs, 'peak_mb'):,.0f} MB",
        ]


def median(values: Sequence[Took], name: str) -> float:
    """Of one figure."""
    return statistics.median(getattr(took, name) for took in values)


def timed(command: Sequence[str], env: Mapping[str, str], cwd: Path) -> Took:
    """Run a process to its end; what it printed is shown when it fails, and the benchmark ends."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, env=env, cwd=cwd, stdout=output, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{output.read().decode()[-2000:]}")
    # Kilobytes, but bytes on macOS.
    peak = used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return Took(seconds, used.ru_utime + used.ru_stime, peak)


def build_once(path: str, *, tested: bool) -> None:
    """Do what ``dbt build`` does (``dbt run``, when not ``tested``) and print what it came to as JSON."""
    project = load_project(project_directory())
    if not tested:
        without = {"tests": (), "singular_tests": (), "unit_tests": ()}
        project = replace(project, models=tuple(replace(model, **without) for model in project.models))
    with connect(path) as con:
        models = build(con, project)
    print(json.dumps({"models": len(models)}))


def check_rows(ours: Path, theirs: Path) -> None:
    """End the benchmark when the two don't have the same numbers of rows (make test-dbt compares the rows)."""
    counted = []
    for path in (ours, theirs):
        with duckdb.connect(str(path), read_only=True) as con:
            models = load_project(project_directory()).models
            names = [f"select '{model.qualified_name}', count(*) from {model.qualified_name}" for model in models]
            counted.append(con.execute(" union all ".join(names) + " order by 1").fetchall())
    if counted[0] != counted[1]:
        sys.exit(f"the two built different tables: {set(counted[0]) ^ set(counted[1])}")


def add_day(path: Path, runs: int) -> None:
    """Write the last day's runs and jobs once more, a day later, as an ingest writes; the clock goes on a day."""
    settings = load_settings(
        {
            "GITHUB_TOKEN": "none",
            "GITHUB_REPOSITORY": ",".join(model_build.REPOSITORIES),
            "ROADMAP_NOW": (model_build.NOW + timedelta(days=1)).isoformat(),
        },
        path.parent,
    )
    later = ", ".join(
        f"{name} + interval 1 day as {name}" for name in ("created_at", "started_at", "completed_at", "read_at")
    )
    last = "(select max(r.created_at) - interval 1 day from raw.workflow_runs as r)"
    queries = {
        "raw.workflow_runs": f"select * replace (run_id + {runs} as run_id, created_at + interval 1 day as created_at,"
        " run_started_at + interval 1 day as run_started_at, updated_at + interval 1 day as updated_at,"
        f" read_at + interval 1 day as read_at) from raw.workflow_runs where created_at > {last}",
        "raw.workflow_jobs": f"select * replace (run_id + {runs} as run_id, job_id + {runs} * 100 as job_id, {later})"
        f" from raw.workflow_jobs where run_id in (select run_id from raw.workflow_runs where created_at > {last})",
    }
    with connect(path) as con:
        # Both before either is written: the jobs are chosen by the runs.
        found = {name: con.sql(query).to_arrow_table() for name, query in queries.items()}
        with transaction(con):
            for name, rows in found.items():
                for batch in rows.to_batches(max_chunksize=ARROW_ROWS):
                    replace_rows(con, name, batch.to_pylist())
        store_parameters(con, settings)


if __name__ == "__main__":
    main()
