"""The unit tests that the YAML files of the SQL project declare, added to their models.

Belongs here: whether models, inputs and columns of a unit test exist. Running them is in ``testing/unit_tests``.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from dbt_like_sql.runner.project.known_tables import KnownTables
from dbt_like_sql.runner.project.project import Key, SqlModel, UnitTest
from dbt_like_sql.runner.project.schema_yml import Expect, Given, SchemaFile, UnitTestEntry


def add_unit_tests(models: dict[Key, SqlModel], schemas: Sequence[SchemaFile], tables: KnownTables) -> None:
    """Add to ``models`` the unit tests that ``schemas`` declare; what is wrong with them is added to the problems."""
    names: set[str] = set()
    for file in schemas:
        for index, entry in enumerate(file.document.unit_tests):
            line = file.line("unit_tests", index)
            if entry.name in names:
                tables.problem(file.path, line, f"there are two unit tests {entry.name}")
            names.add(entry.name)
            key = tables.model(entry.model)
            if key is None:
                tables.problem(file.path, line, f"there is no model {entry.model}")
            elif model := models.get(key):
                given = _given(entry, model, file, index, models, tables)
                _check_rows(entry.expect, key, models, file, ("unit_tests", index, "expect"), tables)
                test = UnitTest(entry.name, entry.description, given, entry.expect.rows, file.path, line)
                models[key] = dataclasses.replace(model, unit_tests=(*model.unit_tests, test))


def _given(
    entry: UnitTestEntry,
    model: SqlModel,
    file: SchemaFile,
    index: int,
    models: Mapping[Key, SqlModel],
    tables: KnownTables,
) -> dict[Key, Sequence[Mapping[str, Any]]]:
    given: dict[Key, Sequence[Mapping[str, Any]]] = {}
    for position, table in enumerate(entry.given):
        place = ("unit_tests", index, "given", position)
        line = file.line(*place)
        key = tables.resolve(table.input, file.path, line)
        if key is None:
            continue
        if key not in model.deps:
            tables.problem(file.path, line, f"{model.qualified_name} doesn't read {key[0]}.{key[1]}")
        elif key in given:
            tables.problem(file.path, line, f"{key[0]}.{key[1]} is given twice")
        _check_rows(table, key, models, file, place, tables)
        given[key] = table.rows
    for key in model.deps:
        if key not in given:  # dbt asks for all of them too
            spelled = f"ref('{key[1]}')" if key in models else f"source('{key[0]}', '{key[1]}')"
            line = file.line("unit_tests", index)
            tables.problem(file.path, line, f"{entry.name} must give rows for {spelled}, at least `rows: []`")
    return given


def _check_rows(
    table: Given | Expect,
    key: Key,
    models: Mapping[Key, SqlModel],
    file: SchemaFile,
    place: tuple[str | int, ...],
    tables: KnownTables,
) -> None:
    columns = tables.columns(key, models)
    if columns is None:
        return
    for number, row in enumerate(table.rows):
        for name in row:
            if name not in columns:
                line = file.line(*place, "rows", number, name)
                tables.problem(file.path, line, f"{key[0]}.{key[1]} has no column {name}")
