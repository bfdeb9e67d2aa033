"""The time that a lake takes against a file: reading GitHub with one worker and two, building, one more day.

    ROADMAP_LAKE=.venv-lake/bin/python python benchmarks/lake.py [--runs 20000]

Both with the DuckDB whose extensions exist as packages, in the environment of ``make test-lake``; PostgreSQL and S3 are
servers on the same machine, so that a network's way to them is left out, and their processors' time is not.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from measuring import ROOT, table

RUNS = 20_000
WEEKS = 8
"""Of the simulated organisation's history that are read."""
ANSWER_S = 0.1
"""The time that the simulated GitHub takes to answer, as the real one does."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, default=RUNS, help="length of the synthetic history (default: %(default)s)")
    runs = parser.parse_args().runs
    interpreter = Path(os.environ.get("ROADMAP_LAKE", ROOT / ".venv-lake" / "bin" / "python"))
    if Path(sys.prefix).resolve() != interpreter.parent.parent.resolve():
        if not interpreter.exists():
            print("no environment of a lake: make test-lake makes it", file=sys.stderr)
            return
        command = [interpreter.absolute(), str(Path(__file__).resolve()), "--runs", str(runs)]
        sys.exit(subprocess.run(command, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}).returncode)

    from roadmap_pipeline_tests.warehouse.lake.servers import lake_servers

    with lake_servers() as servers, tempfile.TemporaryDirectory(prefix="roadmap-benchmark-") as folder:
        os.environ |= servers.environment
        os.chdir(folder)
        read = readings(servers, Path(folder))
        built = builds(servers, Path(folder), runs)
    print(section(read, built, runs))


def readings(servers: Any, folder: Path) -> dict[str, float]:
    """Seconds of reading the simulated organisation: by one process into a file and a lake, by two into a lake."""
    from roadmap_pipeline_tests.stopped import small
    from roadmap_sandbox.github.faults import Fault
    from roadmap_sandbox.organisation import generate

    content, _ = generate(weeks=WEEKS)
    names = list(content.repositories)
    found = {}
    with small(folder, content) as world:
        world.github.faults.add(Fault("slow", seconds=ANSWER_S), times=1_000_000)
        settings = {
            **os.environ,
            **world.environment,
            "GITHUB_REPOSITORY": ",".join(names),
            "ROADMAP_NOW": content.clock.isoformat(),
        }
        for name, warehouse, parts in (
            ("file, one process", str(folder / "read.duckdb"), [names]),
            ("lake, one worker", servers.address("one"), [names]),
            ("lake, two workers", servers.address("two"), [names[:1], names[1:]]),
        ):
            found[name] = _seconds_of_workers({**settings, "ROADMAP_WAREHOUSE": warehouse}, parts)
    return found


def _seconds_of_workers(environment: Mapping[str, str], parts: Sequence[Sequence[str]]) -> float:
    program = str(Path(sys.executable).parent / "roadmap")
    start = time.perf_counter()
    workers = [
        subprocess.Popen(
            [program, "ingest", *(word for name in part for word in ("--repository", name))],
            env=dict(environment),
            stdout=subprocess.DEVNULL,
        )
        for part in parts
    ]
    if any(worker.wait() for worker in workers):
        sys.exit("a worker failed")
    return time.perf_counter() - start


def builds(servers: Any, folder: Path, runs: int) -> dict[str, dict[str, float]]:
    """Seconds of all that is done to a synthetic history, and its bytes, in a file and in a lake."""
    from model_build import RUNS_A_DAY, fill

    from roadmap_pipeline.warehouse.compaction import compact

    found: dict[str, dict[str, float]] = {}
    for name, warehouse in (("file", folder / "history.duckdb"), ("lake", servers.address("history"))):
        figures = found[name] = {}
        start = time.perf_counter()
        fill(warehouse, runs, 0, runs)
        figures["writing"] = time.perf_counter() - start
        figures["first build"] = _build(warehouse)["seconds"]
        figures["nothing changed"] = _build(warehouse)["seconds"]
        fill(warehouse, runs + RUNS_A_DAY, runs, runs + RUNS_A_DAY, days=1)
        figures["one day more"] = _build(warehouse)["seconds"]
        start = time.perf_counter()
        done = compact(warehouse, 1.0)
        figures["compacting"] = time.perf_counter() - start
        figures["bytes"] = done.after.bytes
    return found


def _build(warehouse: Path | str) -> dict[str, Any]:
    script = Path(__file__).resolve().with_name("model_build.py")
    command = [sys.executable, str(script), "--measure", "build", str(warehouse)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def section(read: Mapping[str, float], built: Mapping[str, Mapping[str, float]], runs: int) -> str:
    """Return the Markdown section."""
    import duckdb

    one, two = read["lake, one worker"], read["lake, two workers"]
    lines = [
        "## A lake against a file\n",
        f"DuckDB {duckdb.__version__} for both. The catalog is in PostgreSQL {_postgres()}, the rows are in moto's S3,"
        " all on this machine: a real bucket is farther away, and faster than a simulator written in Python.\n",
        f"Reading {WEEKS} weeks of the simulated organisation of three repositories, whose GitHub answers after"
        f" {ANSWER_S:g} s; whole processes:\n",
        table(["into", "seconds", "against the file"], [
            [name, f"{seconds:.1f}", f"{seconds / read['file, one process']:.2f} ×"] for name, seconds in read.items()
        ]),
        f"\nTwo workers take {two / one:.2f} × as long as one.\n",
        f"A synthetic history of {runs:,} runs with 8 jobs each:\n",
        table(["step", "file", "lake", "ratio"], [
            [step, f"{built['file'][step]:.1f} s", f"{built['lake'][step]:.1f} s",
             f"{built['lake'][step] / built['file'][step]:.1f} ×"]
            for step in ("writing", "first build", "nothing changed", "one day more", "compacting")
        ]),
        f"\nCompacted, the file has {built['file']['bytes'] / 1e6:,.0f} MB and the lake"
        f" {built['lake']['bytes'] / 1e6:,.0f} MB: {built['file']['bytes'] / runs * 1e6 / 1e9:.2f} and"
        f" {built['lake']['bytes'] / runs * 1e6 / 1e9:.2f} GB a million runs, tables and models together.",
    ]  # fmt: skip
    return "\n".join(lines)


def _postgres() -> str:
    words = subprocess.run(["psql", "--version"], capture_output=True, text=True, check=False).stdout.split()
    return words[2] if len(words) > 2 and shutil.which("psql") else ""


if __name__ == "__main__":
    main()
