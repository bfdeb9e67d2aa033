"""The model that ``docs/models.md`` teaches to add can be added."""

import re
import shutil
from pathlib import Path

from dbt_like_sql.runner.testing.unit_tests import run_unit_tests
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.models import build_model, load_project, project_directory
from roadmap_pipeline_tests.conftest import Ran

_FILE = re.compile(r"^`dbt_like_sql/(\S+)`.*?^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGE = Path(__file__).parents[1] / "docs" / "models.md"


def test_the_model_of_the_page_can_be_added(ran: Ran, tmp_path: Path) -> None:
    directory = shutil.copytree(project_directory(), tmp_path / "dbt_like_sql")
    files = _FILE.findall(PAGE.read_text(encoding="utf-8"))
    assert [Path(name).suffix for name, _ in files] == [".sql", ".yml"]
    for name, text in files:
        (directory / name).write_text(text, encoding="utf-8")
    project = load_project(directory)
    (model,) = (model for model in project.models if model.name == "runs_by_actor")
    results = {result.name: result for result in run_unit_tests(project)}
    assert all(results[test.name].passed for test in model.unit_tests)
    copy = shutil.copyfile(ran.settings.warehouse, tmp_path / "copy.duckdb")
    with connect(copy) as con:
        result = build_model(con, project, model)
    assert result.rows is not None and result.rows > 0
    assert result.tests and all(test.passed for test in result.tests)
