"""The order of the house: the form of its files, what start-up costs, and one location for both entrances.

Who may import whom is told to import-linter, in ``pyproject.toml``.
"""

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from roadmap_pipeline import pipeline

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "roadmap_pipeline",
    "dbt_like_sql",
    "roadmap_sandbox",
    "roadmap_pipeline_tests",
    "benchmarks",
    "docs",
    "scripts",
)
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LONGEST_FILE = 500
LONGEST_FUNCTION = 60
NO_FIRST_WORDS = frozenset({"what", "whether", "who", "where", "how", "why", "which", "when"})


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_short_and_say_what_they_are_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree) or path.name == "__init__.py", "a module without a docstring"
    assert text.count("\n") <= LONGEST_FILE
    long = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions(tree)}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FUNCTION} == {}
    # of modules, classes and functions, and those that stand below a constant
    docstrings = [
        node.value.value.split()
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    assert [" ".join(words[:9]) for words in docstrings if words[0].lower() in NO_FIRST_WORDS] == []


def test_orchestration_has_no_future_annotations() -> None:
    """They break Dagster's reading of annotations."""
    for path in (ROOT / "roadmap_pipeline" / "orchestration").rglob("*.py"):
        assert "\nfrom __future__ import" not in path.read_text(encoding="utf-8"), path


def loaded_after(statement: str) -> set[str]:
    """Return the modules loaded after a statement in a fresh interpreter without the environment's settings."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env={})
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_definitions_load_without_the_heavy_libraries() -> None:
    loaded = loaded_after("import roadmap_pipeline.definitions")
    assert not loaded & {"pandas", "github", "notion_client", "sklearn", "sqlalchemy"}
    assert not {name for name in loaded if name.startswith("roadmap_pipeline.pipeline.")} - {
        "roadmap_pipeline.pipeline.repository_discovery"  # the sensors' own
    }, "stages are loaded when they are called"


def test_every_stage_that_the_stub_names_is_found_when_it_is_called() -> None:
    code = "from roadmap_pipeline import pipeline; print(*(getattr(pipeline, name).__name__ for name in dir(pipeline)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env={})
    names = done.stdout.split()
    assert sorted(names) == sorted(dir(pipeline))
    assert {"ingest", "build_all", "sync", "two_way", "diagnose"} <= set(names)


def test_reading_commands_load_neither_dagster_nor_the_clients() -> None:
    loaded = loaded_after("import roadmap_pipeline.cli.app, roadmap_pipeline.reports.status")
    assert not loaded & {"dagster", "pandas", "github", "notion_client", "starlette", "pyarrow"}


def test_explaining_loads_none_of_them_either() -> None:
    loaded = loaded_after(
        "import roadmap_pipeline.cli.app, roadmap_pipeline.explain.answers, roadmap_pipeline.cli.rendering.explain"
    )
    assert not loaded & {"dagster", "pandas", "github", "notion_client", "starlette", "pyarrow"}


def test_the_loop_for_unknown_failures_loads_none_of_them_either() -> None:
    loaded = loaded_after(
        "import roadmap_pipeline.cli.app, roadmap_pipeline.reports.unknown, roadmap_pipeline.warehouse.query,"
        " roadmap_pipeline.failures.back_test, roadmap_pipeline.cli.rendering.failures"
    )
    assert not loaded & {"dagster", "pandas", "github", "notion_client", "starlette", "pyarrow"}


def test_workspace_and_pyproject_name_the_same_location() -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))
    (entry,) = workspace["load_from"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["dg"]["project"]
    assert entry["python_module"]["module_name"] == project["code_location_target_module"]
    assert entry["python_module"]["location_name"] == project["code_location_name"]


def test_every_dependency_is_pinned_in_the_constraints() -> None:
    import configparser
    import re

    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    for line in config["options"]["install_requires"].split():
        name = re.split(r"[\[<>=~!]", line)[0].lower().replace("_", "-")
        assert name in pinned, name
