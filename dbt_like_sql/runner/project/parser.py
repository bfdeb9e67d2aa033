"""Reading the files of the SQL project: its folders, and whether what is in them fits together.

Belongs here: what takes several files to decide. Reading single files is in ``sql_files`` and ``schema_yml``; what
comes of it is in ``project``, which leaves all of this out while nothing has changed (``project_cache``).
"""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal, get_args

from dbt_like_sql.runner.build import change_log
from dbt_like_sql.runner.project.incremental_sql import is_incremental_sql, misplaced, with_files
from dbt_like_sql.runner.project.problems import Problem, ProjectError
from dbt_like_sql.runner.project.project import (
    Incremental,
    Key,
    ModelColumn,
    Project,
    SingularTest,
    SqlModel,
    UnitTest,
)
from dbt_like_sql.runner.project.schema_yml import (
    ColumnEntry,
    DataTest,
    Expect,
    Given,
    ModelEntry,
    Reference,
    SchemaFile,
    SingularTestEntry,
    UnitTestEntry,
    read_schema,
)
from dbt_like_sql.runner.project.sql_files import SelectFile, read_seed, read_select
from dbt_like_sql.runner.testing.data_tests import ModelTest, TestKind, identifier
from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.warehouse import source_tables

_FOLDERS = {"models": "sql", "seeds": "csv"}
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def parse_project(directory: Path) -> Project:
    """Read all files of the project in ``directory``. What is read and raised says ``project.load_project``."""
    return _Loader(directory).load()


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a ``.yml`` says about a model or, in the section ``seeds``, a seed; ``index`` is its place there."""

    file: SchemaFile
    section: Literal["models", "seeds"]
    index: int
    entry: ModelEntry
    column_types: Mapping[str, str] = dataclasses.field(default_factory=dict)


class _Loader:
    """Collects problems while it reads, so that all of them are reported at once."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.problems: list[Problem] = []
        self.unreadable: set[Path] = set()  # folders with a .yml that can't be read

    def load(self) -> Project:
        if not (self.directory / "models").is_dir():
            raise RoadmapError(f"{self.directory} has no folder models; it must hold models/<schema>/<table>.sql")
        paths = self._find_models()
        by_name = {name: (schema, name) for schema, name in paths}
        schemas = self._read_schemas()
        entries = self._entries(by_name, paths, schemas)
        selects = self._read_models(paths, entries)
        known = {*paths, *((table.schema, table.name) for table in source_tables.TABLES)}
        for select in selects.values():
            self._check_references(select, known)
        singular_tests = self._read_singular_tests(known, schemas)
        models = {
            key: self._model(key, selects[key], entries[key], by_name) for key in sorted(selects) if key in entries
        }
        self._add_unit_tests(models, schemas, by_name)
        ordered = self._ordered(models)
        if ordered:
            self._add_singular_tests(models, singular_tests, ordered)
            ordered = self._ordered(models)
        if self.problems:
            raise ProjectError(self.problems)
        return Project(self.directory, tuple(models[key] for key in ordered), singular_tests)

    def _problem(self, path: Path, line: int, text: str) -> None:
        self.problems.append(Problem(path, line, text))

    def _find_models(self) -> dict[Key, Path]:
        """All files in the right place, also those that can't be read: what refers to them isn't wrong."""
        paths: dict[Key, Path] = {}
        source_schemas = {table.schema for table in source_tables.TABLES}
        first: dict[str, Path] = {}
        models, seeds = (sorted((self.directory / folder).rglob(f"*.{ending}")) for folder, ending in _FOLDERS.items())
        for path in (*models, *seeds):
            if is_incremental_sql(path):
                self.problems += misplaced(path)
                continue
            folder = "seeds" if path.suffix == ".csv" else "models"
            # Folders below the schema's order the files for readers; they are no part of the table's name.
            (schema, *_), name = path.relative_to(self.directory / folder).parts, path.stem
            if path.parent == self.directory / folder:
                self._problem(path, 1, f"{folder} are files {folder}/<schema>/<table>.{_FOLDERS[folder]}")
            elif not _NAME.fullmatch(schema) or not _NAME.fullmatch(name):
                self._problem(path, 1, "names of schemas and models are lower-case letters, digits and _")
            elif schema in source_schemas or schema in change_log.SCHEMAS:
                self._problem(path, 1, f"the schema {schema} holds tables that Python fills, no models")
            elif name in first:
                # dbt's ref() knows no schema.
                self._problem(path, 1, f"the name {name} is taken by {first[name]}; names are unique over all schemas")
            else:
                first[name] = paths[schema, name] = path
        return paths

    def _read_models(self, paths: Mapping[Key, Path], entries: "Mapping[Key, _Entry]") -> dict[Key, SelectFile]:
        selects: dict[Key, SelectFile] = {}
        for key, path in paths.items():
            try:
                if path.suffix == ".csv":
                    types = entries[key].column_types if key in entries else {}
                    selects[key] = read_seed(path, types)
                else:
                    selects[key] = read_select(path)
            except ProjectError as error:
                self.problems += error.problems
        return selects

    def _read_schemas(self) -> list[SchemaFile]:
        schemas = []
        for path in sorted(
            path
            for folder in (*_FOLDERS, "tests")
            for pattern in ("*.yml", "*.yaml")
            for path in (self.directory / folder).rglob(pattern)
        ):
            try:
                schemas.append(read_schema(path))
            except ProjectError as error:
                self.unreadable.add(path.parent)
                self.problems += error.problems
        return schemas

    def _entries(
        self, by_name: Mapping[str, Key], paths: Mapping[Key, Path], schemas: Sequence[SchemaFile]
    ) -> "dict[Key, _Entry]":
        entries: dict[Key, _Entry] = {}
        for file in schemas:
            found = [_Entry(file, "models", index, entry) for index, entry in enumerate(file.document.models)]
            found += [
                _Entry(file, "seeds", index, seed.as_model(), seed.config.column_types)
                for index, seed in enumerate(file.document.seeds)
            ]
            for described in found:
                name, line = described.entry.name, file.line(described.section, described.index)
                key = by_name.get(name)
                if key is None or (paths[key].suffix == ".csv") != (described.section == "seeds"):
                    self._problem(file.path, line, f"there is no {described.section[:-1]} {name}")
                elif key in entries:
                    self._problem(file.path, line, f"{name} is described twice")
                else:
                    entries[key] = described
            for index, source in enumerate(file.document.sources):
                for position, table in enumerate(source.tables):
                    if f"{source.name}.{table.name}" not in source_tables.BY_NAME:
                        line = file.line("sources", index, "tables", position)
                        self._problem(file.path, line, f"there is no source table {source.name}.{table.name}")
        for key, path in paths.items():
            # While a .yml can't be read, what it may describe isn't missing.
            if key not in entries and path.parent not in self.unreadable:
                self._problem(path, 1, f"{key[0]}.{key[1]} is described in no .yml")
        return entries

    def _check_references(self, select: SelectFile, known: set[Any]) -> bool:
        unknown = [place for place in select.references if (place.schema, place.name) not in known]
        for place in unknown:
            text = f"{place.schema}.{place.name} is neither a model nor a table that Python fills"
            self._problem(select.path, place.line, text)
        return not unknown

    def _read_singular_tests(self, known: set[Any], schemas: Sequence[SchemaFile]) -> tuple[SingularTest, ...]:
        tests = []
        paths = sorted((self.directory / "tests").glob("*.sql"))
        entries = self._singular_test_entries(schemas, {path.stem for path in paths})
        for path in paths:
            try:
                select = read_select(path)
            except ProjectError as error:
                self.problems += error.problems
                continue
            if self._check_references(select, known):
                tests.append(_singular_test(select, entries.get(path.stem)))
            if path.stem in get_args(TestKind):
                self._problem(path, 1, f"the name {path.stem} is taken: it is a kind of test")
        return tuple(tests)

    def _singular_test_entries(
        self, schemas: Sequence[SchemaFile], names: set[str]
    ) -> dict[str, tuple[SingularTestEntry, SchemaFile, int]]:
        entries: dict[str, tuple[SingularTestEntry, SchemaFile, int]] = {}
        for file in schemas:
            for index, entry in enumerate(file.document.data_tests):
                if entry.name not in names:
                    self._problem(file.path, file.line("data_tests", index), f"there is no test {entry.name}")
                elif entry.name in entries:
                    self._problem(file.path, file.line("data_tests", index), f"{entry.name} is described twice")
                else:
                    entries[entry.name] = entry, file, index
        return entries

    def _add_singular_tests(
        self, models: dict[Key, SqlModel], tests: Sequence[SingularTest], ordered: Sequence[Key]
    ) -> None:
        """A test belongs to the model that is built last of those it reads; where it reads none, to the first that
        reads one of its tables."""
        for test in tests:
            first = (key for key in ordered if set(test.deps) & set(models[key].deps))
            key = next((key for key in reversed(ordered) if key in test.deps), None) or next(first, None)
            if key is None:
                self._problem(test.path, 1, "no model reads any of its tables, so that nothing would wait for it")
                continue
            models[key] = dataclasses.replace(models[key], singular_tests=(*models[key].singular_tests, test))
            self._check_by(test, models, key)

    def _check_by(self, test: SingularTest, models: Mapping[Key, SqlModel], of: Key) -> None:
        if test.described_at is None:
            return
        for name in test.by:
            lacking = [f"{key[0]}.{key[1]}" for key in test.deps if name not in _columns(key, models)]
            if lacking:
                self._problem(*test.described_at, f"{lacking[0]} has no column {name}, named by config.meta.by")
            elif name not in models[of].unique_key:
                text = f"config.meta.by: {name} is no part of the unique_key of {models[of].qualified_name}"
                self._problem(*test.described_at, text)

    def _model(self, key: Key, select: SelectFile, described: "_Entry", by_name: Mapping[str, Key]) -> SqlModel:
        file, section, index, entry = described.file, described.section, described.index, described.entry
        if not entry.description:
            self._problem(file.path, file.line(section, index), f"{entry.name} has no description")
        if not entry.columns:
            self._problem(file.path, file.line(section, index), f"{entry.name} has no columns")
        tests: list[ModelTest] = []
        names = {column.name for column in entry.columns}
        seen: set[str] = set()
        for position, column in enumerate(entry.columns):
            place = (section, index, "columns", position)
            if not column.description:
                self._problem(file.path, file.line(*place), f"{entry.name}.{column.name} has no description")
            if column.name in seen:
                self._problem(file.path, file.line(*place), f"{entry.name}.{column.name} is described twice")
            seen.add(column.name)
            for number, test in enumerate(column.data_tests):
                line = file.line(*place, "data_tests", number)
                tests += self._test(test, column, file.path, line, by_name)
        for number, test in enumerate(entry.data_tests):
            line = file.line(section, index, "data_tests", number)
            for name in test.combination_of_columns:
                if name not in names:
                    self._problem(file.path, line, f"{entry.name} has no column {name}")
            tests += self._test(test, None, file.path, line, by_name)
        for name, count in Counter(test.name for test in tests).items():
            if count > 1:
                line = next(test.line for test in tests if test.name == name)
                self._problem(
                    file.path, line, f"{entry.name} has {count} tests called {name}; give them names (name: …)"
                )
        self._check_config(entry, select, file, index, names)
        return SqlModel(
            schema=key[0],
            name=key[1],
            path=select.path,
            sql=select.sql,
            deps=_deps(select),
            version=select.version,
            description=entry.description,
            columns=tuple(ModelColumn(column.name, column.description) for column in entry.columns),
            tests=tuple(tests),
            materialized=entry.config.materialized,
            columns_read=select.columns_read,
            unique_key=entry.config.unique_key,
            event_time=entry.config.event_time,
            incremental=self._incremental(entry, select, file, index),
            tags=entry.config.tags,
            meta=entry.config.meta.model_extra,
            seed_types=select.seed_types,
        )

    def _check_config(
        self, entry: ModelEntry, select: SelectFile, file: SchemaFile, index: int, names: set[str]
    ) -> None:
        place = ("models", index, "config")
        for name in entry.config.unique_key:
            if name not in names:
                line = file.line(*place, "unique_key")
                self._problem(file.path, line, f"{entry.name} has no column {name}, named by unique_key")
        if entry.config.event_time is not None and entry.config.event_time not in names:
            line = file.line(*place, "event_time")
            self._problem(file.path, line, f"{entry.name} has no column {entry.config.event_time}, named by event_time")
        read = {f"{schema}.{name}" for schema, name in _deps(select)}
        for at, table in enumerate(entry.config.meta.incremental.untracked_inputs):
            if table not in read:
                line = file.line(*place, "meta", "incremental", "untracked_inputs", at)
                self._problem(file.path, line, f"{entry.name} doesn't read {table}")

    def _incremental(self, entry: ModelEntry, select: SelectFile, file: SchemaFile, index: int) -> Incremental:
        declared = entry.config.meta.incremental
        parts: list[tuple[str, ...]] = [("affected_keys",)] if declared.affected_keys is not None else []
        parts += [("dependent_keys",)] if declared.dependent_keys is not None else []
        parts += [("input_filters", name) for name in declared.input_filters]
        declared_at = {
            ".".join(part): (file.path, file.line("models", index, "config", "meta", "incremental", *part))
            for part in parts
        }
        whole, places, problems = with_files(declared, declared_at, select.path)
        self.problems += problems
        read = {f"{schema}.{name}" for schema, name in _deps(select)}
        for table in whole.input_filters:
            if table not in read:
                self._problem(*places[f"input_filters.{table}"], f"{entry.name} doesn't read {table}")
        return Incremental(**whole.model_dump(), places=places)

    def _test(
        self, test: DataTest, column: ColumnEntry | None, path: Path, line: int, by_name: Mapping[str, Key]
    ) -> Iterator[ModelTest]:
        over_columns = test.kind in ("unique_combination_of_columns", "expression_is_true")
        if column is None and not over_columns:
            self._problem(path, line, f"the test {test.kind} belongs below a column")
            return
        if column is not None and test.kind == "unique_combination_of_columns":
            self._problem(path, line, f"the test {test.kind} belongs below the model")
            return
        columns = (column.name,) if column else test.combination_of_columns
        parent = None
        if test.kind == "relationships" and test.to is not None and test.field is not None:
            key = self._resolve(test.to, path, line, by_name)
            if key is None:
                return
            parent = (*key, test.field)
        yield ModelTest(
            name=test.name or _test_name(test, columns),
            kind=test.kind,
            path=path,
            line=line,
            severity=test.severity,
            description=test.description,
            columns=columns,
            where=test.where,
            values=test.values,
            expression=test.expression,
            parent=parent,
        )

    def _resolve(self, reference: Reference, path: Path, line: int, by_name: Mapping[str, Key]) -> Key | None:
        if reference.source is None:
            if reference.name in by_name:
                return by_name[reference.name]
            self._problem(path, line, f"there is no model {reference.name}")
        elif f"{reference.source}.{reference.name}" in source_tables.BY_NAME:
            return reference.source, reference.name
        else:
            self._problem(path, line, f"there is no source table {reference.source}.{reference.name}")
        return None

    def _add_unit_tests(
        self, models: dict[Key, SqlModel], schemas: Sequence[SchemaFile], by_name: Mapping[str, Key]
    ) -> None:
        names: set[str] = set()
        for file in schemas:
            for index, entry in enumerate(file.document.unit_tests):
                line = file.line("unit_tests", index)
                if entry.name in names:
                    self._problem(file.path, line, f"there are two unit tests {entry.name}")
                names.add(entry.name)
                key = by_name.get(entry.model)
                if key is None:
                    self._problem(file.path, line, f"there is no model {entry.model}")
                elif model := models.get(key):
                    given = self._given(entry, model, file, index, models, by_name)
                    self._check_rows(entry.expect, model, models, file, index)
                    test = UnitTest(entry.name, entry.description, given, entry.expect.rows, file.path, line)
                    models[key] = dataclasses.replace(model, unit_tests=(*model.unit_tests, test))

    def _given(
        self,
        entry: UnitTestEntry,
        model: SqlModel,
        file: SchemaFile,
        index: int,
        models: Mapping[Key, SqlModel],
        by_name: Mapping[str, Key],
    ) -> dict[Key, Sequence[Mapping[str, Any]]]:
        given: dict[Key, Sequence[Mapping[str, Any]]] = {}
        for position, table in enumerate(entry.given):
            line = file.line("unit_tests", index, "given", position)
            key = self._resolve(table.input, file.path, line, by_name)
            if key is None:
                continue
            if key not in model.deps:
                self._problem(file.path, line, f"{model.qualified_name} doesn't read {key[0]}.{key[1]}")
            elif key in given:
                self._problem(file.path, line, f"{key[0]}.{key[1]} is given twice")
            self._check_rows(table, key, models, file, index, position)
            given[key] = table.rows
        for key in model.deps:
            if key not in given:  # dbt asks for all of them too
                spelled = f"ref('{key[1]}')" if key in models else f"source('{key[0]}', '{key[1]}')"
                line = file.line("unit_tests", index)
                self._problem(file.path, line, f"{entry.name} must give rows for {spelled}, at least `rows: []`")
        return given

    def _check_rows(
        self,
        table: Given | Expect,
        of: SqlModel | Key,
        models: Mapping[Key, SqlModel],
        file: SchemaFile,
        index: int,
        position: int | None = None,
    ) -> None:
        key = of.key if isinstance(of, SqlModel) else of
        if key in models:
            columns = {column.name for column in models[key].columns}
        elif f"{key[0]}.{key[1]}" in source_tables.BY_NAME:
            columns = {column.name for column in source_tables.BY_NAME[f"{key[0]}.{key[1]}"].columns}
        else:  # a model whose own problems are reported already
            return
        place: tuple[str | int, ...] = ("expect",) if position is None else ("given", position)
        for number, row in enumerate(table.rows):
            for name in row:
                if name not in columns:
                    line = file.line("unit_tests", index, *place, "rows", number, name)
                    self._problem(file.path, line, f"{key[0]}.{key[1]} has no column {name}")

    def _ordered(self, models: Mapping[Key, SqlModel]) -> list[Key]:
        graph: dict[Key, list[Key]] = {}
        for key, model in sorted(models.items()):
            # Tests run while their model is built, so what they look at must be there first.
            looked_at = {*model.deps, *model.tested_against, *model.compared_with}
            graph[key] = [dep for dep in sorted(looked_at) if dep in models]
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            cycle: list[Key] = list(reversed(error.args[1]))
            names = " → ".join(f"{schema}.{name}" for schema, name in cycle)
            path = models[cycle[0]].path
            self._problem(path, self._line_of(models[cycle[0]], cycle[1]), f"these models read each other: {names}")
            return []

    @staticmethod
    def _line_of(model: SqlModel, dep: Key) -> int:
        references = read_select(model.path).references
        return next((place.line for place in references if (place.schema, place.name) == dep), 1)


def _deps(select: SelectFile) -> tuple[Key, ...]:
    return tuple(sorted({(reference.schema, reference.name) for reference in select.references}))


def _columns(key: Key, models: Mapping[Key, SqlModel]) -> frozenset[str]:
    if key in models:
        return models[key].column_names
    return frozenset(column.name for column in source_tables.BY_NAME[f"{key[0]}.{key[1]}"].columns)


def _singular_test(select: SelectFile, described: tuple[SingularTestEntry, SchemaFile, int] | None) -> SingularTest:
    entry = described[0] if described else SingularTestEntry(name=select.path.stem)
    sql = select.sql
    for place in reversed(select.references):
        shown = identifier(f"{place.schema}.{place.name}")
        sql = f"{sql[: place.start]}temp.{shown}{sql[place.end :]}"
    return SingularTest(
        name=select.path.stem,
        path=select.path,
        sql=select.sql,
        deps=_deps(select),
        description=entry.description,
        severity=entry.config.severity,
        by=entry.config.meta.by,
        sql_on_views=sql,
        described_at=(described[1].path, described[1].line("data_tests", described[2])) if described else None,
    )


def _test_name(test: DataTest, columns: Sequence[str]) -> str:
    parts = [test.kind, *columns]
    if test.expression is not None:
        parts.append(re.sub(r"\W+", "_", test.expression.lower()).strip("_")[:60].rstrip("_"))
    if test.to is not None:
        parts.append(f"to_{test.to.name}")
    return "_".join(parts)
