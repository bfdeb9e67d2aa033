"""Entries of critical_workflows that no repository has are named, with what was probably meant."""

from pathlib import Path

import pytest

from roadmap_pipeline.configuration import Configuration
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.critical_workflows import unknown_critical_workflows
from roadmap_pipeline.warehouse.source_tables import replace_rows

FOLDER = ".github/workflows/"


@pytest.mark.parametrize(
    ("entries", "sentences"),
    [
        ({"a/b": ["ci.yml", f"{FOLDER}release.yml"]}, []),
        ({"a/b": ["tests.yml"]}, []),  # as it was called when it ran last
        ({"A/B": ["ci.yml"]}, []),  # however the repository is written
        ({"a/b": ["relase.yml"]}, ["critical_workflows: a/b has no workflow relase.yml; closest: release.yml"]),
        (
            {"a/b": ["CI.yaml", "ci.yml", "docs/x"]},
            [
                "critical_workflows: a/b has no workflow CI.yaml; closest: ci.yml",
                "critical_workflows: a/b has no workflow docs/x; it has ci.yml, dynamic/pages, release.yml, tests.yml",
            ],
        ),
        ({"a/c": ["ci.yml"]}, []),  # its workflows could not be read
        ({"a/d": ["ci.yml"]}, []),  # nothing of it was read
    ],
)
def test_what_matches_no_workflow_is_named(tmp_path: Path, entries: dict[str, list[str]], sentences: list[str]) -> None:
    with connect(tmp_path / "w.duckdb") as con:
        replace_rows(con, "raw.repositories", [{"repo": "a/b", "repository_id": 1}])
        paths = [f"{FOLDER}ci.yml", f"{FOLDER}release.yml", "dynamic/pages"]
        workflows = [{"repo": "a/b", "workflow_id": number, "path": path} for number, path in enumerate(paths)]
        replace_rows(con, "raw.workflows", workflows)
        runs = [("a/b", f"{FOLDER}tests.yml"), ("a/c", f"{FOLDER}other.yml")]
        replace_rows(
            con,
            "raw.workflow_runs",
            [
                {"run_id": number, "run_attempt": 1, "repo": repo, "workflow_path": path}
                for number, (repo, path) in enumerate(runs)
            ],
        )
        configuration = Configuration.model_validate({"critical_workflows": entries})
        assert unknown_critical_workflows(con, configuration) == sentences
