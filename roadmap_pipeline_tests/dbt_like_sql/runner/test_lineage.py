"""Column lineage."""

from pathlib import Path

from dbt_like_sql.runner.build.building import build
from dbt_like_sql.runner.project.lineage import column_lineage
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import (
    MARTS_YML,
    load_project,
    new_database,
    small_project,
    write,
)


def test_columns_lead_to_the_parents_columns_they_are_computed_from(tmp_path: Path) -> None:
    project = load_project(write(tmp_path, small_project()))
    with new_database() as con:
        build(con, project)
        assert column_lineage(project.model("stg_runs"), con) == {
            name: (("raw", "workflow_runs", name),)
            for name in ("repo", "run_id", "run_attempt", "conclusion", "created_at")
        }
        assert column_lineage(project.model("runs_by_repo"), con) == {
            "repo": (("staging", "stg_runs", "repo"),),
            "runs": (),
            "pass_rate": (("staging", "stg_runs", "conclusion"),),
        }


def test_sql_beyond_the_parser_has_no_lineage_but_builds(tmp_path: Path) -> None:
    sql = (
        "pivot (select s.repo, s.run_id as runs, s.conclusion from staging.stg_runs as s) on conclusion using sum(runs)"
    )
    files = small_project() | {
        "models/marts/runs_by_repo.sql": f"from ({sql}) as p select p.repo, 1 as runs, 1.0::double as pass_rate",
        "models/marts/schema.yml": MARTS_YML,
    }
    project = load_project(write(tmp_path, files))
    with new_database() as con:
        build(con, project)
        lineage = column_lineage(project.model("runs_by_repo"), con)
    assert lineage == {} or lineage["runs"] == ()
