"""The dbt project as text. dbt itself runs in ``dbt_parity`` (make test-dbt)."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dbt_like_sql.runner.dbt_export.export import dbt_project, with_references
from dbt_like_sql.runner.project.project import Project
from dbt_like_sql.runner.project.sql_files import read_select
from roadmap_pipeline.warehouse import models
from roadmap_pipeline.warehouse.models import dbt_naming
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import (
    MARTS_YML,
    SOURCES,
    STG_RUNS,
    load_project,
    small_project,
    write,
)

ROOT = Path(__file__).resolve().parents[3]
MODELS = {("staging", "stg_runs"), ("marts", "runs_by_repo")}


def rendered(template: str) -> tuple[str, list[str]]:
    """Render a template as dbt does, with tables as schema.table; also return which tables it refers to."""
    references: list[str] = []

    def ref(name: str) -> str:
        (schema,) = [schema for schema, model in MODELS if model == name]
        references.append(f"{schema}.{name}")
        return references[-1]

    def source(schema: str, name: str) -> str:
        references.append(f"{schema}.{name}")
        return references[-1]

    environment = jinja2.Environment(keep_trailing_newline=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(template).render(ref=ref, source=source), references


def document(project: Project, name: str, tmp_path: Path) -> Any:
    return yaml.safe_load(dbt_project(project, tmp_path / "w.duckdb", tmp_path / "dbt", dbt_naming())[name])


def test_tables_become_references_and_all_else_stays() -> None:
    sql = (
        "-- raw.workflow_runs, „staging.stg_runs“ {{ and {% and {# №\r\n"
        "select 'raw.workflow_runs {{ 1 }}' as text, r.*, ß.repo\r\n"
        'from raw.workflow_runs as r, "Staging"."stg_runs" as ß /* marts.runs_by_repo */\r\n'
        "anti join marts . runs_by_repo as m on m.repo = r.repo"
    )
    assert with_references(sql, MODELS) == (
        "-- raw.workflow_runs, „staging.stg_runs“ {{ '{{' }} and {{ '{%' }} and {{ '{#' }} №\r\n"
        "select 'raw.workflow_runs {{ '{{' }} 1 }}' as text, r.*, ß.repo\r\n"
        "from {{ source('raw', 'workflow_runs') }} as r, {{ ref('stg_runs') }} as ß /* marts.runs_by_repo */\r\n"
        "anti join {{ ref('runs_by_repo') }} as m on m.repo = r.repo"
    )


@pytest.mark.parametrize(
    "sql",
    [
        "from raw.workflow_runs as r select r.repo",
        "with c as (from staging.stg_runs as s) select c.repo from c where exists (from marts.runs_by_repo as m)",
        "pivot raw.workflow_runs as r on r.event using count(*)",
        "select x.a from (values (1)) as x(a) asof join raw.workflow_runs as r on x.a >= r.run_id",
        "select {'a': {'b': [s.repo]}} as s, range(3) from staging.stg_runs as s, range(3) as t(i)",
    ],
)
def test_it_renders_back_to_the_same_text(sql: str) -> None:
    template = with_references(sql, MODELS)
    text, references = rendered(template)
    assert text == sql
    assert references


_TABLES = st.sampled_from(["raw.workflow_runs", "staging.stg_runs", '"raw"."workflow_runs"', 'staging."stg_runs"'])
_NOISE = st.text(st.sampled_from(list("{}%#'\" .r\n\téß№😀-/*ab")), max_size=12)
_COMMENT = st.one_of(
    _NOISE.map(lambda text: "--" + text.replace("\n", " ") + " raw.workflow_runs\n"),
    _NOISE.map(lambda text: "/*" + text.replace("*", "").replace("/", "") + " staging.stg_runs {{ */"),
    st.sampled_from(["", " ", "\n", "\r\n\r\n"]),
)
_STRING = _NOISE.map(lambda text: "'" + text.replace("'", "''") + " raw.workflow_runs'")


@given(
    tables=st.lists(_TABLES, min_size=1, max_size=4),
    strings=st.lists(_STRING, max_size=3),
    comments=st.lists(_COMMENT, min_size=12, max_size=12),
)
def test_any_select_renders_back_and_names_each_table(
    tables: list[str], strings: list[str], comments: list[str]
) -> None:
    gap = iter(comments)
    columns = ", ".join([*strings, "1"])
    joined = f" {next(gap)} cross join {next(gap)} ".join(f"{table} as t{n}" for n, table in enumerate(tables[:2]))
    more = "".join(f" union all select 1 {next(gap)} from {table} as x" for table in tables[2:])
    sql = f"{next(gap)} select {columns} {next(gap)} from {next(gap)} {joined} {next(gap)} {more} {next(gap)}"
    text, references = rendered(with_references(sql, MODELS))
    assert references == [table.replace('"', "") for table in tables]
    # Jinja, like Python, reads every line end as one; quotes around a name are the only other difference.
    assert _without_quotes(text) == _without_quotes(re.sub(r"\r\n?", "\n", sql))


def _without_quotes(sql: str) -> str:
    return re.sub(r'"(raw|workflow_runs|stg_runs)"', r"\1", sql)


def test_every_model_of_the_project_comes_back_byte_for_byte(tmp_path: Path) -> None:
    project = models.project()
    keys = {model.key for model in project.models}
    by_name = {model.name: model.qualified_name for model in project.models}
    exported = dbt_project(project, tmp_path / "w.duckdb", tmp_path / "dbt", dbt_naming())
    paths = {model.path.relative_to(project.directory).as_posix(): model.path for model in project.models}
    paths |= {f"tests/{test.name}.sql": test.path for test in project.singular_tests}
    environment = jinja2.Environment(keep_trailing_newline=True, undefined=jinja2.StrictUndefined)
    for name, path in paths.items():
        template = exported[name].decode()
        references: set[str] = set()

        def ref(model: str, references: set[str] = references) -> str:
            references.add(by_name[model])
            return by_name[model]

        def source(schema: str, table: str, references: set[str] = references) -> str:
            assert (schema, table) not in keys
            references.add(f"{schema}.{table}")
            return f"{schema}.{table}"

        assert environment.from_string(template).render(ref=ref, source=source).encode() == path.read_bytes(), name
        assert references == {f"{place.schema}.{place.name}" for place in read_select(path).references}


def test_line_ends_of_windows_survive(tmp_path: Path) -> None:
    project = write(tmp_path / "p", small_project())
    (project / "models/staging/stg_runs.sql").write_bytes(STG_RUNS.replace("\n", "\r\n").encode())
    exported = dbt_project(load_project(project), tmp_path / "w.duckdb", tmp_path / "dbt", dbt_naming())
    expected = STG_RUNS.replace("raw.workflow_runs", "{{ source('raw', 'workflow_runs') }}").replace("\n", "\r\n")
    assert exported["models/staging/stg_runs.sql"] == expected.encode()


def test_folders_below_a_schema_stay(tmp_path: Path) -> None:
    files = small_project()
    files |= {"models/marts/ci/runs_by_repo.sql": files.pop("models/marts/runs_by_repo.sql")}
    project = load_project(write(tmp_path / "p", files))
    assert [model.qualified_name for model in project.models] == ["staging.stg_runs", "marts.runs_by_repo"]
    exported = dbt_project(project, tmp_path / "w.duckdb", tmp_path / "dbt", dbt_naming())
    assert {"models/marts/ci/runs_by_repo.sql", "models/marts/ci/runs_by_repo.yml"} <= exported.keys()


def test_descriptions_tests_and_configuration_are_carried_over(tmp_path: Path) -> None:
    marts = MARTS_YML.replace(
        "    columns:\n", '    config: {materialized: view, tags: [ci], meta: {owner: "{{ us }}"}}\n    columns:\n'
    ).replace(
        "- {name: runs, description: Attempts.}",
        """\
- name: runs
        description: "Attempts {{ all }}."
        data_tests:
          - expression_is_true:
              {name: some, arguments: {expression: "> 0"}, config: {severity: warn, where: repo is not null}}
          - accepted_values: {values: [1, 2], description: Few.}
          - relationships: {to: ref('stg_runs'), field: run_id}""",
    )
    project = load_project(write(tmp_path / "p", small_project() | {"models/marts/schema.yml": marts}))
    (model,) = document(project, "models/marts/runs_by_repo.yml", tmp_path)["models"]
    assert model["config"] == {"materialized": "view", "tags": ["ci"], "meta": {"owner": "{{ '{{' }} us }}"}}
    assert model["columns"][0]["data_tests"] == ["unique", "not_null"]
    assert model["columns"][1] == {
        "name": "runs",
        "description": "Attempts {{ '{{' }} all }}.",
        "data_tests": [
            {
                "expression_is_true": {
                    "name": "runs_by_repo_some",
                    "arguments": {"expression": "> 0"},
                    "config": {"severity": "warn", "where": "repo is not null"},
                }
            },
            {
                "accepted_values": {
                    "name": "runs_by_repo_accepted_values_runs",
                    "description": "Few.",
                    "arguments": {"values": [1, 2], "quote": False},
                }
            },
            {
                "relationships": {
                    "name": "runs_by_repo_relationships_runs_to_stg_runs",
                    "arguments": {"to": "ref('stg_runs')", "field": "run_id"},
                }
            },
        ],
    }
    (staging,) = document(project, "models/staging/stg_runs.yml", tmp_path)["models"]
    assert staging["data_tests"] == [
        {
            "unique_combination_of_columns": {
                "name": "stg_runs_unique_combination_of_columns_run_id_run_attempt",
                "arguments": {"combination_of_columns": ["run_id", "run_attempt"]},
            }
        }
    ]


def test_whatever_is_no_view_is_a_table(tmp_path: Path) -> None:
    project = load_project(write(tmp_path / "p", small_project()))
    models = [dataclasses.replace(model, materialized="incremental") for model in project.models]
    project = dataclasses.replace(project, models=tuple(models))
    (model,) = document(project, "models/marts/runs_by_repo.yml", tmp_path)["models"]
    assert "config" not in model
    settings = document(project, "dbt_project.yml", tmp_path)["models"]["roadmap"]
    assert settings["+materialized"] == "table"
    assert (settings["staging"], settings["marts"]) == ({"+schema": "staging"}, {"+schema": "marts"})


def test_all_source_tables_are_exported(tmp_path: Path) -> None:
    project = load_project(write(tmp_path / "p", small_project()))
    sources = document(project, "models/sources.yml", tmp_path)["sources"]
    exported = {f"{source['schema']}.{table['name']}" for source in sources for table in source["tables"]}
    assert exported == set(SOURCES.by_name)
    (config,) = (source for source in sources if source["name"] == "config")
    (column,) = config["tables"][0]["columns"]
    assert column == {"name": "repo", "data_type": "VARCHAR", "description": "Repository as {{ '{{' }} it }}."}


def test_the_rows_of_unit_tests_are_what_dbt_casts_to_the_same_values(tmp_path: Path) -> None:
    unit_test = """
unit_tests:
  - name: one
    model: stg_runs
    given:
      - input: source('raw', 'workflow_runs')
        rows:
          - {run_id: 1, created_at: 2026-11-09T01:00:00+01:00, pull_request_numbers: [1, 2], payload: {a: "it's"}}
    expect:
      rows:
        - {run_id: 1, created_at: 2026-11-09}
        - {repo: "{{ x }}"}
"""
    project = small_project()
    project["models/staging/schema.yml"] += unit_test
    schema_yml = document(load_project(write(tmp_path / "p", project)), "models/staging/stg_runs.yml", tmp_path)
    (test,) = schema_yml["unit_tests"]
    assert test["given"] == [
        {
            "input": "source('raw', 'workflow_runs')",
            "rows": [
                {
                    "run_id": 1,
                    "created_at": "2026-11-09 00:00:00",
                    "pull_request_numbers": "[1, 2]",
                    "payload": '{"a": "it\'s"}',
                }
            ],
        }
    ]
    # dbt compares the columns of the first row only, so that every row has all of them.
    assert test["expect"]["rows"] == [
        {"run_id": 1, "created_at": "2026-11-09", "repo": None},
        {"run_id": None, "created_at": None, "repo": "{{ '{{' }} x }}"},
    ]


@pytest.mark.parametrize(
    ("warehouse", "path"),
    [
        ("data/it's.duckdb", "{{ env_var('ROADMAP_WAREHOUSE', '../data/it\\'s.duckdb') }}"),
        ("ducklake:postgres:host=h password=hunter2", "{{ env_var('ROADMAP_WAREHOUSE') }}"),
    ],
)
def test_the_profile_names_the_file_and_never_an_address(
    warehouse: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    project = load_project(write(tmp_path / "p", small_project()))
    exported = models.dbt_project(project, warehouse, tmp_path / "dbt")
    profile = yaml.safe_load(exported["profiles.yml"])
    assert profile["roadmap"]["outputs"]["warehouse"]["path"] == path
    assert not any(b"hunter2" in content for content in exported.values())


def test_what_is_tested_is_what_the_export_asks_for(tmp_path: Path) -> None:
    exported = dbt_project(
        load_project(write(tmp_path / "p", small_project())), tmp_path / "w.duckdb", tmp_path / "dbt", dbt_naming()
    )
    pinned, ours = (
        dict(line.split("==") for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if "==" in line)
        for name in ("constraints-dbt.txt", "constraints.txt")
    )
    assert pinned["duckdb"] == ours["duckdb"], "dbt must open the file that our DuckDB wrote"
    *dbt, engine = exported["requirements.txt"].decode().splitlines()
    assert engine == f"duckdb=={duckdb.__version__}"
    for line in dbt:
        name, least, below = re.split(r">=|,<", line)
        assert _version(least) <= _version(pinned[name]) < _version(below), line


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
