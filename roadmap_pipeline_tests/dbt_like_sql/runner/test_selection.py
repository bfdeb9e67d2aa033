"""Choosing models as dbt does."""

from pathlib import Path

import pytest

from dbt_like_sql.runner.errors import SelectionError
from dbt_like_sql.runner.project.project import Project
from dbt_like_sql.runner.project.selection import select_models
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import load_project, small_project, write


@pytest.fixture
def project(tmp_path: Path) -> Project:
    more = {
        "models/marts/a.sql": "select r.repo from marts.runs_by_repo as r",
        "models/marts/b.sql": "select r.repo from marts.a as r",
        "models/publish/c/c.sql": "select r.repo from config.repositories as r",
        "models/publish/c/d.sql": "select r.repo from config.repositories as r",
        "models/marts/more.yml": "models:\n"
        + "".join(
            f"  - {{name: {name}, description: x, config: {{tags: [t{name}]}},"
            " columns: [{name: repo, description: x}]}\n"
            for name in "abcd"
        ),
    }
    return load_project(write(tmp_path / "dbt_like_sql", small_project() | more))


@pytest.mark.parametrize(
    ("specs", "expected"),
    [
        (["stg_runs"], "stg_runs"),
        (["staging.stg_runs"], "stg_runs"),
        (["marts"], "runs_by_repo a b"),
        (["marts.*"], "runs_by_repo a b"),
        (["path:models/marts/a.sql"], "a"),
        (["path:models/publish/c/d.sql"], "d"),
        (["path:models/publish/c"], "c d"),
        (["publish"], "c d"),
        (["publish.c.*"], "c"),  # the table, not the folder of that name
        (["publish.c.d"], "d"),
        (["tag:tb"], "b"),
        (["stg_runs+"], "stg_runs runs_by_repo a b"),
        (["stg_runs+1"], "stg_runs runs_by_repo"),
        (["+a"], "stg_runs runs_by_repo a"),
        (["1+a"], "runs_by_repo a"),
        (["1+a+1"], "runs_by_repo a b"),
        (["stg_runs b"], "stg_runs b"),
        (["stg_runs", "b"], "stg_runs b"),
        (["+a,marts"], "runs_by_repo a"),
        (["state:modified"], "a"),
        (["state:modified+"], "a b"),
    ],
)
def test_what_a_selection_names(project: Project, specs: list[str], expected: str) -> None:
    keys = select_models(project, specs, lambda model: model.name == "a")
    assert {name for _, name in keys} == set(expected.split())


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("runs_by_rep", "no model is called runs_by_rep; did you mean runs_by_repo?"),
        ("tag:zz", "no model is called tag:zz"),
        ("owner:me", "unknown method owner: in owner:me"),
        ("a+b", "is no selection"),
    ],
)
def test_what_names_nothing_is_refused(project: Project, spec: str, message: str) -> None:
    with pytest.raises(SelectionError) as error:
        select_models(project, [spec], lambda _: False)
    assert message in str(error.value)
