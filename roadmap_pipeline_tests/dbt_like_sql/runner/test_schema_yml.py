"""Reading schema.yml: what is understood, and what is refused with its line."""

from pathlib import Path
from typing import Any

import pytest

from dbt_like_sql.runner.project.problems import ProjectError
from dbt_like_sql.runner.project.schema_yml import DataTest, Reference, SchemaFile, read_schema


def _read(tmp_path: Path, text: str) -> SchemaFile:
    path = tmp_path / "schema.yml"
    path.write_text(text, encoding="utf-8")
    return read_schema(path)


def _problems(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    with pytest.raises(ProjectError) as error:
        _read(tmp_path, text)
    assert str(tmp_path / "schema.yml") in str(error.value)
    return [(problem.line, problem.text) for problem in error.value.problems]


_PAIR = ("repo", "week")


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        ("not_null", {"kind": "not_null"}),
        ({"unique": None}, {"kind": "unique"}),
        ({"unique": {"config": {"severity": "WARN", "where": "x > 1"}}}, {"severity": "warn", "where": "x > 1"}),
        ({"unique": {"name": "only_one"}}, {"name": "only_one"}),
        ({"accepted_values": {"values": ["a", 1, True]}}, {"kind": "accepted_values", "values": ("a", 1, True)}),
        ({"accepted_values": {"arguments": {"values": [1], "quote": False}}}, {"values": (1,)}),
        ({"relationships": {"to": "ref('x')", "field": "y"}}, {"to": Reference(None, "x"), "field": "y"}),
        (
            {"relationships": {"arguments": {"to": 'source("raw", "issues")', "field": "y"}}},
            {"to": Reference("raw", "issues")},
        ),
        ({"expression": {"expression": "a > 0"}}, {"kind": "expression_is_true", "expression": "a > 0"}),
        ({"dbt_utils.expression_is_true": {"arguments": {"expression": "> 0"}}}, {"expression": "> 0"}),
        (
            {"dbt_utils.unique_combination_of_columns": {"combination_of_columns": ["repo", "week"]}},
            {"kind": "unique_combination_of_columns", "combination_of_columns": _PAIR},
        ),
        ({"unique_combination": {"combination_of_columns": ["repo", "week"]}}, {"combination_of_columns": _PAIR}),
    ],
)
def test_every_spelling_of_a_test_is_understood(spelled: object, expected: dict[str, Any]) -> None:
    test = DataTest.model_validate(spelled)
    assert {name: getattr(test, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("spelled", "message"),
    [
        ("nonull", "unknown test nonull"),
        ("[accepted_values: {}]", "a test is a name"),
        ("accepted_values: {}", "needs values"),
        ("relationships: {to: ref('x')}", "needs field"),
        ("relationships: {to: x, field: y}", "neither ref"),
        ("not_null: {valeus: [1]}", "takes no valeus"),
        ("not_null: {config: {limit: 1}}", "not limit"),
        ("not_null: {config: {severity: fatal}}", "severity"),
        ("not_null: 3", "no mapping"),
        ("not_null: {config: 3}", "mappings"),
    ],
)
def test_a_test_that_is_not_understood_is_refused_with_its_line(tmp_path: Path, spelled: str, message: str) -> None:
    text = (
        f"version: 2\nmodels:\n  - name: m\n    columns:\n      - name: c\n        data_tests:\n          - {spelled}\n"
    )
    ((line, problem),) = _problems(tmp_path, text)
    assert line == 7
    assert message in problem


def test_unknown_keys_are_refused_all_at_once(tmp_path: Path) -> None:
    text = """\
version: 2
models:
  - name: m
    descripton: typo
    config:
      materialized: ephemeral
    columns:
      - name: c
        tests: [unique]
snapshots: []
"""
    problems = dict(_problems(tmp_path, text))
    assert set(problems) == {4, 6, 9, 10}
    assert "unknown key descripton" in problems[4]
    assert "materialized" in problems[6]
    assert "unknown key tests" in problems[9]
    assert "unknown key snapshots" in problems[10]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("version: 2\nmodels: [\n", 3, "no valid YAML"),
        ("models:\n  - name: a\n    name: b\n", 3, "name stands here twice"),
        ("- 1\n", 1, "valid dictionary"),
        ("version: 1\n", 1, "version"),
        ("models:\n  - name: a\n    description: !!python/name:os.system\n", 3, "no valid YAML"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, text: str, line: int, message: str) -> None:
    ((found_line, problem),) = _problems(tmp_path, text)
    assert found_line == line
    assert message in problem


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "schema.yml").write_bytes(b"version: 2 # \xff")
    with pytest.raises(ProjectError, match="no valid YAML"):
        read_schema(tmp_path / "schema.yml")


def test_an_empty_file_is_an_empty_document(tmp_path: Path) -> None:
    assert _read(tmp_path, "# nothing yet\n").document.models == ()


def test_lines_lead_to_the_parts(tmp_path: Path) -> None:
    file = _read(tmp_path, "version: 2\nmodels:\n  - name: m\n    columns:\n      - name: a\n      - name: b\n")
    assert file.line("models", 0) == 3
    assert file.line("models", 0, "columns", 1) == 6
    assert file.line("models", 0, "columns", 1, "data_tests", 0) == 6


def test_unit_tests_and_sources_are_read(tmp_path: Path) -> None:
    document = _read(
        tmp_path,
        """\
version: 2
sources:
  - name: raw
    tables: [{name: issues, description: Issues.}]
unit_tests:
  - name: t
    model: m
    given: [{input: "source('raw', 'issues')", rows: [{number: 1, labels: [a, b], created_at: 2026-11-09T10:00:00Z}]}]
    expect: {rows: []}
""",
    ).document
    (test,) = document.unit_tests
    assert test.given[0].input == Reference("raw", "issues")
    assert test.given[0].rows[0]["labels"] == ["a", "b"]
    assert document.sources[0].tables[0].name == "issues"
