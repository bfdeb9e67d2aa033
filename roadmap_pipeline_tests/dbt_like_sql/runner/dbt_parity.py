"""dbt itself on the exported project: the same tables row for row, the same verdict of every test.

    make test-dbt

Not part of ``make test``: it needs an environment of its own with dbt in it, which ROADMAP_DBT names.
"""

import dataclasses
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from dbt_like_sql.runner.database import identifier, literal
from dbt_like_sql.runner.dbt_export.export import data_test_name, dbt_project
from dbt_like_sql.runner.testing.data_tests import TestResult, run_singular_tests, run_tests
from dbt_like_sql.runner.testing.unit_tests import run_unit_tests
from roadmap_pipeline.warehouse import models, source_tables
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.models import Project, build, dbt_naming, load_project
from roadmap_pipeline_tests.conftest import Ran
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import write

_VERDICTS = {"success": "pass", "pass": "pass", "warn": "warn", "fail": "fail"}
# By type, where it isn't -1; the day begins no week either.
_BELOW_EVERY_BOUND = {"TIMESTAMP": "timestamp '0001-01-03'", "DATE": "date '0001-01-03'", "BOOLEAN": "false"}


def export(project: Project, warehouse: Path, directory: Path) -> Path:
    for name, content in dbt_project(project, warehouse, directory, dbt_naming()).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return directory


def dbt(directory: Path, *words: str) -> dict[str, str]:
    """Run ``dbt …`` and return its verdict on each model and test, by name; anything but a verdict fails here."""
    executable = os.environ.get("ROADMAP_DBT")
    assert executable, "ROADMAP_DBT names no dbt: run this suite with `make test-dbt`"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ROADMAP_", "DBT_"))}
    done = subprocess.run(
        [str(Path(executable).resolve()), *words, "--warn-error-options", '{"error": ["Deprecations"]}'],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    results = json.loads((directory / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    broken = [f"{result['unique_id']}: {result['message']}" for result in results if result["status"] not in _VERDICTS]
    assert not broken, "\n".join(broken)
    return {
        re.sub(r"^(?:model|seed|test)\.roadmap\.|^unit_test\.roadmap\.\w+\.|\.[0-9a-f]{10}$", "", result["unique_id"]):
            _VERDICTS[result["status"]]
        for result in results
    }  # fmt: skip


def verdict(result: TestResult) -> str:
    return "pass" if result.passed else "fail" if result.severity == "error" else "warn"


def verdicts_of_data_tests(path: Path, project: Project) -> dict[str, str]:
    """Our verdicts on what is stored, under dbt's names."""
    verdicts = {}
    with connect(path) as con:
        for model in project.models:
            relation = f"{identifier(model.schema)}.{identifier(model.name)}"
            results = run_tests(con, relation, model.tests, of=model.key)
            for test, result in zip(model.tests, results, strict=True):
                verdicts[data_test_name(model, test)] = verdict(result)
        verdicts |= {result.name: verdict(result) for result in run_singular_tests(con, project)}
    return verdicts


def verdicts_of_unit_tests(project: Project) -> dict[str, str]:
    return {result.name: "pass" if result.passed else "fail" for result in run_unit_tests(project)}


def without_models(path: Path, project: Project) -> None:
    """Take every table and view that a model makes out of a warehouse."""
    with duckdb.connect(str(path)) as con:
        for schema in {model.schema for model in project.models}:
            con.execute(f"drop schema if exists {identifier(schema)} cascade")


def differing(ours: Path, theirs: Path, project: Project) -> list[str]:
    """List what tells the models' tables in two warehouses apart: columns, types, comments, rows."""
    differences = []
    with duckdb.connect(":memory:") as con:
        con.execute(f"attach {literal(str(ours))} as ours (read_only)")
        con.execute(f"attach {literal(str(theirs))} as theirs (read_only)")
        for model in project.models:
            name = f"{identifier(model.schema)}.{identifier(model.name)}"
            described = [
                con.execute(
                    "select column_name, data_type, comment from duckdb_columns()"
                    f" where (database_name, schema_name, table_name) = ('{side}', ?, ?) order by column_index",
                    [model.schema, model.name],
                ).fetchall()
                for side in ("ours", "theirs")
            ]
            if described[0] != described[1]:
                differences.append(f"{name}: columns, types or comments")
            for one, other in (("ours", "theirs"), ("theirs", "ours")):
                rows = con.execute(f"from {one}.{name} except all from {other}.{name}").fetchall()
                if rows:
                    differences.append(f"{name}: {len(rows)} rows only in {one}, e.g. {rows[0]}")
    return differences


@dataclasses.dataclass(frozen=True)
class Both:
    """The main job's warehouse, and a copy whose models dbt built; the exported project's profile names the copy."""

    ours: Path
    theirs: Path
    project: Project
    exported: Path
    verdicts: Mapping[str, str]


@pytest.fixture(scope="session")
def both(ran: Ran, tmp_path_factory: pytest.TempPathFactory) -> Both:
    root = tmp_path_factory.mktemp("dbt")
    ours, theirs = root / "ours.duckdb", root / "theirs.duckdb"
    shutil.copyfile(ran.settings.warehouse, ours)
    shutil.copyfile(ran.settings.warehouse, theirs)
    project = models.project()
    without_models(theirs, project)
    exported = export(project, theirs, root / "exported")
    return Both(ours, theirs, project, exported, dbt(exported, "build"))


def test_every_table_is_the_same_row_for_row(both: Both) -> None:
    with connect(both.ours, read_only=True) as con:
        assert con.execute("select count(*) > 1000 from marts.ci_runs").fetchall() == [(True,)]
    assert differing(both.ours, both.theirs, both.project) == []


def test_every_test_comes_to_the_same_verdict(both: Both) -> None:
    models = {model.name: "pass" for model in both.project.models}
    ours = verdicts_of_data_tests(both.ours, both.project) | verdicts_of_unit_tests(both.project)
    assert models | ours == both.verdicts
    assert len(both.verdicts) == len(models) + len(ours)


def test_broken_rows_fail_the_same_tests(both: Both, tmp_path: Path) -> None:
    """Every table gets a row twice, a row of NULLs, and a row in which all that a test bounds is out of bounds (text
    that no list of accepted values holds)."""
    broken = tmp_path / "broken.duckdb"
    shutil.copyfile(both.theirs, broken)
    with connect(broken) as con:
        con.execute("insert into raw.workflow_jobs from raw.workflow_jobs limit 1")
        con.execute("insert into raw.workflow_jobs default values")
        for model in both.project.models:
            if model.materialized == "view":
                continue
            name = f"{identifier(model.schema)}.{identifier(model.name)}"
            types = {row[0]: row[1] for row in con.execute(f"describe {name}").fetchall()}
            bounded = [test.columns[0] for test in model.tests if test.kind == "expression_is_true" and test.columns]
            changes = {column: _BELOW_EVERY_BOUND.get(types[column], "-1") for column in bounded}
            changes |= {test.columns[0]: "'§'" for test in model.tests if test.kind == "accepted_values"}
            con.execute(f"create temp table taken as from {name} limit 1")
            con.execute(f"insert into {name} from taken")
            con.execute(f"insert into {name} default values")
            if changes:
                replaced = ", ".join(f"{value} as {identifier(column)}" for column, value in changes.items())
                con.execute(f"insert into {name} select * replace ({replaced}) from taken")
            con.execute("drop table taken")
    exported = export(both.project, broken, tmp_path / "exported")
    theirs = dbt(exported, "test", "--select", "test_type:data")
    assert theirs == verdicts_of_data_tests(broken, both.project)
    failed = [name for name, outcome in theirs.items() if outcome == "fail"]
    assert len(failed) > 0.8 * len(theirs)


def test_unit_tests_fail_alike(both: Both, tmp_path: Path) -> None:
    """Every unit test once more, with its first expected row left out and with one row too many."""

    def spoiled(project: Project, name: str, change: Callable[[list], list]) -> Project:
        return dataclasses.replace(
            project,
            models=tuple(
                dataclasses.replace(
                    model,
                    unit_tests=(
                        *model.unit_tests,
                        *(
                            dataclasses.replace(test, name=f"{test.name}_{name}", expect=change(list(test.expect)))
                            for test in model.unit_tests
                            if not test.name.endswith(("_less", "_more"))
                        ),
                    ),
                )
                for model in project.models
            ),
        )

    project = spoiled(both.project, "less", lambda rows: rows[1:] or [dict.fromkeys(rows[0])])
    project = spoiled(project, "more", lambda rows: [*rows, rows[-1]])
    exported = export(project, both.theirs, tmp_path / "exported")
    theirs = dbt(exported, "test", "--select", "test_type:unit")
    assert theirs == verdicts_of_unit_tests(project)
    assert {name.endswith(("_less", "_more")) for name, outcome in theirs.items() if outcome == "fail"} == {True}
    assert list(theirs.values()).count("pass") == sum(len(model.unit_tests) for model in both.project.models)


TRAPS = {
    "models/staging/stg_traps.sql": """\
-- {{ ref('nothing') }} and {% if raw.workflow_runs %} and {# raw.workflow_jobs #}: “Anführung” — №
select
    r.repo,
    r.run_id as "order",
    {'a': 1}.a as one,
    '{{ raw.workflow_runs }} {% endif %} it''s' as text,
    1 / 3 as third,
    r.pull_request_numbers as numbers
from "raw"."workflow_runs" as r -- raw.workflow_runs, once more
""",
    "models/staging/schema.yml": """\
version: 2
models:
  - name: stg_traps
    description: "A {{ brace }}, a {% tag %}, it's “quoted”."
    config: {materialized: view, tags: [a], meta: {note: "{{ x }}"}}
    columns:
      - name: repo
        description: Repository {{ y }}.
        data_tests:
          - relationships: {arguments: {to: "source('raw', 'repositories')", field: repo}}
          - not_null: {config: {where: "repo <> '{{ z }}'"}}
      - name: order
        description: A reserved word.
        data_tests:
          - not_null
          - unique
          - accepted_values: {arguments: {values: [1, 2]}}
      - {name: one, description: One., data_tests: [expression_is_true: {arguments: {expression: "= 1"}}]}
      - name: text
        description: Text.
        data_tests:
          - accepted_values:
              name: its_own_name
              description: Said {{ so }}.
              arguments: {values: ["{{ raw.workflow_runs }} {% endif %} it's"]}
          - expression_is_true: {arguments: {expression: "like '{{%'"}, config: {severity: warn}}
          - expression_is_true: {arguments: {expression: "= '{{'"}, config: {severity: warn}}
      - {name: third, description: A third.}
      - {name: numbers, description: A list.}
    data_tests:
      - expression_is_true: {arguments: {expression: "one = 1 and text like '{{%'"}}
      - unique_combination_of_columns: {arguments: {combination_of_columns: [order, text]}}
unit_tests:
  - name: it_is_read_as_written
    model: stg_traps
    description: "{{ nothing }}"
    given:
      - input: source('raw', 'workflow_runs')
        rows:
          - {repo: "{{ it's }}", run_id: 1, pull_request_numbers: [3, 4]}
          - {run_id: 2}
    expect:
      rows:
        - {repo: "{{ it's }}", third: 0.333333333, numbers: [3, 4]}
        - {third: 0.3333333333}
""",
    "tests/nothing_is_lost.sql": """\
-- {{ not_a_ref('x') }}
select t.repo from staging.stg_traps as t where t.text = '{{' or t.one <> 1
""",
}


def test_whatever_looks_like_jinja_or_needs_quotes_comes_through(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.duckdb", tmp_path / "it's theirs" / "theirs.duckdb"
    with connect(ours) as con:
        source_tables.replace_table(con, "raw.repositories", [{"repo": "acme/a"}])
        source_tables.replace_table(
            con,
            "raw.workflow_runs",
            [
                {"repo": "acme/a", "run_id": 1, "run_attempt": 1, "pull_request_numbers": [7]},
                {"repo": "acme/a", "run_id": 2, "run_attempt": 1},
            ],
        )
    theirs.parent.mkdir()
    shutil.copyfile(ours, theirs)
    project = load_project(write(tmp_path / "traps", TRAPS))
    with connect(ours) as con:
        build(con, project)
    exported = export(project, theirs, tmp_path / "exported")
    verdicts = dbt(exported, "build")
    assert differing(ours, theirs, project) == []
    assert verdicts == {"stg_traps": "pass"} | verdicts_of_data_tests(ours, project) | verdicts_of_unit_tests(project)
    assert sorted(verdicts.values()).count("warn") == 1
    assert verdicts["it_is_read_as_written"] == "pass"


SEEDS = {
    "seeds/reference/rates.csv": """\
label,cents,since,note
ubuntu-latest,1,2026-01-01,
"mac, big",10.5,,"two
lines"
007,3,,x
""",
    "seeds/schema.yml": """\
seeds:
  - name: rates
    description: Price of a minute.
    config: {column_types: {cents: "decimal(9, 2)", since: date}}
    columns:
      - {name: label, description: Label of the runner., data_tests: [unique, not_null]}
      - {name: cents, description: Cents a minute., data_tests: [expression_is_true: {arguments: {expression: "< 5"}}]}
      - {name: since, description: First day.}
      - {name: note, description: A note.}
""",
    "models/marts/prices.sql": "select r.label, r.cents * 60 as hour from reference.rates as r",
    "models/marts/schema.yml": """\
models:
  - name: prices
    description: Price of an hour.
    columns:
      - {name: label, description: Label of the runner.}
      - {name: hour, description: Cents an hour.}
""",
}


def test_a_seed_is_a_seed(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.duckdb", tmp_path / "theirs.duckdb"
    warning = SEEDS["seeds/schema.yml"].replace('"< 5"}', '"< 5"}, config: {severity: warn}')
    project = load_project(write(tmp_path / "seeds", SEEDS | {"seeds/schema.yml": warning}))
    with connect(ours) as con:
        build(con, project)
        assert con.execute("select label, hour from marts.prices where hour > 200").fetchall() == [
            ("mac, big", Decimal("630.00"))
        ]
    verdicts = dbt(export(project, theirs, tmp_path / "exported"), "build")
    assert differing(ours, theirs, project) == []
    assert verdicts == {"rates": "pass", "prices": "pass"} | verdicts_of_data_tests(ours, project)
    assert sorted(verdicts.values()).count("warn") == 1
