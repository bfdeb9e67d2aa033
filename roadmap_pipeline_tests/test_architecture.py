"""What holds the house together: who may import whom, what start-up costs, and one location for both entrances."""

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "roadmap_pipeline"
SOURCES = sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Top-level names of the modules that a file imports anywhere."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def is_orchestration(path: Path) -> bool:
    return path == PACKAGE / "definitions.py" or PACKAGE / "orchestration" in path.parents


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_says_what_it_is_for_and_only_orchestration_knows_dagster(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module without a docstring"
    names = {name.split(".")[0] for name in imported(path)}
    if is_orchestration(path):
        assert "__future__" not in names, "future annotations break Dagster's reading of annotations"
    else:
        assert not names & {"dagster"}


@pytest.mark.parametrize(("room", "stranger"), [("github", "notion"), ("notion", "github"), ("warehouse", "github")])
def test_rooms_that_do_not_know_each_other(room: str, stranger: str) -> None:
    for path in (PACKAGE / room).rglob("*.py"):
        assert not [name for name in imported(path) if name.startswith(f"roadmap_pipeline.{stranger}")], path


def loaded_after(statement: str) -> set[str]:
    """The modules that are loaded after a statement in a fresh interpreter without the environment's settings."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env={})
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_definitions_load_without_the_heavy_libraries() -> None:
    loaded = loaded_after("import roadmap_pipeline.definitions")
    assert not loaded & {"pandas", "github", "notion_client"}


def test_reading_commands_load_neither_dagster_nor_the_clients() -> None:
    loaded = loaded_after("import roadmap_pipeline.cli.app, roadmap_pipeline.reports.status")
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
