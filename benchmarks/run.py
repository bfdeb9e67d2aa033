"""Run benchmarks and write their sections into RESULTS.md.

    python benchmarks/run.py [NAME…]

Each benchmark is a script beside this one that prints a Markdown section; it runs in a process of its own, one after
the other. Without names all run; with names the sections of the others are kept.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "RESULTS.md"
NAMES = (
    "startup",
    "ui_click",
    "main_job",
    "ingest",
    "backfill",
    "bulk_details",
    "organisation",
    "memory",
    "retention",
    "model_build",
    "milestones",
    "lake",
    "dbt",
    "sync",
    "classify_logs",
    "public_logs",
    "forecast",
    "forecast_histories",
)
"""All benchmarks, in the order of the results."""

_SECTION = re.compile(r"<!-- begin (\w+) -->\n(.*?)<!-- end \1 -->\n", re.DOTALL)
_INTRODUCTION = """\
# Benchmarks

Written by `make bench`. A bar is a number to reach; ratios are taken side by side in one run. A figure is a median with
the smallest and the largest value beside it where a measurement was repeated: far apart, they say that the machine was
busy. Absolute figures of different sections may come from different days and loads.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)} (default: all)")
    names = parser.parse_args().names or list(NAMES)
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    failed = []
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        section = measure(name)
        if section is None:
            failed.append(name)
        elif section:
            write(name, section)
    if failed:
        sys.exit(f"failed, and left as they were: {', '.join(failed)}")


def measure(name: str) -> str | None:
    """Return the section that a benchmark prints, with what it was measured on.

    Empty where it had nothing to measure, None when it failed; it said why.
    """
    load = busy()
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(FOLDER / f"{name}.py")], stdout=subprocess.PIPE, text=True, check=False, cwd=FOLDER.parent
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        return None
    if not done.stdout.strip():
        return ""
    return (
        f"{done.stdout.rstrip()}\n\n"
        f"<sub>`python benchmarks/{name}.py` on {datetime.now(UTC):%Y-%m-%d}, {seconds:.0f} s in all; {machine()};"
        f" {load}.</sub>\n"
    )


def machine() -> str:
    """Return what the figures were measured on."""
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()},"
        f" DuckDB {duckdb.__version__}"
    )


def busy() -> str:
    """Return how busy the machine was before; after another benchmark that one counts too."""
    if not hasattr(os, "getloadavg"):
        return "load unknown"
    return f"load average before it began {os.getloadavg()[0]:.1f}, the benchmark before it included"


def write(name: str, section: str) -> None:
    """Put a section in its place; the others stay."""
    text = RESULTS.read_text("utf-8") if RESULTS.exists() else ""
    sections = {found[1]: found[2] for found in _SECTION.finditer(text)} | {name: section}
    parts = [f"<!-- begin {known} -->\n{sections[known]}<!-- end {known} -->\n" for known in NAMES if known in sections]
    RESULTS.write_text("\n".join([_INTRODUCTION, *parts]), "utf-8")


if __name__ == "__main__":
    main()
