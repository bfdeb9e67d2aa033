"""A project on which its cache is tested: its files, whether it is kept, and other interpreters that load it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dbt_like_sql
from dbt_like_sql.runner.project.cache import cache_file, cached
from dbt_like_sql.runner.project.parser import parse_project
from dbt_like_sql.runner.project.project import Project
from dbt_like_sql.runner.project.sources import Sources
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import (
    SOURCES,
    small_project,
)

PACKAGE = Path(dbt_like_sql.__file__).parent

FILES = small_project() | {
    "models/marts/unit.yaml": """\
unit_tests:
  - name: counts
    model: runs_by_repo
    given:
      - {input: ref('stg_runs'), rows: [{repo: a, conclusion: success, created_at: 2026-11-09 10:00:00}]}
    expect: {rows: [{repo: a, runs: 1, pass_rate: 1.0}]}
""",
    "seeds/reference/rates.csv": "label,cents\nubuntu,1\n",
    "seeds/schema.yml": """\
seeds:
  - name: rates
    description: What a minute costs.
    config: {column_types: {cents: integer}}
    columns: [{name: label, description: Label.}, {name: cents, description: Cents a minute.}]
""",
    "tests/no_run.sql": "select r.run_id from staging.stg_runs as r where r.run_id = 0",
    "tests/no_repo.sql": "select r.repo from marts.runs_by_repo as r where r.repo = ''",
}


def never(directory: Path, _sources: Sources) -> Project:
    raise AssertionError(f"{directory} is parsed though it is kept")


def kept(directory: Path, data: Path | None = None) -> Project:
    """Return the project that is kept; fails when there is none."""
    return cached(directory, SOURCES, never, data and data / ".roadmap-cache")


def is_kept(directory: Path, project: Project) -> bool:
    return kept(directory) == project


def parsed(directory: Path) -> Project:
    return parse_project(directory, SOURCES)


def around(directory: Path) -> list[str]:
    """List all that lies in the folder where the project is kept."""
    return sorted(path.name for path in cache_file(directory).parent.iterdir())


_SOURCES = f"from dbt_like_sql.runner.project.sources import Column, Sources, SourceTable\nSOURCES = {SOURCES!r}\n"


def run(code: str, *arguments: Path, path: str = str(PACKAGE.parent)) -> subprocess.Popen[str]:
    """Start another interpreter that writes bytecode, with the package from ``path``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.Popen(
        [sys.executable, "-c", _SOURCES + code, *map(str, arguments)],
        env=environment | {"PYTHONPATH": path},
        cwd="/",
        stdout=subprocess.PIPE,
        text=True,
    )


def says(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output.strip()


def edit(name: str, old: str, new: str) -> Callable[[Path], object]:
    assert old in FILES[name]
    return lambda directory: (directory / name).write_text(FILES[name].replace(old, new), encoding="utf-8")
