"""A small SQL project that tests write to a folder and then break."""

from pathlib import Path

STG_RUNS = """-- One row per attempt.
select
    r.repo,
    r.run_id,
    r.run_attempt,
    r.conclusion,
    r.created_at
from raw.workflow_runs as r
"""

STAGING_YML = """\
version: 2
models:
  - name: stg_runs
    description: Attempts.
    columns:
      - name: repo
        description: Repository.
        data_tests: [not_null]
      - {name: run_id, description: Run.}
      - {name: run_attempt, description: Attempt.}
      - {name: conclusion, description: Conclusion.}
      - {name: created_at, description: Created (UTC).}
    data_tests:
      - unique_combination_of_columns:
          combination_of_columns: [run_id, run_attempt]
"""

RUNS_BY_REPO = """with counted as (
    select s.repo, count(*) as runs, avg((s.conclusion = 'success')::int) as pass_rate
    from staging.stg_runs as s
    group by s.repo
)
select counted.repo, counted.runs, counted.pass_rate from counted
"""

MARTS_YML = """\
version: 2
models:
  - name: runs_by_repo
    description: It's the number of attempts by repository.
    columns:
      - {name: repo, description: Repository., data_tests: [unique, not_null]}
      - {name: runs, description: Attempts.}
      - {name: pass_rate, description: Share of attempts that succeeded.}
"""


def small_project() -> dict[str, str]:
    """Files of a project that loads: stg_runs (table) and runs_by_repo (table) on raw.workflow_runs."""
    return {
        "models/staging/stg_runs.sql": STG_RUNS,
        "models/staging/schema.yml": STAGING_YML,
        "models/marts/runs_by_repo.sql": RUNS_BY_REPO,
        "models/marts/schema.yml": MARTS_YML,
    }


def write(directory: Path, files: dict[str, str]) -> Path:
    """Write ``files`` (text by relative path) under ``directory`` and return it."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory
