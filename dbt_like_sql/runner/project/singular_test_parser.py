"""The singular tests of the SQL project: SELECT files of the folder ``tests``, and what YAML files say about them.

Belongs here: reading them, and finding the model that each belongs to. Running them is in ``testing/data_tests``.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from dbt_like_sql.runner.database import identifier
from dbt_like_sql.runner.project.known_tables import KnownTables
from dbt_like_sql.runner.project.problems import ProjectError
from dbt_like_sql.runner.project.project import Key, SingularTest, SqlModel, TestKind
from dbt_like_sql.runner.project.schema_yml import SchemaFile, SingularTestEntry
from dbt_like_sql.runner.project.sql_files import SelectFile, read_select

_Described = tuple[SingularTestEntry, SchemaFile, int]
"""An entry, its file, and its place there."""


def read_singular_tests(
    directory: Path, schemas: Sequence[SchemaFile], tables: KnownTables
) -> tuple[SingularTest, ...]:
    """Return the tests of the folder ``directory`` that can be read; what is wrong is added to the problems."""
    tests = []
    paths = sorted(directory.glob("*.sql"))
    entries = _entries(schemas, {path.stem for path in paths}, tables)
    for path in paths:
        try:
            select = read_select(path)
        except ProjectError as error:
            for problem in error.problems:
                tables.problem(problem.path, problem.line, problem.text)
            continue
        if tables.check_references(select):
            tests.append(_singular_test(select, entries.get(path.stem)))
        if path.stem in get_args(TestKind):
            tables.problem(path, 1, f"the name {path.stem} is taken: it is a kind of test")
    return tuple(tests)


def add_singular_tests(
    models: dict[Key, SqlModel], tests: Sequence[SingularTest], ordered: Sequence[Key], tables: KnownTables
) -> None:
    """Add each test to the model that is built last of those it reads.

    Where it reads none, it belongs to the first model that reads one of its tables.
    """
    for test in tests:
        first = (key for key in ordered if set(test.deps) & set(models[key].deps))
        key = next((key for key in reversed(ordered) if key in test.deps), None) or next(first, None)
        if key is None:
            tables.problem(test.path, 1, "no model reads any of its tables, so that nothing would wait for it")
            continue
        models[key] = dataclasses.replace(models[key], singular_tests=(*models[key].singular_tests, test))
        _check_by(test, models, key, tables)


def _entries(schemas: Sequence[SchemaFile], names: set[str], tables: KnownTables) -> dict[str, _Described]:
    entries: dict[str, _Described] = {}
    for file in schemas:
        for index, entry in enumerate(file.document.data_tests):
            if entry.name not in names:
                tables.problem(file.path, file.line("data_tests", index), f"there is no test {entry.name}")
            elif entry.name in entries:
                tables.problem(file.path, file.line("data_tests", index), f"{entry.name} is described twice")
            else:
                entries[entry.name] = entry, file, index
    return entries


def _check_by(test: SingularTest, models: Mapping[Key, SqlModel], of: Key, tables: KnownTables) -> None:
    if test.described_at is None:
        return
    for name in test.by:
        columns = {key: tables.columns(key, models) for key in test.deps}
        lacking = [".".join(key) for key, known in columns.items() if known is not None and name not in known]
        if lacking:
            tables.problem(*test.described_at, f"{lacking[0]} has no column {name}, named by config.meta.by")
        elif name not in models[of].unique_key:
            text = f"config.meta.by: {name} is no part of the unique_key of {models[of].qualified_name}"
            tables.problem(*test.described_at, text)


def _singular_test(select: SelectFile, described: _Described | None) -> SingularTest:
    entry = described[0] if described else SingularTestEntry(name=select.path.stem)
    sql = select.sql
    for place in reversed(select.references):
        shown = identifier(f"{place.schema}.{place.name}")
        sql = f"{sql[: place.start]}temp.{shown}{sql[place.end :]}"
    return SingularTest(
        name=select.path.stem,
        path=select.path,
        sql=select.sql,
        deps=select.deps,
        description=entry.description,
        severity=entry.config.severity,
        by=entry.config.meta.by,
        sql_on_views=sql,
        described_at=(described[1].path, described[1].line("data_tests", described[2])) if described else None,
    )
