"""The SQL project once it is loaded: its nodes, how they are declared, and in which order they are built.

Belongs here: the types of a loaded project. Reading its files is in ``parser``, building tables in ``build``; what a
number means is in the models themselves.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dbt_like_sql.runner.database import relation_name
from dbt_like_sql.runner.project.sources import Sources

Key = tuple[str, str]
"""A table as (schema, name)."""

TestKind = Literal[
    "not_null", "unique", "accepted_values", "relationships", "expression_is_true", "unique_combination_of_columns"
]
Severity = Literal["error", "warn"]


@dataclass(frozen=True, slots=True)
class ModelColumn:
    """A column and what a reader must know about it."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class GenericTest:
    """A data test of one model, of one of the known kinds.

    ``name`` is unique within the model; ``path`` and ``line`` say where it is declared. ``columns`` are the tested ones
    (empty for an expression over the row), ``parent`` the table and column that a relationship leads to.
    """

    name: str
    kind: TestKind
    path: Path
    line: int
    severity: Severity = "error"
    description: str = ""
    columns: tuple[str, ...] = ()
    where: str | None = None
    values: tuple[bool | int | float | str, ...] = ()
    expression: str | None = None
    parent: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class UnitTest:
    """A test of a model's SQL on given rows.

    ``given`` holds the rows of every table that the model reads, by (schema, name); rows are dicts by column, columns
    left out are NULL. Only the columns that ``expect`` names are compared.
    """

    name: str
    description: str
    given: Mapping[Key, Sequence[Mapping[str, Any]]]
    expect: Sequence[Mapping[str, Any]]
    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class SingularTest:
    """A data test across models: a SELECT whose rows are failures. It runs when the last model it reads is built.

    Where ``by`` names columns, rows with the same values in them are right or wrong whatever the others are: then only
    those that changed need a look. ``sql_on_views`` is the same SELECT over views ``temp."schema.name"`` of the
    tables, which show those rows. ``described_at`` is file and line in a ``.yml``, None where it is in none.
    """

    name: str
    path: Path
    sql: str
    deps: tuple[Key, ...]
    description: str
    severity: Severity
    by: tuple[str, ...]
    sql_on_views: str
    described_at: tuple[Path, int] | None


@dataclass(frozen=True, slots=True)
class Incremental:
    """The effect of a change of the tables it reads on a model's rows, where ``unique_key`` alone doesn't say it.

    It is declared as ``config.meta.incremental``. All but ``untracked_inputs`` are SQL; see ``build/incremental.py``
    for the tables they may read. ``places`` are file and line of each part: ``affected_keys``, ``dependent_keys``,
    ``input_filters.schema.name``.
    """

    affected_keys: str | None = None
    dependent_keys: str | None = None
    input_filters: Mapping[str, str] = dataclasses.field(default_factory=dict)
    untracked_inputs: tuple[str, ...] = ()
    places: Mapping[str, tuple[Path, int]] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SqlModel:
    """A table or view computed by one SELECT file, or (a seed) loaded from a CSV file.

    ``deps`` are the tables it reads, as (schema, name), ``columns_read`` which of their columns (None: all);
    ``version`` changes with what the SQL says, not with its layout or comments. ``unique_key`` names the columns by
    which rows of an incremental model are replaced, ``event_time`` the column in whose order they are stored.
    ``seed_types`` are the columns of a seed with their types, None for a SELECT. ``singular_tests`` are those that look
    at other tables, too, of which this model is built last.
    """

    schema: str
    name: str
    path: Path
    sql: str
    deps: tuple[Key, ...]
    version: str
    description: str
    columns: tuple[ModelColumn, ...]
    tests: tuple[GenericTest, ...]
    materialized: Literal["table", "view", "incremental"] = "table"
    columns_read: Mapping[Key, frozenset[str] | None] = dataclasses.field(default_factory=dict)
    unique_key: tuple[str, ...] = ()
    event_time: str | None = None
    incremental: Incremental = dataclasses.field(default_factory=Incremental)
    unit_tests: tuple[UnitTest, ...] = ()
    singular_tests: tuple[SingularTest, ...] = ()
    tags: tuple[str, ...] = ()
    meta: Mapping[str, Any] | None = None
    seed_types: Mapping[str, str] | None = None

    @property
    def key(self) -> Key:
        """(schema, name)."""
        return self.schema, self.name

    @property
    def qualified_name(self) -> str:
        """``schema.name``."""
        return f"{self.schema}.{self.name}"

    @property
    def relation(self) -> str:
        """The model's table as an SQL name."""
        return relation_name(self.schema, self.name)

    @property
    def stored_as(self) -> Literal["table", "view"]:
        """The kind of thing that the database stores for it."""
        return "view" if self.materialized == "view" else "table"

    @property
    def definition(self) -> str:
        """A hash of all that decides the rows and whether they are accepted: SQL, configuration and tests."""
        tests: list[object] = [
            (test.name, test.kind, test.severity, test.columns, test.where, test.values, test.expression, test.parent)
            for test in self.tests
        ]
        tests += [(test.name, test.severity, test.by, test.sql) for test in self.singular_tests]
        tests += [(test.name, test.given, test.expect) for test in self.unit_tests]
        parts = (self.version, self.materialized, self.unique_key, self.event_time, sorted(self.column_names), tests)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    @property
    def described(self) -> str:
        """A hash of the descriptions, which are stored as comments."""
        parts = (self.description, [(column.name, column.description) for column in self.columns])
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    @property
    def column_names(self) -> frozenset[str]:
        """The names of the columns it is declared to have."""
        return frozenset(column.name for column in self.columns)

    @property
    def tested_against(self) -> tuple[Key, ...]:
        """The other tables that its rows must be found in."""
        parents = {test.parent[:2] for test in self.tests if test.parent}
        return tuple(sorted(parents - {self.key, *self.deps}))

    @property
    def compared_with(self) -> tuple[Key, ...]:
        """The further tables that its singular tests look at."""
        others = {key for test in self.singular_tests for key in test.deps}
        return tuple(sorted(others - {self.key, *self.deps, *self.tested_against}))


@dataclass(frozen=True, slots=True)
class Project:
    """All models, every one after those it reads or is tested against, and the source tables below them."""

    directory: Path
    models: tuple[SqlModel, ...]
    singular_tests: tuple[SingularTest, ...] = ()
    sources: Sources = dataclasses.field(default_factory=Sources)
    doc_blocks: Mapping[str, str] = dataclasses.field(default_factory=dict)  # shared descriptions, by name
    doc_files: tuple[Path, ...] = ()

    @property
    def schemas(self) -> list[str]:
        """The schemas of all models and source tables, sorted."""
        return sorted({*self.sources.schemas, *(model.schema for model in self.models)})

    def readers_of(self, key: Key) -> tuple[SqlModel, ...]:
        """Return the models that read the table ``key`` or are tested against it."""
        return tuple(model for model in self.models if key in model.deps or key in model.tested_against)

    def upstream(self, tables: Iterable[Key]) -> tuple[SqlModel, ...]:
        """Return the models among ``tables`` and all that they rest on, every one after those it reads."""
        reached = set(tables)
        for other in reversed(self.models):
            if other.key in reached:
                reached |= {*other.deps}
        return tuple(other for other in self.models if other.key in reached)

    def model(self, name: str) -> SqlModel:
        """Return the model called ``schema.name`` or, since names are unique over all schemas, ``name``.

        Raises:
            KeyError: There is none.
        """
        for model in self.models:
            if name in (model.name, model.qualified_name):
                return model
        raise KeyError(name)
