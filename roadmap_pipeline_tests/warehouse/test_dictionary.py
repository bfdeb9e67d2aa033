"""The data dictionary."""

from pathlib import Path

from roadmap_pipeline.warehouse import raw
from roadmap_pipeline.warehouse.dictionary import data_dictionary
from roadmap_pipeline.warehouse.models import load_project
from roadmap_pipeline_tests.warehouse.small_project import MARTS_YML, small_project, write


def test_every_table_and_column_is_there_once(tmp_path: Path) -> None:
    marts = MARTS_YML.replace("description: Attempts.", 'description: "Attempts | all."')
    project = load_project(write(tmp_path, small_project() | {"models/marts/schema.yml": marts}))
    text = data_dictionary(project)
    headings = [line.removeprefix("### ") for line in text.splitlines() if line.startswith("### ")]
    assert headings == [table.qualified_name for table in raw.TABLES] + ["staging.stg_runs", "marts.runs_by_repo"]
    columns = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(columns) == sum(len(table.columns) for table in raw.TABLES) + 5 + 3
    assert "| `runs` | Attempts \\| all. |" in columns
    assert "| `login` | VARCHAR | Login, e.g. pre-commit-ci[bot]. |" in columns
    assert "Computed from `staging.stg_runs`." in text
    assert "One row per `run_id`, `run_attempt`." in text
