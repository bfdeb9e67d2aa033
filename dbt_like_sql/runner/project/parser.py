"""Reading the files of the SQL project: its folders, and whether what is in them fits together.

Belongs here: what takes several files to decide. Reading single files is in ``sql_files`` and ``schema_yml``, the types
of what comes of it in ``project``. While nothing has changed, all of this is left out (``loading``).
"""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Literal

from dbt_like_sql.runner.build import change_log
from dbt_like_sql.runner.errors import RunnerError
from dbt_like_sql.runner.project.doc_blocks import find_doc_files, read_doc_blocks
from dbt_like_sql.runner.project.incremental_sql import is_incremental_sql, misplaced, with_files
from dbt_like_sql.runner.project.known_tables import KnownTables
from dbt_like_sql.runner.project.problems import Problem, ProjectError
from dbt_like_sql.runner.project.project import (
    GenericTest,
    Incremental,
    Key,
    ModelColumn,
    Project,
    SqlModel,
)
from dbt_like_sql.runner.project.schema_yml import (
    ColumnEntry,
    DataTest,
    ModelEntry,
    SchemaFile,
    read_schema,
)
from dbt_like_sql.runner.project.singular_test_parser import add_singular_tests, read_singular_tests
from dbt_like_sql.runner.project.sources import Sources
from dbt_like_sql.runner.project.sql_files import SelectFile, read_seed, read_select
from dbt_like_sql.runner.project.unit_test_parser import add_unit_tests

_FOLDERS = {"models": "sql", "seeds": "csv"}
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def parse_project(directory: Path, sources: Sources) -> Project:
    """Read all files of the project in ``directory``.

    Raises:
        RunnerError: As ``loading.load_project``, which reads the same.
    """
    return _Loader(directory, sources).load()


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a ``.yml`` for a model or, in the section ``seeds``, a seed; ``index`` is its place there."""

    file: SchemaFile
    section: Literal["models", "seeds"]
    index: int
    entry: ModelEntry
    column_types: Mapping[str, str] = dataclasses.field(default_factory=dict)


class _Loader:
    """A reading of a project, which collects problems so that all of them are reported at once."""

    def __init__(self, directory: Path, sources: Sources) -> None:
        self.directory = directory
        self.sources = sources
        self.problems: list[Problem] = []
        self.unreadable: set[Path] = set()  # folders with a .yml that can't be read

    def load(self) -> Project:
        """Read everything, as :func:`parse_project`."""
        if not (self.directory / "models").is_dir():
            raise RunnerError(f"{self.directory} has no folder models; it must hold models/<schema>/<table>.sql")
        paths = self._find_models()
        tables = KnownTables(self.sources, paths, self.problems)
        doc_files = find_doc_files(self.directory)
        doc_blocks = read_doc_blocks(doc_files)
        schemas = self._read_schemas(doc_blocks)
        entries = self._entries(tables, paths, schemas)
        selects = self._read_models(paths, entries)
        for select in selects.values():
            tables.check_references(select)
        singular_tests = read_singular_tests(self.directory / "tests", schemas, tables)
        models = {
            key: self._model(key, selects[key], entries[key], tables) for key in sorted(selects) if key in entries
        }
        add_unit_tests(models, schemas, tables)
        ordered = self._ordered(models)
        if ordered:
            add_singular_tests(models, singular_tests, ordered, tables)
            ordered = self._ordered(models)
        if self.problems:
            raise ProjectError(self.problems)
        return Project(
            self.directory,
            tuple(models[key] for key in ordered),
            singular_tests,
            self.sources,
            doc_blocks=doc_blocks,
            doc_files=tuple(doc_files),
        )

    def _problem(self, path: Path, line: int, text: str) -> None:
        self.problems.append(Problem(path, line, text))

    def _find_models(self) -> dict[Key, Path]:
        """Return all files in the right place, also those that can't be read: what refers to them isn't wrong."""
        paths: dict[Key, Path] = {}
        source_schemas = self.sources.schemas
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

    def _read_schemas(self, doc_blocks: Mapping[str, str]) -> list[SchemaFile]:
        schemas = []
        for path in sorted(
            path
            for folder in (*_FOLDERS, "tests")
            for pattern in ("*.yml", "*.yaml")
            for path in (self.directory / folder).rglob(pattern)
        ):
            try:
                schemas.append(read_schema(path, doc_blocks))
            except ProjectError as error:
                self.unreadable.add(path.parent)
                self.problems += error.problems
        return schemas

    def _entries(
        self, tables: KnownTables, paths: Mapping[Key, Path], schemas: Sequence[SchemaFile]
    ) -> "dict[Key, _Entry]":
        entries: dict[Key, _Entry] = {}
        for file in schemas:
            described_here = [_Entry(file, "models", index, entry) for index, entry in enumerate(file.document.models)]
            described_here += [
                _Entry(file, "seeds", index, seed.as_model(), seed.config.column_types)
                for index, seed in enumerate(file.document.seeds)
            ]
            for described in described_here:
                name, line = described.entry.name, file.line(described.section, described.index)
                key = tables.model(name)
                if key is None or (paths[key].suffix == ".csv") != (described.section == "seeds"):
                    self._problem(file.path, line, f"there is no {described.section[:-1]} {name}")
                elif key in entries:
                    self._problem(file.path, line, f"{name} is described twice")
                else:
                    entries[key] = described
            for index, source in enumerate(file.document.sources):
                for position, table in enumerate(source.tables):
                    if f"{source.name}.{table.name}" not in self.sources.by_name:
                        line = file.line("sources", index, "tables", position)
                        self._problem(file.path, line, f"there is no source table {source.name}.{table.name}")
        for key, path in paths.items():
            # While a .yml can't be read, what it may describe isn't missing.
            if key not in entries and path.parent not in self.unreadable:
                self._problem(path, 1, f"{key[0]}.{key[1]} is described in no .yml")
        return entries

    def _model(self, key: Key, select: SelectFile, described: "_Entry", tables: KnownTables) -> SqlModel:
        file, section, index, entry = described.file, described.section, described.index, described.entry
        if not entry.description:
            self._problem(file.path, file.line(section, index), f"{entry.name} has no description")
        if not entry.columns:
            self._problem(file.path, file.line(section, index), f"{entry.name} has no columns")
        tests: list[GenericTest] = []
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
                tests += self._test(test, column, file.path, line, tables)
        for number, test in enumerate(entry.data_tests):
            line = file.line(section, index, "data_tests", number)
            for name in test.combination_of_columns:
                if name not in names:
                    self._problem(file.path, line, f"{entry.name} has no column {name}")
            tests += self._test(test, None, file.path, line, tables)
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
            deps=select.deps,
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
        read = {f"{schema}.{name}" for schema, name in select.deps}
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
        read = {f"{schema}.{name}" for schema, name in select.deps}
        for table in whole.input_filters:
            if table not in read:
                self._problem(*places[f"input_filters.{table}"], f"{entry.name} doesn't read {table}")
        return Incremental(**whole.model_dump(), places=places)

    def _test(
        self, test: DataTest, column: ColumnEntry | None, path: Path, line: int, tables: KnownTables
    ) -> Iterator[GenericTest]:
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
            key = tables.resolve(test.to, path, line)
            if key is None:
                return
            parent = (*key, test.field)
        yield GenericTest(
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


def _test_name(test: DataTest, columns: Sequence[str]) -> str:
    parts = [test.kind, *columns]
    if test.expression is not None:
        parts.append(re.sub(r"\W+", "_", test.expression.lower()).strip("_")[:60].rstrip("_"))
    if test.to is not None:
        parts.append(f"to_{test.to.name}")
    return "_".join(parts)
