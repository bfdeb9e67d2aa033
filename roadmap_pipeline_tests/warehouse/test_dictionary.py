"""The data dictionary."""

import re
from pathlib import Path

from roadmap_pipeline.warehouse import source_tables
from roadmap_pipeline.warehouse.dictionary import data_dictionary
from roadmap_pipeline.warehouse.models import load_project, project
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import MARTS_YML, small_project, write


def test_every_table_and_column_is_there_once(tmp_path: Path) -> None:
    marts = MARTS_YML.replace("description: Attempts.", 'description: "Attempts | all."')
    project = load_project(write(tmp_path, small_project() | {"models/marts/schema.yml": marts}))
    text = data_dictionary(project)
    headings = [line.removeprefix("### ") for line in text.splitlines() if line.startswith("### ")]
    assert headings == [table.qualified_name for table in source_tables.TABLES] + [
        "staging.stg_runs",
        "marts.runs_by_repo",
    ]
    columns = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(columns) == sum(len(table.columns) for table in source_tables.TABLES) + 5 + 3
    assert "| `runs` | Attempts \\| all. |" in columns
    assert "| `login` | VARCHAR | Login, e.g. pre-commit-ci[bot]. |" in columns
    assert "Computed from `staging.stg_runs`." in text
    assert "One row per `run_id`, `run_attempt`." in text


# Words that point at another column or at the table: who sees one column alone (a tool, the file's comments) is lost.
_LEANS = re.compile(
    r"(?:Its?|Their|They|That|Those|These|Such|Same|The same|Ditto|See|Likewise|Also|Of (?:it|them|these|those|the))\b"
    r"|(?:When|Whether|How|Why|Where|Which|Who) (?:it|they|that|those|these|this|one|walk|list)\b(?! (?:is )?n[o']t)"
    r"|[^:;]*\b(?:of|at|in|with) (?:that|those|such an?|such) \w+(?: then)?\.$"
)


def test_every_columns_description_stands_by_itself() -> None:
    described = {
        f"{schema}.{name}": " ".join(text.split())
        for schema, name, text in (
            *(
                (table.qualified_name, column.name, column.description)
                for table in source_tables.TABLES
                for column in table.columns
            ),
            *(
                (model.qualified_name, column.name, column.description)
                for model in project().models
                for column in model.columns
            ),
        )
    }
    assert len(described) > 1000
    assert {name: text for name, text in described.items() if _LEANS.match(text)} == {}
