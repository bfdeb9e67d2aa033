"""The product's own models: found, kept as parsed, built with its progress, safe points and errors."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from dbt_like_sql.runner.project.cache import cached
from dbt_like_sql.runner.project.parser import parse_project
from dbt_like_sql.runner.project.sources import Sources
from roadmap_pipeline import interruption
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.interruption import Interrupted
from roadmap_pipeline.progress import Task, reporting
from roadmap_pipeline.warehouse import models
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.models import Project, build, load_project, project_directory, selected_models
from roadmap_pipeline.warehouse.source_tables import SOURCES
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import small_project, write


def _never(directory: Path, _sources: Sources) -> Project:
    raise AssertionError(f"{directory} is parsed though it is kept")


def test_the_project_of_the_package_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (project_directory() / "models").is_dir()


def test_all_of_the_real_project_comes_back_as_it_was_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    shutil.copytree(project_directory(), tmp_path / "p", ignore=shutil.ignore_patterns("__pycache__"))
    parsed = parse_project(tmp_path / "p", SOURCES)
    assert load_project(tmp_path / "p") == parsed
    kept = cached(tmp_path / "p", SOURCES, _never)
    assert kept == parsed
    assert [(model.definition, model.described) for model in kept.models] == [
        (model.definition, model.described) for model in parsed.models
    ]


def test_the_installations_own_models_are_kept_beside_the_warehouse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "bytecode"))
    monkeypatch.setenv("ROADMAP_WAREHOUSE", str(data / "roadmap.duckdb"))
    project = models.project.__wrapped__()
    assert len([path for path in data.rglob("*") if path.is_file()]) == 1
    assert cached(project_directory(), SOURCES, _never, data / ".roadmap-cache") == project
    monkeypatch.setenv("ROADMAP_WAREHOUSE", "md:somewhere")
    assert models.project.__wrapped__() == project


def test_whoever_watches_sees_each_model(tmp_path: Path) -> None:
    seen: list[Any] = []

    class Watcher:
        def start(self, text: str, total: int | None) -> Task:
            seen.append((text, total))
            return self

        def finish(self, task: Task) -> None:
            seen.append("finished")

        def advance(self, n: int = 1) -> None:
            seen.append(n)

        def describe(self, text: str) -> None:
            seen.append(text)

        def expect(self, total: int) -> None:
            seen.append(total)

    project = load_project(write(tmp_path / "p", small_project()))
    with reporting(Watcher()), connect(tmp_path / "roadmap.duckdb") as con:
        build(con, project)
    assert seen == [("Building models", 2), "staging.stg_runs", 1, "marts.runs_by_repo", 1, "finished"]


def test_a_build_stops_when_it_is_asked_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop() -> None:
        raise Interrupted

    project = load_project(write(tmp_path / "p", small_project()))
    with connect(tmp_path / "roadmap.duckdb") as con:
        monkeypatch.setattr(interruption, "check", stop)
        with pytest.raises(Interrupted):
            build(con, project)
        monkeypatch.undo()
        assert con.execute("select count(*) from build.models").fetchall() == [(0,)]


def test_a_selection_of_nothing_is_wrong_usage(tmp_path: Path) -> None:
    with connect(tmp_path / "roadmap.duckdb") as con:
        assert selected_models(con, ["marts.ci_weekly"]) == {("marts", "ci_weekly")}
        with pytest.raises(ConfigurationError) as error:
            selected_models(con, ["marts.ci_wekly"])
    assert error.value.problems == ("--select: no model is called marts.ci_wekly; did you mean marts.ci_weekly?",)
