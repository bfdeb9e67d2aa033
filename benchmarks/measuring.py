"""The common part of benchmarks: a private copy of the project to run in, processes timed from outside, tables.

Belongs here: nothing that knows what is measured.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_COPIED = ("roadmap_pipeline", "dbt_like_sql")
_COPIED_FILES = ("setup.cfg", "dagster.yaml", "pyproject.toml")


@contextmanager
def project_copy() -> Iterator[Path]:
    """Yield a temporary copy of the project as it lies there, with an empty warehouse, sandbox and DAGSTER_HOME."""
    with tempfile.TemporaryDirectory(prefix="roadmap-benchmark-") as folder:
        copy = Path(folder) / "project"
        for name in _COPIED:
            shutil.copytree(ROOT / name, copy / name)
        for name in _COPIED_FILES:
            shutil.copy2(ROOT / name, copy / name)
        yield copy


def environment(copy: Path | None = None) -> dict[str, str]:
    """Return this process's environment without settings of the project; with ``copy`` its package is imported.

    What Python and the project keep to start faster is kept, as it is in people's shells.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GITHUB_", "NOTION_", "ROADMAP_", "DAGSTER_", "PYTHONDONTWRITEBYTECODE"))
    }
    if copy is not None:
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, [str(copy), os.environ.get("PYTHONPATH")]))
    return kept


def roadmap(*arguments: str) -> list[str]:
    """Return the command line of this interpreter's environment."""
    return [str(Path(sys.executable).parent / "roadmap"), *arguments]


def call(command: Sequence[str], env: Mapping[str, str], cwd: Path) -> tuple[float, str]:
    """Seconds a process took from start to end, and what it printed. Ends the benchmark when the process fails."""
    start = time.perf_counter()
    done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return seconds, done.stdout


def spread(values: Sequence[float], unit: str, digits: int = 2) -> str:
    """Median, and smallest to largest: how far to trust it."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.{digits}f}{unit and ' '}{unit} ({low:,.{digits}f} to {high:,.{digits}f})"


def verdict(reached: bool) -> str:
    """Return whether a bar is reached, in words."""
    return "reached" if reached else "**missed**"


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
