"""Descriptions that several columns share."""

from pathlib import Path

import pytest
import yaml

from dbt_like_sql.runner.dbt_export.export import dbt_project
from dbt_like_sql.runner.project.problems import ProjectError
from dbt_like_sql.runner.project.project import Project
from roadmap_pipeline.warehouse.models import dbt_naming
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import MARTS_YML, load_project, small_project, write

_BLOCK = "{% docs repo %}\nOwner and\nname.\n{% enddocs %}\n"


def _load(tmp_path: Path, blocks: str, description: str) -> Project:
    yml = MARTS_YML.replace("Repository.", description, 1)
    assert yml != MARTS_YML
    return load_project(
        write(tmp_path / "p", small_project() | {"models/marts/schema.yml": yml, "models/docs.md": blocks})
    )


def test_a_description_may_name_a_block(tmp_path: Path) -> None:
    project = _load(tmp_path, _BLOCK, "\"{{ doc('repo') }}\"")
    assert project.model("runs_by_repo").columns[0].description == "Owner and name."
    exported = dbt_project(project, tmp_path / "w.duckdb", tmp_path / "dbt", dbt_naming())
    assert exported["models/docs.md"].decode() == _BLOCK
    (model,) = yaml.safe_load(exported["models/marts/runs_by_repo.yml"])["models"]
    assert model["columns"][0]["description"] == "{{ doc('repo') }}"


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        ("", r"marts/schema\.yml:\d+: there is no block repo of docs"),
        (_BLOCK + _BLOCK, r"docs\.md:5: there are two blocks repo"),
    ],
)
def test_a_block_is_there_once(tmp_path: Path, blocks: str, said: str) -> None:
    with pytest.raises(ProjectError, match=said):
        _load(tmp_path, blocks, "'{{ doc(\"repo\") }}'")
